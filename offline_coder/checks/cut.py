"""Where to cut a text that stopped in the middle or went round in circles, so that it can be continued."""

import re

from offline_coder.checks.source import compiler_warnings
from offline_coder.checks.trees import MAX_BYTES, MAX_DEPTH, bracket_depth, parse_tree

MAX_PARSES = 40
PATIENT_PARSES = 15
MAX_COMPILED = 1 << 20
MAX_PERIOD_LINES = 40
MIN_COPIES_SHORT = 8
MIN_COPIES_LONG = 4
LONG_BLOCK_LINES = 5
TAIL_CHARACTERS = 8000
MIN_TAIL_COPIES = 8
MIN_TAIL_REPEATED = 400

# The line ends that the compiler counts; str.splitlines knows more of them.
_LINE_ENDS = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


def last_good_prefix(text: str) -> str:
    """The longest beginning of Python `text` that is made of whole statements and can be continued.

    Whole lines only, nested statements included: a function that was cut keeps the statements it has. A
    last line without its newline is not whole, because more of it might have come. "" when not even the
    first statement is whole, or the text is over 256 KiB or nests over 200 brackets deep.
    """
    if len(text) > MAX_BYTES or "\0" in text:
        return ""
    lines = _LINE_ENDS.split(text)[:-1]
    # Counted in characters, not seconds: the same text must give the same prefix on every machine.
    compiled = 0
    for parses in range(MAX_PARSES):
        prefix = "".join(lines)
        compiled += len(prefix)
        if compiled > MAX_COMPILED:
            break
        if bracket_depth("python", prefix)[0] > MAX_DEPTH:
            return ""
        line = _failing_line(prefix)
        if line is None or _continues(prefix, lines, line):
            return prefix
        # The error is at or after the statement that is not whole; cutting there always gets shorter.
        # Real text needs one or two cuts. What needs many is hopeless, so the steps grow.
        last = len(lines) - (1 << max(0, parses - PATIENT_PARSES))
        del lines[max(0, min(line - 1, last)) :]
        if not lines:
            return ""
    return _whole_top_level("".join(lines))


def repeats(text: str) -> int | None:
    """Offset in characters where `text` starts to repeat itself degenerately; None when it does not.

    `text[:offset]` keeps the first copy. Degenerate is a block of up to 40 lines that follows itself:
    8 times in a row, or 4 times when it is 5 lines or longer. At the very end of the text any period
    counts, within a line too, from 8 copies and 400 characters on. Takes linear time.
    """
    found = [offset for offset in (_repeated_lines(text), _repeated_tail(text)) if offset is not None]
    return min(found, default=None)


def _failing_line(source: str) -> int | None:
    """The line, from 1, of the first error in `source`; None when it compiles."""
    try:
        with compiler_warnings():
            compile(source, "cut.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        # An open try at the end of the text carries the line where its handler is missing.
        return error.lineno or 1
    except (ValueError, RecursionError, MemoryError):
        return 1
    return None


def _continues(prefix: str, lines: list[str], line: int) -> bool:
    """Whether the only thing wrong with `prefix` is that its try blocks wait for their handlers."""
    if line < len(lines):
        return False
    closing = ""
    indent: int | None = None
    for text in reversed(lines):
        stripped = text.strip()
        if not stripped or stripped.startswith("#"):
            continue
        own = len(text) - len(text.lstrip())
        if indent is None or own < indent:
            indent = own
            if re.match(r"try\s*:", stripped):
                closing += f"{text[:own]}finally:\n{text[:own]} pass\n"
    return bool(closing) and _failing_line(prefix + closing) is None


def _whole_top_level(text: str) -> str:
    """`text` up to the last top-level statement before the first one that tree-sitter sees as broken."""
    tree = parse_tree("python", text)
    end = 0
    for node in tree.root_node.children if tree else ():
        if node.has_error:
            break
        end = node.end_point.row + 1
    prefix = "".join(line + "\n" for line in text.split("\n")[:end])
    return prefix if _failing_line(prefix) is None else ""


def _repeated_lines(text: str) -> int | None:
    """Offset of the second copy of the first block of lines that follows itself too often."""
    lines = [line.strip() for line in text.split("\n")]
    numbers: dict[str, int] = {}
    ids = [numbers.setdefault(line, len(numbers)) for line in lines]
    starts: list[tuple[int, int]] = []
    for period in range(1, min(MAX_PERIOD_LINES, len(ids) // 2) + 1):
        copies = MIN_COPIES_LONG if period >= LONG_BLOCK_LINES else MIN_COPIES_SHORT
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
