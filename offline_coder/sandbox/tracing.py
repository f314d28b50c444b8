"""Run a program and write down which functions of its folder were really called, and how far each came.

A script of its own: `python tracing.py REPORT PROGRAM ARGUMENTS...`, in the folder of the program. REPORT
becomes a JSON list of [path, qualified name, share of its lines that ran], also when the program fails. It
runs beside code that nobody trusts, so the report is a claim of the program, not a proof.
"""

import contextlib
import json
import linecache
import re
import runpy
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

OPTIMIZED = 0x1
"""The flag of code that belongs to a function: the bodies of modules and classes lack it."""
Trace = Callable[[FrameType, str, Any], Any]
ARRAYS = frozenset({"Tensor", "Parameter", "ndarray"})
MAX_SHOWN = 6


class Tracer:
    """The functions of the current folder that are called, each with the lines of it that run."""

    def __init__(self) -> None:
        self.here = Path.cwd()
        self.paths: dict[str, str | None] = {}
        self.codes: dict[int, CodeType] = {}
        self.lines: dict[int, set[int]] = {}

    def path_of(self, file: str) -> str | None:
        """The path of `file` below the folder; None for one that lies elsewhere, is hidden or no file, as
        "<string>" is none."""
        if file not in self.paths:
            full = self.here / file
            path = full.relative_to(self.here).as_posix() if full.is_relative_to(self.here) else "."
            self.paths[file] = None if path.startswith((".", "<")) else path
        return self.paths[file]

    def entered(self, frame: FrameType, event: str, _: object) -> Trace | None:
        """A function begins: its lines are noted if it is one of the folder's."""
        code = frame.f_code
        if not code.co_flags & OPTIMIZED or self.path_of(code.co_filename) is None:
            return None
        self.codes[id(code)] = code
        ran = self.lines.setdefault(id(code), set())

        def note(frame: FrameType, event: str, _: object) -> Trace:
            ran.add(frame.f_lineno)
            return note

        return note

    def report(self) -> list[tuple[str | None, str, float]]:
        """Path, qualified name and share of the lines that ran, of each function that was called."""
        found = []
        for key, code in self.codes.items():
            own = {line for _, _, line in code.co_lines() if line} - {code.co_firstlineno}
            share = len(own & self.lines[key]) / len(own) if own else 1.0
            found.append((self.path_of(code.co_filename), code.co_qualname, round(share, 3)))
        return sorted(found)

    def shapes_at(self, traceback: TracebackType | None) -> str:
        """The tensors and arrays that stand in the last line of the folder's own code that failed, with type
        and shape: "outputs float32 (8, 64), targets int64 (8,)". "" where there are none."""
        last = None
        while traceback is not None:
            if self.path_of(traceback.tb_frame.f_code.co_filename) is not None:
                last = traceback
            traceback = traceback.tb_next
        if last is None:
            return ""
        frame = last.tb_frame
        names = re.findall(r"[^\W\d]\w*", linecache.getline(frame.f_code.co_filename, last.tb_lineno))
        values = {name: frame.f_locals[name] for name in names if name in frame.f_locals}
        shown = [
            f"{name} {str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
            for name, value in values.items()
            if type(value).__name__ in ARRAYS and hasattr(value, "dtype") and hasattr(value, "shape")
        ]
        return ", ".join(shown[:MAX_SHOWN])


def run(report: str, program: str, arguments: list[str]) -> None:
    """Run `program` as `python program arguments...` would, and leave `report` however it ends. An error that
    ends it has a note of the tensors in the line that failed."""
    tracer = Tracer()
    sys.argv = [program, *arguments]
    sys.path[0] = str(Path(program).resolve().parent)
    threading.settrace(tracer.entered)
    sys.settrace(tracer.entered)
    try:
        runpy.run_path(program, run_name="__main__")
    except Exception as error:
        with contextlib.suppress(Exception):  # the values are of code that nobody trusts
            if shapes := tracer.shapes_at(error.__traceback__):
                error.add_note(f"There: {shapes}")
        raise
    finally:
        sys.settrace(None)
        threading.settrace(None)
        Path(report).write_text(json.dumps(tracer.report()), encoding="utf-8")


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], sys.argv[3:])
