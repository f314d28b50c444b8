"""Does what wants tensors get tensors? A TensorDataset fails on arrays of NumPy and scikit-learn, which look
like tensors in everything but what it asks them, and so do networks, to which functions hand arrays on."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from offline_coder.checks.edits import replace_each
from offline_coder.checks.library_calls import usually_meant
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import (
    REMEMBERED,
    TENSOR,
    Function,
    given_to,
    is_tensor,
    nodes_of,
    returns_of,
)
from offline_coder.core.finding import Finding
from offline_coder.core.type_names import tuple_elements
from offline_coder.core.usual_names import TARGETS

RULE = "array-for-tensor"
DATASET = "TensorDataset"
NUMPY = frozenset({"np", "numpy"})
FLOAT = "dtype=torch.float32"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A `value` that has to be a tensor, of targets or of inputs; `by` what, in words, around it `place`."""

    value: ast.expr
    of_targets: bool
    by: str
    place: ast.Call | ast.Return


def check_arrays(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "array-for-tensor" in `files` (path -> text): an array, or a part of one, which its
    function got from scikit-learn or NumPy, where a tensor is wanted: in a TensorDataset, as an argument of a
    function of the same file, and as a result that is announced as one."""
    return in_each_file(files, _findings_of)


def with_tensors(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` in which the arrays of the call or return around `line` are tensors: inputs as float32, which is
    what networks have, targets as they are. None where `torch` is not imported."""
    if not any(isinstance(node, ast.Import) and _imports_torch(node) for node in tree.body):
        return None
    changes = [
        (each.value, f"torch.as_tensor({ast.unparse(each.value)}{'' if each.of_targets else f', {FLOAT}'})")
        for each in _arrays(tree)
        if each.place.lineno <= line <= (each.place.end_lineno or each.place.lineno)
    ]
    return replace_each(text, changes) if changes else None


def _imports_torch(node: ast.Import) -> bool:
    return any(alias.name == "torch" and alias.asname is None for alias in node.names)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=each.value.lineno,
            rule=RULE,
            message=f"{each.by} {ast.unparse(each.value)}, an array and no tensor",
            advice=f"Make it torch.as_tensor({ast.unparse(each.value)}).",
            subject=ast.unparse(each.value),
        )
        for each in _arrays(tree)
    )


def _arrays(tree: ast.Module) -> Iterator[Wanted]:
    """What has to be a tensor and is an array."""
    outside = {
        alias.asname or alias.name
        for node in nodes_of(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sklearn"
        for alias in node.names
    }
    # Without its import a name is what it usually is: it will be imported.
    outside |= {name for name, dotted in usually_meant().items() if dotted.startswith("sklearn.")}
    own = {node.name: node for node in tree.body if isinstance(node, Function)}
    for function in nodes_of(tree):
        if isinstance(function, Function):
            arrays = _names_of_arrays(function, outside | NUMPY)
            yield from (each for each in _wanted(function, own) if _is_array(each.value, arrays))


def _wanted(function: Function, own: Mapping[str, Function]) -> Iterator[Wanted]:
    """Where a function that knows `own` functions by name has to give a tensor."""
    for call in ast.walk(function):
        if not isinstance(call, ast.Call):
            continue
        called = ast.unparse(call.func)
        if called.rpartition(".")[2] == DATASET:
            # Names are no parameters of it, which is another finding.
            tensors = [*call.args, *(keyword.value for keyword in call.keywords)]
            for value in tensors:
                is_last = len(tensors) > 1 and value is tensors[-1]
                yield Wanted(value, is_last, f"{DATASET} is given", call)
        elif called in own and not any(isinstance(value, ast.Starred) for value in call.args):
            for parameter, value in given_to(own[called], call):
                if is_tensor(parameter):
                    of_targets = TARGETS.search(parameter.arg) is not None
                    yield Wanted(value, of_targets, f"{called} is given", call)
    for node in returns_of(function):
        said = ast.unparse(function.returns) if function.returns is not None else ""
        several = isinstance(node.value, ast.Tuple)
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for result, kind in zip(values, tuple_elements(said) if several else [said], strict=False):
            if result is not None and kind in TENSOR:
                of_targets = TARGETS.search(ast.unparse(result)) is not None
                yield Wanted(result, of_targets, f"{function.name} returns", node)


def _names_of_arrays(function: Function, sources: set[str] | frozenset[str]) -> frozenset[str]:
    """The names that are only ever given arrays, or what holds them, in the order of the lines."""
    known: dict[str, bool] = {}
    given = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    for statement in sorted(given, key=lambda node: node.lineno):
        arrays = frozenset(name for name, is_array in known.items() if is_array)
        of_array = _is_array(statement.value, arrays | sources)
        for target in statement.targets:
            bound = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            for node in bound:
                if isinstance(node, ast.Name):
                    known[node.id] = known.get(node.id, True) and of_array
    return frozenset(name for name, is_array in known.items() if is_array)


def _is_array(value: ast.expr, arrays: frozenset[str] | set[str]) -> bool:
    """Whether `value` is an array by how it begins: a name of `arrays`, its attribute, its part, a call of
    it, or an operation whose left side is one. What is split stays what it was."""
    match value:
        case ast.Name():
            return value.id in arrays
        case ast.Attribute() | ast.Subscript():
            return _is_array(value.value, arrays)
        case ast.Call(func=ast.Name(id="train_test_split"), args=args):
            return any(_is_array(each, arrays) for each in args)
        case ast.Call():
            return _is_array(value.func, arrays)
        case ast.BinOp():
            return _is_array(value.left, arrays)
        case ast.Tuple():
            return bool(value.elts) and all(_is_array(each, arrays) for each in value.elts)
    return False
