"""Is a TensorDataset made of tensors? It fails on arrays of NumPy and scikit-learn, which look like tensors
in everything but what it asks them."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import replace_each
from offline_coder.checks.library_calls import usually_meant
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, nodes_of
from offline_coder.core.finding import Finding

Function = ast.FunctionDef | ast.AsyncFunctionDef
DATASET = "TensorDataset"
NUMPY = frozenset({"np", "numpy"})
FLOAT = "dtype=torch.float32"


def check_arrays(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "array-dataset" in `files` (path -> text): an argument of TensorDataset that is an
    array, or a part of one, which its function got from scikit-learn or NumPy."""
    return in_each_file(files, _findings_of)


def with_tensors(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` in which the arrays of the TensorDataset around `line` are tensors: all but the last of several
    as float32, which is what networks have, the last as it is. None where `torch` is not imported."""
    if not any(isinstance(node, ast.Import) and _imports_torch(node) for node in tree.body):
        return None
    changes: list[tuple[ast.expr, str]] = []
    for call, argument in _arrays(tree):
        if call.lineno <= line <= (call.end_lineno or call.lineno):
            tensors = _given_to(call)
            is_target = len(tensors) > 1 and argument is tensors[-1]
            rest = "" if is_target else f", {FLOAT}"
            changes.append((argument, f"torch.as_tensor({ast.unparse(argument)}{rest})"))
    return replace_each(text, changes) if changes else None


def _imports_torch(node: ast.Import) -> bool:
    return any(alias.name == "torch" and alias.asname is None for alias in node.names)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=argument.lineno,
            rule="array-dataset",
            message=f"{DATASET} is given {ast.unparse(argument)}, an array and no tensor",
            advice=f"Give it torch.as_tensor({ast.unparse(argument)}).",
            subject=ast.unparse(argument),
        )
        for _, argument in _arrays(tree)
    )


def _arrays(tree: ast.Module) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls of TensorDataset in functions, and their arguments that are arrays."""
    outside = {
        alias.asname or alias.name
        for node in nodes_of(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sklearn"
        for alias in node.names
    }
    # Without its import a name is what it usually is: it will be imported.
    outside |= {name for name, dotted in usually_meant().items() if dotted.startswith("sklearn.")}
    for function in nodes_of(tree):
        if not isinstance(function, Function):
            continue
        arrays = _names_of_arrays(function, outside | NUMPY)
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == DATASET:
                yield from ((call, argument) for argument in _given_to(call) if _is_array(argument, arrays))


def _given_to(call: ast.Call) -> list[ast.expr]:
    """The tensors of a data set, under names too, which it does not take: that is another finding."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


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
    it, or an operation whose left side is one."""
    match value:
        case ast.Name():
            return value.id in arrays
        case ast.Attribute() | ast.Subscript():
            return _is_array(value.value, arrays)
        case ast.Call():
            return _is_array(value.func, arrays)
        case ast.BinOp():
            return _is_array(value.left, arrays)
        case ast.Tuple():
            return bool(value.elts) and all(_is_array(each, arrays) for each in value.elts)
    return False
