"""Is what is measured what was trained? Small models make the parts of a network anew beside the network that
they are given: `style_adapter = StyleAdapter()`, where model.py keeps one as model.style_adapter."""

import ast
from collections.abc import Iterator, Mapping

from offline_coder.checks.edits import replace_expression
from offline_coder.checks.modules import modules_of
from offline_coder.checks.parameters import NETWORKS
from offline_coder.checks.rules import Edit, Repository
from offline_coder.checks.source import Function, is_network, named_parameters
from offline_coder.core.finding import Finding

RULE = "own-part"


def check_own_parts(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "own-part" in `files` (path -> text): a function of a module that is given a network
    makes a part of which the one class that keeps such a part has one already."""
    trees = modules_of(files).trees
    kept = _kept(trees)
    return tuple(
        Finding(
            file=path,
            line=call.lineno,
            rule=RULE,
            message=f"{name} is made anew, and is not trained",
            advice=f"Take {part}, which is.",
            subject=name,
        )
        for path, tree in trees.items()
        for call, name, part in _made(tree, kept)
    )


def trained_part(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A part that is made anew: that of the network which is given."""
    for call, name, part in _made(tree, _kept(repository.modules.trees)):
        if (call.lineno, name) == (finding.line, finding.subject):
            text = replace_expression(repository.files[finding.file], call, part)
            yield Edit(finding.file, text, f"{part} in place of a new {name} in line {finding.line}")
            return


def _kept(trees: Mapping[str, ast.Module]) -> dict[str, str]:
    """Networks that exactly one attribute of exactly one other network holds, and that attribute."""
    networks = {
        node.name: node
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and is_network(node)
    }
    found: dict[str, list[str]] = {}
    for network in networks.values():
        for node in ast.walk(network):
            match node:
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)],
                    value=ast.Call(func=ast.Name(id=name)),
                ) if name in networks and name != network.name:
                    found.setdefault(name, []).append(attribute)
    return {name: attributes[0] for name, attributes in found.items() if len(attributes) == 1}


def _made(tree: ast.Module, kept: Mapping[str, str]) -> Iterator[tuple[ast.Call, str, str]]:
    """Calls, in functions that are given a network, that make a part of those `kept`; its class; and how the
    part of the network that is given is reached."""
    for function in tree.body if kept else ():
        if not isinstance(function, Function):
            continue
        given = [each.arg for each in named_parameters(function) if each.arg in NETWORKS]
        for node in ast.walk(function) if given else ():
            match node:
                case ast.Call(func=ast.Name(id=name)) if name in kept:
                    yield node, name, f"{given[0]}.{kept[name]}"
