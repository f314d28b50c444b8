"""Known misuses: errors of a line that asks for what is plain and says it wrongly.

An attention gets one tensor, a data set is read by the names of another library, a list of layers is called,
a projection is made for one head and gets all of them, a size is given where the rest of them says it, the
name of an activation stands where the activation itself is meant, the weights that an attention gives are
taken for a part of its output, many numbers are added to a loss.
"""

import ast
import math
import re
from collections.abc import Iterator

from offline_coder.checks.edits import replace_each
from offline_coder.checks.source import class_around, function_around, last_name
from offline_coder.core.usual_names import INPUTS, TARGETS
from offline_coder.stages.failed_line import SHAPES, Causes, Change, FailedLine

ATTENDS = re.compile(
    r"forward\(\) missing 2 required positional arguments: '(?:k|keys?)' and '(?:v|values?)'", re.IGNORECASE
)
NO_VALUES = re.compile(r"forward\(\) missing 1 required positional argument: '(?:v|values?)'", re.IGNORECASE)
SEVERAL = re.compile(
    r"must be Tensor, not tuple|'tuple' object has no attribute|unsupported operand type\(s\) for .*'tuple'"
    r"|can only concatenate tuple"
)
OF_A_DATASET = re.compile(r"'TensorDataset' object has no attribute '(?P<read>\w+)'")
INVALID = re.compile(r"shape '\[(?P<sizes>[\d, ]+)\]' is invalid for input of size (?P<size>\d+)")
VIEWS = ("view", "reshape")
MANY = re.compile(r"output with shape \[\] doesn't match the broadcast shape")
NO_LAYER = re.compile(r"TypeError: str is not a Module subclass")
NAME_CALLED = re.compile(r"TypeError: 'str' object is not callable")
LIST_CALLED = re.compile(r"Module \[ModuleList\] is missing the required \"forward\" function")


def attends_to_itself(failed: FailedLine) -> Iterator[Change]:
    """An attention that gets one tensor in the place of queries, keys and values: that one as all three."""
    for call in failed.calls():
        if len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Starred):
            new = f"{ast.unparse(call.func)}({', '.join([ast.unparse(call.args[0])] * 3)})"
            yield failed.replaced(call, new), f"{new}, which attends to itself, in line {failed.line}"


def keys_as_values(failed: FailedLine) -> Iterator[Change]:
    """An attention that gets queries and keys and no values: the keys as values."""
    for call in failed.calls():
        if len(call.args) == 2 and not call.keywords:
            new = ast.unparse(ast.Call(call.func, [*call.args, call.args[1]], []))
            yield failed.replaced(call, new), f"{new}, whose keys are its values, in line {failed.line}"


def first_of_several(failed: FailedLine) -> Iterator[Change]:
    """What a layer gives together with something else, as an attention gives its weights, where one tensor is
    meant: the first of it. The layer is called in the line, or where a variable of the line is made."""
    function = function_around(failed.tree, failed.line)
    nodes = list(ast.walk(function)) if function else []
    named = {node.id for node in nodes if isinstance(node, ast.Name) and node.lineno == failed.line}
    made = [
        node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.lineno < failed.line
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id in named
    ]
    for call in (*reversed(made), *failed.calls()):
        new = f"{ast.unparse(call)}[0]"
        yield failed.replaced(call, new), f"{new} in line {call.lineno}"


def tensor_of_dataset(failed: FailedLine) -> Iterator[Change]:
    """What a TensorDataset is asked for by the name that other data sets have for it: its first tensor for
    inputs, its second for targets."""
    told = OF_A_DATASET.search(failed.error)
    read = told["read"] if told else ""
    part = 1 if TARGETS.search(read) else 0 if INPUTS.search(read) else None
    for node in ast.walk(failed.tree) if part is not None else ():
        if isinstance(node, ast.Attribute) and node.lineno == failed.line and node.attr == read:
            new = f"{ast.unparse(node.value)}.tensors[{part}]"
            yield failed.replaced(node, new), f"{new}, which is there, in line {failed.line}"


