"""From the fragments of pages to lines in the order of reading, without page furniture."""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from offline_coder.papers.paper import Place
from offline_coder.papers.pdf_text import Fragment, PageText
from offline_coder.papers.tables import CAPTION

EDGE, WIDE_EDGE = 0.09, 0.2
STAMP = re.compile(r"arXiv:\d{4}\.\d{4,5}(?:v\d+)?\s+\[")
PAGE_NUMBER = re.compile(
    r"(?:page\s+)?[\divxlc]{1,5}(?:\s*(?:/|of)\s*\d{1,4})?|[-–—]\s*\d{1,4}\s*[-–—]", re.IGNORECASE
)
NOTE_MARK = re.compile(r"[∗*†‡§¶]|\^?\{?\d{1,2}\}?(?=\s?[A-Z(h\"“])")
LONE_NUMBER = re.compile(r"(?:[A-Z]\.)?\d{1,2}(?:\.\d{1,2}){0,3}[.)]?")
LONG = 25
# Of the size: how far two rows over both columns stand apart when what is between them goes across too, and
# how far the rows of one table do.
BAND, CLOSE = 6.5, 3.0


@dataclass(slots=True)
class Line:
    """A line of one column. `column` is 0 for text over the whole width, 1 left, 2 right; `left` and
    `right` are the edges of the column it stands in, in points."""

    page: int
    column: int
    fragments: list[Fragment]
    left: float = 0.0
    right: float = 0.0
    note: bool = False

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(fragment.text for fragment in self.fragments)

    @property
    def x0(self) -> float:
        """Left end, in points."""
        return self.fragments[0].x0

    @property
    def x1(self) -> float:
        """Right end, in points."""
        return max(fragment.x1 for fragment in self.fragments)

    @property
    def main(self) -> Fragment:
        """Its longest fragment, which says size and baseline."""
        return max(self.fragments, key=lambda fragment: len(fragment.text))

    @property
    def y(self) -> float:
        """Baseline, in points from the foot of the page."""
        return self.main.y

    @property
    def size(self) -> float:
        """Commonest size, in points."""
        return self.main.size

    @property
    def largest(self) -> float:
        """Size of its largest character, in points."""
        return max(fragment.largest for fragment in self.fragments)

    @property
    def lead(self) -> str:
        """How it begins in bold or italics, a number before that included."""
        found: list[str] = []
        for fragment in self.fragments:
            number = not found and LONE_NUMBER.fullmatch(fragment.text)
            found.append(fragment.text if number else fragment.lead)
            if found[-1] != fragment.text:
                break
        return " ".join(found).strip() if found[-1] or len(found) > 2 else ""

    def share(self, name: str) -> float:
        """Share of its characters that are "bold", "italic", "math" or "mono"."""
        total = sum(fragment.characters for fragment in self.fragments) or 1
        return float(sum(getattr(part, name) * part.characters for part in self.fragments)) / total


@dataclass(slots=True)
class Layout:
    """Lines in reading order; the size of body text and the distance of its lines, in points; the lines of
    furniture that went."""

    lines: list[Line]
    body_size: float
    leading: float = 12.0
    furniture: list[str] = field(default_factory=list)


