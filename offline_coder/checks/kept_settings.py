"""Settings that training takes from its network, `model.optimizer.lr`, `model.config["dropout"]`, where the
network keeps none: read from config.yaml, which has them."""

import ast
import copy
from collections.abc import Iterator, Mapping

from offline_coder.checks.edits import attribute_reads, replace_each
from offline_coder.checks.rules import Edit, Repository, offered
from offline_coder.checks.source import Function, function_around, named_parameters
from offline_coder.checks.usual_values import with_setting
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import usual_name

Taken = ast.Attribute | ast.Subscript
"""A setting as it is taken from what the network would keep."""


def kept_settings(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """All settings that a function takes from an attribute which its network has not: each is the parameter
    of that name or read from `config`; an argument that neither has is left out, for the default of what is
    called. Nothing where the attribute is anything but a holder of settings."""
    function = function_around(tree, finding.line)
    taken = settings_taken(function, finding.subject) if function else []
    if function is None or not taken:
        return
    text = repository.files[finding.file]
    own = {usual_name(each.arg): each.arg for each in named_parameters(function)}
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    read: dict[str, str] = {}
    for node in taken:
        name = name_of(node)
        if given := own.get(usual_name(name)):
            read[ast.unparse(node)] = given
        elif name not in used and with_setting(config, text, name) is not None:
            read[ast.unparse(node)] = name
    unknown = [node for node in taken if ast.unparse(node) not in read]
    calls = calls_without(function, unknown)
    if calls is None:
        return
    inside = {id(node) for call in calls for node in ast.walk(call)}
    changes: list[tuple[ast.expr, str]] = [
        (node, read[ast.unparse(node)]) for node in taken if id(node) not in inside
    ]
    changes += [(call, without(call, unknown, read)) for call in calls]
    new: str | None = replace_each(text, changes)
    for name in sorted(set(read.values()) - set(own.values())):
        new = with_setting(config, new, name) if new else None
    said = ", ".join(f"`{name}`" for name in sorted(set(read.values()))) or "defaults"
    yield from offered(finding.file, new, f"{said} in place of what `{finding.subject}` would keep")


def settings_taken(function: Function, subject: str) -> list[Taken]:
    """What is taken of every read of `subject`, "model.optimizer"; empty where one is called, or used as
    anything but a holder of names."""
    reads = attribute_reads(function, subject)
    above = {id(child): node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    taken: list[Taken] = []
    for read in reads:
        node = above[id(read)]
        named = isinstance(node, ast.Attribute) or (
            isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        )
        if not named or not isinstance(node, Taken) or not isinstance(node.ctx, ast.Load):
            return []
        user = above[id(node)]
        if not name_of(node).isidentifier() or (isinstance(user, ast.Call) and user.func is node):
            return []
        taken.append(node)
    return taken


def name_of(node: Taken) -> str:
    """The name of the setting that is taken."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return str(node.slice.value) if isinstance(node.slice, ast.Constant) else ""


def calls_without(function: Function, unknown: list[Taken]) -> list[ast.Call] | None:
    """The calls in which each of `unknown` is a named argument, none inside another; None where one is
    anything else."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    by_argument = {id(each.value): call for call in calls for each in call.keywords if each.arg}
    if any(id(node) not in by_argument for node in unknown):
        return None
    found = list({id(call): call for call in (by_argument[id(node)] for node in unknown)}.values())
    nested = {id(inner) for call in found for inner in ast.walk(call) if inner is not call}
    return None if any(id(call) in nested for call in found) else found


def without(call: ast.Call, unknown: list[Taken], read: Mapping[str, str]) -> str:
    """The source of `call` without its arguments that are `unknown`, the others `read` as they are known."""
    lost = {ast.unparse(node) for node in unknown}
    left = copy.deepcopy(call)
    left.keywords = [each for each in left.keywords if ast.unparse(each.value) not in lost]

    class Known(ast.NodeTransformer):
        """Puts what is known in the place of what is taken."""

        def generic_visit(self, node: ast.AST) -> ast.AST:
            known = read.get(ast.unparse(node)) if isinstance(node, Taken) else None
            return ast.Name(known, ast.Load()) if known else super().generic_visit(node)

    return ast.unparse(Known().visit(left))
