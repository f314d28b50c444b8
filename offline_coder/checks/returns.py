"""Does a function give what its annotation says? Small models announce a loader for each split and return
one, or a data set and return None."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import ended_with
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, last_name, nodes_of, returns_of
from offline_coder.core.finding import Finding
from offline_coder.core.type_names import tuple_elements

RULE = "returns"
ONE_VALUE = frozenset({"DataLoader", "Dataset", "TensorDataset", "Subset", "Tensor", "tensor", "as_tensor"})
"""Calls that give one value and no tuple."""
NOTHING = "None"
WORK = (ast.Assign, ast.AugAssign, ast.For, ast.While, ast.With)
"""Statements of a function that does something."""
MAY_BE_NOTHING = re.compile(r"\b(?:None|Optional|Any|object|NoReturn|Never)\b")
"""Annotations that allow a function to return None."""


def check_returns(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Findings of rule "returns" in `files` (path -> text). Errors: a function that announces several values
    and returns one loader, data set or tensor, or that announces a value and returns None everywhere, ends
    without a return or does nothing at all. A warning where it returns several, but another number of them:
    annotations are often wrong."""
    return in_each_file(files, _findings_of)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    functions = [
        node for node in nodes_of(tree) if isinstance(node, ast.FunctionDef) and node.returns is not None
    ]
    idle = (node for node in tree.body if isinstance(node, ast.FunctionDef) and _does_nothing(node))
    unended = filter(_never_returns, functions)
    return (
        *(finding for function in functions for finding in _wrong(path, function)),
        *(
            _giving_nothing(path, each, "does nothing", "Write what it is for, and return it.")
            for each in idle
        ),
        *(_giving_nothing(path, each, "returns nothing", "End it with a return.") for each in unended),
    )


def _does_nothing(function: ast.FunctionDef) -> bool:
    """Whether a function that announces a value has no body but `pass` or a docstring."""
    empty = all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )
    return empty and not function.decorator_list and _promises(function)


def _never_returns(function: ast.FunctionDef) -> bool:
    """Whether a function that announces a value works and comes to its end without a return."""
    works = any(
        isinstance(node, WORK) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        for node in function.body
    )
    gives = any(isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) for node in ast.walk(function))
    ends = not isinstance(function.body[-1], ast.Raise | ast.While)
    return works and ends and not gives and _promises(function)


def _promises(function: ast.FunctionDef) -> bool:
    """Whether a function announces a value that cannot be None."""
    return function.returns is not None and not MAY_BE_NOTHING.search(ast.unparse(function.returns))


def _giving_nothing(path: str, function: ast.FunctionDef, does: str, advice: str) -> Finding:
    """The finding about a function that announces a value and has no return."""
    assert function.returns is not None
    return Finding(
        file=path,
        line=function.lineno,
        rule=RULE,
        message=f"{function.name} {does}, but it announces {ast.unparse(function.returns)}",
        advice=advice,
        subject=function.name,
    )


def _wrong(path: str, function: ast.FunctionDef) -> Iterator[Finding]:
    """Findings about the returns of a function that do not give what it announces."""
    assert function.returns is not None
    wanted = announced(function.returns)
    own = returns_of(function)
    for node in own:
        given = _plain_number(node)
        if wanted > 1 and given is not None and given != wanted:
            yield Finding(
                file=path,
                line=node.lineno,
                rule=RULE,
                message=f"{function.name} returns {given} of the {wanted} values that it announces",
                severity="error" if given == 1 else "warning",
                advice=f"Return {wanted} values with commas between them.",
                subject=function.name,
            )
    empty = [node for node in own if node.value is None or ast.unparse(node.value) == NOTHING]
    if own and len(empty) == len(own) and _promises(function):
        yield Finding(
            file=path,
            line=own[-1].lineno,
            rule=RULE,
            message=f"{function.name} announces {ast.unparse(function.returns)} and returns None",
            advice="Return what it announces.",
            subject=function.name,
        )


def with_last_value(text: str, tree: ast.Module, line: int) -> str | None:
    """`text`, where the function at `line` returns the value that its last statement names; None where it
    announces several, or where a comment behind that statement tells of what is to come."""
    functions = (node for node in nodes_of(tree) if isinstance(node, ast.FunctionDef))
    function = next((node for node in functions if node.lineno == line), None)
    if function is None or function.returns is None or not _never_returns(function):
        return None
    last = function.body[-1]
    behind = "".join(text.split("\n")[last.end_lineno or 0 :][:1]).strip()
    match last:
        case ast.Assign(targets=[ast.Name(id=name)]) if announced(function.returns) < 2 and not behind:
            return ended_with(text, function, f"return {name}")
    return None


def announced(returns: ast.expr) -> int:
    """How many values an annotation announces, 0 where it leaves that open."""
    elements = tuple_elements(ast.unparse(returns))
    return 0 if "..." in elements else len(elements)


def _plain_number(node: ast.Return) -> int | None:
    """How many values a return gives, None where that is not plain to see."""
    match node.value:
        case ast.Tuple(elts=values) if not any(isinstance(each, ast.Starred) for each in values):
            return len(values)
        case ast.Call(func=called) if last_name(called) in ONE_VALUE:
            return 1
    return None
