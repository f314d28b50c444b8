"""Known causes: errors that a library explains and whose cause lies elsewhere than in the call that failed.

A linear layer is made for other inputs than it gets, gets them in parts or from an embedding of another
width, or gets the number of a class or a step; a network lacks its last layer; weights of one example are
taken for those of all; a batch is compared as if it were one example; a split takes more than there is; what
is embedded is embedded again, and so are scores; two tensors of one shape are multiplied as matrices; class
numbers are taken for scores; the best class is sought among the tokens; targets are of another split than the
inputs; arrays are cut at shares of one; an attribute has nearly the name that is read. As with other known
errors the change counts only when the run comes farther.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator

from offline_coder.checks.edits import (
    ended_with,
    grouped,
    replace_each,
    replace_statement,
)
from offline_coder.checks.source import (
    Function,
    class_around,
    constructor_of,
    function_around,
    is_network,
    last_name,
    named_parameters,
)
from offline_coder.checks.splits import split_from
from offline_coder.stages.failed_line import SHAPES, Causes, Change, FailedLine
from offline_coder.stages.known_misuses import MISUSES

AMBIGUOUS = re.compile(r"Boolean value of Tensor with more than one value is ambiguous")
TOO_LARGE = re.compile(
    r"(?P<which>train|test)_size=\d+ should be either positive and smaller than the number"
)
EMBEDDED = re.compile(r"Expected tensor for argument #\d 'indices'.*but got torch\.FloatTensor")
MATRICES = re.compile(r"Expected size for first two dimensions of batch2 tensor|shapes cannot be multiplied")
UNLIKE = re.compile(r"The size of tensor a \(\d+\) must match the size of tensor b \(\d+\)")
OTHER_LENGTH = re.compile(rf"{UNLIKE.pattern}|Expected input batch_size \(\d+\) to match target batch_size")
NO_SAMPLES = re.compile(r"num_samples should be a positive integer value, but got num_samples=0")
NUMBERS = re.compile(r"mat1 and mat2 must have the same dtype, but got Long and Float")
SUGGESTED = re.compile(r"has no attribute '(?P<read>\w+)'\. Did you mean: '(?P<there>\w+)'\?")
OF_NUMBERS = re.compile(r"softmax\w*\" not implemented for '(?:Long|Int)'")
SHARES = ("softmax", "log_softmax")
PRODUCTS = ("torch.matmul", "torch.bmm", "torch.mm")
LINEAR, EMBEDDING = "Linear", "Embedding"
OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


def mixed_entries(failed: FailedLine) -> Iterator[Change]:
    """What a layer gives, which never are indices, as the indices of an embedding: scores of its entries,
    which are mixed in these shares."""
    for call in failed.calls():
        match call:
            case ast.Call(
                func=ast.Attribute() as called, args=[ast.Call(func=ast.Attribute() as layer) as scores]
            ):
                own = [ast.unparse(each.value) == "self" for each in (called, layer)]
                if all(own) and not call.keywords:
                    shares = f"torch.softmax({ast.unparse(scores)}, dim=-1)"
                    new = f"({shares} @ {ast.unparse(called)}.weight)"
                    said = (
                        f"entries of {ast.unparse(called)} mixed by the scores for them in line {failed.line}"
                    )
                    yield failed.replaced(call, new), said


def layer_of_other_size(failed: FailedLine) -> Iterator[Change]:
    """A linear layer that is made for other inputs than it gets: for as many as those."""
    for told in SHAPES.finditer(failed.error):
        for old in inputs_of_layers(failed.tree, failed.line, int(told["wanted"]), int(told["gives"])):
            said = f"a layer for {told['got']} inputs in place of {ast.unparse(old)} in line {old.lineno}"
            yield failed.replaced(old, told["got"]), said


def embedding_of_other_width(failed: FailedLine) -> Iterator[Change]:
    """An embedding of another width than the linear layer of the line takes: of as many numbers as that,
    where the network of the line has an embedding, or one that makes this network."""
    whole = class_around(failed.tree, failed.line)
    layers = [_inputs_of(failed.tree, ast.unparse(call.func), failed.line) for call in failed.calls()]
    for inputs in dict.fromkeys(filter(None, layers)):
        for owner, width_there in _as_said_around(failed.tree, whole, inputs):
            for made in ast.walk(owner):
                if not isinstance(made, ast.Call) or last_name(made.func) != EMBEDDING:
                    continue
                keywords = {keyword.arg: keyword.value for keyword in made.keywords}
                width = made.args[1] if len(made.args) > 1 else keywords.get("embedding_dim")
                if width is not None and ast.unparse(width) != width_there:
                    is_now = f"not {ast.unparse(width)}, in line {made.lineno}"
                    yield (
                        failed.replaced(width, width_there),
                        f"an embedding of {width_there} numbers, {is_now}",
                    )


def _as_said_around(
    tree: ast.Module, whole: ast.ClassDef | None, size: str
) -> Iterator[tuple[ast.ClassDef, str]]:
    """The class `whole` with `size`, a number or what its objects keep under the name of a parameter; and the
    classes that make it, with what they give for that."""
    if whole is None:
        return
    yield whole, size
    constructor = constructor_of(whole)
    parameters = [each.arg for each in named_parameters(constructor)[1:]] if constructor else []
    for other in (node for node in tree.body if isinstance(node, ast.ClassDef) and node is not whole):
        for call in ast.walk(other):
            if isinstance(call, ast.Call) and last_name(call.func) == whole.name:
                given = {each.arg: each.value for each in call.keywords}
                given |= dict(zip(parameters, call.args, strict=False))
                if (value := given.get(size.removeprefix("self."))) is not None:
                    yield other, ast.unparse(value)


def inputs_of_layers(tree: ast.Module, line: int, wanted: int, gives: int) -> list[ast.expr]:
    """The numbers that make linear layers, in the class or function around `line`, of `wanted` inputs and, as
    far as it is known, `gives` outputs: those of layers that the line names come first. A number is written
    in place, or is the default of the parameter that stands there, which then may be replaced itself."""
    whole = class_around(tree, line) or function_around(tree, line)
    if whole is None:
        return []
    named = {node.attr for node in ast.walk(whole) if isinstance(node, ast.Attribute) and node.lineno == line}
    found: list[tuple[bool, ast.expr]] = []
    for function in (node for node in ast.walk(whole) if isinstance(node, ast.FunctionDef)):
        defaults = _defaults(function)
        for statement in ast.walk(function):
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if not isinstance(statement, ast.Assign | ast.Expr | ast.Return):
                continue
            kept_in = {node.attr for target in targets for node in ast.walk(target) if hasattr(node, "attr")}
            for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
                inputs, outputs = _sizes(call)
                if inputs is None or (outputs is not None and number(outputs) not in (None, gives)):
                    continue
                default = defaults.get(inputs.id) if isinstance(inputs, ast.Name) else None
                if number(default or inputs) == wanted:
                    ways = [default, inputs] if default is not None else [inputs]
                    found += [(named.isdisjoint(kept_in), way) for way in ways]
    return [inputs for _, inputs in sorted(found, key=lambda pair: pair[0])]


def _sizes(call: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    """What stands for the inputs and the outputs of a linear layer; (None, None) of anything else."""
    if last_name(call.func) != LINEAR:
        return None, None
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    given = [*call.args, None, None]
    return given[0] or keywords.get("in_features"), given[1] or keywords.get("out_features")


def _defaults(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """The parameters of a function that have a default."""
    named = [*function.args.posonlyargs, *function.args.args]
    given = function.args.defaults
    pairs = list(zip(named[len(named) - len(given) :], given, strict=True))
    pairs += [
        (argument, default)
        for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if default is not None
    ]
    return {argument.arg: default for argument, default in pairs}


def number(node: ast.expr) -> int | None:
    """The whole number that an expression of numbers is; None of any other."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        left, right = number(node.left), number(node.right)
        return None if left is None or right is None else OPERATIONS[type(node.op)](left, right)
    return None


