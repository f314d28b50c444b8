"""Where things begin and end in LaTeX: environments, rows, cells."""

import re
from functools import lru_cache

BEGIN_END = re.compile(r"\\(begin|end)\s*\{([^{}]{1,60})\}")
MOST_NESTED = 100
ROW = re.compile(
    r"\\\\\*?(?:\s*\[[^\]]{0,30}\])?|\\(?:tabularnewline|cr)(?![A-Za-z])|\\(?:begin|end)\s*\{|\\.|[{}&]",
    re.DOTALL,
)


@lru_cache(maxsize=64)
def environments(text: str) -> dict[int, tuple[int, int, int]]:
    """For each \\begin at a place of `text`: where its inside starts, where it ends, where \\end ends.
    A \\begin that nothing closes is not in it. One pass over the text."""
    found: dict[int, tuple[int, int, int]] = {}
    opened: list[tuple[str, int, int]] = []
    counts: dict[str, int] = {}
    for match in BEGIN_END.finditer(text):
        name = match[2].strip()
        if match[1] == "begin":
            opened.append((name, match.start(), match.end()))
            counts[name] = counts.get(name, 0) + 1
        elif counts.get(name):
            while opened:
                other, start, inside = opened.pop()
                counts[other] -= 1
                if other == name:
                    found[start] = (inside, match.start(), match.end())
                    break
    return found


def flattened(text: str) -> str:
    """`text` without the \\begin and \\end of environments that stand more than 100 levels deep, whose
    insides would be read once for each level."""
    found: list[str] = []
    at = depth = 0
    for match in BEGIN_END.finditer(text):
        depth = max(depth + 1 if match[1] == "begin" else depth - 1, 0)
        if depth + (match[1] == "end") > MOST_NESTED:
            found.append(text[at : match.start()])
            at = match.end()
    return "".join([*found, text[at:]])


@lru_cache(maxsize=64)
def last_place(text: str, mark: str) -> int:
    """Where `mark` stands last in `text`, -1 when it does not."""
    return text.rfind(mark)


def find_closing(text: str, mark: str, at: int) -> int:
    """The next place of `mark` from `at` on, -1 when there is none. A text full of openings that nothing
    closes is not searched to its end for each of them."""
    return text.find(mark, at) if at <= last_place(text, mark) else -1


def split_cells(text: str) -> list[list[str]]:
    """The rows and cells of a tabular or an aligned equation: cut at \\\\ and & outside braces and inner
    environments."""
    rows: list[list[str]] = []
    cells: list[str] = []
    start = depth = 0
    for match in ROW.finditer(text):
        mark = match[0]
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth = max(depth - 1, 0)
        elif mark.startswith("\\begin"):
            depth += 2  # the brace of its name closes one
        elif mark.startswith("\\end") and mark.endswith("{"):
            depth = max(depth, 1)  # the brace of its name closes the environment's level
        elif depth == 0 and mark == "&":
            cells.append(text[start : match.start()])
            start = match.end()
        elif depth == 0 and (mark.startswith("\\\\") or mark in ("\\tabularnewline", "\\cr")):
            rows.append([*cells, text[start : match.start()]])
            cells = []
            start = match.end()
    rows.append([*cells, text[start:]])
    return rows


def without(text: str, places: list[tuple[int, int]]) -> str:
    """`text` without the given stretches, which are in order and apart."""
    found = []
    at = 0
    for start, end in places:
        found.append(text[at:start])
        at = end
    return "".join([*found, text[at:]])
