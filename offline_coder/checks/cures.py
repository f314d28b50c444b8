"""Cures: which rule of mechanical repair there is for which finding, and those that are about neither names
nor imports."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping

from offline_coder.checks.arrays import with_tensors
from offline_coder.checks.base_init import with_base_init
from offline_coder.checks.config_keys import config_reads
from offline_coder.checks.dataset_reads import with_parts
from offline_coder.checks.edits import (
    attribute_reads,
    remove_definition,
    replace_each,
    replace_expression,
    replace_statement,
    replace_uses,
    stands_as,
)
from offline_coder.checks.gpu_only import with_either
from offline_coder.checks.idle_loads import without_idle_load
from offline_coder.checks.import_cures import (
    correct_import,
    import_duplicate,
    open_circle,
    remove_double,
    remove_unused_import,
)
from offline_coder.checks.layers import called_layers, layer_made_once
from offline_coder.checks.library_calls import with_all_parts, with_its_parameters, without_unknown
from offline_coder.checks.loaders import with_targets
from offline_coder.checks.modules import Import
from offline_coder.checks.name_cures import (
    as_given,
    begin_best,
    hand_on,
    import_undefined,
    kept_argument,
    one_for_many,
    only_data_given,
    spelled_as_defined,
    spelled_as_there,
    taken_from_its_home,
    through_self,
)
from offline_coder.checks.not_in_torch import layer_meant
from offline_coder.checks.over_batches import as_many_as_were_added
from offline_coder.checks.own_parts import trained_part
from offline_coder.checks.own_results import with_own_name
from offline_coder.checks.parameters import NETWORKS, with_given
from offline_coder.checks.plain_numbers import with_tensors_of_numbers
from offline_coder.checks.planned_heads import planned_head, planned_names
from offline_coder.checks.renewed import made_before
from offline_coder.checks.returns import with_last_value
from offline_coder.checks.rules import Edit, Repository, Rule, offered
from offline_coder.checks.source import Function, function_around
from offline_coder.checks.splits import split_twice
from offline_coder.checks.surplus import renamed, without_surplus
from offline_coder.checks.truths import with_numbers
from offline_coder.checks.unsaved import without_loading
from offline_coder.core.finding import Finding

COUNTED = re.compile(r"(?:num|n|number_of|count|total)_param(?:eter)?s|param(?:eter)?s?_count")
"""Names that networks of other libraries have for how many parameters they have."""


def in_its_line(change: Callable[[str, ast.Module, int], str | None], words: str) -> Rule:
    """The rule that offers `change` of a text, its tree and a finding's line, and says so in `words`, which
    may name the {subject} and {line} of the finding."""

    def rule(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
        new = change(repository.files[finding.file], tree, finding.line)
        yield from offered(finding.file, new, words.format(subject=finding.subject, line=finding.line))

    return rule


def in_its_call(change: Callable[[str, ast.Module, tuple[Import, ...], int], str | None], words: str) -> Rule:
    """The same for a `change` that has to know what the file imports."""

    def rule(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
        imports = repository.modules.imports[finding.file]
        new = change(repository.files[finding.file], tree, imports, finding.line)
        yield from offered(finding.file, new, words.format(subject=finding.subject, line=finding.line))

    return rule


def load_targets(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A loader of inputs alone: of inputs and targets."""
    new = with_targets(repository.files[finding.file], finding.subject)
    yield Edit(finding.file, new, f"loaders of {finding.subject} give its targets too")


