"""Markdown cut into pieces by its lines, before anything is cleaned.

CommonMark, plus the habits of the tools that write papers as Markdown (marker, MinerU, docling, pandoc):
display mathematics between $$ or \\[ \\], HTML tables, captions set as list items.
"""

import re
from dataclasses import dataclass
from typing import Literal

from offline_coder.papers.tables import CAPTION, DELIMITER

RawKind = Literal["heading", "code", "math", "table", "html table", "list", "image", "paragraph", "unclosed"]

FENCE = re.compile(r"\s{0,3}(`{3,}(?=[^`]*$)|~{3,})\s*([A-Za-z0-9_+-]*)")
HEADING = re.compile(r" {0,3}(#{1,6})(?:\s+(.*))?$")
SETEXT = re.compile(r" {0,3}(={2,}|-{2,})\s*$")
RULE = re.compile(r" {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$")
ITEM = re.compile(r"(\s*)([-*+•]|\d{1,3}[.)])\s+(\S.*)$")
IMAGE = re.compile(r"\s*!\[([^\]]*)\]\([^)]*\)\s*$")
ANCHORS = re.compile(r"(?:\s*<(?:span|a)\s[^<>]{0,200}>\s*</(?:span|a)>)+\s*")
OPENS_MATH = {"$$": "$$", "\\[": "\\]"}
MATH_ENVIRONMENT = re.compile(r"\s*\\begin\{((?:equation|align|gather|multline|eqnarray|displaymath)\*?)\}")
LONGEST_MATH = 300


@dataclass(frozen=True, slots=True)
class Raw:
    """A piece as it stands. `level` is a heading's; `info` a fence's language."""

    kind: RawKind
    lines: tuple[str, ...]
    level: int = 0
    info: str = ""


class Cutter:
    """Walks over the lines once."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.found: list[Raw] = []
        self.paragraph: list[str] = []

    def cut(self) -> list[Raw]:
        """All pieces in order."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                self.flush()
                self.at += 1
            elif not (
                self.fence(line)
                or self.heading(line)
                or self.math(line)
                or self.table(line)
                or self.list(line)
            ):
                self.text(line)
        self.flush()
        return self.found

    def emit(self, kind: RawKind, lines: list[str], level: int = 0, info: str = "") -> None:
        """End the open paragraph and add a piece."""
        self.flush()
        self.found.append(Raw(kind, tuple(lines), level, info))

    def flush(self) -> None:
        """End the open paragraph."""
        if self.paragraph:
            self.found.append(Raw("paragraph", tuple(self.paragraph)))
            self.paragraph = []

    def fence(self, line: str) -> bool:
        """A fenced block; an opening fence that nothing closes is reported and its lines read as text."""
        if not (match := FENCE.match(line)):
            return False
        mark = match[1]
        closing = re.compile(rf"\s{{0,3}}{re.escape(mark[0])}{{{len(mark)},}}\s*$")
        end = next((n for n in range(self.at + 1, len(self.lines)) if closing.match(self.lines[n])), None)
        if end is None:
            self.emit("unclosed", [line])
            self.at += 1
            return True
        self.emit("code", self.lines[self.at + 1 : end], info=match[2].lower())
        self.at = end + 1
        return True

    def heading(self, line: str) -> bool:
        """A heading with # before it or a row of = or - below it; a rule."""
        if match := HEADING.match(line):
            self.emit("heading", [match[2] or ""], level=len(match[1]))
        elif self.paragraph and (match := SETEXT.match(line)):
            if len(self.paragraph) == 1 and len(self.paragraph[0]) < 200:
                title = self.paragraph.pop()
                self.emit("heading", [title], level=1 if match[1][0] == "=" else 2)
            else:
                self.flush()
        elif RULE.match(line):
            self.flush()
        else:
            return False
        self.at += 1
        return True

    def math(self, line: str) -> bool:
        """Display mathematics, at most 300 lines; one that does not end is text."""
        start = ANCHORS.sub("", line).strip()
        opened = start[:2]
        if opened in OPENS_MATH:
            closed, inside = OPENS_MATH[opened], start[2:]
        elif match := MATH_ENVIRONMENT.match(start):
            closed, inside = f"\\end{{{match[1]}}}", start
        else:
            return False
        collected: list[str] = []
        for number in range(self.at, min(self.at + LONGEST_MATH, len(self.lines))):
            here = inside if number == self.at else self.lines[number]
            end = here.find(closed)
            if end >= 0:
                after = here[end + len(closed) :].strip()
                keeps = closed if closed.startswith("\\end") else ""
                self.emit("math", [*collected, here[:end] + keeps])
                self.at = number + 1
                if after and not re.fullmatch(r"[.,;]?\s*(?:\(?\d{0,3}\)?)", after):
                    self.paragraph = [after]
                return True
            if not here.strip() and number > self.at and closed == "$$":
                break
            collected.append(here)
        return False

    def table(self, line: str) -> bool:
        """Rows with bars, or HTML up to </table>."""
        stripped = line.strip()
        if "<table" in stripped[:400].lower():
            end = self.at
            while end < len(self.lines) and "</table>" not in self.lines[end].lower():
                end += 1
            if end == len(self.lines):
                return False
            self.emit("html table", self.lines[self.at : end + 1])
            self.at = end + 1
            return True
        following = self.lines[self.at + 1] if self.at + 1 < len(self.lines) else ""
        starts = stripped.startswith("|") and stripped.count("|") > 1
        if not starts and not ("|" in stripped and "|" in following and DELIMITER.fullmatch(following)):
            return False
        end = self.at
        while end < len(self.lines) and "|" in self.lines[end]:
            end += 1
        self.emit("table", self.lines[self.at : end])
        self.at = end
        return True

    def list(self, line: str) -> bool:
        """A list with its nested items. A caption set as an item is a paragraph of its own."""
        if not (match := ITEM.match(line)) or (self.paragraph and match[2][0].isdigit()):
            return False
        if CAPTION.match(ANCHORS.sub("", match[3]).lstrip("*_ ")):
            self.emit("paragraph", [match[3]])
            self.at += 1
            return True
        items: list[str] = []
        while self.at < len(self.lines):
            here = self.lines[self.at]
            match = ITEM.match(here)
            if match and CAPTION.match(ANCHORS.sub("", match[3]).lstrip("*_ ")):
                break
            if match:
                items.append(here)
            elif not here.strip():
                following = self.lines[self.at + 1] if self.at + 1 < len(self.lines) else ""
                if not ITEM.match(following) and not (
                    items and following.startswith("  ") and following.strip()
                ):
                    break
            elif HEADING.match(here) or FENCE.match(here) or here.lstrip().startswith(("|", "$$", "<table")):
                break
            else:
                items[-1] += " " + here.strip()
            self.at += 1
        self.emit("list", items)
        return True

    def text(self, line: str) -> None:
        """A line of a paragraph, an image, or a line that holds only anchors."""
        if match := IMAGE.match(ANCHORS.sub("", line)):
            self.emit("image", [match[1]])
        elif ANCHORS.fullmatch(line):
            pass
        else:
            self.paragraph.append(re.sub(r"^\s*(?:>\s?)+", "", line))
        self.at += 1


def cut(lines: list[str]) -> list[Raw]:
    """The pieces of a Markdown text, in order."""
    return Cutter(lines).cut()
