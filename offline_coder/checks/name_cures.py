"""Cures for names that nothing defines: from the module, the function, the object or the library that has
them."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from offline_coder.checks.edits import (
    REMEMBERED,
    Definition,
    add_import,
    bound_name,
    replace_each,
    replace_statement,
    replace_uses,
    stored_names,
    used_names,
    with_attribute,
    without_annotations,
)
from offline_coder.checks.first_values import with_first_value
from offline_coder.checks.handed_on import handed_on, methods_of
from offline_coder.checks.known_names import KNOWN_IMPORTS, MODULE_NAMES, PARTS
from offline_coder.checks.library import library_names
from offline_coder.checks.rules import Edit, Repository, offered
from offline_coder.checks.source import (
    function_around,
    is_tensor,
    named_parameters,
    parse_python,
    within,
)
from offline_coder.checks.through_self import keep_argument, read_through_self
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import INPUTS, letters_of, usual_name


def through_self(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined in a method and that its object has: read from there."""
    new = read_through_self(repository.files[finding.file], tree, finding.subject, finding.line)
    yield from offered(finding.file, new, f"`self.{finding.subject}` in place of `{finding.subject}`")


def spelled_as_defined(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined and that its file defines spelled otherwise (load_testset, load_test_set)."""
    name, text = finding.subject, repository.files[finding.file]
    defined = {node.name for node in tree.body if isinstance(node, Definition)}
    right = [known for known in sorted(defined) if letters_of(known) == letters_of(name)]
    if len(right) == 1:
        new = under_another_name(text, tree, name, right[0])
        yield from offered(finding.file, new, f"{right[0]} in place of {name}")


def as_given(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined in a function which is given it under another usual name (learning_rate, lr):
    the parameter."""
    name, text = finding.subject, repository.files[finding.file]
    function = function_around(tree, finding.line)
    if function is None:
        return
    given = [each.arg for each in named_parameters(function) if usual_name(each.arg) == usual_name(name)]
    if len(given) == 1:
        new = under_another_name(text, function, name, given[0])
        yield from offered(
            finding.file, new, f"{given[0]}, which {function.name} is given, in place of {name}"
        )


def one_for_many(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined in a function which has it in the other number (target, targets): that one."""
    name, text = finding.subject, repository.files[finding.file]
    function = function_around(tree, finding.line)
    if function is None:
        return
    known = {each.arg for each in named_parameters(function)} | set(stored_names(function))
    other = [each for each in (f"{name}s", name.removesuffix("s")) if each in known and each != name]
    if len(other) == 1:
        new = under_another_name(text, function, name, other[0])
        yield from offered(finding.file, new, f"{other[0]}, which {function.name} has, in place of {name}")


def only_data_given(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A usual name of inputs (x) that is undefined in a function which is given one tensor, with a usual name
    of inputs too: that one, where the name has no value yet."""
    name, text = finding.subject, repository.files[finding.file]
    function = function_around(tree, finding.line)
    if function is None or not INPUTS.search(name):
        return
    tensors = [each.arg for each in named_parameters(function) if is_tensor(each)]
    if len(tensors) != 1 or not INPUTS.search(tensors[0]):
        return
    line = finding.line if name in stored_names(function) else None
    new = under_another_name(text, function, name, tensors[0], line)
    yield from offered(finding.file, new, f"{tensors[0]}, which {function.name} is given, in place of {name}")


def under_another_name(
    text: str, where: ast.AST, name: str, other: str, line: int | None = None
) -> str | None:
    """`text` with `other` in each place of `where`, or of its `line` alone, that reads `name`; None where one
    cannot be replaced."""
    uses = [use for use in used_names(where) if use.id == name and line in (None, use.lineno)]
    return replace_uses(text, uses, name, other)


def hand_on(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined in a function or method and that what calls it has: handed on, where no other
    file calls it."""
    method = next((node for node in methods_of(tree) if within(node, finding.line)), None)
    others = [text for path, text in repository.files.items() if path != finding.file]
    if method and any(f".{method.name}(" in text for text in others):
        return
    new = handed_on(repository.files[finding.file], tree, finding.line, finding.subject)
    yield from offered(finding.file, new, f"{finding.subject} is handed on to where it is used")


def begin_best(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A best value so far that is read before it has any: begun with what every value is better than."""
    new = with_first_value(repository.files[finding.file], tree, finding.line, finding.subject)
    yield from offered(finding.file, new, f"{finding.subject} begins with what every value is better than")


def import_undefined(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is used and not defined: import it from the module that defines it, else the usual way;
    an annotation that names what nobody defines is taken out."""
    path, name, text = finding.file, finding.subject, repository.files[finding.file]
    as_module = _only_attributes(text, name)
    statements = []
    owner = repository.owner(path, name)
    if owner is not None:
        statements.append(f"from {owner} import {name}")
    if as_module and name in repository.modules.local and repository.may_import(path, name):
        statements.append(f"import {name}")
    if name in KNOWN_IMPORTS and (as_module or name not in MODULE_NAMES):
        statements.append(KNOWN_IMPORTS[name])
    roots = {found.target.partition(".")[0] for found in repository.modules.imports[path]}
    statements += [f"from {root} import {name}" for root in sorted(roots) if f"{root}.{name}" in PARTS]
    for statement in statements:
        yield Edit(path, add_import(text, statement), f"added `{statement}`")
    bare = without_annotations(text, name)
    if bare is not None:
        yield Edit(path, bare, f"took out annotations with the undefined name {name}")


def kept_argument(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An attribute that nothing makes and whose name a parameter of the constructor has: kept there."""
    owner, _, name = finding.subject.rpartition(".")
    new = keep_argument(repository.files[finding.file], tree, owner, name)
    yield from offered(finding.file, new, f"{owner} keeps its argument {name}")


def spelled_as_there(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name of a library in another spelling (MultiHeadAttention): as the library has it."""
    module, _, name = finding.subject.rpartition(".")
    right = [known for known in library_names()[module] if letters_of(known) == letters_of(name)]
    # torch.optim has a class Adam and a module adam.
    right = [known for known in right if known[0].isupper() == name[0].isupper()] or right
    if len(right) != 1:
        return
    text, means = repository.files[finding.file], f"{right[0]} in place of {name}"
    if changed := with_attribute(text, tree, name, right[0]):
        text = changed
        yield Edit(finding.file, text, means)
    for statement in tree.body:
        if not isinstance(statement, ast.ImportFrom):
            continue
        if statement.module == module and statement.lineno == finding.line:
            names = [
                ast.alias(name=right[0], asname=bound_name(alias)) if alias.name == name else alias
                for alias in statement.names
            ]
            new = ast.ImportFrom(module=module, names=names, level=0)
            yield from offered(finding.file, replace_statement(text, statement, [new]), means)


def taken_from_its_home(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that code takes from the wrong library (scipy.train_test_split): imported from the one that has
    it."""
    name, text = finding.subject.rpartition(".")[2], repository.files[finding.file]
    homes = [module for module, names in library_names().items() if name in names]
    statement = KNOWN_IMPORTS.get(name, f"from {homes[0]} import {name}" if len(homes) == 1 else "")
    wrong = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == name and node.lineno == node.end_lineno
    ]
    if statement and wrong and len({ast.unparse(node) for node in wrong}) == 1:
        text = replace_each(text, ((node, name) for node in wrong))
        yield Edit(finding.file, add_import(text, statement), f"`{statement}` in place of {finding.subject}")


@lru_cache(maxsize=REMEMBERED)
def _only_attributes(text: str, name: str) -> bool:
    """Whether every use of `name` in `text` takes an attribute of it, as one does with a module."""
    tree = parse_python(text)
    if tree is None:
        return False
    bases = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return all(id(use) in bases for use in used_names(tree) if use.id == name)
