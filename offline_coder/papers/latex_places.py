"""Where in its files a LaTeX paper's blocks stand.

Each line gets a mark before its text when its file is loaded, unless it begins with a comment, or with a
bracket or star that may belong to a command on the line before. The marks travel through comments, inputs and
macros with the text they stand before, show the walker over the body where it is, and are taken out of
whatever is read further.
"""

import re

from offline_coder.papers.paper import Place
from offline_coder.papers.text import blank_head

MARK = "\ufdd7{}\ufdd8"
MARK_FORM = re.compile("\ufdd7(\\d+)\ufdd8")
# A mark that another one follows owns no text: it stood before an \\input.
OWNING = re.compile("\ufdd7(\\d+)\ufdd8(?=\\s*[^\\s\ufdd7])")
LINE_START = re.compile(r"^[ ]*(?=[^\s%{}\[\]*])", re.MULTILINE)
MOST_MARKS = 200_000


def bare(text: str) -> str:
    """`text` without marks."""
    return MARK_FORM.sub("", text) if "\ufdd7" in text else text


def last_mark(text: str) -> str:
    """The last mark in `text`, "" when it has none. A macro's argument of one token may have cut one."""
    at = len(text)
    while (at := text.rfind("\ufdd7", 0, at)) >= 0:
        if found := MARK_FORM.match(text, at):
            return found[0]
    return ""


class SourceLines:
    """The lines that marks stand for, the last mark that was passed, and the mark of a run-in heading whose
    text is still to come."""

    def __init__(self) -> None:
        self.known: list[tuple[str, int]] = []
        self.last = -1
        self.head = -1

    def marked(self, text: str, raw: str, file: str) -> str:
        """`text`, the cleaned form of `raw`, with its marks; of a paper's first 200,000 lines."""
        line = blank_head(raw) + 1
        counted = 0

        def mark(match: re.Match[str]) -> str:
            nonlocal line, counted
            if len(self.known) >= MOST_MARKS:
                return match[0]
            line += text.count("\n", counted, match.start())
            counted = match.start()
            self.known.append((file, line))
            return match[0] + MARK.format(len(self.known) - 1)

        return LINE_START.sub(mark, text)

    def here(self) -> Place | None:
        """The line of the last mark that was passed; None before the first."""
        if self.last < 0:
            return None
        file, line = self.known[self.last]
        return Place(file=file, lines=(line, line))

    def places(self, text: str) -> tuple[Place, ...]:
        """The stretch of `text`, which follows what was asked for last: one place a file, in order. A mark
        at its very end belongs to what comes next."""
        numbers = [int(number) for number in OWNING.findall(text)]
        begin = self.last
        if passed := last_mark(text):
            self.last = int(passed[1:-1])
        if begin >= 0 and text.split("\ufdd7", 1)[0].strip():
            numbers.insert(0, begin)
        if numbers and self.head >= 0:
            numbers.insert(0, self.head)
            self.head = -1
        found: dict[str, tuple[int, int]] = {}
        for number in numbers:
            file, line = self.known[number]
            first, last = found.get(file, (line, line))
            found[file] = (min(first, line), max(last, line))
        return tuple(Place(file=file, lines=lines) for file, lines in found.items())
