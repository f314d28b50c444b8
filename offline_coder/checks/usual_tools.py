"""What small models take for granted, or from a network that has it not, and the plan knows: the optimizer
and the loss that config.yaml names, and its settings."""

import ast
from collections.abc import Iterator, Mapping

from offline_coder.checks.edits import (
    add_import,
    attribute_reads,
    begun_with,
    replace_each,
    replace_uses,
    used_names,
)
from offline_coder.checks.parameters import NETWORKS
from offline_coder.checks.rules import Edit, Repository
from offline_coder.checks.source import Function, function_around, named_parameters
from offline_coder.checks.usual_values import section_of, with_setting
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import usual_name

SECTION, OPTIMIZER, LOSS, RATE = "training", "optimizer", "loss", "learning_rate"
SMOOTHED = "label_smoothing"
OPTIMIZERS = {name.lower(): name for name in ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "Adadelta")}
LOSSES = {
    "crossentropy": "cross_entropy",
    "mse": "mse_loss",
    "meansquarederror": "mse_loss",
    "l1": "l1_loss",
    "negativeloglikelihood": "nll_loss",
}
"""The names that config.yaml has, in small letters alone, and PyTorch's."""
NAMES_OF_LOSSES = frozenset({"loss", "criterion", "loss_fn", "loss_function"})


def usual_of_network(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """An attribute of the network that is no attribute of it: a call of its optimizer or its loss makes the
    one that `config` names; a setting of `config` is read from there."""
    text = repository.files[finding.file]
    network, _, name = finding.subject.partition(".")
    function = function_around(tree, finding.line)
    if function is None:
        return
    known = section_of(config, SECTION)
    reads = attribute_reads(function, finding.subject)
    calls = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and any(node.func is read for read in reads)
    ]
    changes: list[tuple[ast.expr, str]] = []
    if name == OPTIMIZER and (made := OPTIMIZERS.get(_letters(known.get(OPTIMIZER)))):
        changes = [(c, f"torch.optim.{made}({network}.parameters(){_rate(c, function)})") for c in calls]
    elif name in NAMES_OF_LOSSES and (made := _loss_of(known)):
        changes = [(call.func, f"torch.nn.functional.{made}") for call in calls]
    if changes and len(calls) == len(reads):
        means = f"the {name} that config.yaml names in place of `{finding.subject}`"
        yield Edit(finding.file, _with_torch(replace_each(text, changes)), means)
    if name in NAMES_OF_LOSSES | {OPTIMIZER}:
        return
    own = {getattr(node, "id", getattr(node, "arg", "")) for node in ast.walk(function)}
    for setting in dict.fromkeys((name, name.removeprefix(f"{SECTION}_"))):
        plain = replace_uses(text, reads, finding.subject, setting) if setting not in own else None
        read = with_setting(config, plain, setting) if plain is not None else None
        if read is not None:
            means = f"reads `{setting}` from config.yaml in place of `{finding.subject}`"
            yield Edit(finding.file, read, means)
            return


def undefined_tool(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """A loss that is called and nothing defines: the one that `config` names; an optimizer that nothing
    makes: made at the beginning of the function, of the network that it is given."""
    text, name = repository.files[finding.file], finding.subject
    function = function_around(tree, finding.line)
    training = section_of(config, SECTION)
    if function is None:
        return
    uses = [use for use in used_names(function) if use.id == name]
    if name in NAMES_OF_LOSSES and (made := _loss_of(training)):
        called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
        new = replace_uses(text, uses, name, f"torch.nn.functional.{made}")
        if new is not None and all(use in called for use in uses):
            yield Edit(finding.file, _with_torch(new), f"the loss that config.yaml names in place of {name}")
    if name == OPTIMIZER and (made := OPTIMIZERS.get(_letters(training.get(OPTIMIZER)))):
        network = next((each.arg for each in named_parameters(function) if each.arg in NETWORKS), "")
        if network:
            line = f"{OPTIMIZER} = torch.optim.{made}({network}.parameters(){_rate_given(function)})"
            means = f"the optimizer that config.yaml names for {network}"
            yield Edit(finding.file, _with_torch(begun_with(text, function, line)), means)


def _with_torch(text: str) -> str:
    return text if "import torch" in text.split("\n") else add_import(text, "import torch")


def _rate(call: ast.Call, function: Function) -> str:
    """The learning rate as an argument: the call's own, else the function's parameter of that name."""
    named = [each.value for each in call.keywords if each.arg and usual_name(each.arg) == RATE]
    given = next(iter((*named, *call.args)), None)
    if given is not None:
        return f", lr={ast.unparse(given)}"
    return _rate_given(function)


def _rate_given(function: Function) -> str:
    """The parameter of a function that is the learning rate, as an argument."""
    return next(
        (f", lr={each.arg}" for each in named_parameters(function) if usual_name(each.arg) == RATE), ""
    )


def _loss_of(training: Mapping[str, object]) -> str | None:
    """PyTorch's name of the loss that the settings of training name; labels are smoothed in a cross-entropy
    alone."""
    named = LOSSES.get(_letters(training.get(LOSS)))
    return named or (LOSSES["crossentropy"] if SMOOTHED in training and LOSS not in training else None)


def _letters(value: object) -> str:
    """The letters and digits of a setting's value, in small ones."""
    return "".join(letter for letter in str(value).lower() if letter.isalnum())
