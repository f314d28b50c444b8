"""Cures for imports and for what is defined twice."""

import ast
from collections.abc import Iterator

from offline_coder.checks.edits import (
    Definition,
    ImportNode,
    add_import,
    bound_name,
    remove_definition,
    replace_statement,
    used_names,
    without_alias,
)
from offline_coder.checks.known_names import KNOWN_IMPORTS
from offline_coder.checks.rules import Edit, Repository, offered
from offline_coder.checks.stubs import does_nothing
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import letters_of


def correct_import(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An import of what is not there: from where it is, by its real spelling, or the usual way; one that
    nothing uses is removed."""
    text = repository.files[finding.file]
    used = {use.id for use in used_names(tree)}
    for node in _imports_at(tree, finding.line):
        for alias in node.names:
            if not _is_about(finding, node, alias):
                continue
            rest = without_alias(node, alias)
            for statement in _right_imports(repository, finding.file, node, alias):
                shown = ast.unparse(statement)
                means = f"`{shown}` in place of `{ast.unparse(_only(node, alias))}`"
                yield from offered(finding.file, replace_statement(text, node, [*rest, statement]), means)
            if bound_name(alias) not in used:
                means = f"removed `{ast.unparse(_only(node, alias))}`, which nothing uses"
                yield from offered(finding.file, replace_statement(text, node, rest), means)


def open_circle(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An import that closes a circle goes."""
    text = repository.files[finding.file]
    for node in _imports_at(tree, finding.line):
        if isinstance(node, ast.ImportFrom) or [alias.name for alias in node.names] == [finding.subject]:
            means = f"removed `{ast.unparse(node)}`, which closes a circle"
            yield from offered(finding.file, replace_statement(text, node, []), means)


def import_duplicate(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A definition that belongs to another module: import it from there, or leave it to that module."""
    text, name = repository.files[finding.file], finding.subject
    node = next((n for n in tree.body if isinstance(n, Definition) and n.lineno == finding.line), None)
    without = remove_definition(text, node) if node else None
    if node is None or without is None:
        return
    inside = set(ast.walk(node))
    if not any(use.id == name for use in used_names(tree) if use not in inside):
        yield Edit(finding.file, without, f"removed the second definition of {name}")
    for owner in repository.modules.owners(name):
        statement = f"from {owner} import {name}"
        if f"`{statement}`" in finding.advice and repository.may_import(finding.file, owner):
            means = f"`{statement}` in place of a second definition"
            yield Edit(finding.file, add_import(without, statement), means)


def remove_double(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A second import of a name; of two definitions the later one where it does nothing, as a contract that
    is written down once more, else the earlier one, which the later one hides anyway."""
    text = repository.files[finding.file]
    name = finding.subject
    for node in _imports_at(tree, finding.line):
        for alias in node.names:
            if bound_name(alias) == name:
                means = f"removed the second import of {name}"
                yield from offered(
                    finding.file, replace_statement(text, node, without_alias(node, alias)), means
                )
    for body in _bodies(tree):
        twins = [node for node in body if isinstance(node, Definition) and node.name == name]
        if len(twins) > 1 and any(node.lineno == finding.line for node in twins[1:]):
            index = next(index for index, node in enumerate(twins) if node.lineno == finding.line)
            earlier, later = twins[index - 1 : index + 1]
            if does_nothing(later.body) and not does_nothing(earlier.body):
                means = f"removed a second definition of {name}, which does nothing"
                yield from offered(finding.file, remove_definition(text, later), means)
            else:
                means = f"removed the definition of {name} that a later one hides"
                yield from offered(finding.file, remove_definition(text, earlier), means)


def remove_unused_import(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An import that nothing uses. An `__init__.py` imports for others, so it keeps its own."""
    if finding.file.endswith("__init__.py"):
        return
    text = repository.files[finding.file]
    for node in _imports_at(tree, finding.line):
        for alias in node.names:
            if finding.subject in _pyflakes_names(node, alias):
                means = f"removed `{ast.unparse(_only(node, alias))}`, which nothing uses"
                yield from offered(
                    finding.file, replace_statement(text, node, without_alias(node, alias)), means
                )


def _right_imports(
    repository: Repository, path: str, node: ImportNode, alias: ast.alias
) -> Iterator[ast.stmt]:
    """Imports that may have been meant by `alias`, the surest first."""
    local = repository.modules.local
    target = alias.name if isinstance(node, ast.Import) else node.module or ""
    last = target.rpartition(".")[2]
    if isinstance(node, ast.Import):
        # Without a name of its own the code goes on to say `src.model`, which stays wrong.
        if alias.asname and last in local and repository.may_import(path, last):
            yield ast.Import(names=[ast.alias(name=last, asname=alias.asname)])
        return
    near = [dotted for dotted in local if dotted == last or dotted.endswith(f".{last}")] if last else []
    for dotted in near:
        if repository.may_import(path, dotted) and alias.name in local[dotted].names:
            yield ast.ImportFrom(module=dotted, names=[alias], level=0)
    owner = repository.owner(path, alias.name)
    if owner is not None:
        yield ast.ImportFrom(module=owner, names=[alias], level=0)
    if alias.name in local and repository.may_import(path, alias.name):
        yield ast.Import(names=[alias])
    if target in local:
        spelled = [name for name in local[target].names if letters_of(name) == letters_of(alias.name)]
        if len(spelled) == 1:
            real = ast.alias(name=spelled[0], asname=bound_name(alias))
            yield ast.ImportFrom(module=target, names=[real], level=0)
    if alias.name in KNOWN_IMPORTS and alias.asname is None:
        yield from ast.parse(KNOWN_IMPORTS[alias.name]).body


def _imports_at(tree: ast.Module, line: int) -> list[ImportNode]:
    return [node for node in ast.walk(tree) if isinstance(node, ImportNode) and node.lineno == line]


def _is_about(finding: Finding, node: ImportNode, alias: ast.alias) -> bool:
    """Whether `finding` speaks of `alias`: by its name, or by the module it comes from."""
    if finding.rule == "missing-name":
        return isinstance(node, ast.ImportFrom) and alias.name == finding.subject
    target = alias.name if isinstance(node, ast.Import) else node.module or ""
    if finding.rule == "unknown-package":
        return target.split(".")[0] == finding.subject
    return isinstance(node, ast.ImportFrom) or target == finding.subject


def _pyflakes_names(node: ImportNode, alias: ast.alias) -> set[str]:
    """How pyflakes may call what `alias` imports."""
    if isinstance(node, ast.Import):
        full = alias.name
    else:
        module = "." * node.level + (node.module or "")
        full = f"{module}{alias.name}" if module.endswith(".") else f"{module}.{alias.name}"
    return {f"{full} as {alias.asname}"} if alias.asname not in (None, alias.name) else {full}


def _only(node: ImportNode, alias: ast.alias) -> ast.stmt:
    """The import of `alias` alone."""
    if isinstance(node, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=node.module, names=[alias], level=node.level)


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The body of the module and of every class and function in it."""
    yield tree.body
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            yield node.body
