"""Headings that a converter wrote as ordinary paragraphs."""

import re
from dataclasses import replace

from offline_coder.papers.markdown_inline import heading_text
from offline_coder.papers.markdown_lines import Raw
from offline_coder.papers.outline import TOP_LEVEL, split_number

BOLD = re.compile(r"\s*(?:\*\*|__)(?=\S)[^*\n]{1,120}(?<=\S)(?:\*\*|__)\s*")
KNOWN = re.compile(r"abstract\W*|(?:references|bibliography)\W*", re.IGNORECASE)
HEADING_LONGEST = 110
SENTENCE = re.compile(r"[.,;:?!]$|[.;:]\s+[a-z]")


def with_lost_headings(pieces: list[Raw]) -> list[Raw]:
    """`pieces` with lone lines made headings that can be nothing else.

    Set in bold: those with the next number and the usual names; all, where only the title is a heading. Not
    in bold: only in a text without numbered headings, those with the next number.
    """
    headings = [heading_text(piece.lines[0]) for piece in pieces if piece.kind == "heading"]
    bare = len(headings) < 2
    plain = sum(bool(split_number(words)[0]) for words in headings) < 2
    last: tuple[int, ...] = (0,)
    found = []
    for piece in pieces:
        words = lone_line(piece)
        bold = piece.kind == "paragraph" and bool(words) and BOLD.fullmatch(piece.lines[0]) is not None
        number, title = split_number(words)
        key = key_of(number)
        known = bool(KNOWN.fullmatch(words) or TOP_LEVEL.fullmatch(words))
        if piece.kind == "heading":
            last = key or last
        elif words and number and (bold or plain) and title[:1].isupper() and follows(last, key):
            piece, last = replace(piece, kind="heading", level=len(key)), key
        elif words and not number and bold and (known or bare):
            piece = replace(piece, kind="heading", level=1 if known or last == (0,) else len(last) + 1)
        elif words and known and bare:
            piece = replace(piece, kind="heading", level=1)
        found.append(piece)
    return found


def lone_line(piece: Raw) -> str:
    """The words of a heading or of a paragraph of one line that may be one, else ""."""
    if piece.kind == "heading":
        return heading_text(piece.lines[0])
    if piece.kind != "paragraph" or len(piece.lines) != 1 or len(piece.lines[0]) > HEADING_LONGEST + 20:
        return ""
    words = heading_text(piece.lines[0])
    return words if 2 < len(words) <= HEADING_LONGEST and not SENTENCE.search(words) else ""


def key_of(number: str) -> tuple[int, ...]:
    """A section's number as one that can be compared; appendices come behind, () for none."""
    return tuple(100 + ord(part) - 64 if part.isalpha() else int(part) for part in number.split(".") if part)


def follows(last: tuple[int, ...], key: tuple[int, ...]) -> bool:
    """Whether the section `key` may come after `last`: the next on any level, or the first below it."""
    if not key:
        return False
    if len(key) > len(last):
        return last != (0,) and key == (*last, 1)
    appendix = len(key) == 1 and key[0] == 101 and last[0] < 100 and last != (0,)
    return appendix or (key[:-1] == last[: len(key) - 1] and key[-1] == last[len(key) - 1] + 1)
