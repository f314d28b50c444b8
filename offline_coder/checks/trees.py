"""Concrete syntax trees of text that nobody trusts: where a text is broken, within fixed limits.

tree-sitter keeps going after an error and so can point at every broken place. It is lenient about what
is valid, and some inputs make it quadratic (125,000 escaped line ends take 200 s), so it is only asked
*where*, never *whether*, and it is stopped after `PARSE_SECONDS`.
"""

import functools
import re
import time
from collections.abc import Iterator
from typing import Literal

import tree_sitter_bash
import tree_sitter_json
import tree_sitter_python
import tree_sitter_yaml
from tree_sitter import Language, Node, Parser, Point, Tree

Grammar = Literal["python", "yaml", "json", "bash"]

MAX_BYTES = 256 * 1024
MAX_DEPTH = 200
PARSE_SECONDS = 1.0
READ_BYTES = 1 << 16

_GRAMMARS = {
    "python": tree_sitter_python.language,
    "yaml": tree_sitter_yaml.language,
    "json": tree_sitter_json.language,
    "bash": tree_sitter_bash.language,
}
# Strings and comments of Python are stepped over so that brackets inside them do not count. An unclosed
# string runs to the end of its line or text and the loops never give back, so the scan is linear.
_PYTHON_BRACKETS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\\?\Z)'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\\?\Z)"
    r'|"(?:\\.|[^"\\\n])*+"?'
    r"|'(?:\\.|[^'\\\n])*+'?"
    r"|\#[^\n]*+"
    r"|[()\[\]{}]",
    re.DOTALL,
)
_BRACKETS = re.compile(r"[()\[\]{}]")


@functools.cache
def _language(grammar: Grammar) -> Language:
    return Language(_GRAMMARS[grammar]())


def parse_tree(grammar: Grammar, text: str) -> Tree | None:
    """The concrete syntax tree of `text`, or None when the parser did not end in `PARSE_SECONDS`."""
    source = text.encode("utf-8", "replace")
    deadline = time.monotonic() + PARSE_SECONDS

    def read(offset: int, _point: Point) -> bytes:
        return source[offset : offset + READ_BYTES]

    def late(_offset: int, _has_error: bool) -> bool:
        return time.monotonic() > deadline

    try:
        return Parser(_language(grammar)).parse(read, progress_callback=late)
    except ValueError:
        # What the binding raises when the progress callback stops the parser.
        return None


def walk_broken(tree: Tree) -> Iterator[Node]:
    """The ERROR and MISSING nodes of `tree`, outermost only, in the order of the text.

    Walks with a cursor, never by recursion, and skips the parts that are whole.
    """
    cursor = tree.walk()
    while True:
        node = cursor.node
        assert node is not None
        broken = node.is_error or node.is_missing
        if broken:
            yield node
        if node.has_error and not broken and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def broken_lines(grammar: Grammar, text: str, limit: int = 5) -> tuple[int, ...]:
    """Lines, from 1 and each once, where `text` stops being valid; at most `limit`, maybe none."""
    tree = parse_tree(grammar, text)
    if tree is None or not tree.root_node.has_error:
        return ()
    lines: list[int] = []
    for node in walk_broken(tree):
        line = node.start_point.row + 1
        if line not in lines:
            lines.append(line)
        if len(lines) == limit:
            break
    return tuple(lines)


def bracket_depth(grammar: Grammar, text: str) -> tuple[int, int]:
    """How deep brackets nest in `text`, and the line, from 1, where they are deepest.

    A plain scan in linear time. Brackets in strings and comments do not count in Python; elsewhere they
    do, which errs on the side of refusing.
    """
    brackets = _PYTHON_BRACKETS if grammar == "python" else _BRACKETS
    depth = deepest = offset = 0
    for match in brackets.finditer(text):
        bracket = match.group()
        if bracket in "([{":
            depth += 1
            if depth > deepest:
                deepest, offset = depth, match.start()
        elif bracket in ")]}":
            depth = max(0, depth - 1)
    return deepest, text.count("\n", 0, offset) + 1
