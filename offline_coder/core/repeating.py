"""Where a text goes round in circles, as small models do."""

MAX_PERIOD_LINES = 40
MIN_COPIES = ((8, 3), (5, 4), (1, 8))
"""Lines of a block from which on so many copies in a row are degenerate, the longest first."""
TAIL_CHARACTERS = 8000
MIN_TAIL_COPIES = 8
MIN_TAIL_REPEATED = 400


def repeats(text: str) -> int | None:
    """Offset in characters where `text` starts to repeat itself degenerately; None when it does not.

    `text[:offset]` keeps the first copy. Degenerate is a block of up to 40 lines that follows itself:
    8 times in a row, 4 times when it is 5 lines or longer, 3 times from 8 lines on. At the very end of the
    text any period counts, within a line too, from 8 copies and 400 characters on. Takes linear time.
    """
    found = [offset for offset in (_repeated_lines(text), _repeated_tail(text)) if offset is not None]
    return min(found, default=None)


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
    first, _ = min(starts)
    return len("\n".join(text.split("\n")[:first])) + (1 if first else 0)


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
