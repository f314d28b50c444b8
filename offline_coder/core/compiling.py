"""The compiler of this interpreter, asked about text that nobody trusts."""

import ast
import contextlib
import threading
import warnings
from collections.abc import Iterator

UNFINISHED = 0x4000
"""The compiler's flag PyCF_ALLOW_INCOMPLETE_INPUT, which the module codeop uses: text that only lacks its
end is told from text that is wrong."""
KEEP_OPEN = 0x200
"""PyCF_DONT_IMPLY_DEDENT: the end of the text does not close its blocks."""

REFUSALS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What the compiler raises for text that it does not take."""

# catch_warnings swaps a global of the interpreter, so two threads must not do it at once.
_CATCHING = threading.Lock()


@contextlib.contextmanager
def compiler_warnings() -> Iterator[list[warnings.WarningMessage]]:
    """A block in which what the compiler warns of lands in the list and is never printed or raised."""
    with _CATCHING, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def beyond_repair(source: str) -> bool:
    """Whether no text after `source`, whole lines of Python, could make it parse.

    The parser tells whether it gave up before it had seen the end. False where it cannot say.
    """
    if "\0" in source:
        return True  # what the compiler raises for it depends on its version
    try:
        with compiler_warnings():
            compile(source, "text.py", "exec", ast.PyCF_ONLY_AST | UNFINISHED | KEEP_OPEN, dont_inherit=True)
    except SyntaxError as error:
        return "incomplete input" not in str(error)
    except (ValueError, RecursionError, MemoryError):
        return False
    return False
