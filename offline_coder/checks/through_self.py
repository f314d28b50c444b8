"""A name that a method takes for granted: what its own object holds, or what made the object."""

import ast

from offline_coder.checks.edits import replace_uses, used_names
from offline_coder.checks.source import CONSTRUCTOR, Function, constructor_of


def read_through_self(text: str, tree: ast.Module, name: str, line: int) -> str | None:
    """`text` in which the method around `line` reads `name` as `self.name`; what only the constructor
    takes, it then also keeps. None where no class and method are around the line, or the object has
    nothing of that name."""
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        methods = [node for node in owner.body if isinstance(node, Function)]
        around = [node for node in methods if node.lineno <= line <= (node.end_lineno or node.lineno)]
        if not around or around[0].name == CONSTRUCTOR or _first(around[0]) != "self":
            continue
        made = constructor_of(owner)
        held = any(
            isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Store)
            for node in ast.walk(owner)
        )
        taken = made is not None and _takes(made, name)
        if not (held or taken or any(method.name == name for method in methods)):
            return None
        new = _replaced(text, around[0], name)
        if new is None or held or not taken or made is None:
            return new
        return _kept(new, made, name)
    return None


def keep_argument(text: str, tree: ast.Module, owner: str, name: str) -> str | None:
    """`text` in which the constructor of class `owner` keeps its argument `name`. None where it takes none of
    that name."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == owner:
            made = constructor_of(node)
            if made is not None and _first(made) == "self":
                return _kept(text, made, name) if _takes(made, name) else None
    return None


def _takes(method: Function, name: str) -> bool:
    return name in {argument.arg for argument in (*method.args.args, *method.args.kwonlyargs)}


def _first(method: Function) -> str:
    return method.args.args[0].arg if method.args.args else ""


def _replaced(text: str, method: Function, name: str) -> str | None:
    """`text` with `self.` before each use of `name` in `method`. None where a use cannot be found in its
    place, as inside an f-string."""
    uses = [use for use in used_names(method) if use.id == name]
    return replace_uses(text, uses, name, f"self.{name}")


def _kept(text: str, made: Function, name: str) -> str | None:
    """`text` in which the constructor begins by keeping its argument `name`, after super().__init__()."""
    lines = text.split("\n")
    begin = next((node for node in made.body if not _is_text(node)), None)
    if begin is None or begin.lineno == made.lineno:
        return None
    after = ast.unparse(begin).startswith("super(")
    at = (begin.end_lineno or begin.lineno) if after else begin.lineno - 1
    lines.insert(at, f"{' ' * begin.col_offset}self.{name} = {name}")
    return "\n".join(lines)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
