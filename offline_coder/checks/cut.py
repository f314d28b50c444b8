"""Where to cut a text that stopped in the middle, so that it can be continued."""

import re

from offline_coder.checks.trees import MAX_BYTES, MAX_DEPTH, bracket_depth, parse_tree
from offline_coder.core.compiling import compiler_warnings

MAX_PARSES = 40
PATIENT_PARSES = 15
MAX_COMPILED = 1 << 20

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
