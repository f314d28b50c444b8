"""Do calls inside the repository match the signatures of what they call?

Followed is only what is plain: functions and classes by their name or through their module, methods on
`self`, and methods of a variable, or of an attribute that an object keeps, that is only ever made by one
class of the repository, or of a parameter whose type is one; a loop's variable is what the list of layers
holds. An object that is called is its `__call__`, that of a network its `forward`.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from offline_coder.checks.call_shapes import Shape, Target, mismatches, target_of
from offline_coder.checks.modules import Modules, dotted_name, modules_of
from offline_coder.checks.source import (
    REMEMBERED,
    Function,
    last_name,
    named_parameters,
    nodes_of,
    returns_of,
    scope_of,
)
from offline_coder.core.finding import Finding
from offline_coder.core.packages import is_torch_module

Definition = Function | ast.ClassDef
_Names = tuple[tuple[str, Definition], ...]

_EACH = "[]"
"""Behind the place of a list of layers: what each of them is."""
_FIELDS = ("dataclass", "NamedTuple", "BaseModel")


@dataclass(frozen=True, slots=True)
class Lineage:
    """A class with those of its bases that the repository defines, nearest first. `closed`: it has no
    other bases, so what is not here is nowhere."""

    classes: tuple[ast.ClassDef, ...]
    closed: bool

    def method(self, name: str) -> Function | None:
        """The method that `name` calls."""
        for cls in self.classes:
            for node in cls.body:
                if isinstance(node, Function) and node.name == name:
                    return node
        return None

    def offers(self, name: str) -> bool:
        """Whether an object has an attribute `name`, as far as the classes say."""
        return any(_mentions(cls, name) for cls in self.classes)


def check_calls(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Calls in `files` (path -> text) that would fail with a TypeError or for want of a method (errors).

    Rules: "call": too many arguments, a keyword that is no parameter, a required one missing;
    "missing-method-call": a method that the class and its bases do not have; "unbound-call": a method that
    is called on the class, without an object; "unpacking": a result taken apart into another number of values
    than every return gives. Calls with `*` or `**` are
    only judged by what they name. `subject` is what is called.
    """
    modules = modules_of(files)
    defined = {
        dotted: _definitions(modules.trees[module.path])
        for dotted, module in modules.local.items()
        if module.path in modules.trees
    }
    return tuple(finding for path in modules.trees for finding in _findings(_view_of(path, modules, defined)))


@lru_cache(maxsize=REMEMBERED)
def _definitions(tree: ast.Module) -> _Names:
    """Classes and functions at the top of a module that are defined there once and never bound again."""
    found: dict[str, list[Definition]] = {}
    for node in tree.body:
        if isinstance(node, Definition):
            found.setdefault(node.name, []).append(node)
    return tuple((name, nodes[0]) for name, nodes in found.items() if len(nodes) == 1)


@dataclass(frozen=True, slots=True)
class _View:
    """One file, with what its names stand for: all that the findings about its calls follow from.

    `names`: definitions of the repository, `modules`: its modules by the name they have in the file.
    """

    path: str
    tree: ast.Module
    names: _Names
    modules: tuple[tuple[str, _Names], ...]


def _view_of(path: str, modules: Modules, defined: Mapping[str, _Names]) -> _View:
    names = dict(defined.get(dotted_name(path), ()))
    aliases: dict[str, _Names] = {}
    for found in modules.imports[path]:
        bound = found.bound_as or found.name or found.target
        if found.name is None and found.target in defined:
            aliases[bound] = defined[found.target]
        elif f"{found.target}.{found.name}" in defined:
            aliases[bound] = defined[f"{found.target}.{found.name}"]
        elif found.name and (named := dict(defined.get(found.target, ())).get(found.name)):
            names[bound] = named
    for name in _rebound(modules.trees[path]):
        names.pop(name, None)
        aliases.pop(name, None)
    return _View(path, modules.trees[path], tuple(names.items()), tuple(aliases.items()))


# A repair changes one file at a time: what the others call is judged once.
@lru_cache(maxsize=REMEMBERED)
def _findings(view: _View) -> tuple[Finding, ...]:
    return tuple(_Reader(view).findings())


