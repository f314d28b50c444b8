"""Functions that can only call themselves again, so that whoever calls them ends in a RecursionError.

Followed is what happens on every way through a function: calls in branches, loops, try statements and
behind `and`, `or` or a return do not count, nor do those of decorated functions, generators and coroutines.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from offline_coder.checks.source import REMEMBERED, Function, is_network, nodes_of, parse_python
from offline_coder.core.finding import Finding

_LEAVES = ast.Return | ast.Raise | ast.Break | ast.Continue | ast.Assert | ast.Try
_LAZY = ast.Lambda | ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp


@lru_cache(maxsize=REMEMBERED)
def check_endless(path: str, text: str) -> tuple[Finding, ...]:
    """Rule "endless-recursion" (error): a function or method of the Python file that calls itself on every
    way through it, directly or through others of the file; at the call. Empty when `text` does not parse.
    """
    tree = parse_python(text)
    if tree is None:
        return ()
    return tuple(_endless(path, _File(tree)))


def _endless(path: str, file: "_File") -> Iterator[Finding]:
    """A finding for the first function of each circle."""
    told: set[str] = set()
    for name in file.routines:
        circle = file.circle(name)
        if circle is None or told & set(circle):
            continue
        told.update(circle)
        way = " calls ".join([*circle, "itself"]) if len(circle) == 1 else " calls ".join([*circle, name])
        yield Finding(
            file=path,
            line=file.calls[name][circle[1] if len(circle) > 1 else name],
            rule="endless-recursion",
            message=f"{way} each time, so it never ends",
            advice="Do the work here, or call another function.",
            subject=name,
        )


@dataclass(frozen=True, slots=True)
class _Routine:
    """A function, or a method with the class that it belongs to."""

    node: ast.FunctionDef
    owner: ast.ClassDef | None = None

    @property
    def object_name(self) -> str | None:
        """What the method calls its object."""
        taken = [*self.node.args.posonlyargs, *self.node.args.args]
        return taken[0].arg if self.owner is not None and taken else None


class _File:
    """The functions and methods of a file by their names, and what each one is sure to call."""

    def __init__(self, tree: ast.Module) -> None:
        self.routines: dict[str, _Routine] = {}
        self.classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        twice: set[str] = set()
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self._add(node.name, _Routine(node), twice)
            elif isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef):
                        self._add(f"{node.name}.{method.name}", _Routine(method, node), twice)
        own = {routine.node for routine in self.routines.values()}
        bound = {name for node in nodes_of(tree) if node not in own for name in _bound_by(node)}
        for name in list(self.routines):
            if name in twice or name.rpartition(".")[2] in bound:
                del self.routines[name]
        self.calls = {name: self._calls_of(routine) for name, routine in self.routines.items()}

    def _add(self, name: str, routine: _Routine, twice: set[str]) -> None:
        if name in self.routines:
            twice.add(name)
        # What a decorator makes of a function is not known; a property is read like an attribute.
        marks = [ast.unparse(mark) for mark in routine.node.decorator_list]
        lazy = any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(routine.node))
        if not lazy and marks in ([], ["property"]):
            self.routines[name] = routine

    def circle(self, name: str) -> list[str] | None:
        """The way from `name` back to it, without its end; None where there is none."""
        waiting, seen = [[name]], {name}
        while waiting:
            way = waiting.pop()
            for called in self.calls[way[-1]]:
                if called == name:
                    return way
                if called not in seen:
                    seen.add(called)
                    waiting.append([*way, called])
        return None

    def _calls_of(self, routine: _Routine) -> Mapping[str, int]:
        """The routines that `routine` is sure to call, each with the line where it first does."""
        found: dict[str, int] = {}
        for node in _certain(routine.node.body):
            called = self._called(node, routine)
            if called in self.routines and called is not None:
                found.setdefault(called, node.lineno)
        return found

    def _called(self, node: ast.expr, routine: _Routine) -> str | None:
        """The name of the routine that an expression runs."""
        owner, own = routine.owner, routine.object_name
        match node:
            case ast.Call(func=ast.Name(id=name)) if owner is not None and name == own:
                network = is_network(owner)
                return f"{owner.name}.forward" if network else f"{owner.name}.__call__"
            case ast.Call(func=ast.Name(id=name)):
                return f"{name}.__init__" if name in self.classes else name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if owner and name == own:
                called = f"{owner.name}.{attr}"
                return called if not self._is_property(called) else None
            case ast.Attribute(value=ast.Name(id=name), attr=attr, ctx=ast.Load()) if owner and name == own:
                read = f"{owner.name}.{attr}"
                return read if self._is_property(read) else None
        return None

    def _is_property(self, name: str) -> bool:
        routine = self.routines.get(name)
        return routine is not None and bool(routine.node.decorator_list)


def _bound_by(node: ast.AST) -> Iterator[str]:
    """The names that a node may give to something else."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        yield node.attr
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, Function):
        yield node.name


def _certain(body: Sequence[ast.stmt]) -> Iterator[ast.expr]:
    """The expressions that are evaluated whenever `body` is, up to where it may be left."""
    for statement in body:
        if isinstance(statement, ast.Return | ast.Expr | ast.Assign | ast.AnnAssign | ast.AugAssign):
            if statement.value is not None:
                yield from _evaluated(statement.value)
        elif isinstance(statement, ast.If | ast.While):
            yield from _evaluated(statement.test)
        elif isinstance(statement, ast.For):
            yield from _evaluated(statement.iter)
        elif isinstance(statement, ast.With):
            for item in statement.items:
                yield from _evaluated(item.context_expr)
            yield from _certain(statement.body)
        if any(isinstance(inner, _LEAVES) for inner in ast.walk(statement)):
            return


def _evaluated(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression that are evaluated whenever it is."""
    yield node
    if isinstance(node, _LAZY):
        return
    parts: list[ast.AST] = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.BoolOp):
        parts = [node.values[0]]
    elif isinstance(node, ast.IfExp):
        parts = [node.test]
    elif isinstance(node, ast.Compare):
        parts = [node.left, node.comparators[0]]
    for part in parts:
        part = part.value if isinstance(part, ast.keyword) else part
        if isinstance(part, ast.expr):
            yield from _evaluated(part)
