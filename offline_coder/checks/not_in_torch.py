"""What models take PyTorch to have and it has not: a block of a transformer, a schedule that warms up, an
embedding made of its width alone."""

import ast
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from offline_coder.checks.assumed_sizes import SIZES, with_assumed
from offline_coder.checks.edits import replace_each, with_attribute
from offline_coder.checks.rules import Edit, Repository, offered
from offline_coder.checks.usual_values import section_of, with_setting
from offline_coder.core.finding import Finding

ENCODER, DECODER = "TransformerEncoderLayer", "TransformerDecoderLayer"
MEANT: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("TransformerBlock", "TransformerLayer", "EncoderLayer", "EncoderBlock"), ENCODER),
        **dict.fromkeys(("DecoderLayer", "DecoderBlock", "TransformerDecoderBlock"), DECODER),
        "LayerNormalization": "LayerNorm",
        "BatchNormalization": "BatchNorm1d",
        **dict.fromkeys(("SelfAttention", "MultiHeadSelfAttention", "Attention"), "MultiheadAttention"),
    }
)
"""Layers by names of other libraries, which take the same first arguments."""
SCHEDULES = "torch.optim.lr_scheduler"
WARM_UP = "warmup_steps"
GROWS = f"lambda step: min(1.0, (step + 1) / {WARM_UP})"
FALLS = f"lambda step: min((step + 1) / {WARM_UP}, ({WARM_UP} / (step + 1)) ** 0.5)"
"""Linear over the warm-up, then by the inverse square root of the step: "Attention Is All You Need", section
5.3, as a share of its greatest value."""
FALLING = re.compile(r"inverse[_ -]?(?:square[_ -]?root|sqrt)|noam", re.IGNORECASE)
ANY_SCHEDULE = "get_scheduler"
"""Another library's, which is told the schedule by its name."""
EMBEDDING = "torch.nn.Embedding"
ENTRIES = "vocab_size"
"""How many entries an embedding has, as a setting is mostly called."""
WIDTH = re.compile(
    r"(?:embed\w*|hidden|model)_(?:dim\w*|size|width)$|\b(?:d_model|dim|dimension|n_embd|width)$"
)
"""What is the width of an embedding, and not the number of its entries."""


def layer_meant(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A layer by the name that another library has for it: PyTorch's."""
    module, _, name = finding.subject.rpartition(".")
    if module != "torch.nn" or name not in MEANT:
        return
    new = with_attribute(repository.files[finding.file], tree, name, MEANT[name])
    yield from offered(finding.file, new, f"{MEANT[name]} in place of {name}")


def warmed_up(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """A schedule of PyTorch's that warms up, of which it has none by such a name: linear over the steps that
    `config` has for it, and where its name says so falling after them."""
    module, _, name = finding.subject.rpartition(".")
    named = schedule_of(config) if name == ANY_SCHEDULE else name
    falls = FALLING.search(named) is not None
    if module != SCHEDULES or not (falls or "warmup" in named.lower().replace("_", "")):
        return
    for call, function in calls_in(tree, finding.line, name):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        optimizer = given.get("optimizer") or next(iter(call.args), None)
        if optimizer is None:
            continue
        made = (
            f"{ast.unparse(function.value)}.LambdaLR({ast.unparse(optimizer)}, {FALLS if falls else GROWS})"
        )
        text = replace_each(repository.files[finding.file], [(call, made)])
        new = with_setting(config, text, WARM_UP)
        yield from offered(finding.file, new, f"LambdaLR over `{WARM_UP}` in place of {name}")


def schedule_of(config: Mapping[str, object]) -> str:
    """The schedule that `config` names, "" where it names none."""
    return str(section_of(config, "training").get("schedule", ""))


def with_entries(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """An embedding that is made of its width alone: of as many entries as `config` says, or of a usual
    number, marked as assumed."""
    name = finding.subject.rpartition(".")[2]
    for call, _ in calls_in(tree, finding.line, name) if finding.subject == EMBEDDING else ():
        if len(call.args) != 1 or call.keywords or not WIDTH.search(ast.unparse(call.args[0])):
            continue
        width = call.args[0]
        both = f"{ENTRIES}, {ast.unparse(width)}"
        text = replace_each(repository.files[finding.file], [(width, both)])
        new = with_setting(config, text, ENTRIES) or with_assumed(text, ENTRIES, SIZES["vocab"])
        yield Edit(finding.file, new, f"an embedding of {ENTRIES} entries in line {finding.line}")


def calls_in(tree: ast.Module, line: int, name: str) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """The calls in `line` of an attribute of this name, each with what is called."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=called) as function):
                if called == name and node.lineno == line:
                    yield node, function
