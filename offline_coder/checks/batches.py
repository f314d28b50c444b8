"""Do loops over loaders take as many parts as a batch has? Small models take all that a network wants from
the loader, also the noise and the time step that nobody put in."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.dataset_reads import OTHERS
from offline_coder.checks.modules import modules_of
from offline_coder.checks.source import REMEMBERED, named_parameters, nodes_of
from offline_coder.core.finding import Finding
from offline_coder.core.plan import ENTRY_POINT
from offline_coder.core.usual_names import INPUTS, TARGETS

RULE = "batch-parts"
LOADER, DATASET = "DataLoader", "TensorDataset"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_batches(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "batch-parts" in `files` (path -> text): a loop over a loader that its function is given
    takes another number of parts than every data set of the repository has. Nothing is said where there are
    other data sets than TensorDataset, batches are put together by a function, or numbers differ."""
    data = [text for path, text in files.items() if path != ENTRY_POINT]
    if any(OTHERS.search(text) or "collate_fn" in text for text in data):
        return ()
    trees = modules_of(files).trees
    counts = {count for path, tree in trees.items() if path != ENTRY_POINT for count in _parts_made(tree)}
    if len(counts) != 1:
        return ()
    (count,) = counts
    return tuple(finding for path, tree in trees.items() for finding in _findings_of(path, tree, count))


@lru_cache(maxsize=REMEMBERED)
def _parts_made(tree: ast.Module) -> tuple[int, ...]:
    """How many tensors each data set is made of; -1 where that cannot be told."""
    return tuple(
        -1 if any(isinstance(each, ast.Starred) for each in node.args) else len(node.args)
        for node in nodes_of(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == DATASET
    )


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module, count: int) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=taken.lineno,
            rule=RULE,
            message=f"a batch of {loader} has {count} parts, not {len(taken.elts)}: {ast.unparse(taken)}",
            advice=_advice(taken, loader),
            subject=loader,
        )
        for function in nodes_of(tree)
        if isinstance(function, Function)
        for loader, taken in _taken(function)
        if count > 0 and len(taken.elts) != count
    )


def _advice(taken: ast.Tuple, loader: str) -> str:
    """What to write: what is neither inputs nor targets is made in the loop."""
    names = [ast.unparse(each) for each in taken.elts]
    made = [name for name in names if not (INPUTS.search(name) or TARGETS.search(name))]
    loop = f"Write `for inputs, targets in {loader}:`"
    return f"{loop} and make {', '.join(made)} below it." if made else f"{loop}."


def _taken(function: Function) -> Iterator[tuple[str, ast.Tuple]]:
    """The loaders that a function is given and goes over, with the parts that it takes of each batch."""
    loaders = {
        each.arg for each in named_parameters(function) if each.annotation and _is_loader(each.annotation)
    }
    for node in ast.walk(function):
        match node:
            case ast.For(target=ast.Tuple() as taken, iter=ast.Name(id=name)) if name in loaders:
                pass
            case ast.For(
                target=ast.Tuple(elts=[_, ast.Tuple() as taken]),
                iter=ast.Call(func=ast.Name(id="enumerate"), args=[ast.Name(id=name)]),
            ) if name in loaders:
                pass
            case _:
                continue
        if not any(isinstance(each, ast.Starred) for each in taken.elts):
            yield name, taken


def _is_loader(annotation: ast.expr) -> bool:
    return ast.unparse(annotation).rpartition(".")[2] == LOADER
