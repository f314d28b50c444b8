"""Methods that a network is asked for and that nobody wrote: where each would stand, and how it begins.

Training that adds `model.pairing_term(inputs, targets)` to its loss says what the paper's term is made of;
without that line it would train, and of something else.
"""

import ast
import keyword
from collections.abc import Iterator, Mapping

from offline_coder.checks.modules import modules_of
from offline_coder.checks.of_the_network import RULE
from offline_coder.checks.source import Function, is_network, named_parameters, nodes_of, within
from offline_coder.checks.targets import Target
from offline_coder.core.finding import Finding
from offline_coder.core.plan import MODEL

Network = tuple[str, ast.ClassDef]
"""A path and the network that it defines."""


def method_asked_for(files: Mapping[str, str], finding: Finding) -> Target | None:
    """The method that the call of `finding`, of rule "network-attribute", asks for, at the end of the network
    that the function is given: the class that it names, else the first of model.py. None where it is no
    call, where what it is given has no names, or where no network is known."""
    trees = modules_of(files).trees
    if finding.rule != RULE or finding.file not in trees:
        return None
    network, _, name = finding.subject.rpartition(".")
    for function in nodes_of(trees[finding.file]):
        if not isinstance(function, Function) or not within(function, finding.line):
            continue
        owner = _network_of(trees, function, network)
        for statement in ast.walk(function):
            call = _call_in(statement, finding.subject)
            if owner is not None and call is not None:
                asks = f"{function.name} in {finding.file} has the line `{ast.unparse(statement)}`"
                return _method(owner, name, call, finding.model_copy(update={"message": asks}))
    return None


def _call_in(statement: ast.AST, called: str) -> ast.Call | None:
    """The call of `called` in a statement that holds no other ones."""
    if not isinstance(statement, ast.stmt) or any(
        isinstance(each, ast.stmt) for each in ast.walk(statement) if each is not statement
    ):
        return None
    calls = (each for each in ast.walk(statement) if isinstance(each, ast.Call))
    return next((each for each in calls if ast.unparse(each.func) == called), None)


def _network_of(trees: Mapping[str, ast.Module], function: Function, parameter: str) -> Network | None:
    """The class of the network that `function` is given as `parameter`."""
    named = {
        ast.unparse(each.annotation)
        for each in named_parameters(function)
        if each.annotation and each.arg == parameter
    }
    known = list(_networks(trees))
    meant = [each for each in known if each[1].name in named]
    return next(iter(meant or [each for each in known if each[0] == MODEL]), None)


def _networks(trees: Mapping[str, ast.Module]) -> Iterator[Network]:
    for path, tree in trees.items():
        yield from ((path, node) for node in tree.body if isinstance(node, ast.ClassDef) and is_network(node))


def _method(owner: Network, name: str, call: ast.Call, asks: Finding) -> Target | None:
    path, node = owner
    given = [_name_of(each) for each in call.args] + [each.arg or "" for each in call.keywords]
    if not all(given) or len(set(given)) < len(given) or node.body[0].lineno == node.lineno:
        return None
    head = f"def {name}({', '.join(['self', *given])}):\n"
    end, indent = node.end_lineno or node.lineno, " " * node.body[0].col_offset
    return Target(path, f"{node.name}.{name}", end + 1, end, indent, head, "", (asks,))


def _name_of(value: ast.expr) -> str:
    """How a parameter is called that is given `value`; "" where nothing says it."""
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name != "self" and not keyword.iskeyword(name):
            return name
    return ""
