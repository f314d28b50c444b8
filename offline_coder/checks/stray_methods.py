"""Functions that take `self` and stand in no class: a small model that was asked for a function goes on with
the methods of a class that it imagines. Nothing can call them, and what they read of `self` is nowhere."""

import ast
from collections.abc import Iterator, Mapping

from offline_coder.checks.modules import modules_of
from offline_coder.checks.source import Function
from offline_coder.core.finding import Finding

RULE = "stray-method"
OWN = ("self", "cls")


def check_stray_methods(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "stray-method" in `files` (path -> text): a function at the top of a file whose first
    parameter is `self` and that no code uses but other such functions."""
    trees = modules_of(files).trees
    strays = [(path, node) for path, tree in trees.items() for node in _methods_of_none(tree)]
    if not strays:
        return ()
    apart = {id(node) for _, node in strays}
    used = {
        name
        for tree in trees.values()
        for node in tree.body
        if id(node) not in apart
        for name in _names_in(node)
    }
    while alive := [(path, node) for path, node in strays if node.name in used]:
        strays = [each for each in strays if each not in alive]
        used = {name for _, node in alive for name in _names_in(node)}
    return tuple(
        Finding(
            file=path,
            line=node.lineno,
            rule=RULE,
            message=f"{node.name} is a method and stands in no class; nothing calls it",
            advice=f"Leave {node.name} out.",
            subject=node.name,
        )
        for path, node in strays
    )


def _methods_of_none(tree: ast.Module) -> Iterator[Function]:
    """Functions at the top whose first parameter is that of a method."""
    for node in tree.body:
        if isinstance(node, Function) and not node.decorator_list:
            first = [*node.args.posonlyargs, *node.args.args][:1]
            if any(each.arg in OWN for each in first):
                yield node


def _names_in(node: ast.AST) -> Iterator[str]:
    """Every name that `node` may mean something else by."""
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case ast.Constant(value=str() as name):
                yield name
