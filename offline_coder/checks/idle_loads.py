"""Is the data that a function loads used, where it is given some? Small models begin evaluation with
`test_data, _ = load_data("path_to_test_data")` and go over the loader that they were given."""

import ast
from collections.abc import Iterator, Mapping

from offline_coder.checks.edits import replace_statement, stored_names, used_names
from offline_coder.checks.modules import modules_of
from offline_coder.checks.source import Function, named_parameters, nodes_of
from offline_coder.core.finding import Finding
from offline_coder.core.plan import DATA

RULE = "idle-load"
GIVEN = frozenset({"data", "dataset", "loader"})
"""Words of which one is in the name of data that a function is given."""


def check_idle_loads(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "idle-load" in `files` (path -> text): a function that is given data calls a function of
    data.py and uses nothing of what that gives."""
    trees = modules_of(files).trees
    data = trees[DATA].body if DATA in trees else []
    loading = {node.name for node in data if isinstance(node, Function)}
    return tuple(
        Finding(
            file=path,
            line=statement.lineno,
            rule=RULE,
            message=f"what {loader} gives is never used",
            advice=f"Use the {given} that is given.",
            subject=loader,
        )
        for path, tree in trees.items()
        if path != DATA
        for statement, loader, given in _idle(tree, loading)
    )


def without_idle_load(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` without the statement in `line` that calls something of which nothing is used; None where other
    code shares its lines."""
    found = [
        node for node in nodes_of(tree) if isinstance(node, ast.Assign | ast.Expr) and node.lineno == line
    ]
    return replace_statement(text, found[0], []) if found else None


def _idle(tree: ast.Module, loading: set[str]) -> Iterator[tuple[ast.stmt, str, str]]:
    """Statements that use nothing of what one of the functions `loading` gives, its name, and the data that
    their function is given instead."""
    for function in nodes_of(tree) if loading else ():
        if not isinstance(function, Function):
            continue
        names = [parameter.arg for parameter in named_parameters(function)]
        given = next((name for name in names if GIVEN.intersection(name.lower().split("_"))), "")
        used = {use.id for use in used_names(function)}
        for node in ast.walk(function) if given else ():
            match node:
                case (
                    ast.Assign(value=ast.Call(func=ast.Name(id=loader)))
                    | ast.Expr(value=ast.Call(func=ast.Name(id=loader)))
                ) if loader in loading and used.isdisjoint(stored_names(node)):
                    yield node, loader, given