class _Reader:
    """One file, read call by call."""

    def __init__(self, view: _View) -> None:
        self.path = view.path
        self.tree = view.tree
        self.names = dict(view.names)
        self.modules = {bound: dict(names) for bound, names in view.modules}
        self.stored = Counter(
            each.attr
            for each in nodes_of(view.tree)
            if isinstance(each, ast.Attribute) and not isinstance(each.ctx, ast.Load)
        )

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the calls of the file."""
        yield from self._calls(self.tree.body, {})

    def _calls(self, body: Sequence[ast.stmt], objects: Mapping[str, ast.ClassDef]) -> Iterator[Finding]:
        """The calls of one scope; functions and classes in it are scopes of their own."""
        made, bound = self._objects(body)
        here = _without(objects, bound) | made | _looped(body, objects)
        for node in scope_of(body):
            if isinstance(node, Function):
                yield from self._calls(node.body, self._with_parameters(here, node))
            elif isinstance(node, ast.ClassDef):
                kept = self._kept(node)
                for method in node.body:
                    if isinstance(method, Function):
                        own = self._with_parameters(here, method)
                        if (first := _self_of(method)) is not None:
                            own[first] = node
                            own |= {f"{first}.{name}": cls for name, cls in kept.items()}
                        yield from self._calls(method.body, own)
            elif isinstance(node, ast.Call):
                yield from self._judge(node, here)
            elif isinstance(node, ast.Assign):
                yield from self._unpacked(node, here)

    def _with_parameters(
        self, objects: Mapping[str, ast.ClassDef], node: Function
    ) -> dict[str, ast.ClassDef]:
        """The objects that a function knows: those around it, and parameters that say that they are one."""
        own = [arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)]
        names = {arg.arg for arg in own}
        known = _without(objects, names)
        for arg in named_parameters(node):
            cls = self._definition(arg.annotation) if arg.annotation is not None else None
            if isinstance(cls, ast.ClassDef):
                known[arg.arg] = cls
        return known

    def _objects(self, body: Sequence[ast.stmt]) -> tuple[dict[str, ast.ClassDef], set[str]]:
        """Variables of this scope that are bound once, to a new object of a class of the repository; and
        all variables that it binds."""
        bound: dict[str, list[ast.expr | None]] = {}
        for node in scope_of(body):
            if (
                isinstance(node, ast.Assign)
                and len(node.targets) == 1
                and isinstance(node.targets[0], ast.Name)
            ):
                bound.setdefault(node.targets[0].id, []).append(node.value)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                bound.setdefault(node.id, []).append(None)
        found = {}
        for name, values in bound.items():
            # Each plain assignment is seen twice: as a statement and as the name in it.
            made = [value for value in values if value is not None]
            if len(values) == 2 and len(made) == 1 and isinstance(made[0], ast.Call):
                cls = self._definition(made[0].func)
                if isinstance(cls, ast.ClassDef):
                    found[name] = cls
        return found, set(bound)

    def _kept(self, node: ast.ClassDef) -> dict[str, ast.ClassDef]:
        """Attributes that objects of a class keep: those that the file binds once, to a new object of a class
        of the repository."""
        found = {}
        for method in node.body:
            if not isinstance(method, Function):
                continue
            own = _self_of(method)
            for each in ast.walk(method):
                match each:
                    case ast.Assign(
                        targets=[ast.Attribute(value=ast.Name(id=owner), attr=name)],
                        value=ast.Call(func=made),
                    ) if owner == own and self.stored[name] == 1:
                        layers = _made_for_list(each.value)
                        cls = self._definition(layers or made)
                        if isinstance(cls, ast.ClassDef):
                            found[name + _EACH if layers else name] = cls
        return found

    def _definition(self, node: ast.expr) -> Definition | None:
        """The class or function of the repository that `node` names."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return self.modules.get(node.value.id, {}).get(node.attr)
        return None

    def _lineage(self, cls: ast.ClassDef) -> Lineage:
        found = [cls]
        closed = True
        for one in found:
            closed &= not (one.keywords or one.decorator_list)
            for base in one.bases:
                known = self._definition(base)
                if isinstance(known, ast.ClassDef):
                    if known not in found:
                        found.append(known)
                elif not (isinstance(base, ast.Name) and base.id == "object"):
                    closed = False
        return Lineage(tuple(found), closed)

    def _judge(self, call: ast.Call, objects: Mapping[str, ast.ClassDef]) -> Iterator[Finding]:
        target = None
        function = call.func
        if (place := _place(function)) in objects:
            target = self._object_call(place, objects[place])
        elif isinstance(function, ast.Attribute) and (place := _place(function.value)):
            cls = objects.get(place)
            if cls is not None:
                lineage = self._lineage(cls)
                method = lineage.method(function.attr)
                shown = f"{cls.name}.{function.attr}"
                if method is not None:
                    target = target_of(shown, method, bound=True)
                elif lineage.closed and not lineage.offers(function.attr):
                    yield self._missing(call, cls, function.attr, lineage)
            elif isinstance(owner := self._definition(function.value), ast.ClassDef):
                yield from self._unbound(call, function, owner)
        if target is None:
            named = self._definition(function)
            if isinstance(named, Function):
                target = target_of(named.name, named, bound=False)
            elif isinstance(named, ast.ClassDef):
                target = self._constructor(named)
        if target is not None:
            for message in mismatches(call, target):
                yield Finding(
                    file=self.path,
                    line=call.lineno,
                    rule="call",
                    message=message,
                    advice=f"Call it as {target.name}({target.shape.shown()}).",
                    subject=target.name,
                )

    def _missing(self, call: ast.Call, cls: ast.ClassDef, name: str, lineage: Lineage) -> Finding:
        methods = [n.name for c in lineage.classes for n in c.body if isinstance(n, Function)]
        public = [method for method in methods if not method.startswith("__")][:8]
        return Finding(
            file=self.path,
            line=call.lineno,
            rule="missing-method-call",
            message=f"{cls.name} has no method {name!r}",
            advice=f"Use one of: {', '.join(public) or 'nothing, it has none'}.",
            subject=f"{cls.name}.{name}",
        )

    def _unpacked(self, node: ast.Assign, objects: Mapping[str, ast.ClassDef]) -> Iterator[Finding]:
        """A call whose result is taken apart into more or fewer values than every return gives."""
        taken = node.targets[0]
        if not isinstance(node.value, ast.Call) or not isinstance(taken, ast.Tuple):
            return
        called = node.value.func
        known = self._definition(called)
        if (place := _place(called)) in objects:
            known = self._when_called(objects[place])
        elif isinstance(called, ast.Attribute):
            owner = objects.get(_place(called.value))
            known = self._lineage(owner).method(called.attr) if owner else known
        given = _values_given(known) if isinstance(known, Function) else None
        starred = any(isinstance(each, ast.Starred) for each in taken.elts)
        if known is None or given is None or starred or given == len(taken.elts):
            return
        yield Finding(
            file=self.path,
            line=node.lineno,
            rule="unpacking",
            message=f"{known.name} gives {given} values, not {len(taken.elts)}",
            advice=f"Take {given} values from it.",
            subject=known.name,
        )

    def _unbound(self, call: ast.Call, function: ast.Attribute, cls: ast.ClassDef) -> Iterator[Finding]:
        """A call on the class, where its arguments are too few for the object to be among them."""
        method = self._lineage(cls).method(function.attr)
        target = target_of(f"{cls.name}.{function.attr}", method, bound=False) if method else None
        if method is None or target is None or _self_of(method) is None or not list(mismatches(call, target)):
            return
        yield Finding(
            file=self.path,
            line=call.lineno,
            rule="unbound-call",
            message=f"{target.name} is called on the class, but it needs an object",
            advice=f"Make one, or use one that is given: {cls.name}(...).{function.attr}(...).",
            subject=cls.name,
        )

    def _constructor(self, cls: ast.ClassDef) -> Target | None:
        lineage = self._lineage(cls)
        init = lineage.method("__init__")
        if init is not None:
            return target_of(cls.name, init, bound=True)
        if any(any(word in ast.unparse(mark) for word in _FIELDS) for mark in _marks(lineage)):
            return None
        if not lineage.closed or lineage.method("__new__") is not None:
            return None
        return Target(cls.name, Shape((), 0, (), frozenset(), any_position=False, any_keyword=False))

    def _object_call(self, name: str, cls: ast.ClassDef) -> Target | None:
        """Calling an object."""
        method = self._when_called(cls)
        return target_of(name, method, bound=True) if method is not None else None

    def _when_called(self, cls: ast.ClassDef) -> Function | None:
        """What calling an object of a class calls: its `__call__`, or `forward` of a torch module."""
        lineage = self._lineage(cls)
        bases = [ast.unparse(base) for one in lineage.classes for base in one.bases]
        forward = lineage.method("forward") if any(map(is_torch_module, bases)) else None
        return lineage.method("__call__") or forward


