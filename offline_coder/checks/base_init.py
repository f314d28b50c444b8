"""Is a network begun as PyTorch asks? A constructor without `super().__init__()` leaves an object that takes
no layer."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import begun_with
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import CONSTRUCTOR, REMEMBERED, is_network, nodes_of
from offline_coder.core.finding import Finding

RULE = "no-base-init"
BEGIN = "super().__init__()"


def check_base_init(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "no-base-init" in `files` (path -> text): a network whose own constructor calls no other
    constructor."""
    return in_each_file(files, _findings_of)


def with_base_init(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` where such a constructor in `line` begins with `super().__init__()`; None where none does."""
    found = next((made for _, made in _without(tree) if made.lineno == line), None)
    return None if found is None else begun_with(text, found, BEGIN)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=made.lineno,
            rule=RULE,
            message=f"the constructor of {owner.name} does not call that of its base",
            advice=f"Begin it with {BEGIN}.",
            subject=owner.name,
        )
        for owner, made in _without(tree)
    )


def _without(tree: ast.Module) -> Iterator[tuple[ast.ClassDef, ast.FunctionDef]]:
    """Networks with a constructor that calls no other, and the constructor."""
    for owner in nodes_of(tree):
        if not isinstance(owner, ast.ClassDef) or not is_network(owner):
            continue
        for made in owner.body:
            if isinstance(made, ast.FunctionDef) and made.name == CONSTRUCTOR and not _calls_base(made):
                yield owner, made


def _calls_base(made: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == CONSTRUCTOR
        for node in ast.walk(made)
    )
