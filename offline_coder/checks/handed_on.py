"""A helper that reads a variable of the function which calls it: it becomes a parameter, and is handed on.

Small models split a long function in two and forget that the second does not see the variables of the first.
"""

import ast
from collections.abc import Iterator

from offline_coder.checks.edits import replace_each, stored_names
from offline_coder.checks.source import Function, nodes_of, within


def handed_on(text: str, tree: ast.Module, line: int, name: str) -> str | None:
    """`text` in which the function at its top or the method around `line` takes `name`, and every call of it
    gives it. None where it is not called, is spoken of otherwise, or is called where there is no such
    variable, and for methods that Python or PyTorch calls."""
    every = [*functions_of(tree), *methods_of(tree)]
    helper = next((node for node in every if within(node, line)), None)
    if helper is None or helper.args.vararg or helper.args.kwarg or name in parameters_of(helper):
        return None
    owner = next((node for node in tree.body if isinstance(node, ast.ClassDef) and helper in node.body), None)
    if owner and (helper.name.startswith("__") or helper.name == "forward"):
        return None
    beside = [node for node in every if node in owner.body] if owner else every
    callers = [node for node in beside if node is not helper]
    called = f"self.{helper.name}" if owner else helper.name
    calls = [
        call
        for caller in callers
        if name in bound_in(caller)
        for call in ast.walk(caller)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == called
    ]
    spoken = [
        node
        for node in nodes_of(tree)
        if helper.name == (getattr(node, "attr", "") if owner else getattr(node, "id", ""))
    ]
    starred = any(keyword.arg is None for call in calls for keyword in call.keywords)
    if not calls or starred or len(spoken) != len(calls):
        return None
    more = ast.keyword(name, ast.Name(name))
    given = [(call, ast.Call(call.func, call.args, [*call.keywords, more])) for call in calls]
    text = replace_each(text, ((call, ast.unparse(new)) for call, new in given))
    return with_parameter(text, helper, name)


def with_parameter(text: str, helper: Function, name: str) -> str | None:
    """`text` with `name` as the last parameter of `helper`, that can only be given by name where others have
    defaults; None where its head is written in a way that is not known."""
    lines = text.split("\n")
    head = helper.lineno - 1
    if f"def {helper.name}(" not in lines[head]:
        return None
    star = "*, " if helper.args.defaults and not helper.args.kwonlyargs else ""
    last = max(
        (arg for arg in ast.walk(helper.args) if isinstance(arg, ast.expr | ast.arg)),
        key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0),
        default=None,
    )
    if last is None:
        lines[head] = lines[head].replace(f"def {helper.name}(", f"def {helper.name}({name}", 1)
        return "\n".join(lines)
    at, column = (last.end_lineno or 0) - 1, last.end_col_offset or 0
    line = lines[at].encode()
    lines[at] = (line[:column] + f", {star}{name}".encode() + line[column:]).decode()
    return "\n".join(lines)


def functions_of(tree: ast.Module) -> Iterator[Function]:
    """The functions at the top of a module."""
    return (node for node in tree.body if isinstance(node, Function))


def methods_of(tree: ast.Module) -> Iterator[Function]:
    """The methods of the classes at the top of a module that are called through their object."""
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return (node for cls in classes for node in cls.body if isinstance(node, Function) and is_method(node))


def is_method(node: Function) -> bool:
    """Whether a function in a class gets its object first."""
    return bool(node.args.args) and node.args.args[0].arg == "self" and not node.decorator_list


def parameters_of(node: Function) -> set[str]:
    """The names of all parameters of a function."""
    return {inner.arg for inner in ast.walk(node.args) if isinstance(inner, ast.arg)}


def bound_in(node: Function) -> set[str]:
    """The parameters of a function and the variables that it gives a value to."""
    return parameters_of(node).union(stored_names(node))