def counted_batch(failed: FailedLine) -> Iterator[Change]:
    """`if a == b: n += 1`, with a and b of a whole batch, adds how many of them are equal."""
    for node in ast.walk(failed.tree):
        if not isinstance(node, ast.If) or node.lineno != failed.line or node.orelse or len(node.body) != 1:
            continue
        (counted,) = node.body
        if (
            isinstance(counted, ast.AugAssign)
            and isinstance(counted.op, ast.Add)
            and isinstance(counted.value, ast.Constant)
            and counted.value.value == 1
        ):
            said = f"{ast.unparse(counted.target)} += ({ast.unparse(node.test)}).sum().item()"
            (new,) = ast.parse(said).body
            changed = replace_statement(failed.text, node, [new])
            if changed is not None:
                yield changed, f"{said} in line {failed.line}, for a whole batch"


def of_each_example(failed: FailedLine) -> Iterator[Change]:
    """Weights of the first examples that are taken for the first weights of all, as in
    `weight[0] * a + weight[1] * b` where a row is an example: columns."""
    changes: list[tuple[ast.expr, str]] = []
    for node in ast.walk(failed.tree):
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(at))) if (
                node.lineno == failed.line
            ):
                if len(failed.sizes(name)) == 2:
                    changes.append((node, f"{name}[:, {at}:{at + 1}]"))
    if changes:
        said = f"the weights of each example, {', '.join(new for _, new in changes)}, in line {failed.line}"
        yield replace_each(failed.text, changes), said


