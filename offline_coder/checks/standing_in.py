"""The last resort: what nobody could mend gets a stand-in that says so and fails when it is reached.

A size of a network that nothing says is assumed, and marked; any other name that nothing defines is replaced
by `undefined("name")`, which raises, and so is a key that config.yaml has not; a planned definition that is
missing gets its head and a body that raises. Everything around it stays as it was written.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from offline_coder.checks.assumed_sizes import assumed_size
from offline_coder.checks.config_keys import config_reads
from offline_coder.checks.edits import (
    Definition,
    add_import,
    replace_each,
    replace_expression,
    replace_statement,
    stands_as,
    used_names,
)
from offline_coder.checks.library_calls import without_argument
from offline_coder.checks.mend import Look, Mended, mend
from offline_coder.checks.rules import Edit, Repository, Rule
from offline_coder.checks.settled import NO_SYMBOLS, settled_by
from offline_coder.checks.skeleton import UNDEFINED, UNDEFINED_STUB, placeholder
from offline_coder.checks.source import Function, function_around, parse_python
from offline_coder.checks.surplus import without_strange
from offline_coder.checks.symbols import Symbols
from offline_coder.checks.targets import targets
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Module


def stand_in(
    mended: Mended,
    modules: Sequence[Module],
    look: Look,
    order: Sequence[str],
    config: Mapping[str, object] | None = None,
    symbols: Symbols = NO_SYMBOLS,
) -> Mended:
    """`mended` with known values for names that are settings of `config` or the paper's `symbols` for them,
    and with stand-ins for other names that nothing defines and planned definitions that are missing, each of
    which leaves fewer errors; what was tried is on record."""
    contracts = {module.path: module for module in modules}
    known = settled_by(config or {}, symbols)
    missing = partial(planned_placeholder, contracts)
    last = (
        assumed_size,
        without_unused,
        left_to_the_library,
        marked_name,
        without_import_time,
        marked_definition,
    )
    rules: dict[str, tuple[Rule, ...]] = {
        **known,
        "undefined-name": (*known["undefined-name"], *last),
        "missing-attribute": (*known["missing-attribute"], assumed_size),
        "config-key": (marked_key,),
        "call": (without_strange,),
        "missing-class": (missing,),
        "missing-function": (missing,),
        "missing-method": (missing,),
    }
    done = mend(mended.files, look, order, rules)
    return Mended(done.files, done.findings, (*mended.attempts, *done.attempts))


def planned_placeholder(
    contracts: Mapping[str, Module], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """A planned definition that is missing: its head, and a body that raises."""
    text = repository.files[finding.file]
    for target in targets(text, contracts.get(finding.file), [finding]):
        stub = placeholder(target.head, target.name)
        yield Edit(finding.file, target.applied(text, stub), f"placeholder for {target.name}")


def without_unused(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A variable that only what nothing defines would give, and that nothing reads: left out."""
    around = function_around(tree, finding.line)
    if around is None:
        return
    read = {use.id for use in used_names(around)}
    for node in ast.walk(around):
        if (
            isinstance(node, ast.Assign)
            and node.lineno <= finding.line <= (node.end_lineno or node.lineno)
            and all(isinstance(target, ast.Name) for target in node.targets)
            and not {ast.unparse(target) for target in node.targets} & read
        ):
            new = replace_statement(repository.files[finding.file], node, [])
            if new is not None:
                said = f"took out `{ast.unparse(node)}`, which nothing reads and nothing defines"
                yield Edit(finding.file, new, said)


