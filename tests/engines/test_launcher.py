"""The launcher ends whole process trees, however its parent ends. Real processes, no engine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from offline_coder.engines import launcher
from tests.conftest import HANGS

# A child and a grandchild in a session of its own, both deaf to SIGTERM, like a stuck worker.
TREE = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        pass
open(sys.argv[1] + f"/{os.getpid()}", "w").close()
time.sleep(600)
"""

# A parent that starts the launcher and waits to be killed.
PARENT = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins without it
launcher, folder, tree = sys.argv[1:]
subprocess.Popen([sys.executable, "-I", launcher, sys.executable, "-c", tree, folder],
                 stdin=subprocess.PIPE, start_new_session=True)
time.sleep(600)
"""


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return False


def running(process: int) -> bool:
    """Whether `process` lives; a zombie does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, launcher.__file__, str(tmp_path), TREE])
    try:
        assert wait_for(lambda: len(os.listdir(tmp_path)) == 3)
        tree = [int(name) for name in os.listdir(tmp_path)]
        assert all(map(running, tree))
        began = time.monotonic()
    finally:
        parent.send_signal(number)
        parent.wait()
    assert wait_for(lambda: not any(map(running, tree)))
    # The grace period for the one that ignores SIGTERM, and not much more.
    assert time.monotonic() - began < launcher.GRACE_SECONDS + HANGS


def test_the_command_dies_when_the_launcher_is_killed(tmp_path: Path) -> None:
    sleeper = f"open({str(tmp_path / 'up')!r}, 'w').close(); import time; time.sleep(600)"
    command = [sys.executable, "-I", launcher.__file__, sys.executable, "-c", sleeper]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert wait_for((tmp_path / "up").exists)
        below = launcher.descendants(process.pid)
        assert below
        process.kill()
    assert wait_for(lambda: not any(map(running, below)), 5)


@pytest.mark.parametrize(
    ("code", "status"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_status_is_the_commands(code: str, status: int) -> None:
    command = [sys.executable, "-I", launcher.__file__, sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.wait(20) == status
