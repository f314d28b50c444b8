"""Is a function of tensors given a tensor? `torch.sqrt(self.head_size)`, the root of a plain number, is how
small models write what the paper has as a formula; PyTorch refuses it.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import replace_each, stored_names
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, Function, named_parameters, nodes_of
from offline_coder.core.finding import Finding

RULE = "number-for-tensor"
OF_TENSORS = frozenset(f"torch.{name}" for name in ("sqrt", "exp", "log", "log2", "sin", "cos", "tanh"))
"""Functions of PyTorch that take tensors alone."""
NUMBERS = frozenset({"int", "float"})
GIVE_NUMBERS = frozenset({"int", "float", "len"})
TENSOR = "torch.as_tensor({})"
"""What leaves a tensor as it is, for a name may be given one though it announces a number."""


def check_plain_numbers(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "number-for-tensor" in `files` (path -> text): numbers, by what their names are given or
    announce, that are handed to functions of tensors."""
    return in_each_file(files, _findings_of)


def with_tensors_of_numbers(text: str, tree: ast.Module, line: int) -> str:
    """`text` where the numbers that `line` gives to functions of tensors are tensors."""
    numbers = [call.args[0] for call in _of_numbers(tree) if call.lineno == line]
    return replace_each(text, [(number, TENSOR.format(ast.unparse(number))) for number in numbers])


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=call.lineno,
            rule=RULE,
            message=f"{ast.unparse(call.func)} takes a tensor, and {ast.unparse(call.args[0])} is a number",
            advice=f"Give it {TENSOR.format(ast.unparse(call.args[0]))}.",
            subject=ast.unparse(call.args[0]),
        )
        for call in _of_numbers(tree)
    )


def _of_numbers(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls of functions of tensors whose one argument is a number."""
    classes = (node for node in nodes_of(tree) if isinstance(node, ast.ClassDef))
    owners: tuple[ast.Module | ast.ClassDef, ...] = (tree, *classes)
    for owner in owners:
        kept = _kept(owner) if isinstance(owner, ast.ClassDef) else frozenset[str]()
        for function in (node for node in owner.body if isinstance(node, Function)):
            known = _named(function, kept)
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                alone = len(call.args) == 1 and not call.keywords
                if alone and ast.unparse(call.func) in OF_TENSORS and _is_number(call.args[0], known):
                    yield call


def _kept(owner: ast.ClassDef) -> frozenset[str]:
    """What an object of the class keeps that is a number: `self.x`, given a value once and a number then."""
    kept: set[str] = set()
    given = [
        (method, target, node.value)
        for method in owner.body
        if isinstance(method, Function)
        for node in ast.walk(method)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute)
    ]
    names = [ast.unparse(target) for _, target, _ in given]
    for (method, _, value), name in zip(given, names, strict=True):
        if names.count(name) == 1 and value and _is_number(value, _named(method, frozenset(kept))):
            kept.add(name)
    return frozenset(kept)


def _named(function: Function, kept: frozenset[str]) -> frozenset[str]:
    """The names that are numbers in a function: parameters that say so and names given a number, each given
    no other value; and what the object keeps, `kept`."""
    stored = stored_names(function)
    known = set(kept)
    for each in named_parameters(function):
        if each.annotation and ast.unparse(each.annotation) in NUMBERS and each.arg not in stored:
            known.add(each.arg)
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if stored.count(name) == 1:
                if _is_number(value, known):
                    known.add(name)
    return frozenset(known)


def _is_number(node: ast.expr, known: set[str] | frozenset[str]) -> bool:
    """Whether an expression is a number, as far as it can be seen."""
    match node:
        case ast.Constant(value=value):
            return type(value) in (int, float)
        case ast.Name() | ast.Attribute():
            return ast.unparse(node) in known
        case ast.UnaryOp(operand=operand):
            return _is_number(operand, known)
        case ast.BinOp(left=left, right=right):
            return _is_number(left, known) and _is_number(right, known)
        case ast.Call(func=ast.Name(id=name)):
            return name in GIVE_NUMBERS
        case ast.Call(func=ast.Attribute(attr="size"), args=[_], keywords=[]):
            return True
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.Constant() | ast.UnaryOp()):
            return True
        case ast.Subscript(
            value=ast.Call(func=ast.Attribute(attr="size"), args=[]), slice=ast.Constant() | ast.UnaryOp()
        ):
            return True
    return False