def make_object(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A method that is called on a class whose objects are made of nothing: called on such an object."""
    name, text = finding.subject, repository.files[finding.file]
    classes = [
        node
        for other in repository.modules.trees.values()
        for node in other.body
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    uses = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and node.lineno == node.end_lineno == finding.line
    ]
    if len(classes) == 1 and made_of_nothing(classes[0]):
        text = replace_each(text, ((use, f"{name}()") for use in uses))
        yield Edit(finding.file, text, f"{name}() in place of {name} in line {finding.line}")


def made_of_nothing(node: ast.ClassDef) -> bool:
    """Whether an object of a class without bases can be made without arguments."""
    made = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    free = all(
        len(each.args.posonlyargs) + len(each.args.args) - 1 == len(each.args.defaults)
        and None not in each.args.kw_defaults
        for each in made
    )
    return free and all(ast.unparse(base) in ("object", "nn.Module") for base in node.bases)


def network_itself(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """The network of a network, `model.model`, which no network has: it is the network."""
    function = function_around(tree, finding.line)
    network, _, name = finding.subject.partition(".")
    if function is None or name not in NETWORKS:
        return
    uses = attribute_reads(function, finding.subject)
    new = replace_uses(repository.files[finding.file], uses, finding.subject, network)
    yield from offered(finding.file, new, f"{network} in place of {finding.subject}")


def counted_parameters(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """How many parameters a network has, `model.num_parameters()`, which PyTorch's has not: counted."""
    function = function_around(tree, finding.line)
    network, _, name = finding.subject.partition(".")
    if function is None or not COUNTED.fullmatch(name):
        return
    text = repository.files[finding.file]
    calls = {
        id(node.func): node
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and not node.args and not node.keywords
    }
    reads = [calls.get(id(node), node) for node in attribute_reads(function, finding.subject)]
    count = f"sum(each.numel() for each in {network}.parameters())"
    if all(stands_as(text, read, ast.unparse(read)) for read in reads):
        new = replace_each(text, ((read, count) for read in reads))
        yield Edit(finding.file, new, f"the parameters of {network} are counted")


def leave_out_stray(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A method that stands in no class: left out."""
    for node in tree.body:
        if isinstance(node, Function) and node.lineno == finding.line:
            new = remove_definition(repository.files[finding.file], node)
            yield from offered(finding.file, new, f"left out {node.name}, a method of no class")


def use_given(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A function that makes an object of its own where it is given one: uses that one."""
    classes = frozenset(
        name for module in repository.modules.local.values() for name in module.names if name[:1].isupper()
    )
    new = with_given(repository.files[finding.file], tree, finding.line, finding.subject, classes)
    yield from offered(finding.file, new, f"the {finding.subject} that is given in place of another")


def read_where_it_is(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A key that config.yaml has in another place: read it there. Only where the whole configuration is
    read, as it is where that is an error, because a parameter may hold a section of it."""
    right = re.search(r"Read ((?:\['[^'\]]+'\])+)\.$", finding.advice)
    for read in config_reads(tree) if right else ():
        keys = ".".join(key for key, _ in read.steps)
        whole = read.whole or finding.severity == "error"
        if right and whole and read.node.lineno == finding.line and keys == finding.subject:
            new = f"{ast.unparse(read.root)}{right.group(1)}"
            means = f"reads `{new}` in place of `{ast.unparse(read.node)}`"
            yield Edit(
                finding.file, replace_expression(repository.files[finding.file], read.node, new), means
            )


def start_main(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A main that nobody calls, or that is called on import: called when the file is started."""
    text = repository.files[finding.file]
    for node in tree.body:
        called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if called and node.lineno == finding.line:
            guarded = ast.parse(f'if __name__ == "__main__":\n    {ast.unparse(node)}').body
            means = f"`{ast.unparse(node)}` only when the file is started"
            yield from offered(finding.file, replace_statement(text, node, guarded), means)
        elif finding.rule == "no-entry-point" and _is_startable(node):
            new = f'{text.rstrip()}\n\n\nif __name__ == "__main__":\n    main()\n'
            yield Edit(finding.file, new, "main() is called when the file is started")


def _is_startable(node: ast.stmt) -> bool:
    """Whether `node` is a main that can be called without arguments."""
    if not isinstance(node, ast.FunctionDef) or node.name != "main":
        return False
    arguments = node.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    return positional == len(arguments.defaults) and None not in arguments.kw_defaults


RULES: Mapping[str, tuple[Rule, ...]] = {
    "undefined-name": (
        through_self,
        spelled_as_defined,
        as_given,
        hand_on,
        one_for_many,
        only_data_given,
        begin_best,
        import_undefined,
    ),
    "missing-name": (correct_import,),
    "missing-module": (correct_import,),
    "relative-import": (correct_import,),
    "circular-import": (open_circle,),
    "unknown-package": (correct_import,),
    "duplicate-definition": (import_duplicate,),
    "defined-elsewhere": (import_duplicate,),
    "redefined": (remove_double,),
    "stray-method": (leave_out_stray,),
    "config-key": (read_where_it_is,),
    "missing-attribute": (kept_argument,),
    "network-attribute": (network_itself, counted_parameters),
    "missing-library-name": (spelled_as_there, taken_from_its_home, layer_meant),
    "call": (without_surplus, renamed),
    "no-base-init": (in_its_line(with_base_init, "the constructor of {subject} calls that of its base"),),
    "layer-operand": (in_its_line(called_layers, "{subject} is called in line {line}"),),
    "layer-in-call": (in_its_line(layer_made_once, "the layer {subject} is made in the constructor"),),
    "library-call": (
        in_its_call(with_its_parameters, "the parameters of {subject} in line {line}"),
        in_its_call(with_all_parts, "both parts of each array in line {line}"),
        in_its_call(split_twice, "three parts of each array in line {line}, by two splits"),
        in_its_call(without_unknown, "without what {subject} does not take in line {line}"),
    ),
    "array-for-tensor": (in_its_line(with_tensors, "tensors of the arrays in line {line}"),),
    "loader-without-targets": (load_targets,),
    "dataset-attribute": (in_its_line(with_parts, "the tensors of the data set in line {line}"),),
    "own-result": (in_its_line(with_own_name, "what is called in line {line} is {subject}_fn"),),
    "mean-of-truths": (in_its_line(with_numbers, "numbers of the truth values in line {line}"),),
    "number-for-tensor": (in_its_line(with_tensors_of_numbers, "a tensor of {subject} in line {line}"),),
    "gpu-only": (in_its_line(with_either, "line {line} runs without a GPU too"),),
    "unsaved": (in_its_line(without_loading, "{subject} is used as it is given"),),
    "idle-load": (in_its_line(without_idle_load, "what {subject} gives in line {line} is not loaded"),),
    "own-part": (trained_part,),
    "over-batches": (as_many_as_were_added,),
    "renewed-optimizer": (made_before,),
    "unused-parameter": (use_given,),
    "unbound-call": (make_object,),
    "signature": (planned_head, planned_names),
    "returns": (in_its_line(with_last_value, "{subject} returns the value that it ends with"),),
    "no-entry-point": (start_main,),
    "unguarded-entry": (start_main,),
    "unused-import": (remove_unused_import,),
}
