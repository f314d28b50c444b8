"""The public face of Python source: what another module may rely on, in few tokens."""

import ast

from offline_coder.checks.source import Function, parse_python

MAX_VALUE = 60
MAX_PURPOSE = 160


def outline_of(text: str) -> str:
    """Source of what `text` offers to others, or "" when it does not parse or offers nothing.

    Public classes, methods, functions with their signatures, decorators and the first line of their
    docstrings, annotated fields and module constants; bodies are `...`. Imports and names that start
    with "_" are left out, special methods are kept. Valid Python, in the order of the source.
    """
    tree = parse_python(text)
    if tree is None:
        return ""
    lines = _purpose(tree, "")
    for node in tree.body:
        lines += _statement(node, "")
    return "\n".join(lines) + "\n" if lines else ""


def _statement(node: ast.stmt, indent: str) -> list[str]:
    if isinstance(node, Function) and _public(node.name):
        word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        head = f"{indent}{word} {node.name}({ast.unparse(node.args)}){returns}:"
        purpose = _purpose(node, f"{indent}    ")
        if not purpose:
            return [*_decorators(node, indent), f"{head} ..."]
        return [*_decorators(node, indent), head, *purpose, f"{indent}    ..."]
    if isinstance(node, ast.ClassDef) and _public(node.name):
        return _class(node, indent)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _constant(node, indent)
    return []


def _class(node: ast.ClassDef, indent: str) -> list[str]:
    inside = f"{indent}    "
    given = [*map(ast.unparse, node.bases), *map(ast.unparse, node.keywords)]
    head = f"{indent}class {node.name}({', '.join(given)}):" if given else f"{indent}class {node.name}:"
    body = _purpose(node, inside)
    for statement in node.body:
        body += _statement(statement, inside)
    return [*_decorators(node, indent), head, *(body or [f"{inside}..."])]


def _constant(node: ast.Assign | ast.AnnAssign, indent: str) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name) or not _public(targets[0].id):
        return []
    kind = f": {ast.unparse(node.annotation)}" if isinstance(node, ast.AnnAssign) else ""
    if node.value is None:
        return [f"{indent}{targets[0].id}{kind}"]
    value = ast.unparse(node.value)
    return [f"{indent}{targets[0].id}{kind} = {value if len(value) <= MAX_VALUE else '...'}"]


def _decorators(node: Function | ast.ClassDef, indent: str) -> list[str]:
    return [f"{indent}@{ast.unparse(decorator)}" for decorator in node.decorator_list]


def _purpose(node: ast.Module | ast.ClassDef | Function, indent: str) -> list[str]:
    """The first line of the docstring as a docstring; empty when there is none."""
    said = (ast.get_docstring(node) or "").strip().split("\n")[0][:MAX_PURPOSE].strip()
    if not said:
        return []
    quoted = said.replace("\\", "\\\\").replace('"""', "'''")
    return [f'{indent}"""{quoted}{" " if quoted.endswith(chr(34)) else ""}"""']


def _public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))
