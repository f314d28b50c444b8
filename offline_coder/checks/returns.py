"""Does a function give as many values as its annotation says? Small models announce a loader for each split
and return one."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.modules import modules_of
from offline_coder.checks.source import REMEMBERED, nodes_of
from offline_coder.core.finding import Finding
from offline_coder.core.type_names import tuple_elements

RULE = "returns"
ONE_VALUE = frozenset({"DataLoader", "Dataset", "TensorDataset", "Subset", "Tensor", "tensor", "as_tensor"})
"""Calls that give one value and no tuple."""


def check_returns(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "returns" in `files` (path -> text): a function that announces a tuple of several values
    and returns another number of them, or one loader, data set or tensor."""
    modules = modules_of(files)
    return tuple(finding for path, tree in modules.trees.items() for finding in _findings_of(path, tree))


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=node.lineno,
            rule=RULE,
            message=f"{function.name} returns {given} of the {wanted} values that it announces",
            advice=f"Return {wanted} values with commas between them.",
            subject=function.name,
        )
        for function in nodes_of(tree)
        if isinstance(function, ast.FunctionDef) and function.returns is not None
        for wanted in [announced(function.returns)]
        if wanted > 1
        for node, given in _returned(function)
        if given != wanted
    )


def announced(returns: ast.expr) -> int:
    """How many values an annotation announces, 0 where it leaves that open."""
    elements = tuple_elements(ast.unparse(returns))
    return 0 if "..." in elements else len(elements)


def _returned(function: ast.FunctionDef) -> Iterator[tuple[ast.Return, int]]:
    """The returns of a function whose number of values is plain to see, and that number."""
    inner = {
        id(node)
        for other in ast.walk(function)
        if isinstance(other, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and other is not function
        for node in ast.walk(other)
    }
    for node in ast.walk(function):
        if not isinstance(node, ast.Return) or id(node) in inner:
            continue
        match node.value:
            case ast.Tuple(elts=values) if not any(isinstance(each, ast.Starred) for each in values):
                yield node, len(values)
            case ast.Call(func=called) if ast.unparse(called).rpartition(".")[2] in ONE_VALUE:
                yield node, 1