def _without(objects: Mapping[str, ast.ClassDef], names: set[str]) -> dict[str, ast.ClassDef]:
    """`objects` by their places, without the variables `names` and what these keep."""
    return {place: cls for place, cls in objects.items() if place.partition(".")[0] not in names}


def _made_for_list(call: ast.expr) -> ast.expr | None:
    """What makes each layer of `nn.ModuleList([Layer(n) for _ in range(6)])`, or of a list of such calls that
    are all of one class; None for anything else."""
    match call:
        case ast.Call(
            func=made,
            args=[ast.ListComp(elt=ast.Call(func=each)) | ast.GeneratorExp(elt=ast.Call(func=each))],
        ):
            layers = [each]
        case ast.Call(func=made, args=[ast.List(elts=[*elements])]):
            layers = [element.func for element in elements if isinstance(element, ast.Call)]
        case _:
            return None
    one = len({ast.unparse(layer) for layer in layers}) == 1
    return layers[0] if one and last_name(made) == "ModuleList" else None


def _looped(body: Sequence[ast.stmt], objects: Mapping[str, ast.ClassDef]) -> dict[str, ast.ClassDef]:
    """The variables of this scope that are nothing but the layers of a list in `objects`, one by one."""
    found: dict[str, list[ast.ClassDef | None]] = {}
    for node in scope_of(body):
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.expr() as layers):
                pass
            case ast.For(
                target=ast.Tuple(elts=[_, ast.Name(id=name)]),
                iter=ast.Call(func=ast.Name(id="enumerate"), args=[layers]),
            ):
                pass
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.setdefault(name, []).append(None)
                continue
            case _:
                continue
        found.setdefault(name, []).append(objects.get(_place(layers) + _EACH))
    known = {}
    for name, bound in found.items():
        classes = [cls for cls in bound if cls is not None]
        # Each loop is seen twice: as a statement and as the name in it.
        if classes and 2 * len(classes) == len(bound) and len(set(classes)) == 1:
            known[name] = classes[0]
    return known


