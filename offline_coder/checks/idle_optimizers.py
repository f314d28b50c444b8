"""Does an optimizer that is made do anything? A repair by a small model is quick to end a training function
before its step."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import used_names
from offline_coder.checks.library_calls import library_calls
from offline_coder.checks.modules import Import, in_each_module
from offline_coder.checks.source import REMEMBERED, nodes_of
from offline_coder.core.finding import Finding

RULE = "idle-optimizer"
OPTIMIZERS = "torch.optim."


def check_idle_optimizers(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "idle-optimizer" in `files` (path -> text): a function gives a name to an optimizer of
    PyTorch and never uses it."""
    return in_each_module(files, _findings_of)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module, imports: tuple[Import, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=name.lineno,
            rule=RULE,
            message=f"{function.name} makes the optimizer {name.id} and never uses it",
            advice=f"Call {name.id}.zero_grad(), loss.backward() and {name.id}.step() for each batch.",
            subject=name.id,
        )
        for function, name in _idle(tree, imports)
    )


def optimizers_made(tree: ast.Module, imports: tuple[Import, ...]) -> set[ast.expr]:
    """The calls that make an optimizer or a schedule of PyTorch's."""
    return {call for call, dotted in library_calls(tree, imports) if dotted.startswith(OPTIMIZERS)}


def _idle(tree: ast.Module, imports: tuple[Import, ...]) -> Iterator[tuple[ast.FunctionDef, ast.Name]]:
    """Functions and the names in them of optimizers that they never use."""
    made = optimizers_made(tree, imports)
    for function in nodes_of(tree) if made else ():
        if not isinstance(function, ast.FunctionDef):
            continue
        used = {use.id for use in used_names(function)}
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name() as name], value=value) if value in made:
                    if name.id not in used:
                        yield function, name
