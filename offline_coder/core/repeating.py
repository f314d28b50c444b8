"""Where a text goes round in circles, as small models do."""

import re

MAX_PERIOD_LINES = 40
MIN_COPIES = ((8, 3), (5, 4), (1, 8))
"""Lines of a block from which on so many copies in a row are degenerate, the longest first."""
TAIL_CHARACTERS = 8000
MIN_TAIL_COPIES = 8
MIN_TAIL_REPEATED = 400
MAX_COUNTED_PERIOD = 4
MIN_COUNTED_COPIES = 20
NUMBER = re.compile(r"\d{1,9}")
Counted = tuple[str, str, list[str]]
"""A line, the line with all numbers alike, and its numbers."""


def repeats(text: str) -> int | None:
    """Offset in characters where `text` starts to repeat itself degenerately; None when it does not.

    `text[:offset]` keeps the first copy. Degenerate is a block of up to 40 lines that follows itself:
    8 times in a row, 4 times when it is 5 lines or longer, 3 times from 8 lines on. At the very end of the
    text any period counts, within a line too, from 8 copies and 400 characters on. So is a block of up to 4
    lines that only counts on, as self.fc1 to self.fc20, 20 times in a row. Takes linear time.
    """
    ways = (_repeated_lines(text), _counted_lines(text), _repeated_tail(text))
    return min((offset for offset in ways if offset is not None), default=None)


def _repeated_lines(text: str) -> int | None:
    """Offset of the second copy of the first block of lines that follows itself too often."""
    lines = [line.strip() for line in text.split("\n")]
    numbers: dict[str, int] = {}
    ids = [numbers.setdefault(line, len(numbers)) for line in lines]
    starts: list[tuple[int, int]] = []
    for period in range(1, min(MAX_PERIOD_LINES, len(ids) // 2) + 1):
        copies = next(copies for least, copies in MIN_COPIES if period >= least)
        run = 0
        for index in range(period, len(ids)):
            run = run + 1 if ids[index] == ids[index - period] else 0
            if run >= period * (copies - 1):
                first = index - run + 1
                if any(any(map(str.isalnum, lines[at])) for at in range(first, first + period)):
                    starts.append((first, period))
                    break
    if not starts:
        return None
    return _offset_of_line(text, min(starts)[0])


def _counted_lines(text: str) -> int | None:
    """Offset of the second copy of the first block of lines that follows itself, counting on, too often."""
    lines = [(line, NUMBER.sub("0", line), NUMBER.findall(line)) for line in text.split("\n")]
    starts: list[int] = []
    for period in range(1, MAX_COUNTED_PERIOD + 1):
        run = 0
        for index in range(period, len(lines)):
            same = lines[index - period] == lines[index]
            run = run + 1 if same or _counts_on(lines[index - period], lines[index]) else 0
            first = index - run + 1
            if run >= period * (MIN_COUNTED_COPIES - 1) and any(
                _counts_on(lines[at - period], lines[at]) for at in range(first, first + period)
            ):
                starts.append(first)
                break
    return _offset_of_line(text, min(starts)) if starts else None


def _counts_on(line: Counted, following: Counted) -> bool:
    """Whether two lines with letters differ in nothing but numbers that are one greater in the second."""
    if line[1] != following[1] or not any(map(str.isalpha, line[0])):
        return False
    pairs = zip(line[2], following[2], strict=True)
    return {int(after) - int(before) for before, after in pairs} in ({1}, {0, 1})


def _offset_of_line(text: str, number: int) -> int:
    """Where the line `number`, counted from 0, begins."""
    return len("\n".join(text.split("\n")[:number])) + (1 if number else 0)


def _repeated_tail(text: str) -> int | None:
    """Offset of the second copy of the shortest piece that fills the end of `text`, copy after copy."""
    tail = text[-TAIL_CHARACTERS:]
    matched = _matches_with_itself(tail[::-1])
    for period in range(1, len(tail) // MIN_TAIL_COPIES + 1):
        length = matched[period]
        if length >= MIN_TAIL_REPEATED and length >= period * (MIN_TAIL_COPIES - 1):
            return len(text) - length
    return None


def _matches_with_itself(text: str) -> list[int]:
    """For each offset, how many characters from there on equal the beginning (the Z function)."""
    matched = [0] * (len(text) + 1)
    left = right = 0
    for index in range(1, len(text)):
        length = min(right - index, matched[index - left]) if index < right else 0
        while index + length < len(text) and text[length] == text[index + length]:
            length += 1
        if index + length > right:
            left, right = index, index + length
        matched[index] = length
    return matched