def one_of_many(failed: FailedLine) -> Iterator[Change]:
    """One number for each example in a linear layer of many inputs: the vector that says which of them it is.
    Only where the constructor says how many there are in a way that can be said in the line too."""
    for call in failed.calls():
        match call:
            case ast.Call(func=ast.Attribute() as layer, args=[ast.Name(id=given)], keywords=[]):
                many = _inputs_of(failed.tree, ast.unparse(layer), failed.line)
                if many is not None and len(failed.sizes(given)) == 1:
                    said = f"torch.nn.functional.one_hot({given}, {many}).float()"
                    yield failed.replaced(call.args[0], said), f"{said} in line {failed.line}"


def _inputs_of(tree: ast.Module, layer: str, line: int) -> str | None:
    """How many inputs the first linear layer of `layer`, an attribute of the object, takes, as it can be said
    in `line`: a number, or what the object keeps; None where it cannot."""
    whole = class_around(tree, line)
    given = [node for node in ast.walk(whole) if isinstance(node, ast.Assign)] if whole else []
    kept = {ast.unparse(node.value): ast.unparse(node.targets[0]) for node in given}
    for node in given:
        if ast.unparse(node.targets[0]) == layer:
            calls = [inner for inner in ast.walk(node.value) if isinstance(inner, ast.Call)]
            sizes = [inputs for inputs, _ in map(_sizes, calls) if inputs is not None]
            first = min(sizes, key=lambda size: (size.lineno, size.col_offset), default=None)
            if first is not None and (number(first) is not None or ast.unparse(first).startswith("self.")):
                return ast.unparse(first)
            return kept.get(ast.unparse(first)) if first is not None else None
    return None


def product_by_element(failed: FailedLine) -> Iterator[Change]:
    """Two tensors of one shape, as the run told, that are multiplied as matrices: element by element."""
    shapes = failed.shapes
    for node in ast.walk(failed.tree):
        match node:
            case ast.Call(args=[ast.Name(id=left), ast.Name(id=right)], keywords=[]) if (
                ast.unparse(node.func) in PRODUCTS
            ):
                pass
            case ast.BinOp(left=ast.Name(id=left), op=ast.MatMult(), right=ast.Name(id=right)):
                pass
            case _:
                continue
        if node.lineno == failed.line and shapes.get(left) is not None and shapes[left] == shapes.get(right):
            said = f"{left} * {right} in place of {ast.unparse(node)} in line {failed.line}"
            yield failed.replaced(node, f"({left} * {right})"), said


