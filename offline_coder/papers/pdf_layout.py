"""From the fragments of pages to lines in the order of reading, without page furniture."""

import re
from collections import Counter
from dataclasses import dataclass, field

from offline_coder.papers.paper import Place
from offline_coder.papers.pdf_text import Fragment, PageText

EDGE = 0.09
STAMP = re.compile(r"arXiv:\d{4}\.\d{4,5}(?:v\d+)?\s+\[")
PAGE_NUMBER = re.compile(
    r"(?:page\s+)?[\divxlc]{1,5}(?:\s*(?:/|of)\s*\d{1,4})?|[-–—]\s*\d{1,4}\s*[-–—]", re.IGNORECASE
)
LONG = 25


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

    def share(self, name: str) -> float:
        """Share of its characters that are "bold", "math" or "mono"."""
        total = sum(fragment.characters for fragment in self.fragments) or 1
        return float(sum(getattr(part, name) * part.characters for part in self.fragments)) / total


@dataclass(slots=True)
class Layout:
    """Lines in reading order; the size of body text in points; how many lines of furniture went."""

    lines: list[Line]
    body_size: float
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
    for page in pages:
        kept = []
        for fragment in page.fragments:
            if is_furniture(fragment, page, repeated):
                layout.furniture.append(fragment.text)
            else:
                kept.append(fragment)
        kept = without_line_numbers(kept)
        layout.lines += page_lines(page, kept, body)
    return layout


def edge_key(fragment: Fragment, page: PageText) -> str | None:
    """What a running head would share with those of other pages; None in the middle of the page."""
    if page.height * EDGE < fragment.y < page.height * (1 - EDGE):
        return None
    return re.sub(r"\d+", "#", fragment.text)[:80]


def repeated_edges(pages: list[PageText]) -> set[str]:
    """Texts near the top or foot of at least three pages, numbers not compared."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({key for fragment in page.fragments if (key := edge_key(fragment, page)) is not None})
    return {key for key, count in counts.items() if count >= 3}


def is_furniture(fragment: Fragment, page: PageText, repeated: set[str]) -> bool:
    """Running heads, page numbers and arXiv stamps."""
    if STAMP.match(fragment.text):
        return True
    key = edge_key(fragment, page)
    if key is None:
        return False
    if key in repeated:
        return True
    # An "x" in a formula on the page's last line is a roman number too, but not alone on its line.
    alone = not any(other is not fragment and abs(other.y - fragment.y) < 3 for other in page.fragments)
    return bool(PAGE_NUMBER.fullmatch(fragment.text)) and (alone or fragment.text.isdigit())


def without_line_numbers(fragments: list[Fragment]) -> list[Fragment]:
    """`fragments` without the numbers that drafts for review print in the margin."""
    text_left = min((f.x0 for f in fragments if len(f.text) >= LONG), default=0.0)
    text_right = max((f.x1 for f in fragments if len(f.text) >= LONG), default=0.0)
    numbers = [
        f for f in fragments if re.fullmatch(r"\d{1,4}", f.text) and (f.x1 < text_left or f.x0 > text_right)
    ]
    if len(numbers) < 15:
        return fragments
    gone = {id(fragment) for fragment in numbers}
    return [fragment for fragment in fragments if id(fragment) not in gone]


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


def page_lines(page: PageText, fragments: list[Fragment], body: float) -> list[Line]:
    """The lines of one page in order: full-width ones part the page into bands, in each of which the
    left column comes before the right one."""
    gutter = gutter_of(fragments, page.width)
    if gutter is None:
        lines = stacked(page.number, 0, fragments)
        return with_notes(lines, body)
    left = [f for f in fragments if f.x1 <= gutter + 2]
    right = [f for f in fragments if f.x0 >= gutter - 2]
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
    """Lines with the footnotes marked: small text at the foot of the column."""
    for line in reversed(lines):
        if line.size >= body * 0.95 or len(line.text) < 3:
            break
        line.note = True
    return lines