def left_to_the_library(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An argument of a library's call that nothing defines: left out where the library has a default."""
    text, imports = repository.files[finding.file], repository.modules.imports[finding.file]
    new = without_argument(text, tree, imports, finding.line, finding.subject)
    if new is not None:
        yield Edit(finding.file, new, f"{finding.subject} in line {finding.line} is left to the library")


def marked_name(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that a function uses and nothing defines: the stand-in in its place. Only where it was found
    undefined, because it may be defined further down."""
    text, name = repository.files[finding.file], finding.subject
    around = function_around(tree, finding.line)
    if around is None or UNDEFINED in _bound(tree):
        return
    body = [
        use
        for statement in around.body
        for use in used_names(statement)
        if use.id == name and use.lineno == finding.line
    ]
    stub = f'{UNDEFINED}("{name}")'
    text = replace_each(text, ((use, stub) for use in body if stands_as(text, use, name)))
    means = f"stand-in for {name} in {around.name}, which nothing defines"
    yield Edit(finding.file, with_undefined(text, tree), means)


def marked_key(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A key that a function reads and config.yaml has not: the stand-in in the place of what is read."""
    text, around = repository.files[finding.file], function_around(tree, finding.line)
    if around is None or UNDEFINED in _bound(tree):
        return
    for read in config_reads(tree):
        keys = ".".join(key for key, _ in read.steps)
        # Inside an f-string Python 3.11 does not say the place.
        there = parse_python(ast.get_source_segment(text, read.node) or "")
        in_place = there is not None and ast.unparse(there) == ast.unparse(read.node)
        if in_place and (read.node.lineno, keys) == (finding.line, finding.subject):
            text = replace_expression(text, read.node, f'{UNDEFINED}("{keys}")')
            means = f"stand-in for {keys} in {around.name}, which config.yaml has not"
            yield Edit(finding.file, with_undefined(text, tree), means)
            return


def with_undefined(text: str, tree: ast.Module) -> str:
    """`text`, in which the stand-in is defined."""
    return text if UNDEFINED in _defined(tree) else add_import(text, f"\n\n{UNDEFINED_STUB}")


def without_import_time(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is needed when the module is imported: without the decorator, the base class, the default
    or the statement that needs it."""
    text, name = repository.files[finding.file], finding.subject
    means = f"took out what needs {name}, which nothing defines, when the module is imported"
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            for mark in node.decorator_list:
                if _uses(mark, name) and mark.lineno == finding.line:
                    lines = text.split("\n")
                    del lines[mark.lineno - 1 : mark.end_lineno]
                    yield Edit(finding.file, "\n".join(lines), means)
        if isinstance(node, Function):
            defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            needing = [each for each in defaults if _uses(each, name) and each.lineno == finding.line]
            if needing:
                yield Edit(finding.file, replace_each(text, ((each, "None") for each in needing)), means)
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                if _uses(base, name) and base.lineno == finding.line:
                    yield Edit(finding.file, replace_expression(text, base, "object"), means)
    for statement in tree.body:
        inside = statement.lineno <= finding.line <= (statement.end_lineno or statement.lineno)
        if inside and not isinstance(statement, Definition):
            new = replace_statement(text, statement, [])
            if new is not None:
                yield Edit(finding.file, new, means)


def marked_definition(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """Where nothing else helps: the function keeps its head and raises."""
    text = repository.files[finding.file]
    around = function_around(tree, finding.line)
    if around is None or around.body[0].lineno == around.lineno:
        return
    lines = text.split("\n")
    first = around.body[0]
    said_before = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(around.body) > 1
    )
    begin = (first.end_lineno or first.lineno) if said_before else first.lineno - 1
    indent = " " * around.body[0].col_offset
    said = f"stub: {around.name} uses {finding.subject}, which nothing defines"
    raising = f'{indent}raise NotImplementedError("{said}")'
    new = [*lines[:begin], raising, *lines[around.end_lineno or around.lineno :]]
    yield Edit(finding.file, "\n".join(new), f"placeholder for {around.name}, which uses {finding.subject}")


def _uses(node: ast.AST, name: str) -> bool:
    return any(use.id == name for use in used_names(node))


def _defined(tree: ast.Module) -> set[str]:
    return {node.name for node in tree.body if isinstance(node, Function)}


def _bound(tree: ast.Module) -> set[str]:
    """What is assigned or imported anywhere, or a parameter."""
    names = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names | {node.asname or node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
