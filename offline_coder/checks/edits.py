"""Changes to Python source that leave every other character as it is."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from offline_coder.checks.source import Function, parse_python

REMEMBERED = 4096
"""Answers that are kept: mending asks the same about every name of a file that it did not change."""

Span = tuple[int, int, bytes]
ImportNode = ast.Import | ast.ImportFrom
Definition = Function | ast.ClassDef


def add_import(text: str, statement: str) -> str:
    """`text` with `statement` after its leading imports, or where these would stand."""
    tree = parse_python(text)
    lines = text.split("\n")
    at, blank = 0, False
    while at < len(lines) and lines[at].startswith("#"):
        at += 1
    for index, node in enumerate(tree.body if tree else []):
        if isinstance(node, ImportNode):
            at, blank = node.end_lineno or node.lineno, False
        elif index == 0 and _is_docstring(node):
            at, blank = node.end_lineno or node.lineno, True
        else:
            break
    before, after = lines[:at], lines[at:]
    spacing = [""] if blank else []
    gap = [""] if not (at and not blank and lines[at - 1].strip()) and after[:1] != [""] else []
    return "\n".join([*before, *spacing, statement, *gap, *after])


def replace_statement(text: str, node: ast.stmt, statements: Sequence[ast.stmt]) -> str | None:
    """`text` with `statements` in the place of `node`; None where other code shares its lines."""
    lines = [line for statement in statements for line in ast.unparse(statement).split("\n")]
    return _replace_lines(text, node.lineno, node, lines)


def replace_expression(text: str, node: ast.expr, new: str) -> str:
    """`text` with `new` in the place of `node`."""
    starts = _line_starts(text)
    source = text.encode()
    begin = starts[node.lineno - 1] + node.col_offset
    return (source[:begin] + new.encode() + source[_end(node, starts) :]).decode()


def replace_each(text: str, changes: Iterable[tuple[ast.expr, str]]) -> str:
    """`text` with, for each of `changes`, its new text in the place of its node; none stands in another."""
    for node, new in sorted(changes, key=lambda pair: (pair[0].lineno, pair[0].col_offset), reverse=True):
        text = replace_expression(text, node, new)
    return text


def stands_as(text: str, node: ast.expr, written: str) -> bool:
    """Whether `node`, of one line, is `written` so in its place. Inside an f-string Python 3.11 does not say
    the place."""
    source = text.split("\n")[node.lineno - 1].encode()
    return source[node.col_offset : node.end_col_offset] == written.encode()


def grouped(node: ast.expr) -> str:
    """The source of `node` with brackets where a dot could not follow it."""
    shown = ast.unparse(node)
    return shown if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call) else f"({shown})"


def attribute_reads(where: ast.AST, written: str) -> list[ast.Attribute]:
    """The attributes in `where` that are `written` so, "model.rate"."""
    return [
        node for node in ast.walk(where) if isinstance(node, ast.Attribute) and ast.unparse(node) == written
    ]


def with_attribute(text: str, tree: ast.AST, name: str, new: str) -> str | None:
    """`text` with every attribute `name` of one line called `new`; None where there is none."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == name and node.end_lineno == node.lineno
    ]
    changes = ((node, f"{ast.unparse(node.value)}.{new}") for node in found)
    return replace_each(text, changes) if found else None


def replace_uses(text: str, uses: Sequence[ast.expr], old: str, new: str) -> str | None:
    """`text` with `new` in the place of each of `uses`, which are written as `old`. None where one is not
    found in its place, as inside an f-string."""
    if not all(stands_as(text, use, old) for use in uses):
        return None
    return replace_each(text, ((use, new) for use in uses))


def begun_with(text: str, function: Function, line: str) -> str:
    """`text` with `line` as the first of what `function` does, below its docstring."""
    said = ast.get_docstring(function) is not None and len(function.body) > 1
    first = function.body[1 if said else 0]
    lines = text.split("\n")
    lines.insert(first.lineno - 1, f"{' ' * first.col_offset}{line}")
    return "\n".join(lines)


