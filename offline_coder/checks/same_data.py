"""Is what is tested on not what was trained on? Small models make both loaders of the same data set."""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import stored_names, used_names
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, last_name, nodes_of
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import TEST, TRAIN, VALIDATION, splits_of

RULE = "same-data"
LOADER, DATASET = "DataLoader", "TensorDataset"


def check_same_data(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "same-data" in `files` (path -> text): in one function a loader or data set with "train"
    in its name and one with "test" or "validation" are made of the same expression, whose names are given a
    value once."""
    return in_each_file(files, _findings_of)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=held.lineno,
            rule=RULE,
            message=f"{held.id} and {trained.id} have the same data, {data}",
            advice=f"Split it first, and make {held.id} of the part that {trained.id} does not have.",
            subject=held.id,
        )
        for function in nodes_of(tree)
        if isinstance(function, ast.FunctionDef)
        for trained, held, data in _of_the_same(function)
    )


def _of_the_same(function: ast.FunctionDef) -> Iterator[tuple[ast.Name, ast.Name, str]]:
    """The loaders to train with and to test with that have the same data, and that data."""
    stored = stored_names(function)
    made: dict[str, list[ast.Name]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name() as name], value=ast.Call(func=called, args=[first, *_])) if (
                kind := last_name(called)
            ) in (LOADER, DATASET):
                given = first if kind == LOADER else node.value
                names = {each.id for each in used_names(given)}
                if all(stored.count(each) <= 1 for each in names):
                    made.setdefault(ast.unparse(given), []).append(name)
    for data, loaders in made.items():
        trained = [name for name in loaders if TRAIN in splits_of(name.id)]
        for held in (name for name in loaders if {VALIDATION, TEST}.intersection(splits_of(name.id))):
            yield from ((first, held, data) for first in trained[:1] if first is not held)
