"""Tables of pandoc's Markdown that are drawn with dashes and spaces: simple, multiline and grid tables.

The forms are those of the pandoc manual (https://pandoc.org/MANUAL.html#tables). Columns are found by the
place of their dashes on the line, counted as a terminal counts: wide characters are two, accents none.
"""

import re
import unicodedata
from itertools import pairwise

RULES = re.compile(r"\s*-{2,}(?:\s+-{2,})+\s*")
LONG_RULE = re.compile(r"\s*-{6,}\s*")
GRID_RULE = re.compile(r"\s*\+(?:[-=:]{2,}\+)+\s*")
GRID_LINE = re.compile(r"\s*[+|].*[+|]\s*")
TALLEST = 2000
Rows = list[list[str]]


def drawn_table(lines: list[str], at: int) -> tuple[Rows, int] | None:
    """The rows of the table that begins on line `at`, its first row the head, and the place after it;
    None when none begins there."""
    line = lines[at]
    if GRID_RULE.fullmatch(line):
        return grid_table(lines, at)
    if LONG_RULE.fullmatch(line):
        return multiline_table(lines, at)
    if RULES.fullmatch(line):
        return headless_table(lines, at)
    following = lines[at + 1] if at + 1 < len(lines) else ""
    if line.strip() and RULES.fullmatch(following):
        return simple_table(lines, at)
    return None


def simple_table(lines: list[str], at: int) -> tuple[Rows, int]:
    """A line of heads, a line of dashes, a line a row, up to an empty line or a line of dashes."""
    cuts = columns_of(lines[at + 1])
    end = stop = min(next_blank(lines, at + 2), at + TALLEST)
    if end > at + 2 and RULES.fullmatch(lines[end - 1]):
        end -= 1
    return [cells_of(line, cuts) for line in (lines[at], *lines[at + 2 : end])], stop


def headless_table(lines: list[str], at: int) -> tuple[Rows, int] | None:
    """Rows between two lines of dashes: one a line, or, with empty lines between, some lines each."""
    end = closing_rule(lines, at, RULES)
    if end is None:
        return None
    inside = lines[at + 1 : end]
    cuts = columns_of(lines[at])
    if any(not line for line in inside):
        return joined_rows(inside, cuts), end + 1
    return [cells_of(line, cuts) for line in inside], end + 1


def multiline_table(lines: list[str], at: int) -> tuple[Rows, int] | None:
    """A long rule, the head, a line of dashes, rows parted by empty lines, a long rule."""
    end = closing_rule(lines, at, LONG_RULE)
    if end is None:
        return None
    rule = next((n for n in range(at + 1, end) if RULES.fullmatch(lines[n])), None)
    if rule is None:
        return None
    cuts = columns_of(lines[rule])
    return joined_rows(lines[at + 1 : rule], cuts) + joined_rows(lines[rule + 1 : end], cuts), end + 1


def grid_table(lines: list[str], at: int) -> tuple[Rows, int] | None:
    """Cells between + - | and =; a cell that spans columns leaves the others empty, one that spans rows
    the rows below."""
    end = at
    while end < min(len(lines), at + TALLEST) and GRID_LINE.fullmatch(lines[end]):
        end += 1
    if end - at < 3 or not GRID_RULE.fullmatch(lines[end - 1]):
        return None
    # A rule that a spanning cell interrupts shows fewer corners than the table has columns.
    widths = [places(line) for line in lines[at:end]]
    corners = sorted({n for line in widths for n, c in enumerate(line) if c == "+"})
    columns = list(pairwise(corners))
    rows: Rows = [[""] * len(columns)]
    tops = [0] * len(columns)  # the row in which the open cell of each column began
    for line in widths[1:-1]:
        owner = 0
        ruled = []
        for number, (left, right) in enumerate(columns):
            piece = "".join(line[left + 1 : right])
            if line[left : left + 1] in (["|"], ["+"]):
                owner = number
            if re.fullmatch(r"[-=:]+", piece):
                ruled.append(number)
            else:
                row = rows[tops[owner]]
                row[owner] = f"{row[owner]} {piece.strip()}".strip()
        if ruled:
            rows.append([""] * len(columns))
            for number in ruled:
                tops[number] = len(rows) - 1
    return rows, end


def joined_rows(lines: list[str], cuts: list[int]) -> Rows:
    """Rows of several lines each, parted by empty lines."""
    rows: Rows = []
    fresh = True
    for line in lines:
        cells = cells_of(line, cuts)
        if not line:
            fresh = True
        elif fresh:
            rows.append(cells)
            fresh = False
        else:
            rows[-1] = [f"{above} {below}".strip() for above, below in zip(rows[-1], cells, strict=True)]
    return rows


def next_blank(lines: list[str], at: int) -> int:
    """The place of the next empty line, or the end."""
    while at < len(lines) and lines[at]:
        at += 1
    return at


def closing_rule(lines: list[str], at: int, rule: re.Pattern[str]) -> int | None:
    """The line of dashes that ends what the one on line `at` began; it stands before an empty line."""
    for number in range(at + 2, min(len(lines), at + TALLEST)):
        last = number + 1 == len(lines) or not lines[number + 1].strip(" :")
        if rule.fullmatch(lines[number]) and (last or lines[number + 1].lstrip().startswith(":")):
            return number
    return None


def columns_of(rule: str) -> list[int]:
    """Where each run of dashes begins, the first at 0."""
    return [0, *[match.start() for match in re.finditer(r"-+", rule)][1:]]


def places(line: str) -> list[str]:
    """`line` by the places it takes up on a terminal: a wide character is followed by an empty place, an
    accent stands with its letter."""
    found: list[str] = []
    for char in line:
        if found and unicodedata.combining(char):
            found[-1] += char
        else:
            found.append(char)
            if unicodedata.east_asian_width(char) in "WF":
                found.append("")
    return found


def cells_of(line: str, cuts: list[int]) -> list[str]:
    """`line` cut at the places of its columns."""
    spread: list[str] | str = line if line.isascii() else places(line)
    ends = [*cuts[1:], len(spread)]
    return ["".join(spread[start:end]).strip() for start, end in zip(cuts, ends, strict=True)]
