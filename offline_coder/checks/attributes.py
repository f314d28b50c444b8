"""Does an object have what its methods read through `self`, and has a network anything to learn?

Judged is only a class whose bases all are in the repository, or PyTorch's Module. Whatever might give an
attribute in a way that cannot be read (setattr, a decorator, a name as a string) counts as giving it.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from offline_coder.checks.library import library_names
from offline_coder.checks.modules import Modules, modules_of
from offline_coder.checks.source import REMEMBERED, Function, constructor_of, last_name, nodes_of
from offline_coder.core.finding import Finding

MODULE_BASES = frozenset({"nn.Module", "torch.nn.Module"})
OF_A_MODULE = frozenset(
    (
        *("T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children"),
        *("compile", "cpu", "cuda", "double", "dump_patches", "eval", "extra_repr", "float", "forward"),
        *(
            "get_buffer",
            "get_extra_state",
            "get_parameter",
            "get_submodule",
            "half",
            "ipu",
            "load_state_dict",
        ),
        *("modules", "mtia", "named_buffers", "named_children", "named_modules", "named_parameters"),
        *("parameters", "register_backward_hook", "register_buffer", "register_forward_hook"),
        *("register_forward_pre_hook", "register_full_backward_hook", "register_full_backward_pre_hook"),
        *("register_load_state_dict_post_hook", "register_load_state_dict_pre_hook", "register_module"),
        *("register_parameter", "register_state_dict_post_hook", "register_state_dict_pre_hook"),
        *("requires_grad_", "set_extra_state", "set_submodule", "share_memory", "state_dict", "to"),
        *("to_empty", "train", "training", "type", "xpu", "zero_grad"),
    )
)
"""Public attributes of torch.nn.Module, version 2.13."""
NOTHING_TO_LEARN = frozenset(
    (
        *("Module", "ModuleList", "ModuleDict", "Sequential", "Identity", "Flatten", "Unflatten", "ReLU"),
        *("ReLU6", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Mish", "Tanh", "Sigmoid", "Softplus"),
        *("Softmax", "LogSoftmax", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"),
        *("Upsample", "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d"),
        *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d"),
        *("CosineSimilarity", "Tensor", "ValueError", "TypeError", "RuntimeError", "NotImplementedError"),
        *("KeyError", "AssertionError"),
    )
)
"""Calls with a capital letter that make no parameters; so do those that end in Loss."""

TOOLS = ("torch.optim", "torch.optim.lr_scheduler", "torch.utils.data")
"""Modules whose classes make no parameters either."""

CLASSES_REMEMBERED = 4 * REMEMBERED

Class = tuple[str, str]
"""A class of the repository: the file, and its name at the top level there."""


def check_attributes(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of two rules in `files` (path -> text). "missing-attribute": a method reads `self.name`, and
    nothing gives the object that; one finding for a class and a name, at the constructor where there is one.
    "no-parameters": the repository has networks, and none of them makes anything that learns; at the
    first constructor."""
    modules = modules_of(files)
    repository = _Repository(modules)
    findings = [finding for key in repository.classes for finding in repository.missing(key)]
    return (*findings, *repository.without_parameters())


@dataclass(frozen=True, slots=True)
class _Line:
    """A class and its bases, nearest first; whether one of them is PyTorch's Module."""

    classes: tuple[ast.ClassDef, ...]
    network: bool


