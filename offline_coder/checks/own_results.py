"""Is a function kept when it is called again? `loss = loss(outputs, targets)` in a loop calls a tensor the
second time."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from offline_coder.checks.edits import begun_with, replace_uses
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, named_parameters, nodes_of
from offline_coder.core.finding import Finding

RULE = "own-result"
Loop = ast.For | ast.While


@dataclass(frozen=True, slots=True)
class OwnResult:
    """An assignment in a loop that gives the name of what it calls to the result."""

    function: ast.FunctionDef
    loop: ast.stmt
    call: ast.Call
    name: str


def check_own_results(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "own-result" in `files` (path -> text): in a loop of a function, the result of a call
    gets the name of what was called, which was made before the loop."""
    return in_each_file(files, _findings_of)


def with_own_name(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` where what is called in `line`, `loss`, is called `loss_fn` from where it is made; None where it
    is not found in its place."""
    found = next((each for each in _own_results(tree) if each.call.lineno == line), None)
    if found is None:
        return None
    name = found.name
    new = f"{name}_fn"
    if any(isinstance(node, ast.Name) and node.id == new for node in ast.walk(found.function)):
        return None
    calls = [
        node.func
        for node in ast.walk(found.function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]
    made = _made_before(found)
    renamed = replace_uses(text, [*made, *calls], name, new)
    given = any(parameter.arg == name for parameter in named_parameters(found.function))
    if renamed is None or not given:
        return renamed
    return begun_with(renamed, found.function, f"{new} = {name}")


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=found.call.lineno,
            rule=RULE,
            message=f"{found.name} is called in a loop and replaced by its own result",
            advice=f"Give what is called a name of its own, as {found.name}_fn.",
            subject=found.name,
        )
        for found in _own_results(tree)
    )


def _own_results(tree: ast.Module) -> Iterator[OwnResult]:
    """Such assignments, of names that the function makes or is given before the loop."""
    for function in nodes_of(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        given = {parameter.arg for parameter in named_parameters(function)}
        for loop in (node for node in ast.walk(function) if isinstance(node, Loop)):
            for node in ast.walk(loop):
                match node:
                    case ast.Assign(
                        targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=called)) as call
                    ) if name == called:
                        found = OwnResult(function, loop, call, name)
                        before = bool(_made_before(found)) != (name in given)
                        if before and len(_stores(loop, name)) == 1:
                            yield found


def _made_before(found: OwnResult) -> list[ast.Name]:
    """Where the function gives the name a value before the loop."""
    return [node for node in _stores(found.function, found.name) if node.lineno < found.loop.lineno]


def _stores(node: ast.stmt, name: str) -> list[ast.Name]:
    """Where `node` gives `name` a value."""
    named = (each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id == name)
    return [each for each in named if isinstance(each.ctx, ast.Store)]
