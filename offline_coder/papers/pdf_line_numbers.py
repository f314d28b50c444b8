"""The line numbers that drafts for review print beside their text, found by place and order.

They are runs of digits with nothing close beside them, right or left aligned in a strip of the page that no
text crosses, and they count up from the top of the page to its foot in steps of one size.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from offline_coder.papers.pdf_glyph import Glyph

# On one page and in the whole document; of the pairs of neighbours, how many are right.
LEAST_ON_PAGE, LEAST = 4, 15
RIGHT_SHARE = 0.85
APART = 0.45
ALIGNED = 1.5
# Letters that may stand in the strip: a running head, a wide title.
MOST_CROSSING = 6


@dataclass(frozen=True, slots=True)
class Number:
    """A run of digits that stands alone, in points."""

    value: int
    glyphs: tuple[Glyph, ...]

    @property
    def x0(self) -> float:
        """Left end."""
        return self.glyphs[0].x0

    @property
    def x1(self) -> float:
        """Right end."""
        return self.glyphs[-1].x1

    @property
    def y(self) -> float:
        """Baseline."""
        return self.glyphs[0].y


@dataclass(frozen=True, slots=True)
class Strip:
    """A column of line numbers: which of their ends are aligned, "x0" or "x1", and where, in points; from
    number to number they grow by `step`."""

    side: str
    place: float
    step: int
    numbers: tuple[Number, ...]


def without_line_numbers(pages: list[list[Glyph]]) -> list[list[Glyph]]:
    """The characters of each page without the line numbers. Where some pages have strips of them, a page
    with few lines may have a short one."""
    found = [strip for glyphs in pages for strip in strips_of(glyphs)]
    weight = sum(len(strip.numbers) * (1 if strip.step == 1 else 2) for strip in found)
    if weight < LEAST:
        return pages
    return [without_those_in(found, glyphs) for glyphs in pages]


def without_those_in(strips: list[Strip], glyphs: list[Glyph]) -> list[Glyph]:
    """`glyphs` without the numbers that stand where one of the strips is."""
    gone: set[int] = set()
    for number in lone_numbers(glyphs):
        if any(
            abs(getattr(number, strip.side) - strip.place) < ALIGNED and number.value % strip.step == 0
            for strip in strips
        ):
            gone.update(map(id, number.glyphs))
    return [glyph for glyph in glyphs if id(glyph) not in gone]


def strips_of(glyphs: list[Glyph]) -> list[Strip]:
    """The columns of at least four line numbers on one page."""
    numbers = lone_numbers(glyphs)
    found: list[Strip] = []
    taken: set[int] = set()
    for side in ("x1", "x0"):
        for group in aligned([number for number in numbers if id(number) not in taken], attrgetter(side)):
            strip = counting(group)
            if len(strip) >= LEAST_ON_PAGE and not crossed(strip, glyphs):
                step = strip[1].value - strip[0].value
                found.append(Strip(side, attrgetter(side)(strip[0]), step, tuple(strip)))
                taken.update(map(id, strip))
    return found


def lone_numbers(glyphs: list[Glyph]) -> list[Number]:
    """The runs of one to four digits that nothing stands close beside in the order of the file."""
    found: list[Number] = []
    run: list[Glyph] = []
    solid = [glyph for glyph in glyphs if not glyph.char.isspace()]
    for before, glyph in zip([None, *solid], [*solid, None], strict=True):
        joined = before is not None and glyph is not None and close(before, glyph)
        if not joined:
            if run and re.fullmatch(r"[0-9]{1,4}", text := "".join(g.char for g in run)):
                found.append(Number(int(text), tuple(run)))
            run = []
        if glyph is not None:
            run.append(glyph)
            del run[:-8]
    return found


def close(one: Glyph, two: Glyph) -> bool:
    """Whether `two` stands right behind `one` on its line."""
    size = max(one.style.size, two.style.size)
    return abs(one.y - two.y) < size and abs(two.x0 - one.x1) < APART * size


def aligned(numbers: list[Number], side: Callable[[Number], float]) -> list[list[Number]]:
    """`numbers` in groups whose left or right ends are the same."""
    groups: list[list[Number]] = []
    for number in sorted(numbers, key=side):
        if groups and side(number) - side(groups[-1][0]) < ALIGNED:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def counting(group: list[Number]) -> list[Number]:
    """The numbers of a group that count up from the top down, [] when too few do."""
    ordered = sorted(group, key=lambda number: -number.y)
    steps = [after.value - before.value for before, after in pairwise(ordered)]
    usual = max(set(steps), key=lambda step: (steps.count(step), -step), default=0)
    if usual not in (1, 2, 5, 10) or steps.count(usual) < RIGHT_SHARE * len(steps):
        return []
    right = [number for number, step in zip(ordered, [*steps, usual], strict=True) if step == usual]
    return right if all(number.value >= 0 for number in right) else []


def crossed(strip: list[Number], glyphs: list[Glyph]) -> bool:
    """Whether text stands in the strip of the page that the numbers stand in."""
    own = {id(glyph) for number in strip for glyph in number.glyphs}
    x0, x1 = min(number.x0 for number in strip), max(number.x1 for number in strip)
    inside = sum(
        x0 < (glyph.x0 + glyph.x1) / 2 < x1 and id(glyph) not in own and not glyph.char.isspace()
        for glyph in glyphs
    )
    return inside > MOST_CROSSING