def ended_with(text: str, function: Function, line: str) -> str:
    """`text` with `line` as the last of what `function` does."""
    lines = text.split("\n")
    lines.insert(function.end_lineno or function.lineno, f"{' ' * function.body[0].col_offset}{line}")
    return "\n".join(lines)


def remove_definition(text: str, node: Definition) -> str | None:
    """`text` without `node` and its decorators; None where other code shares its lines."""
    first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
    without = _replace_lines(text, first, node, [])
    return without.strip("\n") + "\n" if without is not None else None


def without_alias(node: ImportNode, alias: ast.alias) -> list[ast.stmt]:
    """What is left of the import `node` when it no longer imports `alias`."""
    rest = [other for other in node.names if other is not alias]
    if not rest:
        return []
    if isinstance(node, ast.Import):
        return [ast.Import(names=rest)]
    return [ast.ImportFrom(module=node.module, names=rest, level=node.level)]


def bound_name(alias: ast.alias) -> str:
    """The name that `alias` defines."""
    return alias.asname or alias.name.split(".")[0]


def used_names(tree: ast.AST) -> list[ast.Name]:
    """Every place where a name is read."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]


def stored_names(tree: ast.AST) -> list[str]:
    """The name in every place where one is given a value."""
    return [
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


@lru_cache(maxsize=REMEMBERED)
def without_annotations(text: str, name: str) -> str | None:
    """`text` without the annotations that use `name`; None when it is used outside annotations too, or
    when `text` does not parse."""
    tree = parse_python(text)
    if tree is None:
        return None
    spans: list[Span] = []
    starts = _line_starts(text)
    source = text.encode()
    inside: set[ast.Name] = set()
    for node in ast.walk(tree):
        for annotation, span in _annotations(node, source, starts):
            uses = [use for use in used_names(annotation) if use.id == name]
            if uses:
                inside.update(uses)
                spans.append(span)
    if not spans or any(use.id == name and use not in inside for use in used_names(tree)):
        return None
    for start, end, new in sorted(spans, reverse=True):
        source = source[:start] + new + source[end:]
    return source.decode()


def _annotations(node: ast.AST, source: bytes, starts: list[int]) -> Iterator[tuple[ast.expr, Span]]:
    """The annotations of `node`, each with the bytes that have to go for it and what stands in instead."""
    if isinstance(node, ast.arg) and node.annotation is not None:
        start = starts[node.lineno - 1] + node.col_offset + len(node.arg.encode())
        yield node.annotation, (start, _end(node.annotation, starts), b"")
    elif isinstance(node, Function) and node.returns is not None:
        begin = starts[node.returns.lineno - 1] + node.returns.col_offset
        arrow = source.rfind(b"->", 0, begin)
        head = len(source[:arrow].rstrip())
        yield node.returns, (head, _end(node.returns, starts), b"")
    elif isinstance(node, ast.AnnAssign):
        begin = starts[node.annotation.lineno - 1] + node.annotation.col_offset
        yield node.annotation, (begin, _end(node.annotation, starts), b"object")


def _end(node: ast.expr, starts: list[int]) -> int:
    return starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)


def _line_starts(text: str) -> list[int]:
    """Offset in bytes of each line of `text`."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line.encode()) + 1)
    return starts


def _replace_lines(text: str, first: int, node: ast.stmt, new: Iterable[str]) -> str | None:
    """`text` with the lines from `first` to the end of `node` replaced, indented as `node` is. A block
    that would be empty gets a `pass`."""
    lines = text.split("\n")
    last = node.end_lineno or node.lineno
    indent = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
    rest = lines[last - 1].encode()[node.end_col_offset or 0 :].strip()
    if (
        "\r" in text
        or (rest and not rest.startswith(b"#"))
        or lines[node.lineno - 1][: node.col_offset].strip()
    ):
        return None
    statements = list(new)
    for body in (statements, statements or ["pass"]):
        changed = "\n".join([*lines[: first - 1], *(indent + line for line in body), *lines[last:]])
        if parse_python(changed) is not None:
            return changed
    return None


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
