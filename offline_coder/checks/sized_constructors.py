"""Constructors of networks that want sizes which the plan does not have: they get them as defaults.

The plan says how a network is made, and who makes it by the plan gives no more. A size that config.yaml has
is read from there, another is assumed and marked, as where a name is undefined.
"""

import ast
import copy
import re
from collections.abc import Iterator, Mapping

from offline_coder.checks.assumed_sizes import usual_size, with_assumed
from offline_coder.checks.planned_heads import with_head
from offline_coder.checks.rules import Edit, Repository, offered
from offline_coder.checks.source import is_network
from offline_coder.checks.usual_values import with_setting
from offline_coder.core.finding import Finding

UNPLANNED = re.compile(r"\.__init__ needs parameters that are not planned: (?P<names>[\w, ]+)$")


def sized_constructor(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """The parameters of a network's constructor that are not planned get defaults, when all are sizes and
    stand last; `config` is the loaded config.yaml."""
    said = UNPLANNED.search(finding.message)
    constructor = _constructor_at(tree, finding.line)
    if said is None or constructor is None or constructor.body[0].lineno == constructor.lineno:
        return
    wanted = set(said["names"].split(", "))
    plain = constructor.args.args[: len(constructor.args.args) - len(constructor.args.defaults)]
    last = [argument for argument in plain if argument.arg in wanted]
    if {argument.arg for argument in last} != wanted or plain[-len(last) :] != last:
        return
    head = copy.deepcopy(constructor)
    head.args.defaults = [*(ast.Name(argument.arg) for argument in last), *constructor.args.defaults]
    for argument in head.args.args:
        if argument.arg in wanted:
            argument.annotation = ast.Name("int")
    returns = f" -> {ast.unparse(head.returns)}" if head.returns else ""
    text = with_head(
        repository.files[finding.file], constructor, f"def __init__({ast.unparse(head.args)}){returns}:"
    )
    for name in sorted(wanted):
        known, size = with_setting(config, text, name), usual_size(name)
        if known is not None:
            text = known
        elif size is not None:
            text = with_assumed(text, name, size)
        else:
            return
    names = ", ".join(sorted(wanted))
    yield from offered(finding.file, text, f"defaults for the sizes {names} of {finding.subject}")


def _constructor_at(tree: ast.Module, line: int) -> ast.FunctionDef | None:
    """The constructor of a network whose head is in `line`."""
    for node in filter(is_network, tree.body):
        for method in ast.iter_child_nodes(node):
            if isinstance(method, ast.FunctionDef) and method.lineno == line:
                return method
    return None