def lay_out(pages: list[PageText]) -> Layout:
    """All lines of `pages` in the order a person reads them, footnotes after the page's text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for fragment in page.fragments:
            sizes[fragment.size] += len(fragment.text)
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    repeated = repeated_edges(pages)
    layout = Layout([], body)
    texts = []
    for page in pages:
        kept = []
        for fragment in page.fragments:
            if is_furniture(fragment, page, repeated):
                layout.furniture.append(fragment.text)
            else:
                kept.append(fragment)
        texts.append(kept)
    for page, kept, gutter in zip(pages, texts, gutters_of(pages, texts), strict=True):
        layout.lines += page_lines(page, kept, gutter, body)
    layout.leading = leading_of(layout.lines) or body * 1.2
    return layout


def leading_of(lines: list[Line]) -> float:
    """The commonest distance of two long lines, in points; 0 when there are none."""
    gaps = Counter(
        round(above.y - below.y, 1)
        for above, below in pairwise(lines)
        if min(len(above.text), len(below.text)) >= LONG and 0 < above.y - below.y < 4 * above.size
    )
    return gaps.most_common(1)[0][0] if gaps else 0.0


def edge_key(fragment: Fragment, page: PageText) -> str | None:
    """What a running head would share with those of other pages; None in the middle of the page. The
    first and the last line of a page are at its edge when its margins are wide."""
    lowest, highest = min(f.y for f in page.fragments), max(f.y for f in page.fragments)
    inner = page.height * EDGE < fragment.y < page.height * (1 - EDGE)
    wide = page.height * WIDE_EDGE < fragment.y < page.height * (1 - WIDE_EDGE)
    if wide or (inner and lowest + 1 < fragment.y < highest - 1):
        return None
    return re.sub(r"\d+", "#", fragment.text)[:80]


def repeated_edges(pages: list[PageText]) -> set[str]:
    """Texts near the top or foot of at least three pages, or at the same height of two; numbers not
    compared."""
    counts: Counter[str] = Counter()
    heights: Counter[tuple[str, int]] = Counter()
    for page in pages:
        keys = ((edge_key(fragment, page), round(fragment.y)) for fragment in page.fragments)
        found = {(key, y) for key, y in keys if key is not None and re.search(r"[^\W\d_]{3}", key)}
        heights.update(found)
        counts.update({key for key, _ in found})
    twice = {key for (key, _), count in heights.items() if count >= 2}
    return twice | {key for key, count in counts.items() if count >= 3}


def is_furniture(fragment: Fragment, page: PageText, repeated: set[str]) -> bool:
    """Running heads, page numbers and arXiv stamps."""
    if STAMP.match(fragment.text):
        return True
    key = edge_key(fragment, page)
    if key is None:
        return False
    if key in repeated:
        return True
    # An "x" in a formula on the page's last line is a roman number too, but not alone on its line; a digit
    # close before words is the number of a heading.
    beside = [other for other in page.fragments if other is not fragment and abs(other.y - fragment.y) < 3]
    inner = page.height * EDGE < fragment.y < page.height * (1 - EDGE)
    close = any(0 <= other.x0 - fragment.x1 < 3 * fragment.size for other in beside)
    numeral = fragment.text.isdigit() and not inner and not close
    return bool(PAGE_NUMBER.fullmatch(fragment.text)) and (not beside or numeral)


def gutters_of(pages: list[PageText], texts: list[list[Fragment]]) -> list[float | None]:
    """The gutter of each page. A page whose own text does not tell, as one full of floats, has that of the
    pages before it unless most of its text crosses it."""
    found: list[float | None] = []
    usual: float | None = None
    for page, fragments in zip(pages, texts, strict=True):
        gutter = gutter_of(fragments, page.width)
        if gutter is None and usual is not None:
            crossing = sum(len(f.text) for f in fragments if f.x0 < usual - 2 and f.x1 > usual + 2)
            if crossing < 0.4 * sum(len(f.text) for f in fragments):
                gutter = usual
        elif gutter is not None:
            usual = gutter
        found.append(gutter)
    return found


def gutter_of(fragments: list[Fragment], width: float) -> float | None:
    """Where the gap between two columns is, in points; None on a page with one column.

    There are two columns when, at some place near the middle, little long text crosses and much stands
    on either side.
    """
    long = [f for f in fragments if len(f.text) >= LONG]
    best: tuple[float, float] | None = None
    for step in range(-6, 7):
        x = width / 2 + step * width / 100
        crossing = sum(len(f.text) for f in long if f.x0 < x - 1 and f.x1 > x + 1)
        left = sum(len(f.text) for f in long if f.x1 <= x + 1)
        right = sum(len(f.text) for f in long if f.x0 >= x - 1)
        if (
            min(left, right) > 150
            and crossing < (left + right) * 0.6
            and min(left, right) * 6 > max(left, right)
        ):
            worth = crossing + abs(step) * 0.01
            if best is None or worth < best[0]:
                best = (worth, x)
    return best[1] if best else None


def page_lines(page: PageText, fragments: list[Fragment], gutter: float | None, body: float) -> list[Line]:
    """The lines of one page in order: full-width ones part the page into bands, in each of which the
    left column comes before the right one."""
    if gutter is None:
        lines = stacked(page.number, 0, fragments)
        return with_notes(lines, body)
    across = wide_rows(fragments, gutter)
    left = [f for f in fragments if f.x1 <= gutter + 2 and id(f) not in across]
    right = [f for f in fragments if f.x0 >= gutter - 2 and id(f) not in across]
    sides = {id(f) for f in (*left, *right)}
    wide = stacked(page.number, 0, [f for f in fragments if id(f) not in sides])
    columns = [stacked(page.number, 1, left), stacked(page.number, 2, right)]
    found: list[Line] = []
    notes: list[Line] = []
    for number, column in enumerate(columns):
        columns[number] = [line for line in with_notes(column, body) if not line.note]
        notes += [line for line in with_notes(column, body) if line.note]
    for bar in wide:
        for number, column in enumerate(columns):
            found += [line for line in column if line.y > bar.y]
            columns[number] = [line for line in column if line.y <= bar.y]
        found.append(bar)
    return [*found, *columns[0], *columns[1], *notes]


def wide_rows(fragments: list[Fragment], gutter: float) -> set[int]:
    """The ids of fragments that belong to rows over both columns: those beside one that crosses the gutter,
    those between two such rows that are close, and the rows of a table under a wide caption."""
    rows: list[list[Fragment]] = []
    for fragment in sorted(fragments, key=lambda f: -f.y):
        if rows and rows[-1][0].y - fragment.y < fragment.size * 0.3:
            rows[-1].append(fragment)
        else:
            rows.append([fragment])
    wide = [at for at, row in enumerate(rows) if goes_across(row, gutter)]
    found = set(wide)
    for above, below in pairwise(wide):
        if rows[above][0].y - rows[below][0].y <= BAND * rows[above][0].size:
            found.update(range(above, below))
    for at in wide:
        if CAPTION.match(min(rows[at], key=lambda f: f.x0).text):
            found.update(table_rows(rows, at, gutter))
    return {id(f) for at in found for f in rows[at]}


def goes_across(row: list[Fragment], gutter: float) -> bool:
    """Whether a piece of a row crosses the gutter, and no column's text stands beside it."""
    crossing = [f for f in row if f.x0 < gutter - 2 and f.x1 > gutter + 2]
    return bool(crossing) and all(len(f.text) < LONG for f in row if f not in crossing)


