"""Python source as a tree, for the rungs above syntax."""

import ast
import functools
from collections.abc import Iterator, Sequence

from offline_coder.checks.trees import MAX_BYTES, MAX_DEPTH, bracket_depth
from offline_coder.core.compiling import REFUSALS, compiler_warnings
from offline_coder.core.packages import is_torch_module

REMEMBERED = 64
"""Files whose tree and findings are kept for the next look."""
MOST_LEVELS = 150
"""Nodes inside each other, as the terms of a long sum are. What walks a tree by calling itself, `ast.unparse`
with several calls a level, ends at Python's limit of 1000 calls."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
CONSTRUCTOR = "__init__"
TENSOR = frozenset({"torch.Tensor", "Tensor"})
"""How a tensor is announced."""


# Every rung asks for the same few files, and a repair changes one of them at a time.
@functools.lru_cache(maxsize=REMEMBERED)
def parse_python(text: str) -> ast.Module | None:
    """The tree of the file `text`, or None when it does not parse or the compiler refuses it, as it does two
    parameters of one name; `check_syntax` says why.

    The same limits hold as there: 256 KiB, 200 brackets and 150 nodes deep. Warnings of the compiler are not
    repeated. The tree is shared with whoever asks for the same text: read it, never change it.
    """
    tree = parse_statements(text)
    if tree is None:
        return None
    try:
        with compiler_warnings():
            compile(tree, "<file>", "exec", dont_inherit=True)
    except REFUSALS:
        return None
    return tree


def parse_statements(text: str) -> ast.Module | None:
    """The tree of `text`, a file or statements out of the middle of one, such as `return x`; None when it
    does not parse. The limits are those of `parse_python`."""
    if len(text) > MAX_BYTES or bracket_depth("python", text)[0] > MAX_DEPTH:
        return None
    try:
        with compiler_warnings():
            tree = ast.parse(text)
    except REFUSALS:
        return None
    return None if levels_of(tree) > MOST_LEVELS else tree


def levels_of(tree: ast.Module) -> int:
    """How many nodes stand inside each other where they are most."""
    deepest, level = 0, [*ast.iter_child_nodes(tree)]
    while level:
        deepest += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


@functools.lru_cache(maxsize=REMEMBERED)
def nodes_of(tree: ast.Module) -> tuple[ast.AST, ...]:
    """All nodes of a tree that `parse_python` gave, as `ast.walk` yields them: every rung goes over them."""
    return tuple(ast.walk(tree))


def scope_of(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Every node below `body`; functions and classes are given and not entered, except their heads."""
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Function):
            waiting += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif isinstance(node, ast.ClassDef):
            waiting += [*node.decorator_list, *node.bases]
        else:
            waiting.extend(ast.iter_child_nodes(node))


def returns_of(function: Function) -> list[ast.Return]:
    """The returns of a function, not those of functions inside it; none of a generator."""
    own = list(scope_of(function.body))
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own):
        return []
    return [node for node in own if isinstance(node, ast.Return)]


def function_around(tree: ast.Module, line: int) -> Function | None:
    """The innermost function whose body is around `line`."""
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    inside = [each for each in functions if within(each, line)]
    return inside[-1] if inside else None


def within(node: Function, line: int) -> bool:
    """Whether `line` is in the body of a function."""
    return node.body[0].lineno <= line <= (node.end_lineno or node.lineno)


def around(node: ast.stmt, line: int) -> bool:
    """Whether `line` is within a statement."""
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def class_around(tree: ast.Module, line: int) -> ast.ClassDef | None:
    """The innermost class around `line`."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return max((each for each in classes if around(each, line)), key=lambda node: node.lineno, default=None)


def named_parameters(function: Function) -> tuple[ast.arg, ...]:
    """The parameters of a function without those that take what is left over, `*` and `**`."""
    return (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)


def given_to(function: Function, call: ast.Call) -> Iterator[tuple[ast.arg, ast.expr]]:
    """The parameters of a function, in the order of a call of it, with what the call gives them; what is
    given with a star counts as one value."""
    positional = [*function.args.posonlyargs, *function.args.args]
    yield from zip(positional, call.args, strict=False)
    named = {parameter.arg: parameter for parameter in named_parameters(function)}
    yield from ((named[each.arg], each.value) for each in call.keywords if each.arg in named)


def is_tensor(parameter: ast.arg) -> bool:
    """Whether a parameter says that it is a tensor."""
    return parameter.annotation is not None and ast.unparse(parameter.annotation) in TENSOR


def constructor_of(owner: ast.ClassDef) -> Function | None:
    """The constructor that a class has of its own; None where it has none."""
    methods = (node for node in owner.body if isinstance(node, Function))
    return next((method for method in methods if method.name == CONSTRUCTOR), None)


def last_name(node: ast.expr) -> str:
    """The last word of a dotted name: `DataLoader` of `torch.utils.data.DataLoader`."""
    return ast.unparse(node).rpartition(".")[2]


def is_network(node: ast.AST) -> bool:
    """Whether `node` is a class that is a torch module by one of its bases."""
    return isinstance(node, ast.ClassDef) and any(is_torch_module(ast.unparse(base)) for base in node.bases)
