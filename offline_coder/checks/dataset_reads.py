"""Is a TensorDataset asked for what it has? It has `tensors`; small models read `.x` and `.targets` of it, as
other data sets have."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from offline_coder.checks.edits import replace_each
from offline_coder.checks.modules import modules_of
from offline_coder.checks.source import nodes_of
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import INPUTS, TARGETS

OF_ALL = frozenset({"tensors", "dataset", "indices"})
OTHERS = re.compile(r"(?!Tensor)\w*Dataset|Subset|random_split|(?!sklearn\.)(?:\w+\.)*datasets")
"""Names and modules of other data sets than TensorDataset."""


def check_dataset_reads(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "dataset-attribute" in `files` (path -> text), where TensorDataset is the only data set
    that is made: inputs or targets are read of `loader.dataset` under a name that it does not have."""
    trees = modules_of(files).trees
    made = any("TensorDataset(" in files[path] for path in trees)
    if not made or has_other_data_sets(trees.values()):
        return ()
    return tuple(
        Finding(
            file=path,
            line=node.lineno,
            rule="dataset-attribute",
            message=f"a TensorDataset has no {node.attr}",
            advice=f"Read {ast.unparse(node.value)}.tensors[{part}].",
            subject=ast.unparse(node),
        )
        for path, tree in trees.items()
        for node, part in _reads(tree)
    )


def has_other_data_sets(trees: Iterable[ast.Module]) -> bool:
    """Whether modules speak of other data sets than TensorDataset."""
    return any(OTHERS.fullmatch(name) for tree in trees for name in _names(tree))


def with_parts(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` in which such reads of `line` are of the dataset's tensors; None where there are none."""
    changes = [
        (node, f"{ast.unparse(node.value)}.tensors[{part}]")
        for node, part in _reads(tree)
        if node.lineno == line
    ]
    return replace_each(text, changes) if changes else None


def _names(tree: ast.Module) -> Iterator[str]:
    """What the code of a module speaks of, its docstrings and comments apart: names, attributes, and modules
    and names that it imports."""
    for node in nodes_of(tree):
        match node:
            case (
                ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) | ast.ClassDef(name=name)
            ):
                yield name
            case ast.ImportFrom(module=str(module)):
                yield module


def _reads(tree: ast.Module) -> Iterator[tuple[ast.Attribute, int]]:
    """Reads of inputs and targets of a dataset, and which of its tensors they mean."""
    for node in nodes_of(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        of_dataset = isinstance(node.value, ast.Attribute) and node.value.attr == "dataset"
        if of_dataset and node.attr not in OF_ALL:
            if TARGETS.search(node.attr):
                yield node, 1
            elif INPUTS.search(node.attr):
                yield node, 0