class _Repository:
    """All classes, what each builds on, and the attributes that are set anywhere."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.classes: dict[Class, ast.ClassDef] = {
            (path, node.name): node
            for path, tree in modules.trees.items()
            for node in tree.body
            if isinstance(node, ast.ClassDef)
        }
        self.stored = {name for tree in modules.trees.values() for name in _stored_from_outside(tree)}

    def base(self, path: str, node: ast.expr) -> Class | str:
        """The class of the repository that a base is, or its name elsewhere."""
        name = _written_as(node)
        if (path, name) in self.classes:
            return path, name
        for found in self.modules.imports[path]:
            local = self.modules.local.get(found.target)
            if found.name and (found.bound_as or found.name) == name:
                inside = (local.path, found.name) if local else ("", "")
                return inside if inside in self.classes else f"{found.target}.{found.name}"
        return name

    def line(self, key: Class, seen: frozenset[Class] = frozenset()) -> _Line | None:
        """The class and its bases; None where one of them is not known."""
        node = self.classes[key]
        if key in seen or node.keywords or any(not _plain(mark) for mark in node.decorator_list):
            return None
        classes, network = [node], False
        for expression in node.bases:
            base = self.base(key[0], expression)
            if isinstance(base, str):
                if base != "object" and base not in MODULE_BASES:
                    return None
                network |= base in MODULE_BASES
                continue
            above = self.line(base, seen | {key})
            if above is None:
                return None
            classes += above.classes
            network |= above.network
        return _Line(tuple(classes), network)

    def below(self, key: Class, seen: frozenset[Class] = frozenset()) -> Iterator[_Line | None]:
        """The classes that build on `key`, directly or through others, each with its other bases; None for
        one that builds on what is not known as well."""
        for other, node in self.classes.items():
            if other not in seen and any(self.base(other[0], base) == key for base in node.bases):
                yield self.line(other)
                yield from self.below(other, seen | {key})

    def missing(self, key: Class) -> Iterator[Finding]:
        """A finding for each attribute that a method reads and nothing gives."""
        line = self.line(key)
        if line is None:
            return
        node = self.classes[key]
        lines = [line, *self.below(key)]
        family = {cls for each in lines if each is not None for cls in each.classes}
        if None in lines or any(_open_ended(cls) for cls in family):
            return
        given = {name for cls in family for name in _given(cls)} | self.stored | set(dir(object))
        given |= _stored_by(family)
        given |= OF_A_MODULE if line.network else set()
        made = constructor_of(node)
        for method, use in _reads(node):
            if use.attr in given or use.attr.startswith("_"):
                continue
            given.add(use.attr)
            has = sorted(_stored_by(line.classes))
            yield Finding(
                file=key[0],
                line=made.lineno if made else use.lineno,
                rule="missing-attribute",
                message=f"{node.name}.{method.name} reads self.{use.attr}, which nothing makes",
                advice=f"Make self.{use.attr} in the constructor"
                + (
                    f", or use what there is: {', '.join(f'self.{name}' for name in has[:12])}."
                    if has
                    else "."
                ),
                subject=f"{node.name}.{use.attr}",
            )

    def without_parameters(self) -> Iterator[Finding]:
        """A finding when no network of the repository makes a layer."""
        lines = {key: self.line(key) for key in self.classes}
        networks = [key for key, line in lines.items() if line is not None and line.network]
        local = frozenset(name for _, name in self.classes)
        if None in lines.values() or any(_learns(self.classes[key], local) for key in networks):
            return
        for path, name in networks:
            made = constructor_of(self.classes[path, name])
            if made is not None:
                yield Finding(
                    file=path,
                    line=made.lineno,
                    rule="no-parameters",
                    message=f"{name}, like every network here, makes no layer, so there is nothing to learn",
                    advice="Make the layers that forward() uses, such as nn.Linear or nn.Embedding, here.",
                    subject=name,
                )
                return


@lru_cache(maxsize=CLASSES_REMEMBERED)
def _written_as(node: ast.expr) -> str:
    return ast.unparse(node)


def _plain(mark: ast.expr) -> bool:
    """Whether a decorator adds nothing but a constructor for the fields that stand in the class."""
    return ast.unparse(mark).partition("(")[0].rpartition(".")[2] == "dataclass"


@lru_cache(maxsize=REMEMBERED)
def _stored_from_outside(tree: ast.Module) -> frozenset[str]:
    """Attributes that the file sets or deletes of whatever object, but for those of their own object that
    methods set."""
    own = {
        id(node)
        for owner in nodes_of(tree)
        if isinstance(owner, ast.ClassDef)
        for method in _methods(owner)
        if (taken := [*method.args.posonlyargs, *method.args.args])
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == taken[0].arg
    }
    return frozenset(
        node.attr
        for node in nodes_of(tree)
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and id(node) not in own
    )


def _methods(node: ast.ClassDef) -> Iterator[Function]:
    return (inner for inner in node.body if isinstance(inner, Function))


@lru_cache(maxsize=CLASSES_REMEMBERED)
def _given(node: ast.ClassDef) -> frozenset[str]:
    """What stands in a class by name: methods, fields, and whatever is a string in it."""
    given = {each.name for each in node.body if isinstance(each, Function | ast.ClassDef)}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            given.add(inner.id)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            given.add(inner.value)
    return frozenset(given)


def _stored_by(classes: Iterable[ast.ClassDef]) -> set[str]:
    return {
        node.attr
        for cls in classes
        for node in ast.walk(cls)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }


@lru_cache(maxsize=CLASSES_REMEMBERED)
def _open_ended(node: ast.ClassDef) -> bool:
    """Whether the class may give attributes that cannot be read from it."""
    if any(method.name in ("__getattr__", "__getattribute__") for method in _methods(node)):
        return True
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    names |= {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
    return bool(names & {"setattr", "vars", "__dict__", "__setattr__", "locals"})


@lru_cache(maxsize=CLASSES_REMEMBERED)
def _reads(node: ast.ClassDef) -> tuple[tuple[Function, ast.Attribute], ...]:
    """Each attribute that a method reads through its first parameter."""
    return tuple(_reads_in(node))


def _reads_in(node: ast.ClassDef) -> Iterator[tuple[Function, ast.Attribute]]:
    for method in _methods(node):
        if method.decorator_list and any(
            ast.unparse(mark) in ("staticmethod", "classmethod") for mark in method.decorator_list
        ):
            continue
        taken = [*method.args.posonlyargs, *method.args.args]
        for inner in ast.walk(method) if taken else ():
            if (
                isinstance(inner, ast.Attribute)
                and isinstance(inner.ctx, ast.Load)
                and isinstance(inner.value, ast.Name)
                and inner.value.id == taken[0].arg
            ):
                yield method, inner


@lru_cache(maxsize=CLASSES_REMEMBERED)
def _learns(node: ast.ClassDef, local: frozenset[str]) -> bool:
    """Whether anything in the class may make a parameter: a layer that is none of those without and none of
    the `local` classes, weights that are loaded, or a module that the constructor is given."""
    known = NOTHING_TO_LEARN.union(local, *(library_names()[module] for module in TOOLS))
    for method in _methods(node):
        given = ast.walk(method.args) if method.name == "__init__" else ()
        if any(
            isinstance(inner, ast.arg) and inner.annotation and "nn." in ast.unparse(inner.annotation)
            for inner in given
        ):
            return True
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            name = last_name(inner.func)
            layer = name[:1].isupper() and name not in known and not name.endswith("Loss")
            if layer or name in ("from_pretrained", "register_parameter", "load"):
                return True
    return False
