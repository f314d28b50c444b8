"""Is what is loaded ever saved? Small models load the weights of a network that they are given trained."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import replace_statement
from offline_coder.checks.modules import in_each_file, modules_of
from offline_coder.checks.source import REMEMBERED, last_name, named_parameters, nodes_of
from offline_coder.core.finding import Finding

RULE = "unsaved"
SAVING = "save"


def check_unsaved(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "unsaved" in `files` (path -> text): a function loads weights into a network that it is
    given, and nothing in the repository saves any."""
    if any(map(_saves, modules_of(files).trees.values())):
        return ()
    return in_each_file(files, _findings_of)


def without_loading(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` without such a statement that begins in `line`; None where there is none."""
    found = next((statement for statement, _ in _loads(tree) if statement.lineno == line), None)
    return None if found is None else replace_statement(text, found, [])


@lru_cache(maxsize=REMEMBERED)
def _saves(tree: ast.Module) -> bool:
    """Whether a file calls something that saves."""
    return any(
        isinstance(node, ast.Call) and last_name(node.func).startswith(SAVING) for node in nodes_of(tree)
    )


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=statement.lineno,
            rule=RULE,
            message=f"weights are loaded into {network}, and nothing saves any",
            advice=f"Use {network} as it is given.",
            subject=network,
        )
        for statement, network in _loads(tree)
    )


def _loads(tree: ast.Module) -> Iterator[tuple[ast.Expr, str]]:
    """Statements `model.load_state_dict(torch.load(...))` on a parameter of their function, and its name."""
    for function in nodes_of(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        given = {parameter.arg for parameter in named_parameters(function)}
        for node in ast.walk(function):
            match node:
                case ast.Expr(
                    value=ast.Call(
                        func=ast.Attribute(value=ast.Name(id=network), attr="load_state_dict"),
                        args=[ast.Call(func=loader), *_],
                    )
                ) if network in given and ast.unparse(loader) == "torch.load":
                    yield node, network
