"""A setting that is a list, where a number is computed with: config["training"]["noise_std"] * noise.

A paper that tests at several noise levels trains at one of them, and both stand in config.yaml:

    noise_std: [0.0, 0.2, 0.4]
    noise_std_noisepair: 0.8
"""

import ast
from collections.abc import Iterator, Mapping

from offline_coder.checks.config_keys import Read, config_reads
from offline_coder.checks.edits import replace_expression
from offline_coder.checks.rules import Edit, Repository
from offline_coder.checks.source import nodes_of, parse_python
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import letters_of

RULE = "list-operand"
OF_NUMBERS = ast.Mult | ast.Div | ast.Sub | ast.Pow
"""What is done with numbers alone; lists are added to one another."""


def check_lists(files: Mapping[str, str], config: Mapping[str, object]) -> tuple[Finding, ...]:
    """Errors of rule "list-operand" in `files` (path -> text): a list of the nested mapping `config` that is
    multiplied, divided or subtracted. A list times a whole number is a longer list, and no error."""
    return tuple(
        Finding(
            file=path,
            line=read.node.lineno,
            rule=RULE,
            message=f"{ast.unparse(read.node)} is a list, with which nothing is computed",
            advice=f"Go over it{''.join(f', or take {name}' for name in numbers_like(read, config))}.",
            subject=ast.unparse(read.node),
        )
        for path, text in files.items()
        if path.endswith(".py") and (tree := parse_python(text))
        for read in lists_computed_with(tree, config)
    )


def number_for_list(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """The setting that is a number and begins with the name of the list: the only one, or the one that ends
    with the name of a class of the repository, of several with that of the first, which is the paper's."""
    classes = [
        letters_of(node.name)
        for other in repository.modules.trees.values()
        for node in other.body
        if isinstance(node, ast.ClassDef)
    ]
    for read in lists_computed_with(tree, config):
        if read.node.lineno != finding.line or ast.unparse(read.node) != finding.subject:
            continue
        key, numbers = read.steps[-1][0], numbers_like(read, config)
        ends = {letters_of(name.removeprefix(key)): name for name in numbers}
        meant = numbers if len(numbers) == 1 else [ends[name] for name in classes if name in ends]
        if meant and isinstance(read.node, ast.Subscript):
            new = f"{ast.unparse(read.node.value)}[{meant[0]!r}]"
            text = replace_expression(repository.files[finding.file], read.node, new)
            yield Edit(finding.file, text, f"{new} in place of {finding.subject}, a list")
            return


def lists_computed_with(tree: ast.Module, config: Mapping[str, object]) -> Iterator[Read]:
    """The reads of a list of `config` that are one side of a computation with numbers."""
    sides = {
        side: other
        for node in nodes_of(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, OF_NUMBERS)
        for side, other in ((node.left, node.right), (node.right, node.left))
    }
    for read in config_reads(tree):
        other = sides.get(read.node)
        longer = isinstance(other, ast.Constant) and isinstance(other.value, int)
        if (
            other is not None
            and not longer
            and isinstance(_section(read, config).get(read.steps[-1][0]), list)
        ):
            yield read


def numbers_like(read: Read, config: Mapping[str, object]) -> list[str]:
    """The settings beside what was read that are numbers and begin with its name."""
    return [
        name
        for name, value in _section(read, config).items()
        if name.startswith(f"{read.steps[-1][0]}_") and isinstance(value, int | float)
    ]


def _section(read: Read, config: Mapping[str, object]) -> Mapping[str, object]:
    """The mapping of which the last key was read, from the whole; empty where there is none."""
    section: object = config
    for key, _ in read.steps[:-1]:
        section = section.get(key) if isinstance(section, Mapping) else None
    return section if isinstance(section, Mapping) else {}
