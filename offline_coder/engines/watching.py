"""Code watched while it is written: an answer ends where it cannot be Python any more or goes round in
circles, because whatever follows would be thrown away.

What the watch says depends on the text alone, not on the pieces in which it came: it looks after whole
lines, and after every 512th character. An incremental tree-sitter parse tells after each line whether
there may be anything to see, which costs next to nothing; then the compiler is asked.
"""

from collections.abc import Sequence

import tree_sitter_python
from tree_sitter import Language, Parser, Point, Tree

from offline_coder.core.compiling import beyond_repair
from offline_coder.core.repeating import repeats
from offline_coder.core.request import FinishReason, Message, Request

STRIDE = 512
"""Characters between two looks for circles."""
CALM_LINES = 8
"""Lines between two questions to the compiler while the tree looks whole; while it does not they double
from 1 up to this many, because a bracket or a docstring that is open looks broken too."""
MAX_WATCHED = 32 * 1024
"""Characters that are watched; some texts take the parser quadratic time."""


class PythonWatch:
    """Watches the text that goes on from `begun`, some Python."""

    def __init__(self, begun: str = "") -> None:
        self._code = begun
        self._seen = 0
        self._rest = ""
        self._parser = Parser(Language(tree_sitter_python.language()))
        self._tree: Tree | None = None
        self._parsed = b""
        self._wait = CALM_LINES
        self._since = 0

    def feed(self, piece: str) -> tuple[int, FinishReason] | None:
        """How many characters of all that was fed come before the end, and why it ends there; None while
        nothing is wrong. To be called no more after an end."""
        self._rest += piece
        while self._rest and self._seen < MAX_WATCHED:
            line = self._rest.find("\n") + 1
            stride = STRIDE - self._seen % STRIDE
            if not line and len(self._rest) < stride:
                return None
            taken = min(line or stride, stride)
            self._code += self._rest[:taken]
            self._rest = self._rest[taken:]
            self._seen += taken
            if self._seen % STRIDE == 0 and repeats(self._code) is not None:
                return self._seen, "circles"
            if taken == line and self._broken():
                return self._seen, "broken"
        return None

    def _broken(self) -> bool:
        """Whether the lines so far are no beginning of Python."""
        self._since += 1
        if self._looks_whole():
            self._wait = CALM_LINES
        elif self._wait == CALM_LINES:
            self._wait = 1
        if self._since < self._wait:
            return False
        if beyond_repair(self._code):
            return True
        self._since, self._wait = 0, min(2 * self._wait, CALM_LINES)
        return False

    def _looks_whole(self) -> bool:
        """Parse what is new."""
        source = self._code.encode("utf-8", "replace")
        end = len(self._parsed)
        if self._tree is None:
            self._tree = self._parser.parse(source)
        else:
            at, now = _point(self._parsed), _point(source)
            self._tree.edit(end, end, len(source), at, at, now)
            self._tree = self._parser.parse(source, self._tree)
        self._parsed = source
        return not self._tree.root_node.has_error


def _point(source: bytes) -> Point:
    return Point(source.count(b"\n"), len(source) - source.rfind(b"\n") - 1)


def watch_of(request: Request) -> PythonWatch | None:
    """The watch that `request` asks for, told what its answer goes on from."""
    return PythonWatch(begun_code(request.messages)) if request.watch == "python" else None


def begun_code(messages: Sequence[Message]) -> str:
    """The code that an answer goes on from: what stands in the prefill below the line of the fence."""
    last = messages[-1] if messages else None
    if last is None or last.role != "assistant":
        return ""
    return last.content.partition("\n")[2]


def watched(text: str, reason: FinishReason, request: Request) -> tuple[str, FinishReason]:
    """A whole answer up to where the watch of `request` would have ended it, and why it ends."""
    watch = watch_of(request)
    end = watch.feed(text) if watch is not None else None
    return (text[: end[0]], end[1]) if end is not None else (text, reason)
