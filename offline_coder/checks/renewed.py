"""Is an optimizer made once? One that is made anew for each batch forgets what it has seen: Adam without its
averages, a schedule that stays at its first step."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import replace_statement, stored_names, used_names
from offline_coder.checks.idle_optimizers import optimizers_made
from offline_coder.checks.modules import Import, in_each_module
from offline_coder.checks.rules import Edit, Repository, offered
from offline_coder.checks.source import REMEMBERED, nodes_of
from offline_coder.core.finding import Finding

RULE = "renewed-optimizer"
Loop = ast.For | ast.While
Renewed = tuple[ast.Assign, ast.Name, Loop]
"""Where an optimizer is made, its name, and the outermost loop that can do without that."""


def check_renewed(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "renewed-optimizer" in `files` (path -> text): a loop makes an optimizer or a schedule
    of PyTorch's of what it does not change, and calls its step() itself, so that each makes one step."""
    return in_each_module(files, _findings_of)


def made_before(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """The optimizer is made before the loop."""
    imports, text = repository.modules.imports[finding.file], repository.files[finding.file]
    for made, name, loop in _renewed(tree, imports):
        if (made.lineno, name.id) == (finding.line, finding.subject):
            without = replace_statement(text, made, [])
            if without is not None:
                lines = without.split("\n")
                lines.insert(loop.lineno - 1, " " * loop.col_offset + ast.unparse(made))
                means = f"{name.id} is made before the loop in line {loop.lineno}"
                yield from offered(finding.file, "\n".join(lines), means)
            return


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module, imports: tuple[Import, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=made.lineno,
            rule=RULE,
            message=f"{name.id} is made anew for each step that it makes",
            advice=f"Make {name.id} before the loop in line {loop.lineno}.",
            subject=name.id,
        )
        for made, name, loop in _renewed(tree, imports)
    )


def _renewed(tree: ast.Module, imports: tuple[Import, ...]) -> Iterator[Renewed]:
    calls = optimizers_made(tree, imports)
    loops = [loop for loop in nodes_of(tree) if isinstance(loop, Loop)] if calls else []
    around = {each: loop for loop in loops for each in loop.body}
    for inner in loops:
        found: dict[str, Loop] = {}
        for statement in inner.body:
            match statement:
                case ast.Assign(targets=[ast.Name() as name], value=value) if value in calls:
                    loop = _outermost(inner, name, value, around, found)
                    if loop is not None and _steps(inner, name.id):
                        found[name.id] = loop
                        yield statement, name, loop


def _steps(loop: Loop, name: str) -> bool:
    """Whether `loop` itself, and no loop in it, calls `name.step()`."""
    deeper = {
        id(node)
        for each in ast.walk(loop)
        if isinstance(each, Loop) and each is not loop
        for node in ast.walk(each)
    }
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == f"{name}.step" and id(node) not in deeper
        for node in ast.walk(loop)
    )


def _outermost(
    loop: Loop,
    name: ast.Name,
    made_of: ast.expr,
    around: Mapping[ast.stmt, Loop],
    others: Mapping[str, Loop],
) -> Loop | None:
    """The outermost of the loops around that changes nothing of what the optimizer is made of; what it is
    made of may be one of `others`, which come before it at their loops."""
    needed, found = {use.id for use in used_names(made_of)}, None
    limits = [others[each] for each in needed & set(others)]
    each: Loop | None = loop
    while each is not None:
        stored = stored_names(each)
        if stored.count(name.id) > 1 or (needed - set(others)) & set(stored):
            break
        found, each = each, None if each in limits else around.get(each)
    return found
