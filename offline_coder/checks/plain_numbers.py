"""Is a function of tensors given a tensor? `torch.sqrt(self.head_size)`, the root of a plain number, is how
small models write what the paper has as a formula; PyTorch refuses it.
"""

import ast
from collections.abc import Iterator, Mapping, Set
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
    methods = [node for node in owner.body if isinstance(node, Function)]
    stored = [
        ast.unparse(node)
        for method in methods
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    ]
    once = frozenset(name for name in stored if stored.count(name) == 1)
    kept = frozenset[str]()
    for method in methods:
        kept |= _named(method, kept, once) & once
    return kept


def _named(function: Function, kept: frozenset[str], once: frozenset[str] = frozenset()) -> frozenset[str]:
    """The names that are numbers in a function: parameters that say so and names given a number, each given
    no other value; what the object keeps, `kept`; and what it is given in the function, if that is `once`."""
    stored = stored_names(function)
    known = set(kept)
    for each in named_parameters(function):
        if each.annotation and ast.unparse(each.annotation) in NUMBERS and each.arg not in stored:
            known.add(each.arg)
    once = once.union(name for name in stored if stored.count(name) == 1)
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                pass
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                targets = [target]
            case _:
                continue
        if _is_number(value, known):
            known |= once.intersection(map(ast.unparse, targets))
    return frozenset(known)


def _is_number(node: ast.expr, known: Set[str]) -> bool:
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
        case (
            ast.Call(func=ast.Attribute(attr="size"), args=[_], keywords=[])
            | ast.Subscript(
                value=ast.Attribute(attr="shape") | ast.Call(func=ast.Attribute(attr="size"), args=[]),
                slice=ast.Constant() | ast.UnaryOp(),
            )
        ):
            return True
    return False
