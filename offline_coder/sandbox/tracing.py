"""Run a program and write down which functions of its folder were really called.

A script of its own: `python tracing.py REPORT PROGRAM ARGUMENTS...`, in the folder of the program. REPORT
becomes a JSON list of [path, qualified name], also when the program fails. It runs beside code that nobody
trusts, so the report is a claim of the program, not a proof.
"""

import json
import runpy
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

OPTIMIZED = 0x1
"""The flag of code that belongs to a function: the bodies of modules and classes lack it."""


def run(report: str, program: str, arguments: list[str]) -> None:
    """Run `program` as `python program arguments...` would, and leave `report` however it ends."""
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            called.add(frame.f_code)

    sys.argv = [program, *arguments]
    sys.path[0] = str(Path(program).resolve().parent)
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        runpy.run_path(program, run_name="__main__")
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        write(report, called)


def write(report: str, called: set[CodeType]) -> None:
    """Write down the functions among `called` whose files lie below the current folder."""
    here = Path.cwd()
    files = {code: here / code.co_filename for code in called if code.co_flags & OPTIMIZED}
    found = {
        (path.relative_to(here).as_posix(), code.co_qualname)
        for code, path in files.items()
        if path.is_relative_to(here)
    }
    Path(report).write_text(json.dumps(sorted(found)), encoding="utf-8")


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], sys.argv[3:])
