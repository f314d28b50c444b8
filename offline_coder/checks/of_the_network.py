"""Has the network what is asked of it? Training that takes `model.optimizer` or `model.loss` from a network
that has neither fails in its first line."""

import ast
from collections.abc import Collection, Iterator, Mapping

from offline_coder.checks.attributes import MODULE_BASES, OF_A_MODULE
from offline_coder.checks.edits import stored_names
from offline_coder.checks.modules import modules_of
from offline_coder.checks.parameters import NETWORKS
from offline_coder.checks.source import Function, named_parameters, nodes_of
from offline_coder.core.finding import Finding

RULE = "network-attribute"
NO_NETWORKS = frozenset({"object", "Dataset", "IterableDataset", "DataLoader", "Sampler", "ABC", "Exception"})
"""Usual bases of classes that are no networks."""
LOOKING = frozenset({"hasattr", "getattr", "setattr", "vars"})


def check_network_reads(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "network-attribute" in `files` (path -> text): a function reads of the network that it
    is given what neither PyTorch's Module nor any class here has. Nothing is said of a repository that has no
    network or one whose class comes from elsewhere, nor of a function that looks for attributes by name."""
    trees = modules_of(files).trees
    own = {node.name for node in classes_of_networks(trees)}
    if not own:
        return ()
    given = OF_A_MODULE | {name for tree in trees.values() for name in _given(tree)}
    return tuple(
        finding
        for path, tree in trees.items()
        for function in nodes_of(tree)
        if isinstance(function, Function)
        for finding in _findings_of(path, function, given, own | MODULE_BASES)
    )


def classes_of_networks(trees: Mapping[str, ast.Module]) -> list[ast.ClassDef]:
    """All classes of a repository that has networks; none where there is none, or where a network may come
    from elsewhere."""
    classes = [node for tree in trees.values() for node in nodes_of(tree) if isinstance(node, ast.ClassDef)]
    own = {node.name for node in classes}
    bases = {ast.unparse(base) for node in classes for base in node.bases}
    strange = {base for base in bases - own - MODULE_BASES if base.rpartition(".")[2] not in NO_NETWORKS}
    return classes if bases & MODULE_BASES and not strange else []


def networks_given(function: Function, types: Collection[str]) -> set[str]:
    """The parameters of a function that are a network, by their name and their type, one of `types`, and are
    nothing else later on."""
    return {
        argument.arg
        for argument in named_parameters(function)
        if argument.arg in NETWORKS and argument.annotation and ast.unparse(argument.annotation) in types
    }.difference(stored_names(function))


def _given(tree: ast.Module) -> Iterator[str]:
    """All names that classes define or that are given to anything as attributes."""
    for node in nodes_of(tree):
        match node:
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case ast.ClassDef():
                for part in node.body:
                    if isinstance(part, Function | ast.ClassDef):
                        yield part.name
                    elif isinstance(part, ast.Assign | ast.AnnAssign):
                        targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _findings_of(
    path: str, function: Function, given: frozenset[str] | set[str], types: set[str] | frozenset[str]
) -> Iterator[Finding]:
    """One finding for a name that the function reads of its network."""
    networks = networks_given(function, types)
    if any(isinstance(node, ast.Name) and node.id in LOOKING for node in ast.walk(function)):
        return
    said: set[str] = set()
    for node in ast.walk(function):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        network, name = node.value.id, node.attr
        if network not in networks or name in given | said or name.startswith("_"):
            continue
        said.add(name)
        yield Finding(
            file=path,
            line=node.lineno,
            rule=RULE,
            message=f"{function.name} reads {network}.{name}, which no network here has",
            advice=f"Make it in {function.name}, of {network}.parameters() and what it is given.",
            subject=f"{network}.{name}",
        )
