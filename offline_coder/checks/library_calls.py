"""Are functions and classes of PyTorch, NumPy, SciPy and scikit-learn called with arguments that they have?

The signatures are those of the versions in requirements/, written by scripts/library_names.py, so that a
check does not import the libraries. What says nothing of its parameters is not judged.
"""

import ast
import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path

from offline_coder.checks.call_shapes import Shape, Target, mismatches, target_of
from offline_coder.checks.edits import replace_each, replace_expression
from offline_coder.checks.known_names import KNOWN_IMPORTS
from offline_coder.checks.library import bound_to, hidden_names
from offline_coder.checks.modules import Import, in_each_module, modules_of
from offline_coder.checks.source import REMEMBERED, nodes_of
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import usual_name

SIGNATURES = Path(__file__).with_name("library_signatures.json")
RULE = "library-call"
IN_TWO = "sklearn.model_selection.train_test_split"
"""Gives two parts of each array that it gets."""
NEARLY = 0.8
"""How like two names are that are meant to be the same, as difflib counts."""


@cache
def signatures() -> Mapping[str, str]:
    """Dotted name of a callable -> its parameters, in brackets."""
    known: dict[str, str] = json.loads(SIGNATURES.read_text(encoding="utf-8"))["signatures"]
    return known


@cache
def target_named(dotted: str) -> Target | None:
    """What a call of `dotted` must look like."""
    shown = signatures().get(dotted)
    if shown is None:
        return None
    definition = ast.parse(f"def called{shown}: ...").body[0]
    return (
        target_of(dotted.rpartition(".")[2], definition, bound=False)
        if isinstance(definition, ast.FunctionDef)
        else None
    )


@cache
def usually_meant() -> Mapping[str, str]:
    """Name -> the callable that it is where nothing in a file defines it."""
    found = {}
    for name, statement in KNOWN_IMPORTS.items():
        node = ast.parse(statement).body[0]
        dotted = f"{node.module}.{name}" if isinstance(node, ast.ImportFrom) else ""
        if dotted in signatures():
            found[name] = dotted
    return found


