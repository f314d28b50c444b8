"""Is what was counted over all batches divided by all examples? Small models divide it by those of the last
batch: `correct / len(targets)` behind the loop that makes `targets`, an accuracy of 8,267 %."""

import ast
from collections.abc import Iterator, Mapping

from offline_coder.checks.edits import replace_expression
from offline_coder.checks.modules import modules_of
from offline_coder.checks.rules import Edit, Repository
from offline_coder.checks.source import Function, named_parameters, nodes_of
from offline_coder.core.finding import Finding

RULE = "last-batch"


def check_last_batch(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "last-batch" in `files` (path -> text): behind a loop over a loader that a function is
    given, what the loop adds up is divided by the length of what one batch is."""
    return tuple(
        Finding(
            file=path,
            line=length.lineno,
            rule=RULE,
            message=f"{counted} counts all batches and {ast.unparse(length)} is of the last one",
            advice=f"Divide by len({loader}.dataset).",
            subject=counted,
        )
        for path, tree in modules_of(files).trees.items()
        for length, counted, loader in _divided(tree)
    )


def all_examples(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """What all batches count, divided by the length of the last one: by that of the data set."""
    for length, counted, loader in _divided(tree):
        if (length.lineno, counted) == (finding.line, finding.subject):
            new = f"len({loader}.dataset)"
            text = replace_expression(repository.files[finding.file], length, new)
            yield Edit(finding.file, text, f"{new} in place of {ast.unparse(length)} in line {finding.line}")
            return


def _divided(tree: ast.Module) -> Iterator[tuple[ast.expr, str, str]]:
    """The lengths of last batches that something is divided by; what that is; and the loader."""
    for function in nodes_of(tree):
        if not isinstance(function, Function):
            continue
        loaders = {each.arg for each in named_parameters(function) if "loader" in each.arg}
        for loop in ast.walk(function) if loaders else ():
            if not (
                isinstance(loop, ast.For) and isinstance(loop.iter, ast.Name) and loop.iter.id in loaders
            ):
                continue
            parts = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
            counted = {
                node.target.id
                for node in ast.walk(loop)
                if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
            }
            for node in ast.walk(function):
                match node:
                    case ast.BinOp(left=ast.Name(id=name), op=ast.Div(), right=ast.Call() as length) if (
                        name in counted and node.lineno > (loop.end_lineno or 0)
                    ):
                        if _length_of(length) in parts:
                            yield length, name, loop.iter.id


def _length_of(call: ast.Call) -> str:
    """The variable whose length `len(x)` or `x.size(0)` is; "" for any other call."""
    match call:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="size"), args=[ast.Constant(value=0)]):
            return name
    return ""