def embedded_once(failed: FailedLine) -> Iterator[Change]:
    """A layer of the line that embeds what its caller has embedded: what it is given stays as it is."""
    for call in failed.calls():
        if len(call.args) == 1 and not call.keywords:
            called, given = ast.unparse(call.func), call.args[0]
            if called.startswith("self.") and isinstance(given, ast.Name):
                said = f"{given.id}, which is embedded already, in place of {ast.unparse(call)}"
                yield failed.replaced(call, given.id), f"{said} in line {failed.line}"


def smaller_part(failed: FailedLine) -> Iterator[Change]:
    """A split of scikit-learn that asks for as many as there are, or more: it takes at most half of them."""
    sizes = {f"{told['which']}_size" for told in TOO_LARGE.finditer(failed.error)}
    for call in (call for call in failed.calls() if call.args):
        for keyword in call.keywords:
            if keyword.arg in sizes:
                new = f"min({ast.unparse(keyword.value)}, len({ast.unparse(call.args[0])}) // 2)"
                yield failed.replaced(keyword.value, new), f"{keyword.arg}={new} in line {failed.line}"


def put_together(failed: FailedLine) -> Iterator[Change]:
    """What a linear layer takes as one part and gets as several, such as the heads of an attention or the
    channels of an image: the last parts together, where they have as many numbers as it takes."""
    for told in SHAPES.finditer(failed.error):
        for call in failed.calls():
            given = call.args[0] if len(call.args) == 1 and not call.keywords else None
            if not isinstance(given, ast.Name):
                continue
            sizes = failed.sizes(given.id)
            for first in range(len(sizes) - 2, 0, -1):
                if math.prod(sizes[first:]) == int(told["wanted"]):
                    said = f"{given.id}.flatten({first})"
                    yield failed.replaced(given, said), f"{said} in line {failed.line}"


def missing_layer(failed: FailedLine) -> Iterator[Change]:
    """A network that adds what it has computed to one of its inputs, or takes one from the other, and lacks
    the layer that brings it to the size of that input: a linear one."""
    whole, forward = class_around(failed.tree, failed.line), function_around(failed.tree, failed.line)
    made = constructor_of(whole) if whole else None
    if whole is None or forward is None or made is None or not is_network(whole):
        return
    names = (f"output_layer{at}" for at in ("", *range(2, 99)))
    layer = next(name for name in names if name not in failed.text)
    kind = ast.unparse(whole.bases[0]).removesuffix("Module") + LINEAR
    for computed, given in _computed_and_given(failed, forward):
        sizes, wanted = failed.sizes(computed.id), failed.sizes(given.id)
        if sizes[:-1] == wanted[:-1] != []:
            new = f"self.{layer} = {kind}({sizes[-1]}, {wanted[-1]})"
            text = failed.replaced(computed, f"self.{layer}({computed.id})")
            yield ended_with(text, made, new), f"{new}, for {given.id}"


def _computed_and_given(failed: FailedLine, function: Function) -> Iterator[tuple[ast.Name, ast.Name]]:
    """What the line that failed in `function` adds or takes from another where one of both is a parameter:
    the other, and that parameter."""
    inputs = {each.arg for each in named_parameters(function)}
    for node in ast.walk(function):
        match node:
            case ast.BinOp(left=ast.Name() as one, right=ast.Name() as other, op=ast.Add() | ast.Sub()) if (
                node.lineno == failed.line
            ):
                pairs = ((one, other), (other, one))
                yield from (pair for pair in pairs if [each.id in inputs for each in pair] == [False, True])


def name_that_is_there(failed: FailedLine) -> Iterator[Change]:
    """An attribute that an object has, which Python names itself, for the one that is read."""
    for told in SUGGESTED.finditer(failed.error):
        for node in ast.walk(failed.tree):
            if isinstance(node, ast.Attribute) and node.lineno == failed.line and node.attr == told["read"]:
                new = f"{ast.unparse(node.value)}.{told['there']}"
                yield failed.replaced(node, new), f"{new}, which is there, in line {failed.line}"


