"""The line in which a run failed, as known errors and their causes look at it."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from offline_coder.checks.edits import replace_expression

Change = tuple[str, str]
"""The changed file, and the change in words."""
SHAPES = re.compile(
    r"mat1 and mat2 shapes cannot be multiplied \(\d+x(?P<got>\d+) and (?P<wanted>\d+)x(?P<gives>\d+)\)"
)
SHAPE = re.compile(r"(?P<name>\w+) \w+ (?P<shape>\([\d, ]*\))")


@dataclass(frozen=True)
class FailedLine:
    """The `line` of the file `text`, whose `tree` is given, in which `error` came up."""

    text: str
    tree: ast.Module
    line: int
    error: str

    @cached_property
    def shapes(self) -> dict[str, str]:
        """The shapes of the tensors in the line, by name, as the tracer adds them to the error."""
        return {match["name"]: match["shape"] for match in SHAPE.finditer(self.error)}

    def sizes(self, name: str) -> list[int]:
        """The sizes of the tensor `name`; none where they were not told."""
        return [int(size) for size in re.findall(r"\d+", self.shapes.get(name, ""))]

    def calls(self) -> Iterator[ast.Call]:
        """The calls that begin in the line, the outer ones first."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))
        return (node for node in nodes if node.lineno == self.line)

    def replaced(self, old: ast.expr, new: str) -> str:
        """The file with `new` in the place of `old`."""
        return replace_expression(self.text, old, new)


def changes_of(causes: "Causes", failed: FailedLine) -> Iterator[Change]:
    """What may mend the error, from those of `causes` that are known of such."""
    for error, cure in causes:
        if error.search(failed.error):
            yield from cure(failed)


Causes = tuple[tuple[re.Pattern[str], Callable[[FailedLine], Iterator[Change]]], ...]
"""What an error looks like, and what may mend its cause."""
