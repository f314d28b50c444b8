"""Cures: the rules of mechanical repair, each for findings of certain kinds."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.arrays import with_tensors
from offline_coder.checks.base_init import with_base_init
from offline_coder.checks.config_keys import config_reads
from offline_coder.checks.dataset_reads import with_parts
from offline_coder.checks.edits import (
    REMEMBERED,
    Definition,
    ImportNode,
    add_import,
    bound_name,
    remove_definition,
    replace_each,
    replace_expression,
    replace_statement,
    replace_uses,
    used_names,
    without_alias,
    without_annotations,
)
from offline_coder.checks.first_values import with_first_value
from offline_coder.checks.handed_on import handed_on
from offline_coder.checks.known_names import KNOWN_IMPORTS, MODULE_NAMES, PARTS
from offline_coder.checks.layers import called_layers, layer_made_once
from offline_coder.checks.library import library_names
from offline_coder.checks.library_calls import with_its_parameters
from offline_coder.checks.loaders import with_targets
from offline_coder.checks.own_results import with_own_name
from offline_coder.checks.parameters import with_given
from offline_coder.checks.planned_heads import planned_head, planned_names
from offline_coder.checks.rules import Edit, Repository, Rule
from offline_coder.checks.source import function_around, named_parameters, parse_python
from offline_coder.checks.through_self import keep_argument, read_through_self
from offline_coder.checks.unsaved import without_loading
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import usual_name


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


def through_self(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined in a method and that its object has: read from there."""
    new = read_through_self(repository.files[finding.file], tree, finding.subject, finding.line)
    yield from _edits(finding.file, new, f"`self.{finding.subject}` in place of `{finding.subject}`")


