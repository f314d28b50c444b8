"""The sandbox suite once more as an ordinary user, where the tests run as root."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = 65534
SUITE = ("tests/sandbox/test_conformance.py", "tests/sandbox/test_hostile.py")
DROP = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--")


def as_nobody(command: list[str], home: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "TMPDIR": home,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [*DROP, sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_suite_passes_as_an_ordinary_user() -> None:
    if os.geteuid() != 0:
        pytest.skip("the suite beside this one runs as an ordinary user already")
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, NOBODY, NOBODY)
        reached = as_nobody(["-c", "import offline_coder.sandbox, pytest"], home)
        if reached.returncode:
            pytest.skip(f"an ordinary user cannot read this checkout: {reached.stderr.strip()[-200:]}")
        suite = as_nobody(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *SUITE], home)
    assert suite.returncode == 0, suite.stdout[-4000:] + suite.stderr[-2000:]
    assert " passed" in suite.stdout
    if " skipped" in suite.stdout:
        pytest.skip(suite.stdout[-1000:])
