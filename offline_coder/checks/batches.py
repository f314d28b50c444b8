"""Do loops over loaders take as many parts as a batch has? Small models take all that a network wants from
the loader, also the noise and the time step that nobody put in: those are made for each batch.

Noise of the shape of the inputs and a step for each example, drawn evenly: Ho et al., Denoising Diffusion
Probabilistic Models (2020), algorithm 1.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.dataset_reads import has_other_data_sets
from offline_coder.checks.edits import replace_expression
from offline_coder.checks.modules import modules_of
from offline_coder.checks.rules import Edit, Repository, offered
from offline_coder.checks.source import REMEMBERED, Function, last_name, named_parameters, nodes_of
from offline_coder.checks.usual_values import with_setting
from offline_coder.core.finding import Finding
from offline_coder.core.plan import ENTRY_POINT
from offline_coder.core.usual_names import INPUTS, TARGETS

RULE = "batch-parts"
LOADER, DATASET = "DataLoader", "TensorDataset"
NOISE = re.compile(r"eps|epsilon|noise")
STEP = re.compile(r"t|time_?steps?")
STEPS = "timesteps"
"""The setting that says how many steps there are."""
PAIR = 2
"""Inputs and targets."""


def check_batches(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "batch-parts" in `files` (path -> text): a loop over a loader that its function is given
    takes another number of parts than every data set of the repository has, or a data set is made of more
    than the inputs and targets that all loops take. Nothing is said where there are other data sets than
    TensorDataset, batches are put together by a function, or numbers differ."""
    trees = modules_of(files).trees
    others = {path: text for path, text in files.items() if path != ENTRY_POINT}
    if any("collate_fn" in text for text in others.values()):
        return ()
    if has_other_data_sets(trees[path] for path in others if path in trees):
        return ()
    counts = {count for path, tree in trees.items() if path != ENTRY_POINT for count in _parts_made(tree)}
    if len(counts) != 1:
        return ()
    (count,) = counts
    taken = {len(parts.elts) for tree in trees.values() for _, parts in _taken_in(tree)}
    if count > PAIR and taken == {PAIR}:
        return tuple(finding for path, tree in trees.items() for finding in _data_of_all(path, tree))
    return tuple(finding for path, tree in trees.items() for finding in _findings_of(path, tree, count))


def made_in_the_loop(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """A loop that takes noise or time steps from a loader of inputs and targets: it makes them, the steps up
    to the number that `config`, the loaded config.yaml, has."""
    text = repository.files[finding.file]
    if not finding.message.startswith(f"a batch of {finding.subject} has 2 parts"):
        return
    for loop in (node for node in nodes_of(tree) if isinstance(node, ast.For)):
        taken = next((taken for name, taken in _parts_of(loop) if name == finding.subject), None)
        made = _made(taken) if taken is not None and taken.lineno == finding.line else None
        first = loop.body[0]
        if taken is None or made is None or first.lineno == loop.lineno:
            continue
        parts, lines = made
        changed = text.split("\n")
        changed[first.lineno - 1 : first.lineno - 1] = [" " * first.col_offset + line for line in lines]
        bracketed = ast.get_source_segment(text, taken, padded=False) or ""
        new = f"({parts})" if bracketed.startswith("(") else parts
        new_text: str | None = replace_expression("\n".join(changed), taken, new)
        if new_text is not None and any(STEPS in line for line in lines):
            new_text = with_setting(config, new_text, STEPS)
        yield from offered(
            finding.file, new_text, f"{' and '.join(lines)} in the loop over {finding.subject}"
        )


def _made(taken: ast.Tuple) -> tuple[str, list[str]] | None:
    """Inputs and targets as they are taken, and the lines that make what else is taken; None where names do
    not say what it is."""
    names = [ast.unparse(each) for each in taken.elts]
    inputs = [name for name in names if INPUTS.search(name)]
    targets = [name for name in names if TARGETS.search(name)] or ["targets"]
    if len(inputs) != 1 or len(targets) != 1:
        return None
    (given,), lines = inputs, []
    for name in names:
        if NOISE.fullmatch(name):
            lines.append(f"{name} = torch.randn_like({given})")
        elif STEP.fullmatch(name):
            lines.append(f"{name} = torch.randint(0, {STEPS}, (len({given}),), device={given}.device)")
        elif name not in (*inputs, *targets):
            return None
    return f"{given}, {targets[0]}", lines


@lru_cache(maxsize=REMEMBERED)
def _parts_made(tree: ast.Module) -> tuple[int, ...]:
    """How many tensors each data set is made of; -1 where that cannot be told."""
    return tuple(
        -1 if any(isinstance(each, ast.Starred) for each in node.args) else len(node.args)
        for node in _data_sets(tree)
    )


def _data_sets(tree: ast.Module) -> Iterator[ast.Call]:
    """Where a file makes data sets of tensors."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Call) and last_name(node.func) == DATASET:
            yield node


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
        for loader, taken in _taken_in(tree)
        if count > 0 and len(taken.elts) != count
    )


@lru_cache(maxsize=REMEMBERED)
def _data_of_all(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    """The data sets of a file that are made of more than inputs and targets."""
    return tuple(
        Finding(
            file=path,
            line=node.lineno,
            rule=RULE,
            message=f"{ast.unparse(node)} has {len(node.args)} parts, loops take inputs and targets",
            advice=f"Make a {DATASET}(inputs, targets) of each split.",
            subject=DATASET,
        )
        for node in _data_sets(tree)
        if path != ENTRY_POINT and len(node.args) > PAIR
    )


def _advice(taken: ast.Tuple, loader: str) -> str:
    """What to write: what is neither inputs nor targets is made in the loop."""
    names = [ast.unparse(each) for each in taken.elts]
    made = [name for name in names if not (INPUTS.search(name) or TARGETS.search(name))]
    loop = f"Write `for inputs, targets in {loader}:`"
    return f"{loop} and make {', '.join(made)} below it." if made else f"{loop}."


@lru_cache(maxsize=REMEMBERED)
def _taken_in(tree: ast.Module) -> tuple[tuple[str, ast.Tuple], ...]:
    """The loaders that functions of a file are given and go over, with the parts taken of each batch."""
    return tuple(
        (name, taken)
        for function in nodes_of(tree)
        if isinstance(function, Function)
        for node in ast.walk(function)
        if isinstance(node, ast.For)
        for name, taken in _parts_of(node)
        if name in _loaders_given(function)
    )


def _loaders_given(function: Function) -> set[str]:
    """The parameters of a function that are loaders by their type."""
    return {
        each.arg
        for each in named_parameters(function)
        if each.annotation and last_name(each.annotation) == LOADER
    }


def _parts_of(loop: ast.For) -> Iterator[tuple[str, ast.Tuple]]:
    """What a loop goes over, a name, and the parts that it takes of each; nothing where it takes a rest."""
    match loop:
        case ast.For(target=ast.Tuple() as taken, iter=ast.Name(id=name)):
            pass
        case ast.For(
            target=ast.Tuple(elts=[_, ast.Tuple() as taken]),
            iter=ast.Call(func=ast.Name(id="enumerate"), args=[ast.Name(id=name)]),
        ):
            pass
        case _:
            return
    if not any(isinstance(each, ast.Starred) for each in taken.elts):
        yield name, taken