def list_as_layer(failed: FailedLine) -> Iterator[Change]:
    """A list of layers that is called like a layer: as layers one after the other."""
    called = {ast.unparse(call.func) for call in failed.calls() if len(call.args) == 1 and not call.keywords}
    for node in ast.walk(failed.tree):
        match node:
            case ast.Assign(
                targets=[target], value=ast.Call(func=ast.Attribute(attr="ModuleList") as made, args=given)
            ) if ast.unparse(target) in called:
                layers = ", ".join(f"*{ast.unparse(each)}" for each in given)
                new = f"{ast.unparse(made.value)}.Sequential({layers})"
                said = f"{ast.unparse(target)}, which line {failed.line} calls, applies its layers in turn"
                yield failed.replaced(node.value, new), said


def projection_of_all(failed: FailedLine) -> Iterator[Change]:
    """A projection that gets as many numbers as it gives and is made for others, those of one head for all of
    them: made for as many as it gives, and so are those beside it that are made in the same way."""
    told = SHAPES.search(failed.error)
    owner = class_around(failed.tree, failed.line)
    if told is None or told["got"] != told["gives"] or owner is None:
        return
    called = {ast.unparse(call.func) for call in failed.calls()}
    made: list[tuple[str, ast.expr, str]] = []
    for node in ast.walk(owner):
        match node:
            case ast.Assign(targets=[target, *_], value=ast.Call(func=layer, args=[takes, gives])):
                if last_name(layer) == "Linear":
                    made.append((ast.unparse(target), takes, ast.unparse(gives)))
    meant = {(ast.unparse(takes), gives) for name, takes, gives in made if name in called}
    changes = [(takes, gives) for _, takes, gives in made if (ast.unparse(takes), gives) in meant]
    if changes:
        said = f"projections of all {told['gives']} numbers in place of {ast.unparse(changes[0][0])}"
        yield replace_each(failed.text, changes), said


def inferred_size(failed: FailedLine) -> Iterator[Change]:
    """A view whose last size does not fit what is there: as many as there are."""
    told = INVALID.search(failed.error)
    sizes = [int(size) for size in told["sizes"].split(",")] if told else []
    rest = math.prod(sizes[:-1])
    if told is None or len(sizes) < 2 or not rest or int(told["size"]) % rest:
        return
    for call in failed.calls():
        if last_name(call.func) in VIEWS and len(call.args) == len(sizes):
            new = ast.Call(call.func, [*call.args[:-1], ast.Constant(-1)], [])
            said = f"as many numbers as there are in place of {ast.unparse(call.args[-1])}"
            yield failed.replaced(call, ast.unparse(new)), f"{said} in line {failed.line}"


def layer_of_its_name(failed: FailedLine) -> Iterator[Change]:
    """The name of an activation among layers, `nn.Sequential(nn.Linear(4, 4), self.activation)`, where that
    is a setting such as "ReLU": the layer of PyTorch that has the name."""
    for call in failed.calls():
        match call:
            case ast.Call(func=ast.Attribute(value=library), args=layers):
                for layer in layers:
                    if isinstance(layer, ast.Name | ast.Attribute):
                        new = f"getattr({ast.unparse(library)}, {ast.unparse(layer)})()"
                        yield failed.replaced(layer, new), f"{new} in line {layer.lineno}"


def function_of_its_name(failed: FailedLine) -> Iterator[Change]:
    """The name of an activation that is called: the function of PyTorch that has the name."""
    for call in failed.calls():
        if isinstance(call.func, ast.Name | ast.Attribute) and "import torch\n" in failed.text:
            new = f"getattr(torch.nn.functional, {ast.unparse(call.func)}.lower())"
            yield failed.replaced(call.func, new), f"{new} in line {failed.line}"


def mean_of_many(failed: FailedLine) -> Iterator[Change]:
    """Many numbers that are added to one, a term to a loss: their mean."""
    for node in ast.walk(failed.tree):
        if isinstance(node, ast.AugAssign) and node.lineno == failed.line:
            new = f"({ast.unparse(node.value)}).mean()"
            yield failed.replaced(node.value, new), f"{new} in line {failed.line}"


MISUSES: Causes = (
    (ATTENDS, attends_to_itself),
    (NO_VALUES, keys_as_values),
    (SEVERAL, first_of_several),
    (OF_A_DATASET, tensor_of_dataset),
    (LIST_CALLED, list_as_layer),
    (SHAPES, projection_of_all),
    (INVALID, inferred_size),
    (MANY, mean_of_many),
    (NO_LAYER, layer_of_its_name),
    (NAME_CALLED, function_of_its_name),
)
"""What may mend them."""
