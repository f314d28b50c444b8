"""Is a TensorDataset asked for what it has? It has `tensors`; small models read `.x` and `.targets` of it, as
other data sets have."""

import ast
import re
from collections.abc import Iterator, Mapping

from offline_coder.checks.edits import replace_each
from offline_coder.checks.modules import modules_of
from offline_coder.checks.source import nodes_of
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import INPUTS, TARGETS

OF_ALL = frozenset({"tensors", "dataset", "indices"})
OTHERS = re.compile(r"\b(?!Tensor)\w*Dataset\b|\bSubset\b|random_split|datasets\.")
"""What says that there are other data sets than TensorDataset."""


def check_dataset_reads(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "dataset-attribute" in `files` (path -> text), where TensorDataset is the only data set
    that is made: inputs or targets are read of `loader.dataset` under a name that it does not have."""
    code = {path: text for path, text in files.items() if path.endswith(".py")}
    text = "\n".join(code.values()).replace("sklearn.datasets", "")
    if "TensorDataset(" not in text or OTHERS.search(text):
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
        for path, tree in modules_of(files).trees.items()
        for node, part in _reads(tree)
    )


def with_parts(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` in which such reads of `line` are of the dataset's tensors; None where there are none."""
    changes = [
        (node, f"{ast.unparse(node.value)}.tensors[{part}]")
        for node, part in _reads(tree)
        if node.lineno == line
    ]
    return replace_each(text, changes) if changes else None


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
