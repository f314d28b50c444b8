"""Are layers made once, and called? A layer of PyTorch is no matrix: what multiplies or adds it fails when it
is reached. One that a method makes at each call is new each time, so it never learns anything."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from offline_coder.checks.edits import ended_with, replace_expression, replace_statement, replace_uses
from offline_coder.checks.library import library_names
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, Function, constructor_of, is_network
from offline_coder.core.finding import Finding

FORWARD = "forward"
LEARNING = (
    *("Linear", "Bilinear", "Embedding", "Conv", "LSTM", "GRU", "RNN", "MultiheadAttention", "Transformer"),
    *("LayerNorm", "BatchNorm", "GroupNorm", "RMSNorm"),
)
"""How the names of layers begin that have something to learn."""
PRODUCTS = frozenset({"torch.matmul", "torch.mm"})
COUNTS_WITH = ("Sequential", "ModuleList", "ModuleDict", "Buffer")
"""Classes of torch.nn that are no layers, or have operators of their own; so do those that have Parameter in
their name."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A layer in an operation, the other operand, and what makes the layer as it is written."""

    node: ast.BinOp | ast.Call
    layer: ast.Attribute
    other: ast.expr
    made: str


def check_layers(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of two rules in `files` (path -> text). "layer-operand": an operand that is an attribute of
    `self` to which its class only ever gives a layer of torch.nn. "layer-in-call": forward() of a network
    gives a name a layer that has something to learn."""
    return in_each_file(files, _findings_of)


def called_layers(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` in which the matrix products of `line` with a layer call it: `self.out @ x` and
    `torch.matmul(self.out, x)` are `self.out(x)`. None where there is none in one line."""
    for found in _operands(tree):
        product = isinstance(found.node, ast.Call) or isinstance(found.node.op, ast.MatMult)
        if found.node.lineno == line == found.node.end_lineno and product:
            called = f"{ast.unparse(found.layer)}({ast.unparse(found.other)})"
            return replace_expression(text, found.node, called)
    return None


def layer_made_once(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` in which the layer that a method makes in `line` is made at the end of the constructor and kept
    in `self`. None where it needs what only the method has, or there is no constructor before it."""
    for owner, method, statement, name in _made_in_calls(tree):
        made = constructor_of(owner)
        if statement.lineno != line or made is None or made.lineno > method.lineno:
            continue
        bound = [n for n in ast.walk(method) if isinstance(n, ast.Name) and n.id == name]
        free = {n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name)} <= {"nn", "torch", "self"}
        kept = any(isinstance(n, ast.Attribute) and n.attr == name for n in ast.walk(owner))
        if not free or kept or sum(isinstance(n.ctx, ast.Store) for n in bound) != 1:
            return None
        layer = ast.unparse(statement.value)
        loads = [use for use in bound if isinstance(use.ctx, ast.Load)]
        kept_in_self = replace_uses(text, loads, name, f"self.{name}")
        without = replace_statement(kept_in_self, statement, []) if kept_in_self is not None else None
        return None if without is None else ended_with(without, made, f"self.{name} = {layer}")
    return None


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    operands = (
        Finding(
            file=path,
            line=found.node.lineno,
            rule="layer-operand",
            message=f"{ast.unparse(found.layer)} is a layer ({found.made}), which is no operand",
            advice=f"Call it: {ast.unparse(found.layer)}(...), or take its weight.",
            subject=ast.unparse(found.layer),
        )
        for found in _operands(tree)
    )
    in_calls = (
        Finding(
            file=path,
            line=statement.lineno,
            rule="layer-in-call",
            message=f"{owner.name}.{method.name} makes {name} anew at each call, so it never learns",
            advice=f"Make it in the constructor, as self.{name}, and call it here.",
            subject=name,
        )
        for owner, method, statement, name in _made_in_calls(tree)
    )
    return (*operands, *in_calls)


def _made_in_calls(tree: ast.Module) -> Iterator[tuple[ast.ClassDef, Function, ast.Assign, str]]:
    """Each statement of a network's forward() that gives a name a layer with something to learn."""
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        if not is_network(owner):
            continue
        for method in (node for node in owner.body if isinstance(node, Function)):
            for node in ast.walk(method) if method.name == FORWARD else ():
                target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
                if isinstance(node, ast.Assign) and isinstance(target, ast.Name) and _learning(node.value):
                    yield owner, method, node, target.id


def _learning(value: ast.expr) -> bool:
    """Whether an expression makes a layer of torch.nn that has something to learn."""
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    names = [written.rpartition(".") for node in calls if (written := ast.unparse(node.func))]
    made = isinstance(value, ast.Call) and ast.unparse(value.func).startswith(("nn.", "torch.nn."))
    return made and any(
        module in ("nn", "torch.nn") and name in library_names()["torch.nn"] and name.startswith(LEARNING)
        for module, _, name in names
    )


def _operands(tree: ast.Module) -> Iterator[Operand]:
    """Each operation with a layer as an operand."""
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        layers = _layers(owner)
        for node in ast.walk(owner) if layers else ():
            if isinstance(node, ast.BinOp):
                sides = [node.left, node.right]
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in PRODUCTS and len(node.args) == 2:
                sides = node.args
            else:
                continue
            for side, other in (sides, sides[::-1]):
                if isinstance(side, ast.Attribute) and _of_self(side) and side.attr in layers:
                    yield Operand(node, side, other, layers[side.attr])


def _layers(owner: ast.ClassDef) -> dict[str, str]:
    """Attributes that are only ever given a layer, and the class of the layer as it is written."""
    given: dict[str, list[str]] = {}
    for node in ast.walk(owner):
        if (
            isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Attribute)
        ):
            given.setdefault(node.targets[0].attr, []).append(_layer_made(node.value))
    stores = [
        n.attr for n in ast.walk(owner) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
    ]
    return {
        name: made[0]
        for name, made in given.items()
        if made and all(made) and len(set(made)) == 1 and stores.count(name) == len(made)
    }


def _layer_made(value: ast.expr) -> str:
    """`nn.Linear` of `nn.Linear(2, 3)`; "" of what makes no layer of torch.nn."""
    written = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
    module, _, name = written.rpartition(".")
    known = module in ("nn", "torch.nn") and name in library_names()["torch.nn"] and name[:1].isupper()
    return written if known and name not in COUNTS_WITH and "Parameter" not in name else ""


def _of_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"
