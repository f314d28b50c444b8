"""Are scores and class numbers kept apart? A small model that has to compare scores with scores takes the
targets that are at hand."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import stored_names
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, last_name, nodes_of
from offline_coder.core.finding import Finding

RULE = "scores-and-classes"
OF_CLASSES = frozenset({"cross_entropy", "nll_loss"})
MAKING_OF_CLASSES = frozenset({"CrossEntropyLoss", "NLLLoss"})
OF_VALUES = frozenset({"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"})
ARITHMETIC = ast.Sub | ast.Add | ast.Mult | ast.Div


def check_scores(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "scores-and-classes" in `files` (path -> text): a function that gives scores and class
    numbers to cross entropy also computes with the two directly, or gives them to a loss of values. Where it
    binds the name of the class numbers twice, nothing is said: they may be something else by then."""
    return in_each_file(files, _findings_of)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=node.lineno,
            rule=RULE,
            message=f"{function.name} compares the scores {scores} with the class numbers {classes}",
            advice=f"Compare scores with scores, or with F.one_hot({classes}, {scores}.size(-1)).float().",
            subject=classes,
        )
        for function in nodes_of(tree)
        if isinstance(function, ast.FunctionDef)
        for node, scores, classes in _compared(function)
    )


def _compared(function: ast.FunctionDef) -> Iterator[tuple[ast.expr, str, str]]:
    """Where the function computes with scores and class numbers directly, and their names."""
    makers = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and _called(node.value) in MAKING_OF_CLASSES
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    pairs = {
        pair
        for node in ast.walk(function)
        if _called(node) in OF_CLASSES | makers and (pair := _pair(node)) is not None
    }
    stored = stored_names(function)
    once = {(scores, classes) for scores, classes in pairs if stored.count(classes) <= 1}
    for node in ast.walk(function):
        match node:
            case ast.BinOp(left=ast.Name(id=one), right=ast.Name(id=other), op=op) if isinstance(
                op, ARITHMETIC
            ):
                found = {(one, other), (other, one)} & once
            case ast.Call() if _called(node) in OF_VALUES:
                found = {pair for pair in once if pair == _pair(node)}
            case _:
                continue
        for scores, classes in sorted(found):
            yield node, scores, classes


def _called(node: ast.AST) -> str:
    """The last word of what is called; "" where nothing is."""
    return last_name(node.func) if isinstance(node, ast.Call) else ""


def _pair(node: ast.AST) -> tuple[str, str] | None:
    """The names of the first two arguments of a call."""
    match node:
        case ast.Call(args=[ast.Name(id=scores), ast.Name(id=classes), *_]):
            return scores, classes
    return None
