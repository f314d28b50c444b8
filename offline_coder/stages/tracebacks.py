"""Tracebacks: where in the repository a run failed, and what of it is worth showing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from offline_coder.checks.skeleton import UNDEFINED
from offline_coder.sandbox.protocol import WORKDIR

BEGINNING = "Traceback (most recent call last):"
FRAME = re.compile(r'^ +File "(?P<file>[^"]*)", line (?P<line>\d+), in (?P<name>.*)$')
ERROR_CHARACTERS = 400
SHOWN_CALLS = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """A call that was under way: `line` counts from 1, `name` is that of the function, `code` the line."""

    path: str
    line: int
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Traceback:
    """The calls in files of the repository, outermost first, and the error with its message."""

    frames: tuple[Frame, ...]
    error: str

    @property
    def own(self) -> tuple[Frame, ...]:
        """The calls without that of the mark for a name that nothing defines."""
        return tuple(frame for frame in self.frames if frame.name != UNDEFINED)

    def told(self) -> str:
        """A line a call, then the error. Of many calls, those of a recursion, the first and the last."""
        calls = [f"{each.path} line {each.line}, in {each.name}: {each.code}" for each in self.frames]
        if len(calls) > 2 * SHOWN_CALLS:
            calls = [*calls[:SHOWN_CALLS], "...", *calls[-SHOWN_CALLS:]]
        return "\n".join([*calls, self.error])


def traceback_of(text: str, files: Mapping[str, str]) -> Traceback | None:
    """The last traceback in `text`, the output of a run of `files` (path -> text); None without one that
    goes through them. Calls outside, those of libraries and our own, are left out."""
    head, _, last = text.rpartition(BEGINNING)
    lines = (last if head or BEGINNING in text else "").split("\n")
    frames, after = [], 0
    for number, line in enumerate(lines):
        found = FRAME.match(line)
        if found is None:
            continue
        after = number + 1
        path = found["file"].removeprefix(f"{WORKDIR}/")
        code = files.get(path, "").split("\n")
        if path in files and 0 < int(found["line"]) <= len(code):
            frames.append(
                Frame(path, int(found["line"]), found["name"].strip(), code[int(found["line"]) - 1].strip())
            )
    if not frames:
        return None
    said = [line for line in lines[after:] if line.strip() and not line.startswith("    ")]
    return Traceback(tuple(frames), "\n".join(said)[:ERROR_CHARACTERS])


def shortened(text: str, most: int) -> str:
    """`text`, the output of a run, in about `most` characters: its end. Of a traceback that is longer the
    calls in libraries are left out first, of which a network of networks has six a layer, and its first
    line stays."""
    _, found, last = text.rpartition(BEGINNING)
    if len(text) <= most or not found:
        return text[-most:]
    kept, own = [], True
    for line in last.split("\n"):
        if (frame := FRAME.match(line)) is not None:
            own = not frame["file"].startswith(("/", "<")) or frame["file"].startswith(f"{WORKDIR}/")
        elif not line.startswith("  "):
            own = True
        if own:
            kept.append(line)
    return f"{BEGINNING}\n" + "\n".join(kept).lstrip("\n")[-most:]
