"""Our own Markdown, read back without repairs: `render(read_markdown(render(paper))) == render(paper)`."""

import re
from collections.abc import Iterator
from dataclasses import replace

from offline_coder.papers.markdown_lines import Raw
from offline_coder.papers.outline import TRUSTED_ID

HEADING = re.compile(r"(#{1,6})(?: (.*))?$")
OWN_HEADING = re.compile(r"\[(" + TRUSTED_ID.pattern + r")\](?: (.*))?$")
FENCE = re.compile(r"(`{3,})(algorithm)?$")
ITEM = re.compile(r"(?:  )*(?:-|\d{1,3}\.)(?: |$)")
ESCAPED = re.compile(r"\\(?=\\*(?:#|`|~|\$|\||!\[|<|-|=|\*|_|\[Left out))")


def own_pieces(lines: list[str], before: int = 0) -> list[Raw] | None:
    """The pieces of a text that `render` wrote; None when it wrote something else.

    Its marks: a title in the first line, and below it only headings that carry ids, beside Abstract and
    References.
    """
    if not HEADING.match(lines[0]) or not lines[0].startswith(("# ", "#")) or lines[0].startswith("##"):
        return None
    pieces = list(cut(lines, before))
    headings = [piece.lines[0] for piece in pieces[1:] if piece.kind == "heading"]
    own = [words for words in headings if OWN_HEADING.match(words)]
    if not own or len(own) + sum(words in ("Abstract", "References") for words in headings) < len(headings):
        return None
    return pieces


def cut(lines: list[str], before: int) -> Iterator[Raw]:
    """Pieces parted by empty lines, fences and display mathematics kept whole. `before` lines of the file
    stand before the first."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line:
            at += 1
            continue
        piece, end = piece_at(lines, at)
        yield replace(piece, first=at + before + 1, last=min(end, len(lines)) + before)
        at = end


def piece_at(lines: list[str], at: int) -> tuple[Raw, int]:
    """What begins on line `at`, and the place after it."""
    if match := HEADING.match(lines[at]):
        return Raw("heading", (match[2] or "",), level=len(match[1])), at + 1
    if match := FENCE.match(lines[at]):
        end = closing(lines, at, match[1])
        return Raw("code", tuple(lines[at + 1 : end]), info=match[2] or ""), end + 1
    if lines[at] == "$$":
        end = closing(lines, at, "$$")
        return Raw("math", tuple(lines[at + 1 : end])), end + 1
    end = at
    while end < len(lines) and lines[end]:
        end += 1
    return passage(lines[at:end]), end


def closing(lines: list[str], at: int, mark: str) -> int:
    """The place of the line that is `mark`, behind `at`; the end when there is none."""
    try:
        return lines.index(mark, at + 1)
    except ValueError:
        return len(lines)


def passage(lines: list[str]) -> Raw:
    """A table, a list or a paragraph."""
    if all(line.startswith("|") for line in lines):
        return Raw("table", tuple(lines))
    if all(ITEM.match(line) for line in lines):
        return Raw("list", tuple(lines))
    return Raw("paragraph", (" ".join(lines),))
