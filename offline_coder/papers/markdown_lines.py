"""Markdown cut into pieces by its lines, before anything is cleaned.

CommonMark, plus the habits of the tools that write papers as Markdown (marker, MinerU, docling, pandoc):
display mathematics between $$ or \\[ \\], HTML tables and figures, tables drawn with dashes, captions set
as list items or behind a colon.
"""

import re
from dataclasses import dataclass
from typing import Literal

from offline_coder.papers.markdown_inline import ATTRIBUTES, INNER
from offline_coder.papers.markdown_tables import RULES, drawn_table
from offline_coder.papers.tables import CAPTION, DELIMITER

RawKind = Literal[
    "heading", "code", "math", "table", "drawn table", "html table", "html figure", "list", "image", "anchor",
    "paragraph", "unclosed",
]  # fmt: skip

FENCE = re.compile(r"\s{0,3}(`{3,}(?=[^`]*$)|~{3,})\s*\{?\.?([A-Za-z0-9_+-]*)")
HEADING = re.compile(r" {0,3}(#{1,6})(?:\s+(.*))?$")
SETEXT = re.compile(r" {0,3}(={2,}|-{2,})\s*$")
RULE = re.compile(r" {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,})$")
ITEM = re.compile(r"(\s*)([-*+•]|\d{1,3}[.)])\s+(\S.*)$")
IMAGES = re.compile(
    rf"(?:\s*!\[{INNER}\]\([^()]{{0,500}}(?:\([^()]{{0,200}}\)[^()]{{0,200}})?\)(?:{ATTRIBUTES})?\\?)+\s*"
)
IMAGE = re.compile(rf"!\[{INNER}\]\([^()]{{0,500}}(?:\([^()]{{0,200}}\)[^()]{{0,200}})?\)((?:{ATTRIBUTES})?)")
ANCHORS = re.compile(r"(?:\s{0,9}<(?:span|a)\s[^<>]{0,200}>\s*</(?:span|a)>)+\s*")
ANCHOR = re.compile(r"\[\]\{#([^{}\s]{1,200})[^{}]{0,300}\}\s*$")
COLON_CAPTION = re.compile(r"^\s{0,3}:\s+(?=\S)")
OPENS_MATH = {"$$": "$$", "\\[": "\\]"}
MATH_ENVIRONMENT = re.compile(r"\s*\\begin\{((?:equation|align|gather|multline|eqnarray|displaymath)\*?)\}")
# \[3\] is a bracket that was escaped, not mathematics.
ESCAPED_BRACKETS = re.compile(r"\\\[[\w\s,;.–-]{1,60}\\\]")
HTML_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
LONGEST_MATH = 300
LONGEST_FIGURE = 60
TABLES = ("table", "drawn table", "html table")
# Lines of dashes that begin no table, before no more are looked for: each costs a search.
MOST_MISSES = 500


@dataclass(frozen=True, slots=True)
class Raw:
    """A piece as it stands. `level` is a heading's; `info` a fence's language or an image's name; `rows` a
    drawn table's; `first` and `last` are its lines in the file, counted from 1."""

    kind: RawKind
    lines: tuple[str, ...]
    level: int = 0
    info: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    first: int = 0
    last: int = 0


