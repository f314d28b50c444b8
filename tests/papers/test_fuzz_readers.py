"""The fuzzing script, in its small form: no kind of input gives anything but a paper or our error."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("kind", "inputs"), [("tex", 40), ("md", 40), ("json", 100), ("pdf", 40), ("tar.gz", 20), ("zip", 20)]
)
def test_hostile_inputs_give_a_paper_or_our_error(kind: str, inputs: int) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/fuzz_readers.py", "--inputs", str(inputs), "--kinds", kind, "--seed", "7"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # The named papers of scripts/hostile_papers.py come first; PDFs are read twice.
    head = rf"{re.escape(kind)}: (\d+) inputs \((\d+) named\), [1-9][0-9]* papers, .* 0 failures"
    match = re.match(head, done.stdout)
    assert match is not None, done.stdout
    named = int(match[2])
    assert named > 5
    assert int(match[1]) == inputs + named * (2 if kind == "pdf" else 1)
