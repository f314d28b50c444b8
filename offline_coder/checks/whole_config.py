"""Which names of a repository hold all of config.yaml, where a parameter might as well hold a section."""

import ast
from collections.abc import Iterable, Iterator, Sequence

from offline_coder.checks.source import given_to, nodes_of

CONFIG_NAMES = frozenset({"config", "cfg", "conf", "CONFIG", "CFG"})
LOADERS = frozenset({"safe_load", "full_load", "read_config"})

Parameter = tuple[str, str]
"""The name of a function, and that of a parameter."""


def loaded(tree: ast.Module) -> set[str]:
    """Variables that are bound to nothing but what `yaml.safe_load` or `read_config` gives, or to an empty
    mapping in its place."""
    bound: list[str] = []
    found: list[str] = []
    for node in nodes_of(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.append(node.id)
        elif isinstance(node, ast.arg):
            bound.append(node.arg)
        elif isinstance(node, ast.Assign):
            value = node.value.values[0] if isinstance(node.value, ast.BoolOp) else node.value
            function = value.func if isinstance(value, ast.Call) else None
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in LOADERS:
                found += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return {name for name in found if bound.count(name) == found.count(name)}


def given_whole(trees: Iterable[ast.Module]) -> frozenset[ast.Name]:
    """Where a key is read of a parameter to which every call of its function hands all of the
    configuration. A function that nothing calls may be handed a section, or several put together."""
    every = tuple(trees)
    handed = _handed_whole(every)
    return frozenset(
        use
        for function in (node for tree in every for node in tree.body if isinstance(node, ast.FunctionDef))
        for use in _names_read_by_key(function)
        if (function.name, use.id) in handed
    )


def _names_read_by_key(function: ast.FunctionDef) -> Iterator[ast.Name]:
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name() as use, slice=ast.Constant(value=str())):
                yield use


def _handed_whole(trees: Sequence[ast.Module]) -> set[Parameter]:
    """The parameters named as a configuration that every call of their function gives all of it."""
    defined = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    names = [function.name for function in defined]
    once = {function.name: function for function in defined if names.count(function.name) == 1}
    whole: set[Parameter] = set()
    other: set[Parameter] = set()
    for tree in trees:
        all_of_it = loaded(tree)
        for node in nodes_of(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in once:
                for parameter, value in given_to(once[node.func.id], node):
                    is_whole = isinstance(value, ast.Name) and value.id in all_of_it
                    if parameter.arg in CONFIG_NAMES:
                        (whole if is_whole else other).add((node.func.id, parameter.arg))
    return whole - other
