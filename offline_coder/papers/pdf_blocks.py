"""From lines to headings, paragraphs, captions, tables, equations and references."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from offline_coder.papers.outline import Draft
from offline_coder.papers.paper import Block, BlockKind, Place
from offline_coder.papers.pdf_headings import ABSTRACT, SENTENCE_END, Heading, Headings, is_centred
from offline_coder.papers.pdf_layout import Layout, Line, leading_of, places_of
from offline_coder.papers.pdf_listing import algorithm_at, code_at
from offline_coder.papers.pdf_notes import place_notes, read_notes
from offline_coder.papers.pdf_table import cells_of
from offline_coder.papers.tables import CAPTION, captioned, is_caption, markdown_table
from offline_coder.papers.text import clean_line

ABSTRACT_RUN_IN = re.compile(r"abstract\s*[-—–.:]\s*(?=\w)", re.IGNORECASE)
# Of the size: how far the rows of one table may stand apart.
TABLE_LEADING = 3.0
TABLE_ALONE = re.compile(r"TABLE\s+(?:[IVX]{1,6}|\d{1,2})")
BULLET = re.compile(r"[•▪◦‣∙·⋄–-]\s+(?=\S)")
NUMBERED_ITEM = re.compile(r"(?:\(?\d{1,2}[.)]|\([a-z]\))\s+(?=\S)")
REFERENCE_START = re.compile(r"\[[\w+.,\- ]{1,40}\]\s|\d{1,3}\.\s+[A-Z]")
EQUATION_NUMBER = re.compile(r"\(\d{1,3}[a-z]?\)$")
PROSE_WORD = re.compile(r"\b[a-z]{4,}\b")
WHOLE_WORD = re.compile(r"[a-z]+(?:-[a-z]+)+|[a-z]{3,}")
# What English puts before a hyphen and hardly ever ends a syllable with.
ALWAYS_APART = frozenset(["well", "self", "non", "state", "cross", "ill", "semi"])


@dataclass(slots=True)
class Outline:
    """What the lines hold."""

    title: str = ""
    authors: list[str] = field(default_factory=list)
    abstract: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    author_notes: int = 0


class Builder:
    """Reads lines in order. `kept` holds lines of the open paragraph."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.body = layout.body_size
        self.found = Outline()
        self.place = "front"
        self.headings = Headings(self.body, self.join)
        self.open: list[Line] = []
        self.notes: list[tuple[int, Line]] = []
        self.words = set(WHOLE_WORD.findall(without_cut_words(layout.lines).lower()))

    def build(self) -> Outline:
        """All lines as an outline."""
        lines = with_whole_captions(self.layout.lines)
        start = self.take_title(lines)
        at = start
        while at < len(lines):
            line = lines[at]
            if line.note and (self.place != "references" or self.is_smaller(line)):
                self.notes.append((len(self.found.drafts) - 1, line))
                at += 1
                continue
            heading = self.heading(lines, at)
            if heading is not None:
                at = self.enter(heading, at)
                continue
            floating = self.place == "section" or (self.place != "references" and self.announced())
            if floating and (after := self.float(lines, at)) > at:
                at = after
                continue
            if self.place == "references" and CAPTION.match(line.text):
                # Figures stand behind the references in many papers.
                self.close()
                self.place = "section"
            elif self.open and self.parts(self.open[-1], line):
                self.close()
            self.open.append(line)
            at += 1
        self.close()
        notes, self.found.author_notes = read_notes(self.notes, lines[0].page if lines else 0, self.join)
        place_notes(notes, self.found.drafts)
        for draft in self.found.drafts:
            draft.blocks = mended(draft.blocks)
        return self.found

    def take_title(self, lines: list[Line]) -> int:
        """The largest text of the first page's upper half is the title; the place after it."""
        first = [line for line in lines if line.page == lines[0].page][:40]
        upper = first[: max(len(first) * 2 // 3, 1)]
        candidates = [line for line in upper if len(line.text) > 3 and not ABSTRACT.fullmatch(line.text)]
        if not candidates:
            return 0
        largest = max(line.largest for line in candidates)
        if largest < self.body * 1.15:
            return self.take_plain_title(first)
        begin = next(
            n for n, line in enumerate(lines) if line in candidates and line.largest >= largest - 0.3
        )
        end = begin
        while (
            end < len(lines)
            and end - begin < 6
            # The last line of a title in small capitals may hold no capital.
            and lines[end].largest >= largest * 0.78
            and (end == begin or 0 < lines[end - 1].y - lines[end].y < largest * 1.6)
        ):
            end += 1
        self.found.title = self.join(lines[begin:end])
        return end

    def is_smaller(self, line: Line) -> bool:
        """Whether a line is smaller than the open paragraph, as a note under references is."""
        return bool(self.open) and line.size < self.open[0].size * 0.95

    def take_plain_title(self, first: list[Line]) -> int:
        """A title of the size of the text: bold or capitals, at the very top; the place after it."""
        end = 0
        while end < min(len(first), 5) and (
            first[end].share("bold") > 0.8 or (first[end].text.isupper() and is_centred(first[end]))
        ):
            end += 1
        at_hand = self.heading(first, 0) if end else None
        if not end or (at_hand is not None and (at_hand.number or at_hand.kind != "section")):
            return 0
        self.found.title = self.join(first[:end])
        return end

    def heading(self, lines: list[Line], at: int) -> Heading | None:
        """The heading that begins at `at`, if one does."""
        return self.headings.at(lines, at, self.place, self.announced())

    def enter(self, heading: Heading, at: int) -> int:
        """Open what a heading opens; the place after it."""
        self.close()
        if heading.kind == "section":
            self.place = "section"
            level = self.headings.enter(heading.number)
            self.found.drafts.append(Draft(title=heading.title, number=heading.number, level=level))
        else:
            self.place = heading.kind
        if heading.rest is not None and heading.rest.fragments:
            self.open.append(heading.rest)
        return at + heading.count

    def parts(self, before: Line, line: Line) -> bool:
        """Whether a new paragraph begins with `line`."""
        ended = bool(SENTENCE_END.search(before.text))
        if BULLET.match(line.text) or (NUMBERED_ITEM.match(line.text) and (line.x0 > line.left + 2 or ended)):
            return True
        if CAPTION.match(line.text) or (self.place == "front" and ABSTRACT_RUN_IN.match(line.text)):
            return True
        if self.place == "references":
            return False
        if self.is_equation(before) != self.is_equation(line):
            return True
        if before.page != line.page or before.column != line.column:
            return ended and (
                before.x1 < before.right - 12 or line.x0 > line.left + 4 or not line.text[:1].islower()
            )
        gap = before.y - line.y
        if abs(before.size - line.size) > 0.6 and min(len(before.text), len(line.text)) > 20:
            return True
        if gap > max(max(before.size, line.size) * 1.55, self.layout.leading * 1.25) or gap < -1:
            return True
        indented = line.x0 > line.left + line.size * 0.8 and line.x0 > before.x0 + line.size * 0.8
        edge = min(before.right, max(other.x1 for other in (*self.open, line)))
        return ended and (before.x1 < edge - 2 * line.size or indented)

    def is_equation(self, line: Line) -> bool:
        """Whether a line is displayed mathematics."""
        text = line.text
        if line.x0 < line.left + 8 or BULLET.match(text) or NUMBERED_ITEM.match(text):
            return False
        prose = len(PROSE_WORD.findall(text))
        return prose <= 2 and (
            line.share("math") > 0.25 or bool(EQUATION_NUMBER.search(text) and "=" in text)
        )

    def float(self, lines: list[Line], at: int) -> int:
        """Read what is no running text from `at`; the place after it, `at` when it is running text."""
        after = self.listing(lines, at)
        return after if after > at else self.table(lines, at)

    def listing(self, lines: list[Line], at: int) -> int:
        """Read program text or an algorithm from `at`; the place after it, `at` when there is none."""
        kind: BlockKind = "algorithm"
        text, end = algorithm_at(lines, at)
        if not text:
            kind = "code"
            text, end = code_at(lines, at)
        if text:
            self.close()
            self.draft().add(kind, text, places_of(lines[at:end]))
        return end

    def table(self, lines: list[Line], at: int) -> int:
        """Read a table's rows from `at`; the place after them, `at` when there is no table."""
        end = at
        announced = self.announced()
        while (
            end < len(lines)
            and end - at < 120
            and self.is_row(lines[end], announced)
            and (end == at or follows_closely(lines[end - 1], lines[end]))
            and self.heading(lines, end) is None
        ):
            end += 1
        rows = lines[at:end]
        if len(rows) < 3 or sum(len(row.fragments) > 1 for row in rows) < 2:
            return at
        table = markdown_table(cells_of(rows))
        caption = ""
        if announced:
            caption = self.join(self.open)
            rows, self.open = [*self.open, *rows], []
        self.close()
        places = places_of(rows)
        if not caption and end < len(lines) and is_caption(lines[end].text, "tab"):
            stop = end + 1
            while stop < len(lines) and not self.parts(lines[stop - 1], lines[stop]) and stop - end < 12:
                stop += 1
            caption, places = self.join(lines[end:stop]), (*places, *places_of(lines[end:stop]))
            end = stop
        self.draft().add("table", captioned(caption, table), places)
        return end

    def announced(self) -> bool:
        """Whether the open paragraph is a table's caption."""
        return bool(self.open) and is_caption(self.open[0].text, "tab")

    def is_row(self, line: Line, announced: bool) -> bool:
        """Whether a line looks like a row: several fragments far apart, or short and not prose. Behind
        a table's caption formulas may be rows too."""
        if CAPTION.match(line.text) or line.note:
            return False
        if announced:
            before = self.open[-1]
            if before.x1 > before.right - 3 * line.size and before.y - line.y < line.size * 1.3:
                return False
            if not EQUATION_NUMBER.search(line.text) and (self.is_equation(line) or len(line.text) < 50):
                return True
        if len(line.fragments) > 1:
            return len(PROSE_WORD.findall(line.text)) <= 14 and not self.is_sentence(line)
        return (
            len(line.text) < 50
            and line.x1 < line.right - 60
            and not self.is_equation(line)
            and not SENTENCE_END.search(line.text)
        )

    def is_sentence(self, line: Line) -> bool:
        """Whether a line of several fragments is prose with a wide gap or a formula in it."""
        longest = max(len(PROSE_WORD.findall(fragment.text)) for fragment in line.fragments)
        return longest > 6 or self.is_equation(line)

    def draft(self) -> Draft:
        """The section that is open; text before the first heading gets one without a title."""
        if not self.found.drafts:
            self.found.drafts.append(Draft(title="", level=1))
        return self.found.drafts[-1]

    def close(self) -> None:
        """Put the open paragraph where it belongs."""
        lines, self.open = self.open, []
        if not lines:
            return
        if self.place == "references":
            self.found.references += self.references(lines)
            return
        text = self.join(lines)
        if self.place != "section" and is_caption(text, "fig"):
            self.draft().add("figure", text)
        elif self.place == "abstract":
            self.found.abstract.append(text)
        elif self.place == "front":
            self.front(lines, text)
        else:
            for kind, words in blocks_of(text, all(self.is_equation(line) for line in lines)):
                self.add(kind, words, places_of(lines))

    def add(self, kind: BlockKind, words: str, places: tuple[Place, ...]) -> None:
        """Add a block; list items that follow each other are one list."""
        blocks = self.draft().blocks
        if kind == "list" and blocks and blocks[-1].kind == "list":
            before = blocks.pop()
            words, places = f"{before.text}\n{words}", (*before.places, *places)
        self.draft().add(kind, words, places)

    def front(self, lines: list[Line], text: str) -> None:
        """Before the abstract: short lines are authors; a long paragraph is text, and kept."""
        if match := ABSTRACT_RUN_IN.match(text):
            self.found.abstract.append(text[match.end() :])
        elif len(text) > 400:
            self.draft().add("paragraph", text, places_of(lines))
        else:
            self.found.authors += [line.text for line in lines]

    def references(self, lines: list[Line]) -> list[str]:
        """The entries of a list of references, told apart by their marks or by hanging indents."""
        marked = sum(bool(REFERENCE_START.match(line.text)) for line in lines) > len(lines) / 8
        leading = max(leading_of(lines), lines[0].size * 1.2)
        groups: list[list[Line]] = []
        for before, line in zip([None, *lines], lines, strict=False):
            if marked:
                fresh = bool(REFERENCE_START.match(line.text))
            else:
                hanging = line.x0 < line.left + 4
                apart = before is not None and before.page == line.page and before.y - line.y > leading * 1.25
                ended = before is not None and SENTENCE_END.search(before.text) is not None
                fresh = (hanging and ended) or apart
            if fresh or not groups:
                groups.append([])
            groups[-1].append(line)
        return [text for group in groups if (text := self.join(group))]

    def join(self, lines: list[Line]) -> str:
        """Lines as one text; words cut by a hyphen at a line's end are put together."""
        text = ""
        for line in lines:
            words = line.text.strip()
            if text.endswith("-") and len(text) > 1 and text[-2].isalpha() and words[:1].isalpha():
                text = self.unhyphenated(text, words)
            else:
                text = f"{text} {words}" if text else words
        return clean_line(text)

    def unhyphenated(self, text: str, words: str) -> str:
        """`text` and `words` joined at the hyphen that ends `text`, which stays in compounds the paper
        writes elsewhere, and before capitals."""
        head = re.search(r"([A-Za-z]+(?:-[A-Za-z]+)*)-$", text)
        tail = re.match(r"[A-Za-z]+", words)
        if head is None or tail is None:
            return text + words
        compound = f"{head[1]}-{tail[0]}".lower()
        solid = f"{head[1]}{tail[0]}".lower()
        halves = min(len(head[1]), len(tail[0])) > 3 and {head[1].lower(), tail[0].lower()} <= self.words
        keeps = solid not in self.words and (
            compound in self.words or halves or not words[0].islower() or head[1].lower() in ALWAYS_APART
        )
        return text + words if keeps else text[:-1] + words


def with_whole_captions(lines: list[Line]) -> list[Line]:
    """`lines` with "TABLE II", alone on its line over the words of its caption, put before those words."""
    found: list[Line] = []
    name = ""
    for line, after in zip_longest(lines, lines[1:]):
        near = after is not None and after.page == line.page and 0 < line.y - after.y < line.size * 2
        if near and TABLE_ALONE.fullmatch(line.text) and not line.note:
            name = line.text
            continue
        if name:
            first, *others = line.fragments
            line.fragments = [replace(first, text=f"{name}: {first.text}"), *others]
            name = ""
        found.append(line)
    return found


def without_cut_words(lines: list[Line]) -> str:
    """The text of all lines without the halves of words that a hyphen cuts at a line's end."""
    found = []
    cut = False
    for line in lines:
        words = line.text.split()
        if cut and words:
            words.pop(0)
        cut = bool(words) and words[-1].endswith("-")
        found += words[:-1] if cut else words
    return " ".join(found)


def follows_closely(row: Line, line: Line) -> bool:
    """Whether `line` may be the next row of a table: no wide space, and no change of size with a space."""
    gap = row.y - line.y
    resized = abs(row.size - line.size) > 0.6
    return row.page == line.page and gap <= (1.8 if resized else TABLE_LEADING) * max(row.size, line.size)


def mended(blocks: list[Block]) -> list[Block]:
    """Paragraphs that a float stands in the middle of, put together before it."""
    found: list[Block] = []
    for block in blocks:
        if block.kind == "paragraph" and block.text[:1].islower():
            at = len(found) - 1
            while at >= 0 and found[at].kind in ("figure", "table"):
                at -= 1
            whole = at == len(found) - 1
            if (
                at >= 0
                and not whole
                and found[at].kind == "paragraph"
                and not SENTENCE_END.search(found[at].text)
            ):
                found[at] = Block(
                    kind="paragraph",
                    text=f"{found[at].text} {block.text}",
                    places=(*found[at].places, *block.places),
                )
                continue
        found.append(block)
    return found


def blocks_of(text: str, equation: bool) -> Iterator[tuple[BlockKind, str]]:
    """Kind and text of one paragraph."""
    if not text:
        return
    if is_caption(text, "fig"):
        yield "figure", text
    elif is_caption(text, "tab"):
        yield "table", text
    elif equation:
        yield "equation", text
    elif match := BULLET.match(text):
        yield "list", f"- {text[match.end() :]}"
    elif match := NUMBERED_ITEM.match(text):
        number = re.sub(r"\W", "", match[0])
        yield "list", f"{number}. {text[match.end() :]}" if number.isdigit() else f"- {text}"
    else:
        yield "paragraph", text
