"""What a call must look like, and where it does not.

The rules of Python for how arguments fill parameters: the language reference, "Calls".
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from offline_coder.checks.source import Function, last_name

# Decorators that leave the parameters as they are written.
HARMLESS = frozenset({"abstractmethod", "no_grad", "inference_mode", "override"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What a call must look like: names by position, which of all have no default, and what else is taken."""

    positional: tuple[str, ...]
    positional_only: int
    keyword_only: tuple[str, ...]
    required: frozenset[str]
    any_position: bool
    any_keyword: bool

    def shown(self) -> str:
        """The parameters as a call would name them."""
        names = [*self.positional, *self.keyword_only]
        return ", ".join(name if name in self.required else f"{name}=..." for name in names)


@dataclass(frozen=True, slots=True)
class Target:
    """What a call reaches: its shape and the name to speak of it."""

    name: str
    shape: Shape


def target_of(name: str, node: Function, *, bound: bool) -> Target | None:
    """The shape of a call of `node`; `bound` when it is reached through an object or its class."""
    static = False
    for mark in node.decorator_list:
        called = mark.func if isinstance(mark, ast.Call) else mark
        word = last_name(called)
        static |= word == "staticmethod"
        if word not in HARMLESS | {"staticmethod", "classmethod"}:
            return None
    arguments = node.args
    positional = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args)]
    required = set(positional[: len(positional) - len(arguments.defaults)])
    required |= {
        arg.arg
        for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    }
    first = 1 if bound and not static else 0
    return Target(
        name,
        Shape(
            tuple(positional[first:]),
            max(0, len(arguments.posonlyargs) - first),
            tuple(arg.arg for arg in arguments.kwonlyargs),
            frozenset(required - set(positional[:first])),
            any_position=arguments.vararg is not None,
            any_keyword=arguments.kwarg is not None,
        ),
    )


def mismatches(call: ast.Call, target: Target) -> Iterator[str]:
    """What is wrong with the arguments of `call`, in words. Calls with `*` or `**` are only judged by what
    they name."""
    shape = target.shape
    given = [arg for arg in call.args if not isinstance(arg, ast.Starred)]
    named = [keyword.arg for keyword in call.keywords if keyword.arg is not None]
    open_ended = len(given) < len(call.args) or len(named) < len(call.keywords)
    if len(given) > len(shape.positional) and not shape.any_position:
        yield f"{target.name} takes {len(shape.positional)} arguments by position, not {len(given)}"
    accepted = {*shape.positional[shape.positional_only :], *shape.keyword_only}
    unknown = [name for name in named if name not in accepted]
    if unknown and not shape.any_keyword:
        yield f"{target.name} has no parameter {', '.join(map(repr, unknown))}"
    filled = {*shape.positional[: len(given)], *named}
    twice = [name for name in shape.positional[: len(given)] if name in named]
    if twice:
        yield f"{target.name} gets {', '.join(map(repr, twice))} twice"
    lacking = [name for name in (*shape.positional, *shape.keyword_only) if name in shape.required - filled]
    if lacking and not open_ended:
        yield f"{target.name} needs {', '.join(map(repr, lacking))}"
