"""Program text and algorithms of a PDF: blocks whose lines must stay lines."""

import re
from itertools import pairwise

from offline_coder.papers.pdf_layout import Line

ALGORITHM = re.compile(r"algorithm\s+(\d{1,2})\b\s*[:.]?\s*", re.IGNORECASE)
STEP_NUMBER = re.compile(r"(\d{1,3})(?::\s*|\s+|$)")
STEP_WORD = re.compile(
    r"(?:require|ensure|input|output|data|result|parameter|hyper-?parameter|initiali|for|while|if|else|end|"
    r"return|repeat|until|function|procedure|loop|foreach)\b",
    re.IGNORECASE,
)
LONGEST = 120
# Of the size: how far the next line of one algorithm may be; its first one stands below a rule.
LEADING, BELOW_RULE = 1.75, 2.6
INDENT = 10.0


def code_at(lines: list[Line], at: int) -> tuple[str, int]:
    """The text in a font of fixed width from `at` on, and the place after it; ("", at) when there are not
    two lines of it."""
    end = at
    while end < len(lines) and lines[end].share("mono") > 0.8 and not lines[end].note:
        end += 1
    if end - at < 2:
        return "", at
    rows = lines[at:end]
    left = min(row.x0 for row in rows)
    width = sum((row.x1 - row.x0) / max(len(row.text), 1) for row in rows) / len(rows) or 5.0
    return "\n".join(" " * min(round((row.x0 - left) / width), 60) + row.text for row in rows), end


def algorithm_at(lines: list[Line], at: int) -> tuple[str, int]:
    """The algorithm whose caption stands at `at`, one step a line without its number, and the place after
    it; ("", at) when there is none. At least half of its lines begin as steps do."""
    head = lines[at]
    match = ALGORITHM.match(head.text)
    if match is None or head.note:
        return "", at
    end = at + 1
    while end < min(len(lines), at + LONGEST):
        before, line = lines[end - 1], lines[end]
        reach = (BELOW_RULE if end == at + 1 else LEADING) * max(before.size, line.size)
        if line.page != head.page or line.column != head.column or not -1 < before.y - line.y <= reach:
            break
        end += 1
    steps = lines[at + 1 : end]
    numbered = [line for line in steps if STEP_NUMBER.match(line.text)]
    worded = [line for line in steps if STEP_WORD.match(STEP_NUMBER.sub("", line.text, count=1))]
    begun = {id(line) for line in (*numbered, *worded)}
    if len(steps) < 2 or len(begun) * 2 < len(steps):
        return "", at
    strip = len(numbered) * 2 >= len(steps) and counts_up(numbered)
    placed = [step_of(line, strip) for line in steps]
    left = min(x for x, _ in placed)
    caption = f"Algorithm {match[1]}: {head.text[match.end() :]}".rstrip(": ")
    texts = ["  " * min(round(max(x - left, 0.0) / INDENT), 12) + words for x, words in placed]
    return "\n".join([caption, *(text for text in texts if text.strip())]), end


def counts_up(lines: list[Line]) -> bool:
    """Whether the numbers that begin the lines are mostly 1, 2, 3."""
    numbers = [int(match[1]) for line in lines if (match := STEP_NUMBER.match(line.text))]
    right = sum(after - before == 1 for before, after in pairwise(numbers))
    return right * 4 >= 3 * (len(numbers) - 1)


def step_of(line: Line, strip: bool) -> tuple[float, str]:
    """Where the words of a step begin, in points, and the words; without its number when `strip`."""
    text = line.text
    match = STEP_NUMBER.match(text) if strip else None
    if match is None:
        return line.x0 + (INDENT if strip else 0.0), text
    first = line.fragments[0]
    if len(first.text) <= len(match[0].rstrip()) and len(line.fragments) > 1:
        return line.fragments[1].x0, text[match.end() :]
    width = (first.x1 - first.x0) / max(len(first.text), 1)
    return first.x0 + width * len(match[0]), text[match.end() :]
