"""Data that fits the network: what a wired smoke run gives where the paper's data is not there.

Inputs of a shape that the network does not take say nothing of the code. So the entry point tries a few usual
shapes, once the network is built, and takes the first that it accepts; what is made up is printed.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from offline_coder.stages.prompting import render_prompt
from offline_coder.stages.wired_values import MADE_UP, TENSOR, words_of

INPUTS, TARGETS, MADE = "made_inputs", "made_targets", "made_up"
FITTING_NAMES = frozenset({INPUTS, TARGETS, MADE, "fitting_data", "fits", "tried_with"})
DATASET = f"torch.utils.data.TensorDataset({INPUTS}, {TARGETS})"
LOADER = f"torch.utils.data.DataLoader({DATASET}, batch_size=4)"
DATA = frozenset({TENSOR, *(MADE_UP[kind] for kind in ("LongTensor", "Dataset", "DataLoader"))})
CLASSES = re.compile(r"\b(cross_entropy|CrossEntropyLoss|nll_loss|NLLLoss)\b")


@dataclass(frozen=True, slots=True)
class StandIn:
    """What a smoke run has in the place of what `function` gives: `made_up` values for `names`. `files` are
    what it reads of data/."""

    function: str
    names: Sequence[str]
    made_up: Sequence[str]
    files: Sequence[str]


class Fitting:
    """What one entry point has made to fit its first network. `files` are the repository's; `expected`: a
    network will be built."""

    def __init__(self, files: Mapping[str, str], *, expected: bool) -> None:
        self.expected = expected
        self.classes = any(CLASSES.search(text) for path, text in files.items() if path.endswith(".py"))
        self.network = ""
        self.used = False
        self.replaced: list[StandIn] = []
        self.wanted: dict[str, str] = {}
        self.derived: list[tuple[frozenset[str], Sequence[str], str]] = []

    def value(self, made_up: str, name: str, wanted: str = "") -> str:
        """What fits in the place of a made-up value for `name`, which has to be a `wanted` (see `wanted_of`)
        where that is known; the made-up value itself where it is no data, or no network is there. Of a tuple
        of tensors, inputs and targets take turns."""
        if self.network and made_up.startswith("(") and (tensors := made_up.count(TENSOR)) > 1:
            self.used = True
            return f"({', '.join(([INPUTS, TARGETS] * tensors)[:tensors])})"
        if not self.network or not (made_up in DATA or wanted):
            return made_up
        self.used = True
        if wanted == "DataLoader" or made_up == MADE_UP["DataLoader"] or "loader" in name.lower():
            return LOADER
        if wanted == "Dataset" or made_up == MADE_UP["Dataset"] or "dataset" in name.lower():
            return DATASET
        return TARGETS if "label" in words_of(name) else INPUTS

    def takes(self, variable: str, wanted: str) -> None:
        """Remember what the first step that takes `variable` has to be given."""
        if wanted:
            self.wanted.setdefault(variable, wanted)

    def made_of(self, used: Collection[str], names: Sequence[str], line: str) -> None:
        """Remember that `line` makes `names` of the variables that are `used`: where what stands in for these
        is changed, it is made again."""
        self.derived.append((frozenset(used), names, line))

    def stood_in(self, stand_in: StandIn) -> list[str]:
        """The line with which a smoke run remembers that `stand_in` is what it has; none where no network
        will use it."""
        if not self.expected:
            return []
        self.replaced.append(stand_in)
        return [f"{MADE}.add({stand_in.function!r})"]

    def begin(self) -> Iterator[str]:
        """The lines before the first step."""
        if self.replaced:
            yield f"{MADE} = set()"

    def after_models(self) -> Iterator[str]:
        """The lines between building the network and using it."""
        changed = [(each, self._fitted(each)) for each in self.replaced]
        if self.used:
            fitting = f"fitting_data({self.network}) if arguments.smoke else (None, None)"
            yield f"{INPUTS}, {TARGETS} = {fitting}"
            for each, fitted in changed:
                if fitted:
                    yield from self._misfits(each, fitted)
                    yield f"if {each.function!r} in {MADE}:"
                    yield f"    {', '.join(fitted)} = {', '.join(fitted.values())}"
                    yield from (f"    {line}" for line in self._made_again(fitted))

    def _made_again(self, changed: Iterable[str]) -> Iterator[str]:
        """The lines that make other data of what was `changed`, or of what they make."""
        known = set(changed)
        for used, names, line in self.derived:
            if used & known:
                known.update(names)
                yield line

    def _fitted(self, stand_in: StandIn) -> dict[str, str]:
        """What fits, for those of its names whose made-up values are data."""
        fitted = {
            name: (old, self.value(old, name, self.wanted.get(name, "")))
            for name, old in zip(stand_in.names, stand_in.made_up, strict=True)
        }
        return {name: new for name, (old, new) in fitted.items() if new != old}

    def _misfits(self, stand_in: StandIn, fitted: Mapping[str, str]) -> Iterator[str]:
        """The lines with which what was read from a made-up file counts as made up, too, where the network
        does not take it."""
        inputs = next((name for name, value in fitted.items() if value != TARGETS), "")
        there = " and ".join(f'Path("data/{name}").exists()' for name in stand_in.files)
        if inputs and there:
            yield f"if arguments.smoke and not ({there}) and not fits({self.network}, {inputs}):"
            yield f"    {MADE}.add({stand_in.function!r})"

    def helper(self) -> list[str]:
        """The functions that the lines call, where they do."""
        if not self.used:
            return []
        files = any(each.files for each in self.replaced)
        return [render_prompt("coding/fitting_data.py.j2", classes=self.classes, files=files)]


def wanted_of(node: ast.AST, name: str, kind: str) -> str:
    """What the parameter `name`, of the type `kind` ("" for none), of the definition `node` has to be:
    "DataLoader" or "Dataset", by its type or name, or because pairs come out of it or a loader is made of it;
    else ""."""
    if kind in ("DataLoader", "Dataset"):
        return kind
    if "loader" in name.lower():
        return "DataLoader"
    for each in ast.walk(node):
        if isinstance(each, ast.For | ast.comprehension) and gives_pairs(each, name):
            return "DataLoader"
        first = each.args[:1] if isinstance(each, ast.Call) else []
        if first and ast.unparse(first[0]) == name and ast.unparse(each).split("(")[0].endswith("DataLoader"):
            return "Dataset"
    return ""


def gives_pairs(loop: ast.For | ast.comprehension, name: str) -> bool:
    """Whether the loop takes two values at a time out of `name`: `for x, y in name`, or with enumerate()."""
    over, target = loop.iter, loop.target
    if isinstance(over, ast.Call) and ast.unparse(over.func) in ("enumerate", "tqdm") and over.args:
        counted = ast.unparse(over.func) == "enumerate"
        over = over.args[0]
        if counted and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            target = target.elts[1]
    pair = isinstance(target, ast.Tuple) and len(target.elts) == 2
    return pair and isinstance(over, ast.Name) and over.id == name