def _place(node: ast.expr) -> str:
    """The variable, or the attribute of a variable, that `node` is; "" for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
    return ""


def _values_given(function: Function) -> int | None:
    """How many values every return of a function gives; None where that varies or cannot be told."""
    counts = {
        len(node.value.elts)
        if isinstance(node.value, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in node.value.elts)
        else None
        for node in returns_of(function)
    }
    plain = target_of("", function, bound=False) and isinstance(function, ast.FunctionDef)
    return counts.pop() if plain and len(counts) == 1 else None


def _marks(lineage: Lineage) -> list[ast.expr]:
    return [mark for cls in lineage.classes for mark in (*cls.decorator_list, *cls.bases)]


def _self_of(method: Function) -> str | None:
    """The parameter that is the object; None where there is none or it is the class."""
    marks = {ast.unparse(mark) for mark in method.decorator_list}
    positional = [*method.args.posonlyargs, *method.args.args]
    return positional[0].arg if positional and not marks & {"staticmethod", "classmethod"} else None


@lru_cache(maxsize=REMEMBERED)
def _rebound(tree: ast.Module) -> frozenset[str]:
    """Names that are parameters or assigned somewhere in the file: they may stand for anything."""
    found = {node.arg for node in nodes_of(tree) if isinstance(node, ast.arg)}
    found |= {n.id for n in nodes_of(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    nested = [n for n in nodes_of(tree) if isinstance(n, Definition) and n not in tree.body]
    methods = {n for c in nodes_of(tree) if isinstance(c, ast.ClassDef) for n in c.body}
    return frozenset(found | {node.name for node in nested if node not in methods})


def _mentions(cls: ast.ClassDef, name: str) -> bool:
    """Whether the class binds `name`, on itself or on its objects, or makes up attributes as it goes."""
    for node in ast.walk(cls):
        if isinstance(node, ast.Attribute) and node.attr == name and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Name) and (node.id == "setattr" or node.id == name):
            return True
        if isinstance(node, Definition) and node.name in (name, "__getattr__", "__getattribute__"):
            return True
        if isinstance(node, ast.Attribute) and node.attr == "__dict__":
            return True
    return False
