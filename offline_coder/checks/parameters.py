"""Does a function use what it is given? A setting that nothing reads does not act, and a training loop that
makes a network of its own trains another one than is evaluated."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from offline_coder.checks.edits import replace_expression, replace_statement, replace_uses, used_names
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, Function, named_parameters, parse_python
from offline_coder.checks.stubs import has_plain_body
from offline_coder.core.finding import Finding

NETWORKS = frozenset({"model", "network", "net"})
"""Names of parameters that are the network that is trained or measured, unless their type is plain."""
DATA = frozenset({"data", "dataset", "loader", "dataloader"})
"""The last words of names of parameters that are the data, unless their type is plain."""
TOOLS = frozenset({"optimizer", "criterion", "loss", "scheduler"})
"""The last words of what training makes for itself."""
LOADING = re.compile(r"(?:load|get|read|make|prepare)_\w*(?:data|test|train|valid|split)")
"""How functions are called that give data."""
PLAIN = frozenset({"str", "int", "float", "bool", "dict"})


@dataclass(frozen=True, slots=True)
class Unused:
    """A parameter whose value nothing in its function reads; `over` is the statement that gives the name
    another value first, None where the name is not used at all."""

    function: Function
    name: str
    annotation: str
    over: ast.Assign | None


def check_parameters(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Findings of rule "unused-parameter" in `files` (path -> text): errors for the network and the data that
    a function should work on, warnings for anything else. Passed over are names that begin with "_", what is
    taken with * or **, functions that do nothing yet or have a plain body, and those that a decorator or a
    base may want so."""
    return in_each_file(files, _findings_of)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    found = []
    for unused in _unused_in(tree):
        subject = unused.name in NETWORKS or _last_word(unused.name) in DATA
        worked_on = subject and unused.annotation not in PLAIN
        what = "gives another value to" if unused.over else "never uses"
        found.append(
            Finding(
                file=path,
                line=unused.over.lineno if unused.over else unused.function.lineno,
                rule="unused-parameter",
                message=f"{unused.function.name} {what} its parameter {unused.name}",
                severity="error" if worked_on else "warning",
                advice=f"Use the {unused.name} that it is given, and make no other.",
                subject=unused.name,
            )
        )
    return tuple(found)


def with_given(text: str, tree: ast.Module, line: int, name: str, classes: frozenset[str]) -> str | None:
    """`text` in which the function around `line` uses the object that its parameter `name` gives, where it
    gives another value to that parameter and to nothing but parameters, loaded inputs and targets itself
    where a loader is given, or made one object of `classes` itself. None where it did nothing of this, or
    made several."""
    for unused in _unused_in(tree):
        function = unused.function
        if unused.name != name or not function.lineno <= line <= (function.end_lineno or line):
            continue
        if unused.over is not None and _given(unused.over) <= _always_given(function):
            without = replace_statement(text, unused.over, [])
            return without and without_idle(without, function.name, _read_in(unused.over.value))
        if unused.annotation.endswith("DataLoader") and (loaded := _loaded_pair(function)) is not None:
            whole = f"(torch.cat(part) for part in zip(*{name}))"
            torch = "import torch" in text.split("\n")
            return replace_expression(text, loaded, whole) if torch else None
        made = [
            (node, node.targets[0].id)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id in classes
            and (_last_word(name) in DATA) == (_last_word(node.targets[0].id) in DATA)
            and _last_word(node.targets[0].id) not in TOOLS
        ]
        if len(made) != 1:
            return None
        statement, own = made[0]
        uses = [
            node
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and node.id == own and isinstance(node.ctx, ast.Load)
        ]
        using = replace_uses(text, uses, own, name)
        return replace_statement(using, statement, []) if using is not None else None
    return None


def without_idle(text: str, function: str, names: set[str]) -> str:
    """`text` in which the `function`, of which something was taken, no longer makes those of `names` that it
    does not read any more, nor what it made only for them."""
    tree = parse_python(text)
    defined = tree.body if tree is not None else []
    around = next((node for node in defined if isinstance(node, Function) and node.name == function), None)
    if around is None:
        return text
    read = _read_in(around)
    for node in ast.walk(around):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in names - read:
                if without := replace_statement(text, node, []):
                    return without_idle(without, function, names | _read_in(value))
    return text


def _read_in(node: ast.AST) -> set[str]:
    return {name.id for name in used_names(node)}


def _loaded_pair(function: Function) -> ast.Call | None:
    """The one call of a function that loads inputs and targets: `x, y = load_test_data(...)`."""
    found = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Tuple)
        and len(node.targets[0].elts) == 2
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and LOADING.match(node.value.func.id)
    ]
    return found[0] if len(found) == 1 else None


def _last_word(name: str) -> str:
    return name.rpartition("_")[2]


def _unused_in(tree: ast.Module) -> Iterator[Unused]:
    for node in tree.body:
        if isinstance(node, Function):
            yield from _unused(node)
        for method in node.body if isinstance(node, ast.ClassDef) and not node.bases else ():
            if isinstance(method, Function) and not method.name.startswith("__"):
                yield from _unused(method)


def _unused(function: Function) -> Iterator[Unused]:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if has_plain_body(function) or function.decorator_list or not body:
        return
    if isinstance(body[0], ast.Raise | ast.Pass):
        return
    names = [node for part in body for node in ast.walk(part) if isinstance(node, ast.Name)]
    if any(node.id in ("locals", "vars") for node in names):
        return
    for argument in named_parameters(function):
        if argument.arg.startswith("_") or argument.arg in ("self", "cls"):
            continue
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        reads = [node.lineno for node in names if node.id == argument.arg and isinstance(node.ctx, ast.Load)]
        if not reads:
            yield Unused(function, argument.arg, annotation, None)
        over = next((part for part in body if argument.arg in _given(part)), None)
        if isinstance(over, ast.Assign) and reads and min(reads) > (over.end_lineno or over.lineno):
            yield Unused(function, argument.arg, annotation, over)


def _given(statement: ast.stmt) -> set[str]:
    """The names that a statement binds which binds one name or, taking a value apart, several; what else it
    gives a value to as it is written."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return set()
    target = statement.targets[0]
    return {ast.unparse(node) for node in (target.elts if isinstance(target, ast.Tuple) else [target])}


def _always_given(function: Function) -> set[str]:
    """The parameters that are never None for lack of an argument."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = zip(reversed(positional), reversed(arguments.defaults), strict=False)
    by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    spare = {
        argument.arg
        for argument, default in (*with_default, *by_name)
        if isinstance(default, ast.Constant) and default.value is None
    }
    return {argument.arg for argument in (*positional, *arguments.kwonlyargs)} - spare