def as_given(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined in a function which is given it under another usual name (learning_rate, lr):
    the parameter."""
    name, text = finding.subject, repository.files[finding.file]
    function = function_around(tree, finding.line)
    if function is None:
        return
    given = [each.arg for each in named_parameters(function) if usual_name(each.arg) == usual_name(name)]
    if len(given) == 1:
        uses = [use for use in used_names(function) if use.id == name]
        new = replace_uses(text, uses, name, given[0])
        yield from _edits(
            finding.file, new, f"{given[0]}, which {function.name} is given, in place of {name}"
        )


def hand_on(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined in a function and that the functions which call it have: handed on."""
    new = handed_on(repository.files[finding.file], tree, finding.line, finding.subject)
    yield from _edits(finding.file, new, f"{finding.subject} is handed on to where it is used")


def begin_best(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A best value so far that is read before it has any: begun with what every value is better than."""
    new = with_first_value(repository.files[finding.file], tree, finding.line, finding.subject)
    yield from _edits(finding.file, new, f"{finding.subject} begins with what every value is better than")


def kept_argument(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An attribute that nothing makes and whose name a parameter of the constructor has: kept there."""
    owner, _, name = finding.subject.rpartition(".")
    new = keep_argument(repository.files[finding.file], tree, owner, name)
    yield from _edits(finding.file, new, f"{owner} keeps its argument {name}")


def spelled_as_defined(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name that is undefined and that its file defines spelled otherwise (load_testset, load_test_set)."""
    name, text = finding.subject, repository.files[finding.file]
    defined = {node.name for node in tree.body if isinstance(node, Definition)}
    right = [known for known in sorted(defined) if _letters(known) == _letters(name)]
    if len(right) == 1:
        uses = [use for use in used_names(tree) if use.id == name]
        new = replace_uses(text, uses, name, right[0])
        yield from _edits(finding.file, new, f"{right[0]} in place of {name}")


def begin_network(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A network whose constructor does not call that of its base: it does, first."""
    new = with_base_init(repository.files[finding.file], tree, finding.line)
    yield from _edits(finding.file, new, f"the constructor of {finding.subject} calls that of its base")


def call_layer(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A layer that stands in a matrix product: called with the other side."""
    new = called_layers(repository.files[finding.file], tree, finding.line)
    yield from _edits(finding.file, new, f"{finding.subject} is called in line {finding.line}")


def make_tensors(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A TensorDataset of arrays: of tensors of them."""
    new = with_tensors(repository.files[finding.file], tree, finding.line)
    yield from _edits(finding.file, new, f"tensors of the arrays in line {finding.line}")


def load_targets(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A loader of inputs alone: of inputs and targets."""
    new = with_targets(repository.files[finding.file], finding.subject)
    yield Edit(finding.file, new, f"loaders of {finding.subject} give its targets too")


def read_tensors(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """Inputs or targets of a TensorDataset: read from its tensors."""
    new = with_parts(repository.files[finding.file], tree, finding.line)
    yield from _edits(finding.file, new, f"the tensors of the data set in line {finding.line}")


def keep_function(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A function that its own result replaces: under a name of its own."""
    new = with_own_name(repository.files[finding.file], tree, finding.line)
    yield from _edits(finding.file, new, f"what is called in line {finding.line} is {finding.subject}_fn")


def use_as_given(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """Weights that nobody saved: not loaded."""
    new = without_loading(repository.files[finding.file], tree, finding.line)
    yield from _edits(finding.file, new, f"{finding.subject} is used as it is given")


def name_parameters(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An argument of a library's call that is no parameter: under the name that it has there."""
    imports = repository.modules.imports[finding.file]
    new = with_its_parameters(repository.files[finding.file], tree, imports, finding.line)
    yield from _edits(finding.file, new, f"the parameters of {finding.subject} in line {finding.line}")


def make_layer_once(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A layer that forward() makes at each call: made in the constructor."""
    new = layer_made_once(repository.files[finding.file], tree, finding.line)
    yield from _edits(finding.file, new, f"the layer {finding.subject} is made in the constructor")


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


def use_given(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A function that makes an object of its own where it is given one: uses that one."""
    classes = frozenset(
        name for module in repository.modules.local.values() for name in module.names if name[:1].isupper()
    )
    new = with_given(repository.files[finding.file], tree, finding.line, finding.subject, classes)
    yield from _edits(finding.file, new, f"the {finding.subject} that is given in place of another")


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
                yield from _edits(finding.file, replace_statement(text, node, [*rest, statement]), means)
            if bound_name(alias) not in used:
                means = f"removed `{ast.unparse(_only(node, alias))}`, which nothing uses"
                yield from _edits(finding.file, replace_statement(text, node, rest), means)


def open_circle(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An import that closes a circle goes."""
    text = repository.files[finding.file]
    for node in _imports_at(tree, finding.line):
        if isinstance(node, ast.ImportFrom) or [alias.name for alias in node.names] == [finding.subject]:
            means = f"removed `{ast.unparse(node)}`, which closes a circle"
            yield from _edits(finding.file, replace_statement(text, node, []), means)


def remove_unused_import(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """An import that nothing uses. An `__init__.py` imports for others, so it keeps its own."""
    if finding.file.endswith("__init__.py"):
        return
    text = repository.files[finding.file]
    for node in _imports_at(tree, finding.line):
        for alias in node.names:
            if finding.subject in _pyflakes_names(node, alias):
                means = f"removed `{ast.unparse(_only(node, alias))}`, which nothing uses"
                yield from _edits(
                    finding.file, replace_statement(text, node, without_alias(node, alias)), means
                )


def remove_double(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A second import of a name, or the earlier of two definitions, which the later one hides anyway."""
    text = repository.files[finding.file]
    name = finding.subject
    for node in _imports_at(tree, finding.line):
        for alias in node.names:
            if bound_name(alias) == name:
                means = f"removed the second import of {name}"
                yield from _edits(
                    finding.file, replace_statement(text, node, without_alias(node, alias)), means
                )
    for body in _bodies(tree):
        twins = [node for node in body if isinstance(node, Definition) and node.name == name]
        if len(twins) > 1 and any(node.lineno == finding.line for node in twins[1:]):
            index = next(index for index, node in enumerate(twins) if node.lineno == finding.line)
            means = f"removed the definition of {name} that a later one hides"
            yield from _edits(finding.file, remove_definition(text, twins[index - 1]), means)


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


def read_where_it_is(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A key that config.yaml has in another place: read it there. Only where the whole configuration is
    read, because a parameter may hold a section of it."""
    right = re.search(r"Read ((?:\['[^'\]]+'\])+)\.$", finding.advice)
    for read in config_reads(tree) if right else ():
        keys = ".".join(key for key, _ in read.steps)
        if right and read.whole and read.node.lineno == finding.line and keys == finding.subject:
            new = f"{ast.unparse(read.root)}{right.group(1)}"
            means = f"reads `{new}` in place of `{ast.unparse(read.node)}`"
            yield Edit(
                finding.file, replace_expression(repository.files[finding.file], read.node, new), means
            )


def spelled_as_there(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A name of a library in another spelling (MultiHeadAttention): as the library has it."""
    module, _, name = finding.subject.rpartition(".")
    right = [known for known in library_names()[module] if _letters(known) == _letters(name)]
    # torch.optim has a class Adam and a module adam.
    right = [known for known in right if known[0].isupper() == name[0].isupper()] or right
    if len(right) != 1:
        return
    text, means = repository.files[finding.file], f"{right[0]} in place of {name}"
    wrong = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == name and node.end_lineno == node.lineno
    ]
    for node in sorted(wrong, key=lambda node: (node.lineno, node.end_col_offset or 0), reverse=True):
        text = replace_expression(text, node, f"{ast.unparse(node.value)}.{right[0]}")
    if wrong:
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
            yield from _edits(finding.file, replace_statement(text, statement, [new]), means)


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


def start_main(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A main that nobody calls, or that is called on import: called when the file is started."""
    text = repository.files[finding.file]
    for node in tree.body:
        called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if called and node.lineno == finding.line:
            guarded = ast.parse(f'if __name__ == "__main__":\n    {ast.unparse(node)}').body
            means = f"`{ast.unparse(node)}` only when the file is started"
            yield from _edits(finding.file, replace_statement(text, node, guarded), means)
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
    "undefined-name": (through_self, spelled_as_defined, as_given, hand_on, begin_best, import_undefined),
    "missing-name": (correct_import,),
    "missing-module": (correct_import,),
    "relative-import": (correct_import,),
    "circular-import": (open_circle,),
    "unknown-package": (correct_import,),
    "duplicate-definition": (import_duplicate,),
    "defined-elsewhere": (import_duplicate,),
    "redefined": (remove_double,),
    "config-key": (read_where_it_is,),
    "missing-attribute": (kept_argument,),
    "missing-library-name": (spelled_as_there, taken_from_its_home),
    "no-base-init": (begin_network,),
    "layer-operand": (call_layer,),
    "layer-in-call": (make_layer_once,),
    "library-call": (name_parameters,),
    "array-dataset": (make_tensors,),
    "loader-without-targets": (load_targets,),
    "dataset-attribute": (read_tensors,),
    "own-result": (keep_function,),
    "unsaved": (use_as_given,),
    "unused-parameter": (use_given,),
    "unbound-call": (make_object,),
    "signature": (planned_head, planned_names),
    "no-entry-point": (start_main,),
    "unguarded-entry": (start_main,),
    "unused-import": (remove_unused_import,),
}


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
        spelled = [name for name in local[target].names if _letters(name) == _letters(alias.name)]
        if len(spelled) == 1:
            real = ast.alias(name=spelled[0], asname=bound_name(alias))
            yield ast.ImportFrom(module=target, names=[real], level=0)
    if alias.name in KNOWN_IMPORTS and alias.asname is None:
        yield from ast.parse(KNOWN_IMPORTS[alias.name]).body


def _edits(file: str, text: str | None, means: str) -> Iterator[Edit]:
    if text is not None:
        yield Edit(file, text, means)


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


@lru_cache(maxsize=REMEMBERED)
def _only_attributes(text: str, name: str) -> bool:
    """Whether every use of `name` in `text` takes an attribute of it, as one does with a module."""
    tree = parse_python(text)
    if tree is None:
        return False
    bases = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return all(id(use) in bases for use in used_names(tree) if use.id == name)


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The body of the module and of every class and function in it."""
    yield tree.body
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            yield node.body


def _letters(name: str) -> str:
    """`name` without the differences that spelling makes: case and underscores."""
    return name.lower().replace("_", "")
