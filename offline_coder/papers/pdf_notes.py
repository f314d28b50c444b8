"""Footnotes of a PDF: apart from the text, in the section that refers to them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from offline_coder.papers.outline import Draft
from offline_coder.papers.paper import Place
from offline_coder.papers.pdf_layout import Line, places_of
from offline_coder.papers.tables import is_caption

MARK = re.compile(r"[∗*†‡§¶]|\d{1,2}(?=\s?[A-Z(h\"“])")
AUTHORS = re.compile(
    r"[∗*†‡§¶]|\d{1,2}\s?(?:equal|work done|work performed|corresponding|universit|department)", re.IGNORECASE
)
VENUE = re.compile(
    r"\bconference on\b|\bproceedings of\b|preprint\b|copyright|under review|equal contribution"
    r"|correspondence to|permission to make|\bworkshop\b",
    re.IGNORECASE,
)
SHORTEST = 9
FARTHEST = 12


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote; `section` counts the sections from 0."""

    section: int
    text: str
    places: tuple[Place, ...]


def read_notes(
    notes: list[tuple[int, Line]], front_page: int, join: Callable[[list[Line]], str]
) -> tuple[list[Note], int]:
    """The footnotes, each with the section at hand where its page ends; and how many were left
    out because they speak of the paper's authors and venue, at the foot of the front page."""
    groups: list[tuple[int, list[Line]]] = []
    for at, line in notes:
        if MARK.match(line.text) or not groups or groups[-1][1][-1].page != line.page:
            groups.append((at, []))
        groups[-1][1].append(line)
    found = []
    dropped = 0
    for at, lines in groups:
        text = join(lines)
        if lines[0].page == front_page and (AUTHORS.match(text) or VENUE.search(text)):
            dropped += 1
        elif len(text) >= SHORTEST:
            found.append(Note(at, text, places_of(lines)))
    return found, dropped


def place_notes(notes: list[Note], drafts: list[Draft]) -> None:
    """Add each footnote to the section whose text holds its mark, "^3"; to the one at hand when none
    does."""
    for note in notes if drafts else []:
        text = note.text
        home = min(max(note.section, 0), len(drafts) - 1)
        if is_caption(text, "fig"):
            drafts[home].add("figure", text, note.places)
            continue
        mark = MARK.match(text)
        name = mark[0] if mark else ""
        if name:
            home = marked_section(name, home, drafts)
        drafts[home].add(
            "paragraph",
            f"({f'footnote {name}'.strip()}: {text[mark.end() if mark else 0 :].strip()})",
            note.places,
        )


def marked_section(mark: str, at: int, drafts: list[Draft]) -> int:
    """The last of the sections before and at `at` whose text holds a footnote's mark, else `at`."""
    pattern = re.compile(rf"[A-Za-z0-9]{{2}}[.,;:)\]”\"’']*\^\{{?{re.escape(mark)}\}}?(?!\w)")
    for number in range(at, max(at - FARTHEST, -1), -1):
        if any(pattern.search(block.text) for block in drafts[number].blocks):
            return number
    return at
