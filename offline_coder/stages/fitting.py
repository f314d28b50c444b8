"""Data that fits the network: what a wired smoke run gives where the paper's data is not there.

Inputs of a shape that the network does not take say nothing of the code. So the entry point tries a few usual
shapes, once the network is built, and takes the first that it accepts; what is made up is printed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from offline_coder.stages.prompting import render_prompt
from offline_coder.stages.wired_values import MADE_UP, TENSOR, words_of

INPUTS, TARGETS, MADE = "made_inputs", "made_targets", "made_up"
FITTING_NAMES = frozenset({INPUTS, TARGETS, MADE, "fitting_data"})
DATASET = f"torch.utils.data.TensorDataset({INPUTS}, {TARGETS})"
LOADER = f"torch.utils.data.DataLoader({DATASET}, batch_size=4)"
DATA = frozenset({TENSOR, *(MADE_UP[kind] for kind in ("LongTensor", "Dataset", "DataLoader"))})
CLASSES = re.compile(r"\b(cross_entropy|CrossEntropyLoss|nll_loss|NLLLoss)\b")


class Fitting:
    """What one entry point has made to fit its first network. `files` are the repository's; `expected`: a
    network will be built."""

    def __init__(self, files: Mapping[str, str], *, expected: bool) -> None:
        self.expected = expected
        self.classes = any(CLASSES.search(text) for path, text in files.items() if path.endswith(".py"))
        self.network = ""
        self.used = False
        self.replaced: list[tuple[str, Sequence[str], Sequence[str]]] = []

    def value(self, made_up: str, name: str) -> str:
        """What fits in the place of a made-up value for `name`; that value itself where it is no data, or no
        network is there."""
        if not self.network or made_up not in DATA:
            return made_up
        self.used = True
        if made_up == MADE_UP["DataLoader"] or "loader" in name.lower():
            return LOADER
        if made_up == MADE_UP["Dataset"] or "dataset" in name.lower():
            return DATASET
        return TARGETS if "label" in words_of(name) else INPUTS

    def stood_in(self, function: str, names: Sequence[str], made_up: Sequence[str]) -> list[str]:
        """The line with which a smoke run remembers that `names` have the values `made_up` for want of what
        `function` gives; none where no network will use them."""
        if not self.expected:
            return []
        self.replaced.append((function, names, made_up))
        return [f"{MADE}.add({function!r})"]

    def begin(self) -> Iterator[str]:
        """The lines before the first step."""
        if self.replaced:
            yield f"{MADE} = set()"

    def after_models(self) -> Iterator[str]:
        """The lines between building the network and using it."""
        changed = [
            (function, names, [self.value(old, name) for old, name in zip(values, names, strict=True)])
            for function, names, values in self.replaced
        ]
        if self.used:
            fitting = f"fitting_data({self.network}) if arguments.smoke else (None, None)"
            yield f"{INPUTS}, {TARGETS} = {fitting}"
            for function, names, values in changed:
                yield f"if {function!r} in {MADE}:"
                yield f"    {', '.join(names)} = {', '.join(values)}"

    def helper(self) -> list[str]:
        """The function that the lines call, where they do."""
        if not self.used:
            return []
        return [render_prompt("coding/fitting_data.py.j2", classes=self.classes)]
