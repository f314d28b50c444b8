"""Is the network called as its forward() takes it? Small models call every network with the inputs alone, or
with inputs and targets, also one that takes a time step first."""

import ast
from collections.abc import Iterator, Mapping, Sequence

from offline_coder.checks.attributes import MODULE_BASES
from offline_coder.checks.call_shapes import Target, mismatches, target_of
from offline_coder.checks.modules import modules_of
from offline_coder.checks.of_the_network import classes_of_networks, networks_given
from offline_coder.checks.source import Function, nodes_of
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import INPUTS

RULE = "network-call"
FORWARD = "forward"


def check_network_calls(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "network-call" in `files` (path -> text): a function calls the network that it is given,
    an nn.Module, as no network of the repository can be called that is not only a part of another, or gives
    it the inputs in the place of something else. Nothing is said where a network may come from elsewhere, or
    what one takes cannot be told."""
    trees = modules_of(files).trees
    targets = _whole_networks(classes_of_networks(trees))
    return tuple(
        finding
        for path, tree in trees.items()
        for function in (nodes_of(tree) if targets else ())
        if isinstance(function, Function)
        for finding in _findings_of(path, function, targets)
    )


def _whole_networks(classes: Sequence[ast.ClassDef]) -> list[Target]:
    """How the networks are called that no other network makes; none where that cannot be told of one."""
    networks = [node for node in classes if any(ast.unparse(base) in MODULE_BASES for base in node.bases)]
    names = {node.name for node in networks}
    if any(ast.unparse(base) in names for node in classes for base in node.bases):
        return []
    parts = {
        call.func.id
        for node in networks
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
    targets = [_called(node) for node in networks if node.name not in parts]
    return [target for target in targets if target is not None] if None not in targets else []


def _called(network: ast.ClassDef) -> Target | None:
    """What a call of the network reaches; None where that cannot be told."""
    for node in network.body:
        if isinstance(node, Function) and node.name == FORWARD:
            return target_of(f"{network.name}.{FORWARD}", node, bound=True)
    return None


def _findings_of(path: str, function: Function, targets: Sequence[Target]) -> Iterator[Finding]:
    """A finding for each call that fits no network."""
    networks = networks_given(function, MODULE_BASES)
    for call in ast.walk(function):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id not in networks:
            continue
        refused = [list(mismatches(call, target)) for target in targets]
        wrong = [[*refused[at], *misplaced(call, target)] for at, target in enumerate(targets)]
        if not all(wrong):
            continue
        nearest = min(range(len(targets)), key=lambda at: (len(refused[at]), len(wrong[at])))
        target = targets[nearest]
        yield Finding(
            file=path,
            line=call.lineno,
            rule=RULE,
            message=f"{function.name} calls {ast.unparse(call)}, but {wrong[nearest][0]}",
            advice=f"Call it as {call.func.id}({target.shape.shown()}).",
            subject=target.name,
        )


def misplaced(call: ast.Call, target: Target) -> Iterator[str]:
    """What says that a call gives the inputs where another parameter stands, and something else in their
    place."""
    given = dict(zip(target.shape.positional, map(ast.unparse, call.args), strict=False))
    theirs = [name for name in given if INPUTS.fullmatch(name)]
    if len(theirs) != 1 or INPUTS.fullmatch(given[theirs[0]]):
        return
    for name, argument in given.items():
        if INPUTS.fullmatch(argument) and name != argument:
            yield f"{target.name} takes {name!r} there, and the inputs as {theirs[0]!r}"
