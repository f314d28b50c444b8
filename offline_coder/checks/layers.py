"""Are layers called? A layer of PyTorch is no matrix: what multiplies or adds it fails when it is reached."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import replace_expression
from offline_coder.checks.library import library_names
from offline_coder.checks.modules import modules_of
from offline_coder.checks.source import REMEMBERED
from offline_coder.core.finding import Finding

COUNTS_WITH = ("Sequential", "ModuleList", "ModuleDict", "Buffer")
"""Classes of torch.nn that are no layers, or have operators of their own; so do those that have Parameter in
their name."""


def check_layers(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "layer-operand" in `files` (path -> text): an operand that is an attribute of `self` to
    which its class only ever gives a layer of torch.nn."""
    modules = modules_of(files)
    return tuple(finding for path, tree in modules.trees.items() for finding in _findings_of(path, tree))


def called_layers(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` in which the matrix products of `line` with a layer call it: `self.out @ x` is `self.out(x)`.
    None where there is none in one line."""
    for node, layer, _ in _operands(tree):
        other = node.right if node.left is layer else node.left
        if node.lineno == line == node.end_lineno and isinstance(node.op, ast.MatMult):
            called = f"{ast.unparse(layer)}({ast.unparse(other)})"
            return replace_expression(text, node, called)
    return None


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=node.lineno,
            rule="layer-operand",
            message=f"{ast.unparse(layer)} is a layer ({made}), which is no operand",
            advice=f"Call it: {ast.unparse(layer)}(...), or take its weight.",
            subject=ast.unparse(layer),
        )
        for node, layer, made in _operands(tree)
    )


def _operands(tree: ast.Module) -> Iterator[tuple[ast.BinOp, ast.expr, str]]:
    """Each operation with a layer as an operand, that operand, and what makes it."""
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        layers = _layers(owner)
        for node in ast.walk(owner) if layers else ():
            for side in (node.left, node.right) if isinstance(node, ast.BinOp) else ():
                if isinstance(side, ast.Attribute) and _of_self(side) and side.attr in layers:
                    assert isinstance(node, ast.BinOp)
                    yield node, side, layers[side.attr]


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