class Cutter:
    """Walks over the lines once. `before` is how many lines of the file stand before them."""

    def __init__(self, lines: list[str], before: int) -> None:
        self.lines = lines
        self.before = before
        self.at = 0
        self.found: list[Raw] = []
        self.paragraph: list[str] = []
        self.begin = 0
        self.misses = 0
        self.unclosed: dict[str, int] = {}  # the shortest fence of each kind that nothing closes from here on

    def cut(self) -> list[Raw]:
        """All pieces in order."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line.strip():
                self.flush()
                self.at += 1
            elif not (
                self.fence(line)
                or self.drawn(line)
                or self.heading(line)
                or self.math(line)
                or self.table(line)
                or self.figure(line)
                or self.list(line)
            ):
                self.text(line)
        self.flush()
        return self.found

    def emit(self, kind: RawKind, lines: list[str], end: int, level: int = 0, info: str = "") -> None:
        """End the open paragraph and add a piece that ends before the line `end`; go there."""
        self.flush()
        self.add(Raw(kind, tuple(lines), level, info), self.at, end)
        self.at = end

    def add(self, piece: Raw, begin: int, end: int) -> None:
        """Add a piece that stands on the lines from `begin` to before `end`."""
        first, last = begin + self.before + 1, max(begin + 1, end) + self.before
        self.found.append(Raw(piece.kind, piece.lines, piece.level, piece.info, piece.rows, first, last))

    def flush(self) -> None:
        """End the open paragraph; one of images only is these images."""
        if not self.paragraph:
            return
        lines, self.paragraph = self.paragraph, []
        joined = " ".join(lines) if lines[0].lstrip().startswith("![") else ""
        if joined and IMAGES.fullmatch(joined):
            for match in IMAGE.finditer(joined):
                self.add(Raw("image", (match[1],), info=match[2]), self.begin, self.at)
        else:
            self.add(Raw("paragraph", tuple(lines)), self.begin, self.at)

    def fence(self, line: str) -> bool:
        """A fenced block; an opening fence that nothing closes is reported and its lines read as text."""
        if not (match := FENCE.match(line)):
            return False
        mark = match[1]
        closing = re.compile(rf"\s{{0,3}}{re.escape(mark[0])}{{{len(mark)},}}\s*$")
        end = None
        if len(mark) < self.unclosed.get(mark[0], len(mark) + 1):
            end = next((n for n in range(self.at + 1, len(self.lines)) if closing.match(self.lines[n])), None)
        if end is None:
            self.unclosed[mark[0]] = min(len(mark), self.unclosed.get(mark[0], len(mark)))
            self.emit("unclosed", [line], self.at + 1)
        else:
            self.emit("code", self.lines[self.at + 1 : end], end + 1, info=match[2].lower())
        return True

    def heading(self, line: str) -> bool:
        """A heading with # before it or a row of = or - below it; a rule."""
        if match := HEADING.match(line):
            self.emit("heading", [match[2] or ""], self.at + 1, level=len(match[1]))
            return True
        if self.paragraph and (match := SETEXT.match(line)):
            if len(self.paragraph) == 1 and len(self.paragraph[0]) < 200:
                title = self.paragraph.pop()
                self.add(Raw("heading", (title,), 1 if match[1][0] == "=" else 2), self.at - 1, self.at + 1)
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
        if opened in OPENS_MATH and not ESCAPED_BRACKETS.match(start):
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
                self.emit("math", [*collected, here[:end] + keeps], number + 1)
                if after and not re.fullmatch(r"[.,;]?\s*(?:\(?\d{0,3}\)?)", after):
                    self.paragraph, self.begin = [after], number
                return True
            if not here.strip() and number > self.at and closed == "$$":
                break
            collected.append(here)
        return False

    def drawn(self, line: str) -> bool:
        """A table of pandoc's, whose head may be what the open paragraph ends in."""
        if RULES.fullmatch(line) and self.paragraph and self.misses < MOST_MISSES:
            # The head of a simple table stands on the line before its dashes.
            self.paragraph.pop()
            self.at -= 1
        elif self.paragraph or not line.strip(" ").startswith(("-", "+")):
            return False
        found = drawn_table(self.lines, self.at) if self.misses < MOST_MISSES else None
        if found is None:
            self.misses += 1
            return False
        rows, end = found
        self.flush()
        table = Raw("drawn table", (), rows=tuple(tuple(row) for row in rows))
        self.add(table, self.at, end)
        self.at = end
        return True

    def table(self, line: str) -> bool:
        """Rows with bars, or HTML up to </table>, with the words that stand around it on its lines."""
        stripped = line.strip()
        begins = stripped[:400].lower().find("<table")
        if begins >= 0:
            end = self.at
            while end < len(self.lines) and "</table>" not in self.lines[end].lower():
                end += 1
            if end == len(self.lines):
                return False
            lines = self.lines[self.at : end + 1]
            lead = HTML_TAG.sub(" ", stripped[:begins]).strip()
            stop = lines[-1].lower().rfind("</table>") + len("</table>")
            rest = HTML_TAG.sub(" ", lines[-1][stop:]).strip()
            if lead:
                self.text(lead)
                self.at -= 1
            self.emit("html table", lines, end + 1)
            if rest:
                self.paragraph, self.begin = [rest], end
            return True
        following = self.lines[self.at + 1] if self.at + 1 < len(self.lines) else ""
        starts = stripped.startswith("|") and stripped.count("|") > 1
        if not starts and not ("|" in stripped and "|" in following and DELIMITER.fullmatch(following)):
            return False
        end = self.at
        while end < len(self.lines) and "|" in self.lines[end]:
            end += 1
        self.emit("table", self.lines[self.at : end], end)
        return True

    def figure(self, line: str) -> bool:
        """An HTML figure up to </figure>, of at most 60 lines."""
        if not line.lstrip()[:7].lower().startswith("<figure"):
            return False
        for end in range(self.at, min(self.at + LONGEST_FIGURE, len(self.lines))):
            if "</figure>" in self.lines[end].lower():
                self.emit("html figure", self.lines[self.at : end + 1], end + 1)
                return True
        return False

    def list(self, line: str) -> bool:
        """A list with its nested items. A caption set as an item is a paragraph of its own."""
        if not (match := ITEM.match(line)) or (self.paragraph and match[2][0].isdigit()):
            return False
        if CAPTION.match(ANCHORS.sub("", match[3]).lstrip("*_ ")):
            self.emit("paragraph", [match[3]], self.at + 1)
            return True
        items: list[str] = []
        end = self.at
        while end < len(self.lines):
            here = self.lines[end]
            match = ITEM.match(here)
            if match and CAPTION.match(ANCHORS.sub("", match[3]).lstrip("*_ ")):
                break
            if match:
                items.append(here)
            elif not here.strip():
                following = self.lines[end + 1] if end + 1 < len(self.lines) else ""
                if not ITEM.match(following) and not (
                    items and following.startswith("  ") and following.strip()
                ):
                    break
            elif HEADING.match(here) or FENCE.match(here) or here.lstrip().startswith(("|", "$$", "<table")):
                break
            else:
                items[-1] += " " + here.strip()
            end += 1
        self.emit("list", items, end)
        return True

    def text(self, line: str) -> None:
        """A line of a paragraph, an image, an anchor, or a line that holds only page anchors."""
        bare = ANCHORS.sub("", line)
        if IMAGES.fullmatch(bare):
            self.flush()
            for match in IMAGE.finditer(bare):
                self.add(Raw("image", (match[1],), info=match[2]), self.at, self.at + 1)
        elif anchor := ANCHOR.match(bare):
            self.flush()
            self.add(Raw("anchor", (anchor[1],)), self.at, self.at + 1)
        elif bare.strip():
            if not self.paragraph:
                self.begin = self.at
                behind = bool(self.found) and self.found[-1].kind in TABLES
                line = COLON_CAPTION.sub("Table: " if behind else "", line)
            self.paragraph.append(re.sub(r"^\s*(?:>\s?)+", "", line))
        self.at += 1


def cut(lines: list[str], before: int = 0) -> list[Raw]:
    """The pieces of a Markdown text in order; `before` lines of the file stand before it."""
    return Cutter(lines, before).cut()
