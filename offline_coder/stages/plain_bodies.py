"""Plain bodies: what stands in, last of all, for functions that fail whatever was tried.

A repository whose network runs is worth more with a plain evaluation, loss and accuracy, than with one that
ends in an error before it says anything. So training and evaluation get a plain loop as their body; what
loads the data says that there is none, which a wired entry point takes as it takes a file that is not there:
a smoke run has made-up data, any other ends. The function says in its docstring what it is, and the checks
say it too. What was written is kept as a text, for what the paper does is then still to be put right.
Networks have no plain body: they are what the paper is about.
"""

import ast
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from offline_coder.checks.edits import add_import
from offline_coder.checks.rules import Edit
from offline_coder.checks.source import parse_python
from offline_coder.checks.splits import split_from
from offline_coder.checks.stubs import PLAIN_BODY, has_plain_body
from offline_coder.core.plan import DATA, EVALUATION, TRAINING, Plan
from offline_coder.core.type_names import tuple_elements
from offline_coder.core.usual_names import TEST, TRAIN, VALIDATION
from offline_coder.stages.prompting import render_prompt
from offline_coder.stages.smoke import SmokeRun
from offline_coder.stages.tracebacks import traceback_of
from offline_coder.stages.wired_values import (
    MAPPINGS,
    OPTIMIZERS,
    TENSORS,
    UNTYPED,
    Wanted,
    parameters_of,
    source_of,
    tensors_in,
    type_name,
    words_of,
)

LOOPS = {TRAINING: "plain_training", EVALUATION: "plain_evaluation"}
FILES = (DATA, *LOOPS)
SPLIT = {TRAINING: TRAIN, EVALUATION: TEST}
HELPERS = "def plain_outputs("
IMPORTS = ("import inspect", "import torch")
NOTHING = "it loads nothing"
DOES = {TRAINING: "it trains by the usual loss", EVALUATION: "it measures loss and accuracy"}
NO_DATA = 'raise FileNotFoundError("no data: nothing that loads it was written in a way that runs")'
RATE, EPOCHS = frozenset({"lr", "learning"}), frozenset({"epochs", "epoch"})
NUMBERS = frozenset({"int", "float", *UNTYPED})
LISTS = frozenset({"list", "List", "Sequence"})
BATCH = 32
"""Examples in a batch of a data set that comes without a loader."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What a function that trains or evaluates is given, each as Python source: its network and its batches;
    a validation loader, an optimizer, the learning rate and how often all batches are gone through, "" where
    nothing gives it."""

    network: str
    batches: str
    validation: str
    optimizer: str
    rate: str
    epochs: str


def as_written(path: str) -> str:
    """Where the repository keeps what was written for `path` before a plain body stood in."""
    return f"as_written/{path}.txt"


def plain_body(run: SmokeRun, plan: Plan) -> Edit | None:
    """The file of the function in which the run failed, one that loads data, trains or evaluates, with a
    plain body; None where it failed elsewhere, has one already, or takes or gives what no plain loop does."""
    path, function = failed_in(run)
    if function is None or has_plain_body(function):
        return None
    said = f"a plain body stands in for {function.name}()"
    if path == DATA:
        return Edit(
            path, with_body(run.files[path], function, [documented(function, NOTHING), NO_DATA]), said
        )
    classes = {planned.name for module in plan.architecture.modules for planned in module.classes}
    loop = loop_of(function, path, classes)
    given = given_back(function, path, loop.network, classes) if loop else None
    if loop is None or given is None:
        return None
    body = render_prompt(f"debugging/{LOOPS[path]}.py.j2", loop=loop).strip()
    last = [f"return {given}"] if given else []
    text = with_body(run.files[path], function, [documented(function, DOES[path]), body, *last])
    if HELPERS not in text:
        text = f"{text}\n\n{render_prompt('debugging/plain_helpers.py.j2').strip()}\n"
    for statement in IMPORTS:
        if f"\n{statement}\n" not in text:
            text = add_import(text, statement)
    return Edit(path, text, said)


def failed_in(run: SmokeRun) -> tuple[str, ast.FunctionDef | None]:
    """The function that was under way when `run` failed, the outermost of the innermost of the files that
    load data, train or evaluate, and that file; None where there is none, or it is a method or has all of its
    code in its first line."""
    traceback = traceback_of(run.failures[0].text, run.files) if run.failures else None
    frames = [frame for frame in traceback.own if frame.path in FILES] if traceback else []
    path = frames[-1].path if frames else ""
    tree = parse_python(run.files[path]) if path else None
    name = next((frame.name for frame in frames if frame.path == path), "")
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return path, node if node.body[0].lineno > node.lineno else None
    return "", None


