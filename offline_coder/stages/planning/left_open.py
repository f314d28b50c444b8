"""Words that stand where a name was to be filled in: `train_function_name_here(parameters_here: type)`.

Small models leave them in a form that they were to fill in, of long papers above all. What stands before
them often is a name already, `train`; a parameter says nothing.
"""

import re
from collections.abc import Iterable

WORDS = re.compile(r"(?:_(?:function|method|class|parameter)s?_?names?)?(?:_here)?$")
NAME = re.compile(r"\w+")
CHOICE = re.compile(r"\w+_(?:function|method|class)_?name")
"""Names of parameters that choose something by its name: `loss_function_name: str`."""
TYPES_ALONE = re.compile(r"\((?:(str|int|float|bool|dict|list|tuple|set)\s*:\s*\1(?:,\s*|(?=\))))+\) ->")
"""Parameters that are named as their types: `class_attributes_type_dict_as_jsonl(str: str) -> dict`."""
MOST = 0.5
"""The share of signatures with such words above which an answer is no design."""


def filled_name(name: str) -> str:
    """`name` without such words at its end; `name` itself where nothing else would be left."""
    return WORDS.sub("", name) or name


def is_left_open(name: str) -> bool:
    """Whether a `name` ends in such words."""
    return filled_name(name) != name


def is_unfilled(name: str, annotation: str) -> bool:
    """Whether a parameter of the type `annotation` was left open; one that chooses by a word was not."""
    return is_left_open(name) and not (annotation == "str" and CHOICE.fullmatch(name))


def told(signatures: Iterable[str]) -> tuple[str, ...]:
    """`signatures` without those whose parameters are types alone."""
    return tuple(signature for signature in signatures if not TYPES_ALONE.search(signature))


def left_open(signatures: Iterable[str]) -> float:
    """The share of `signatures` in which such words stand."""
    marks = [any(map(is_left_open, NAME.findall(signature))) for signature in signatures]
    return sum(marks) / len(marks) if marks else 0.0