def check_library_calls(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "library-call" in `files` (path -> text): a call of a known function or class that it
    does not take, or whose result is taken apart into another number of parts than it gives."""
    return in_each_module(files, _findings_of)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module, imports: tuple[Import, ...]) -> tuple[Finding, ...]:
    found = [*_misfits(path, tree, imports), *_parted(path, tree, imports)]
    return tuple(sorted(found, key=lambda finding: finding.line))


@lru_cache(maxsize=REMEMBERED)
def library_calls(tree: ast.Module, imports: tuple[Import, ...]) -> tuple[tuple[ast.Call, str], ...]:
    """The calls of known functions and classes in a file, with the dotted name of each. A name that is
    used without an import is what it usually is: it will be imported."""
    nodes = nodes_of(tree)
    aliases = bound_to(nodes, imports)
    bound = {found.bound_as or found.name or found.target for found in imports} | set(hidden_names(nodes))
    found_calls = []
    for node in nodes:
        if isinstance(node, ast.Call):
            root, _, rest = _dotted(node.func).partition(".")
            meant = aliases.get(root, "" if root in bound else usually_meant().get(root, ""))
            dotted = f"{meant}.{rest}".strip(".")
            if dotted in signatures():
                found_calls.append((node, dotted))
    return tuple(found_calls)


def signatures_at(text: str, line: int) -> list[str]:
    """How the functions and classes of the libraries are called that `line` of `text`, a file, calls."""
    modules = modules_of({"a.py": text})
    return [
        f"{dotted}{signatures()[dotted]}"
        for path, tree in modules.trees.items()
        for call, dotted in library_calls(tree, modules.imports[path])
        if call.lineno <= line <= (call.end_lineno or call.lineno)
    ]


def _dotted(node: ast.expr) -> str:
    """The names of `np.random.rand`, with dots; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _misfits(path: str, tree: ast.Module, imports: tuple[Import, ...]) -> Iterator[Finding]:
    for call, dotted in library_calls(tree, imports):
        target = target_named(dotted)
        for message in mismatches(call, target) if target is not None else ():
            yield _finding(path, call.lineno, dotted, message)


def _parted(path: str, tree: ast.Module, imports: tuple[Import, ...]) -> Iterator[Finding]:
    for _, taken, call in taken_apart(tree, imports):
        given = 2 * len(call.args)
        if len(taken.elts) != given:
            said = f"train_test_split gives {given} parts, two of each array, not {len(taken.elts)}"
            yield _finding(path, taken.lineno, IN_TWO, said)


def with_all_parts(text: str, tree: ast.Module, imports: tuple[Import, ...], line: int) -> str | None:
    """`text` where a split in `line` that takes one part of each array, the second, takes the first as well,
    under the name of the array that it is what is left of; None where none does."""
    for _, taken, call in taken_apart(tree, imports):
        names = [each.id for each in (*taken.elts, *call.args) if isinstance(each, ast.Name)]
        parts, arrays = names[: len(taken.elts)], names[len(taken.elts) :]
        if taken.lineno != line or len(parts) != len(arrays) or len(names) != len(set(names)):
            continue
        if len(names) == len(taken.elts) + len(call.args):
            every = ", ".join(f"{array}, {part}" for array, part in zip(arrays, parts, strict=True))
            return replace_expression(text, taken, every)
    return None


def taken_apart(
    tree: ast.Module, imports: tuple[Import, ...]
) -> Iterator[tuple[ast.Assign, ast.Tuple, ast.Call]]:
    """The statement that takes the parts which train_test_split gives, what it takes them as, without stars,
    and the call."""
    called = {call for call, dotted in library_calls(tree, imports) if dotted == IN_TWO}
    for node in nodes_of(tree) if called else ():
        match node:
            case ast.Assign(targets=[ast.Tuple() as taken], value=ast.Call() as call) if call in called:
                if not any(isinstance(each, ast.Starred) for each in (*call.args, *taken.elts)):
                    yield node, taken, call


def _finding(path: str, line: int, dotted: str, message: str) -> Finding:
    return Finding(
        file=path,
        line=line,
        rule=RULE,
        message=message,
        advice=f"It is {dotted.rpartition('.')[2]}{signatures()[dotted]}.",
        subject=dotted,
    )


def without_argument(
    text: str, tree: ast.Module, imports: tuple[Import, ...], line: int, name: str
) -> str | None:
    """`text` where the library's calls that begin in `line` are not given the variable `name` for parameters
    that have a default; None where there is none."""
    changes: list[tuple[ast.expr, str]] = []
    for call, dotted in library_calls(tree, imports):
        target = target_named(dotted)
        kept = [
            keyword
            for keyword in call.keywords
            if target is None
            or keyword.arg is None
            or keyword.arg in target.shape.required
            or not (isinstance(keyword.value, ast.Name) and keyword.value.id == name)
        ]
        if call.lineno == line and len(kept) < len(call.keywords):
            changes.append((call, ast.unparse(ast.Call(call.func, call.args, kept))))
    return replace_each(text, changes) if changes else None


def judged_calls(
    tree: ast.Module, imports: tuple[Import, ...], line: int
) -> Iterator[tuple[ast.Call, Shape, list[str]]]:
    """The library's calls in `line` whose named arguments can be judged: each with the shape of what it calls
    and the names of the parameters there."""
    for call, dotted in library_calls(tree, imports):
        target = target_named(dotted)
        if call.lineno == line and target is not None and not target.shape.any_keyword:
            shape = target.shape
            yield call, shape, [*shape.positional[shape.positional_only :], *shape.keyword_only]


def with_its_parameters(text: str, tree: ast.Module, imports: tuple[Import, ...], line: int) -> str | None:
    """`text` with each argument of the library's calls in `line` that has a name which is no parameter under
    that of the one parameter that is spelled nearly so or means the same, or without a name where all are
    taken by position, as TensorDataset(*tensors) does; None where there is none."""
    changes: list[tuple[ast.expr, str]] = []
    for call, shape, names in judged_calls(tree, imports, line):
        given = {keyword.arg for keyword in call.keywords} | set(names[: len(call.args)])
        if shape.any_position and not names and None not in given and not call.args and given:
            by_position = ast.Call(call.func, [keyword.value for keyword in call.keywords], [])
            changes.append((call, ast.unparse(by_position)))
            continue
        new = ast.Call(call.func, call.args, [])
        for keyword in call.keywords:
            right = keyword.arg
            if right is not None and right not in names:
                usual = [name for name in names if usual_name(name) == usual_name(right)]
                like = (usual or get_close_matches(right, names, 1, NEARLY))[:1]
                right = like[0] if like and like[0] not in given else right
                given.add(right)
            new.keywords.append(ast.keyword(right, keyword.value))
        if [each.arg for each in new.keywords] != [each.arg for each in call.keywords]:
            changes.append((call, ast.unparse(new)))
    return replace_each(text, changes) if changes else None


def without_unknown(text: str, tree: ast.Module, imports: tuple[Import, ...], line: int) -> str | None:
    """`text` with the library's calls in `line` without arguments whose name is no parameter of what is
    called; None where there is none."""
    changes: list[tuple[ast.expr, str]] = []
    for call, _, names in judged_calls(tree, imports, line):
        known = [keyword for keyword in call.keywords if keyword.arg is None or keyword.arg in names]
        if len(known) < len(call.keywords):
            changes.append((call, ast.unparse(ast.Call(call.func, call.args, known))))
    return replace_each(text, changes) if len(changes) == 1 else None