def told_as_scores(failed: FailedLine) -> Iterator[Change]:
    """The numbers of classes of which shares are taken beside scores: one for the class, none for others."""
    for call in failed.calls():
        given = call.args[0] if call.args else None
        if not isinstance(given, ast.Name) or last_name(call.func) not in SHARES:
            continue
        for scores in failed.shapes:
            examples, *classes = failed.sizes(scores)
            if len(classes) == 1 and failed.sizes(given.id) == [examples]:
                new = f"F.one_hot({given.id}, {scores}.size(-1)).float()"
                yield failed.replaced(call, new), f"{new} in place of {ast.unparse(call)}"


def classes_last(failed: FailedLine) -> Iterator[Change]:
    """The best class of each token, `scores.argmax(dim=1)`, sought among the tokens: among the classes, which
    PyTorch's own layers have last."""
    for call in failed.calls():
        scores, dimension = _dimension_of_best(call)
        tokens = failed.sizes(scores)[:-1]
        if dimension is not None and len(tokens) == 2 and tokens in map(failed.sizes, failed.shapes):
            new = failed.replaced(dimension, "-1")
            yield new, f"the best of the classes, which are last, in line {failed.line}"


def of_the_same_split(failed: FailedLine) -> Iterator[Change]:
    """What is of another split of the data than what it stands beside, y_train beside what comes of X_val: of
    the split of which the function has it too."""
    function = function_around(failed.tree, failed.line)
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)] if function else []
    known = dict.fromkeys(node.id for node in names)
    for node in names:
        for other in known if node.lineno == failed.line else ():
            if other != node.id and split_from(other)[0] == split_from(node.id)[0]:
                said = f"{other} in place of {node.id} in line {failed.line}"
                yield failed.replaced(node, other), said


def cut_by_shares(failed: FailedLine) -> Iterator[Change]:
    """Arrays that are cut at shares of one, `np.split(x, [int(share * 0.7)])`, so that the first part is
    empty: at such shares of their length."""
    function = function_around(failed.tree, failed.line)
    changes: list[tuple[ast.expr, str]] = []
    for node in ast.walk(function) if function else ():
        match node:
            case ast.Call(
                func=ast.Attribute(attr="split" | "array_split"), args=[array, ast.List(elts=cuts), *_]
            ):
                for cut in cuts:
                    match cut:
                        case ast.Call(func=ast.Name(id="int"), args=[share]):
                            changes.append((share, f"{grouped(share)} * len({ast.unparse(array)})"))
    if changes:
        yield replace_each(failed.text, changes), "arrays are cut at shares of their length"


def _dimension_of_best(call: ast.Call) -> tuple[str, ast.expr | None]:
    """The scores and the dimension, 1, of `scores.argmax(dim=1)` or `torch.argmax(scores, 1)`."""
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="argmax"), args=[of, *rest]):
            pass
        case ast.Call(func=ast.Attribute(value=of, attr="argmax"), args=rest):
            pass
        case _:
            return "", None
    given = [*rest, *(keyword.value for keyword in call.keywords if keyword.arg in ("dim", "axis"))]
    return ast.unparse(of), given[0] if len(given) == 1 and number(given[0]) == 1 else None


PLAIN_CAUSES: Causes = ((EMBEDDED, mixed_entries),)
"""Those that the line alone shows: they come before the changes that the error itself asks for."""
CAUSES: Causes = (
    (MATRICES, product_by_element),
    (SHAPES, put_together),
    (SHAPES, layer_of_other_size),
    (SHAPES, embedding_of_other_width),
    (AMBIGUOUS, counted_batch),
    (UNLIKE, of_each_example),
    (UNLIKE, missing_layer),
    (UNLIKE, classes_last),
    (OTHER_LENGTH, of_the_same_split),
    (NO_SAMPLES, cut_by_shares),
    (NUMBERS, one_of_many),
    (OF_NUMBERS, told_as_scores),
    (SUGGESTED, name_that_is_there),
    (EMBEDDED, embedded_once),
    (TOO_LARGE, smaller_part),
    *MISUSES,
)
"""Those that lie elsewhere: they come after."""
