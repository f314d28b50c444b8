"""The rows of a printed table as cells in columns: by place, because a PDF knows no tables."""

from itertools import pairwise
from statistics import median

from offline_coder.papers.pdf_layout import Line
from offline_coder.papers.pdf_text import Fragment

# A label that stands between two rows is nearer to them than a row would be, in distances of rows.
BETWEEN = 0.75
MOST_LABELS = 120
HALF_GROUP = 30
# Points that a rule adds between two rows, and how many rows a group may lose to avoid one.
RULE = 0.3
BREAK_COST = 3


def cells_of(rows: list[Line]) -> list[list[str]]:
    """The cells of `rows`, as many a row as there are columns."""
    columns = columns_of(rows)
    found = []
    for row in rows:
        cells = [""] * len(columns)
        for fragment in row.fragments:
            at = column_of(fragment, columns)
            cells[at] = f"{cells[at]} {fragment.text}".strip()
        found.append(cells)
    return with_group_labels(rows, found)


def columns_of(rows: list[Line]) -> list[tuple[float, float]]:
    """Left and right end of each column, in points. What stands over or under two pieces of one other row
    is a head over several columns and says nothing about where they are."""
    fragments = [fragment for row in rows for fragment in row.fragments]
    single = [f for f in fragments if not any(spans(f, row) for row in rows)]
    columns: list[tuple[float, float]] = []
    for fragment in sorted(single or fragments, key=lambda f: (f.x0, f.x1)):
        if columns and fragment.x0 < columns[-1][1] - 1:
            columns[-1] = (columns[-1][0], max(columns[-1][1], fragment.x1))
        else:
            columns.append((fragment.x0, fragment.x1))
    return columns


def spans(fragment: Fragment, row: Line) -> bool:
    """Whether two or more pieces of `row` stand within the width of `fragment`."""
    under = sum(min(f.x1, fragment.x1) - max(f.x0, fragment.x0) > 1 for f in row.fragments)
    return under > 1 and all(f is not fragment for f in row.fragments)


def column_of(fragment: Fragment, columns: list[tuple[float, float]]) -> int:
    """The column a piece belongs to: the first of those it covers by half, else the nearest."""
    for at, (x0, x1) in enumerate(columns):
        if min(x1, fragment.x1) - max(x0, fragment.x0) > (x1 - x0) / 2:
            return at
    middle = (fragment.x0 + fragment.x1) / 2
    return min(range(len(columns)), key=lambda at: max(columns[at][0] - middle, middle - columns[at][1], 0.0))


def with_group_labels(rows: list[Line], cells: list[list[str]]) -> list[list[str]]:
    """`cells` with the labels of groups of rows in their group's first row.

    A label that spans rows is printed at the middle of its group: on a line of its own between two rows, or
    on the middle row. Groups lie about their labels and apart from each other; of the ways to lay them so,
    the one that covers most rows is taken.
    """
    between = labels_between(rows, cells)
    if not between:
        return cells
    kept = [at for at in range(len(rows)) if at not in between]
    body = [list(cells[at]) for at in kept]
    # The place of each label in the first column, in half rows of `body`.
    labels: dict[int, str] = {}
    for at in range(len(rows)):
        if cells[at][0]:
            above = sum(other < at for other in kept)
            labels[2 * above - 1 if at in between else 2 * above] = cells[at][0]
    for row in body:
        row[0] = ""
    places = sorted(labels)
    for place, (start, _) in zip(
        places, groups_of(places, breaks_of([rows[at] for at in kept])), strict=True
    ):
        body[start][0] = f"{body[start][0]} {labels[place]}".strip()
    return body


def labels_between(rows: list[Line], cells: list[list[str]]) -> set[int]:
    """The rows that hold a label and nothing else, and stand closer to their neighbours than rows do."""
    gaps = [above.y - below.y for above, below in pairwise(rows)]
    full = [row.y for row, texts in zip(rows, cells, strict=True) if any(texts[1:])]
    pitch = median([above - below for above, below in pairwise(full)] or [0.0])
    found = set()
    for at in range(1, len(rows) - 1):
        alone = bool(cells[at][0]) and not any(cells[at][1:])
        if alone and max(gaps[at - 1], gaps[at]) < pitch * BETWEEN:
            found.add(at)
    return found if len(found) <= MOST_LABELS else set()


def breaks_of(rows: list[Line]) -> list[int]:
    """For each row, how many rows up to it stand further below the row before than rows mostly do: a rule
    or a little space parts groups."""
    gaps = [above.y - below.y for above, below in pairwise(rows)]
    usual = median(gaps or [0.0]) + RULE
    counts = [0]
    for gap in gaps:
        counts.append(counts[-1] + (gap > usual))
    return counts


def groups_of(labels: list[int], breaks: list[int]) -> list[tuple[int, int]]:
    """First and last row of the group of each label; labels are places in half rows, ascending. Groups are
    symmetric about their labels, at most 61 rows, and do not overlap; together they cover most rows and
    fewest breaks. `breaks` holds for each row the breaks above it."""
    rows = len(breaks)
    best: dict[int, tuple[int, list[tuple[int, int]]]] = {-1: (0, [])}
    for label in labels:
        here: dict[int, tuple[int, list[tuple[int, int]]]] = {}
        for half in range(HALF_GROUP + 1):
            start, end = label // 2 - half, (label + 1) // 2 + half
            if start < 0 or end >= rows:
                break
            ways = [way for last, way in best.items() if last < start]
            if ways:
                worth, groups = max(ways, key=lambda way: way[0])
                worth += end - start + 1 - BREAK_COST * (breaks[end] - breaks[start])
                if end not in here or worth > here[end][0]:
                    here[end] = (worth, [*groups, (start, end)])
        if not here:
            # No group fits: the label stays on the row above it.
            worth, groups = max(best.values(), key=lambda way: way[0])
            place = min(max(label // 2, 0), rows - 1)
            here[max(best)] = (worth, [*groups, (place, place)])
        best = here
    return max(best.values(), key=lambda way: way[0])[1]
