"""Is a mean one of numbers? PyTorch gives none of truth values, which is how small models count right
answers: torch.mean(predicted == targets)."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import grouped, replace_each
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, nodes_of
from offline_coder.core.finding import Finding

RULE = "mean-of-truths"
MEAN = "torch.mean"


def check_truths(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "mean-of-truths" in `files` (path -> text): torch.mean of a comparison, or of a name to
    which its function gives nothing else."""
    return in_each_file(files, _findings_of)


def with_numbers(text: str, tree: ast.Module, line: int) -> str | None:
    """`text` where such means of `line` are of 0 and 1; None where there are none."""
    changes = [
        (call.args[0], f"{grouped(call.args[0])}.float()") for call in _means(tree) if call.lineno == line
    ]
    return replace_each(text, changes) if changes else None


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=call.lineno,
            rule=RULE,
            message=f"{MEAN} takes no truth values, as {ast.unparse(call.args[0])} gives",
            advice="Make them numbers first, with .float().",
            subject=ast.unparse(call),
        )
        for call in _means(tree)
    )


def _means(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls of torch.mean whose first argument are truth values."""
    for function in nodes_of(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        truths = _names_of_truths(function)
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and call.args and ast.unparse(call.func) == MEAN:
                given = call.args[0]
                if isinstance(given, ast.Compare) or (isinstance(given, ast.Name) and given.id in truths):
                    yield call


def _names_of_truths(function: ast.FunctionDef) -> frozenset[str]:
    """The names that a function only ever gives comparisons."""
    given = {
        target: isinstance(node.value, ast.Compare)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
    }
    only: dict[str, bool] = {}
    for name in ast.walk(function):
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
            only[name.id] = only.get(name.id, True) and given.get(name, False)
    return frozenset(name for name, compared in only.items() if compared)
