"""Does a loader give inputs and targets? Small models load both, and make a loader of the inputs alone."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.arrays import with_tensors
from offline_coder.checks.edits import add_import, replace_each
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, Function, last_name, nodes_of
from offline_coder.core.finding import Finding

RULE = "loader-without-targets"
LOADER, DATASET = "DataLoader", "TensorDataset"
INPUTS = re.compile(r"(?<![a-z])(?:x|images?|inputs?|features?|data|samples?)(?![a-z])", re.IGNORECASE)
TARGETS = ("y", "Y", "labels", "label", "targets", "target")
"""Words that stand in the name of the targets where that of the inputs has another."""


def check_loaders(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "loader-without-targets" in `files` (path -> text): a loader that is made of inputs
    whose targets its function has too and never reads."""
    return in_each_file(files, _findings_of)


def with_targets(text: str, inputs: str) -> str:
    """`text` in which the loaders that are made of `inputs` alone are made of tensors of them and of their
    targets."""
    for statement in ("import torch", f"from torch.utils.data import {DATASET}"):
        text = add_import(text, statement)
    tree = ast.parse(text)
    found = [(name, targets) for name, targets in _without_targets(tree) if name.id == inputs]
    text = replace_each(text, ((name, f"{DATASET}({inputs}, {targets})") for name, targets in found))
    for line in {name.lineno for name, _ in found}:
        text = with_tensors(text, ast.parse(text), line) or text
    return text


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=inputs.lineno,
            rule=RULE,
            message=f"{LOADER} is given {inputs.id} without {targets}, which nothing reads",
            advice=f"Give it {DATASET}({inputs.id}, {targets}).",
            subject=inputs.id,
        )
        for inputs, targets in _without_targets(tree)
    )


def _without_targets(tree: ast.Module) -> Iterator[tuple[ast.Name, str]]:
    """The inputs that a loader is made of, and the name of their targets, which nothing reads."""
    for function in nodes_of(tree):
        if not isinstance(function, Function):
            continue
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        bound: dict[str, int] = {}
        for name in names:
            if isinstance(name.ctx, ast.Store):
                bound[name.id] = max(bound.get(name.id, 0), name.lineno)
        read = {
            name.id
            for name in names
            if isinstance(name.ctx, ast.Load) and name.lineno > bound.get(name.id, 0)
        }
        for inputs in map(_loaded, ast.walk(function)):
            found = [one for one in _targets_of(inputs.id) if one in bound] if inputs is not None else []
            if inputs is not None and len(found) == 1 and found[0] not in read:
                yield inputs, found[0]


def _loaded(node: ast.AST) -> ast.Name | None:
    """The variable that a loader is made of."""
    if not isinstance(node, ast.Call) or last_name(node.func) != LOADER:
        return None
    named = [keyword.value for keyword in node.keywords if keyword.arg == "dataset"]
    data = (node.args or named)[:1]
    return data[0] if data and isinstance(data[0], ast.Name) else None


def _targets_of(inputs: str) -> list[str]:
    """How the targets of `inputs` may be called, `X_train` y_train among others."""
    found = INPUTS.search(inputs.replace("_", " "))
    return [f"{inputs[: found.start()]}{word}{inputs[found.end() :]}" for word in TARGETS] if found else []