def with_body(text: str, function: ast.FunctionDef, body: Sequence[str]) -> str:
    """`text` with other statements, not indented, in `function`."""
    lines = text.split("\n")
    before, after = lines[: function.body[0].lineno - 1], lines[function.end_lineno :]
    return "\n".join([*before, textwrap.indent("\n".join(body), "    "), *after]).rstrip() + "\n"


def documented(function: ast.FunctionDef, does: str) -> str:
    """The docstring of `function`, which says what its body is now."""
    said = (ast.get_docstring(function) or f"{function.name}, as planned.").replace("\\", "\\\\")
    said = said.replace('"', "'")
    return f'"""{said}\n\n{PLAIN_BODY}: {does}, because what was written failed.\n"""'


def loop_of(function: ast.FunctionDef, path: str, classes: Collection[str]) -> Loop | None:
    """The loop for what `function` takes, as its types and names say; None where no network or no batches
    are among it. `classes` are those of the repository."""
    taken = parameters_of(function.args, method=False)
    networks = [each.name for each in taken if is_network_like(each, classes)]
    batches = batches_of(taken, path)
    if not networks or not batches:
        return None
    numbers = [each.name for each in taken if type_name(each.type) in NUMBERS]
    optimizers = [each.name for each in taken if type_name(each.type) in OPTIMIZERS]
    rates = [name for name in numbers if words_of(name) & RATE]
    epochs = [name for name in numbers if words_of(name) & EPOCHS]
    validation = [each.name for each in loaders_in(taken) if split_from(each.name)[1] == VALIDATION]
    more = (validation if path == TRAINING else [], optimizers, rates, epochs)
    return Loop(networks[0], batches, *(each[0] if each else "" for each in more))


def is_network_like(wanted: Wanted, classes: Collection[str]) -> bool:
    """Whether a parameter is a network, by its type, or where it has none by its name."""
    kind = type_name(wanted.type)
    return kind == "Module" or kind in classes or (kind in UNTYPED and "model" in words_of(wanted.name))


def batches_of(taken: Sequence[Wanted], path: str) -> str:
    """What a loop goes through, as Python source: a loader, a data set in batches, or all of one pair of
    inputs and targets; "" where there is none. Of several those of the split that is wanted."""
    if loaders := loaders_in(taken):
        return of_split(loaders, path).name
    sets = [each for each in taken if type_name(each.type).endswith("Dataset")]
    if sets:
        return f"torch.utils.data.DataLoader({of_split(sets, path).name}, batch_size={BATCH})"
    several = [each for each in taken if tensors_in(each.type) > 1]
    if several:
        return f"[{of_split(several, path).name}[:2]]"
    tensors = [each for each in taken if type_name(each.type) in TENSORS]
    targets = [each for each in tensors if "label" in words_of(each.name)]
    inputs = [each for each in tensors if each not in targets]
    if not inputs or not targets:
        return ""
    return f"[({tensor(of_split(inputs, path))}, {tensor(of_split(targets, path), classes=True)})]"


def loaders_in(taken: Sequence[Wanted]) -> list[Wanted]:
    """The parameters that are loaders, by their type or name."""
    return [each for each in taken if "loader" in f"{type_name(each.type)} {each.name}".lower()]


def tensor(wanted: Wanted, *, classes: bool = False) -> str:
    """The tensor that a parameter is, or that its array becomes; of inputs one of floats."""
    if type_name(wanted.type) != "ndarray":
        return wanted.name
    return f"torch.as_tensor({wanted.name}{'' if classes else ', dtype=torch.float32'})"


def of_split(found: Sequence[Wanted], path: str) -> Wanted:
    """The first of `found` that is of the split that the file at `path` works on; where none says so the
    first that says none, or the first."""
    splits = {split_from(each.name)[1]: each for each in reversed(found)}
    return splits.get(SPLIT[path]) or splits.get("") or found[0]


def given_back(function: ast.FunctionDef, path: str, network: str, classes: Collection[str]) -> str | None:
    """What the function returns after its loop, as Python source; "" for nothing, None where its type is
    nothing that a plain loop has."""
    said = source_of(function.returns)
    if said == "None" or (not said and path == TRAINING):
        return ""
    loss = "losses[-1]" if path == TRAINING else "loss"
    measured = {"loss": loss} if path == TRAINING else {"loss": loss, "accuracy": "accuracy"}
    elements = tuple_elements(said)
    floats = list(measured.values())
    if not elements and "accuracy" in f"{function.name} {ast.get_docstring(function)}".lower():
        floats.reverse()
    given: list[str] = []
    for kind in map(type_name, elements or [said]):
        if kind == "float" and floats:
            given.append(floats.pop(0))
        elif kind in LISTS and path == TRAINING:
            given.append("losses")
        elif kind == "Module" or kind in classes:
            given.append(network)
        elif kind in MAPPINGS:
            given.append("{" + ", ".join(f'"{name}": {value}' for name, value in measured.items()) + "}")
        else:
            return None
    return ", ".join(given)
