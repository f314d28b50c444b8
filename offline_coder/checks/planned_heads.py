"""Functions whose parameters are not the planned ones: how they get them without the model."""

import ast
import re
from collections.abc import Iterator

from offline_coder.checks.edits import replace_expression, used_names
from offline_coder.checks.rules import Edit, Repository
from offline_coder.checks.source import parse_python
from offline_coder.core.finding import Finding


def planned_head(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A function with other parameters than planned: with its planned head, where its body agrees."""
    head = re.search(r"Write `((?:async )?def .*:)`", finding.advice)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.lineno != finding.line or head is None:
            continue
        wanted = set(re.findall(r"\w+", head.group(1)))
        lost = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)} - wanted
        used = {use.id for statement in node.body for use in used_names(statement)}
        if node.body[0].lineno > node.lineno and not lost & used:
            text = with_head(repository.files[finding.file], node, head.group(1))
            yield Edit(finding.file, text, f"{finding.subject} with its planned head")


def planned_names(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A function that takes as many parameters as planned under other names: under the planned ones."""
    head = re.search(r"Write `(def .*:)`", finding.advice)
    text = repository.files[finding.file]
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.lineno != finding.line or head is None:
            continue
        planned = parse_python(f"{head.group(1)} pass")
        renamed = renamed_parameters(node, planned) if planned else {}
        below = [inner for statement in node.body for inner in ast.walk(statement)]
        names = [inner for inner in below if isinstance(inner, ast.Name)]
        bound = {inner.arg for inner in below if isinstance(inner, ast.arg)} | {name.id for name in names}
        # The tree of Python 3.11 does not say where a name in an f-string stands.
        shown = {use.id for inner in below if isinstance(inner, ast.JoinedStr) for use in used_names(inner)}
        if not renamed or node.body[0].lineno == node.lineno:
            continue
        if bound & set(renamed.values()) or shown & set(renamed):
            continue
        for name in sorted(names, key=lambda name: (name.lineno, name.col_offset), reverse=True):
            if name.id in renamed:
                text = replace_expression(text, name, renamed[name.id])
        means = f"{finding.subject} with the planned names of its parameters"
        yield Edit(finding.file, with_head(text, node, head.group(1)), means)


def with_head(text: str, node: ast.FunctionDef, head: str) -> str:
    """`text` with `head` in the place of that of `node`, whose body begins on a later line."""
    lines = text.split("\n")
    return "\n".join(
        [*lines[: node.lineno - 1], " " * node.col_offset + head, *lines[node.body[0].lineno - 1 :]]
    )


def renamed_parameters(node: ast.FunctionDef, planned: ast.Module) -> dict[str, str]:
    """The parameters that have another name in the plan, by place; none where the plan has another number
    of them, or the same ones in another order, or something in the body binds a parameter of its own."""
    written = node.args
    if written.vararg or written.kwarg or written.kwonlyargs or written.posonlyargs:
        return {}
    head = planned.body[0]
    assert isinstance(head, ast.FunctionDef)
    old, new = ([argument.arg for argument in each.args.args] for each in (node, head))
    renamed = {before: after for before, after in zip(old, new, strict=False) if before != after}
    inner = {arg.arg for part in node.body for arg in ast.walk(part) if isinstance(arg, ast.arg)}
    mixed = set(renamed) & (inner | set(renamed.values()))
    return renamed if len(old) == len(new) and not mixed else {}