def table_rows(rows: list[list[Fragment]], at: int, gutter: float) -> list[int]:
    """The rows under the caption in row `at` that have short cells on both sides of the gutter."""
    found = []
    for below in range(at + 1, min(at + 80, len(rows))):
        row = rows[below]
        both = min(f.x0 for f in row) < gutter < max(f.x1 for f in row)
        close = rows[below - 1][0].y - row[0].y <= CLOSE * row[0].size
        if not close or not both or len(row) < 3 or max(len(f.text) for f in row) >= LONG:
            # The caption's second line may end in the left column.
            if close and below == at + 1 and not both:
                continue
            break
        found.append(below)
    return found


def stacked(page: int, column: int, fragments: list[Fragment]) -> list[Line]:
    """Fragments of one column as lines from top to bottom, each from left to right."""
    lines: list[Line] = []
    for fragment in sorted(fragments, key=lambda f: (-f.y, f.x0)):
        home = None
        for line in reversed(lines[-4:]):
            reach = 0.45 * max(line.size, fragment.size)
            if abs(line.y - fragment.y) <= reach and not overlaps(line, fragment):
                home = line
                break
        if home is None:
            lines.append(Line(page, column, [fragment]))
        else:
            home.fragments.append(fragment)
    lines = adopted(lines)
    for line in lines:
        line.fragments.sort(key=lambda f: f.x0)
    edge_left = quantile([line.x0 for line in lines if len(line.text) >= LONG], 0.1)
    edge_right = quantile([line.x1 for line in lines if len(line.text) >= LONG], 0.9)
    for line in lines:
        line.left, line.right = edge_left, edge_right
    return lines


def adopted(lines: list[Line]) -> list[Line]:
    """Lines with scraps (an exponent, an index, a root sign that stands off the line) put into the nearest
    line, when that is close."""
    found: list[Line] = []
    scraps: list[Line] = []
    for line in lines:
        scrap = len(line.text) <= 8 and (line.share("math") > 0.4 or line.x1 - line.x0 < 3 * line.size)
        near = any(
            abs(other.y - line.y) < line.size * 1.1
            for other in lines
            if other is not line and len(other.text) > 8
        )
        (scraps if scrap and near and len(line.fragments) == 1 else found).append(line)
    for alone in scraps:
        home = nearest(found, alone.y)
        if home is None or not home.x0 - 2 * home.size < alone.x0 < home.x1 + 2 * home.size:
            found.append(alone)
        else:
            home.fragments += alone.fragments
    return sorted(found, key=lambda line: -line.y)


def nearest(lines: list[Line], y: float) -> Line | None:
    """The line whose baseline is nearest to `y`; None when there are no lines."""
    return min(lines, key=lambda line: abs(line.y - y), default=None)


def overlaps(line: Line, fragment: Fragment) -> bool:
    """Whether a fragment stands over or under another of the line, as a numerator does."""
    return any(min(f.x1, fragment.x1) - max(f.x0, fragment.x0) > 1.0 for f in line.fragments)


def places_of(lines: list[Line]) -> tuple[Place, ...]:
    """The boxes around `lines`, one for each column of a page; from baseline to baseline, with the size of
    the highest line added."""
    groups: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.page, line.column), []).append(line)
    found = []
    for (page, _), group in groups.items():
        box = (
            min(fragment.x0 for line in group for fragment in line.fragments),
            min(line.y for line in group),
            max(fragment.x1 for line in group for fragment in line.fragments),
            max(line.y + line.largest for line in group),
        )
        left, bottom, right, top = (round(edge, 1) for edge in box)
        found.append(Place(page=page + 1, box=(left, bottom, right, top)))
    return tuple(found)


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of `values` lies; 0 when there are none."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def with_notes(lines: list[Line], body: float) -> list[Line]:
    """Lines with the footnotes marked: small text at the foot of the column, from the first line on that
    begins as a note does; on the first page notes need no mark. Rows of a table are none."""
    start = len(lines)
    while start and lines[start - 1].size < body * 0.95 and len(lines[start - 1].text) >= 3:
        start -= 1
        if len(lines[start].fragments) > 2 or CAPTION.match(lines[start].text):
            start += 1
            break
    first = next((at for at in range(start, len(lines)) if NOTE_MARK.match(lines[at].text)), len(lines))
    if lines and lines[0].page == 0:
        first = start
    for line in lines[first:]:
        line.note = True
    return lines
