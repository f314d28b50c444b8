"""A hostile repository, run by each provider as whoever runs the tests: it must harm nothing.

Each file below hostile/ is one attack and prints a line with HARM where it succeeds.
"""

import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from offline_coder.sandbox.protocol import MIB, Limits, Outcome, Sandbox
from offline_coder.sandbox.scratch import scratch_folder
from offline_coder.sandbox.view import interpreter
from tests.sandbox.test_conformance import assert_none_left, sandbox

__all__ = ["sandbox"]

HOSTILE = Path(__file__).with_name("hostile")
LIMITS = Limits(
    seconds=20, memory_bytes=128 * MIB, processes=30, file_bytes=8 * MIB, disk_bytes=16 * MIB, files=400
)
ENDED_BY = {
    "reads_home": "",
    "opens_sockets": "",
    "writes_outside": "",
    "lingers": "",
    "forks": "processes",
    "fills_disk": "disk",
    "fills_unnamed": "disk",
    "many_files": "disk",
    "shares_memory": "memory",
    "everything": "memory",
}


@dataclass(frozen=True)
class Victim:
    """The machine that is attacked: a copy of the hostile repository, and what lies beside it."""

    repository: Path
    outside: Path
    mark: str

    def attacked_by(self, attack: str, sandbox: Sandbox) -> Outcome:
        return sandbox.run([interpreter(), f"{attack}.py"], workdir=self.repository, limits=LIMITS)


@pytest.fixture
def victim(monkeypatch: pytest.MonkeyPatch) -> Iterator[Victim]:
    mark = f"hostile-{os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv("HUB_TOKEN", mark)
    with ExitStack() as stack:
        outside = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        repository = stack.enter_context(scratch_folder())
        shutil.copytree(HOSTILE, repository, dirs_exist_ok=True)
        (outside / "secret").write_text(mark)
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        for address in (str(outside / "socket"), f"\0{mark}"):
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(address)
            listening.listen()
        targets = {
            "secret": str(outside / "secret"),
            "content": mark,
            "port": server.getsockname()[1],
            "socket": str(outside / "socket"),
            "abstract": mark,
            "outside": str(outside),
            "python": str(Path(sys.prefix).resolve()),
            "mark": mark,
        }
        (repository / "targets.json").write_text(json.dumps(targets))
        yield Victim(repository, outside, mark)


@pytest.mark.parametrize("attack", ENDED_BY)
def test_a_hostile_repository_harms_nothing(sandbox: Sandbox, victim: Victim, attack: str) -> None:
    outcome = victim.attacked_by(attack, sandbox)
    assert "HARM" not in outcome.stdout
    if not (attack == "forks" and "refused" in outcome.stdout):
        assert outcome.over == ENDED_BY[attack], outcome
    assert not outcome.timed_out
    if not outcome.over:
        assert outcome.exit_code == 0, outcome.stderr
    assert_none_left(victim.mark)
    assert sorted(path.name for path in victim.outside.iterdir()) == ["secret", "socket"]
    assert (victim.outside / "secret").read_text() == victim.mark


def test_every_attack_is_listed() -> None:
    assert {path.stem for path in HOSTILE.glob("*.py")} == set(ENDED_BY)


def test_nothing_beats_any_more_when_the_run_is_over(sandbox: Sandbox, victim: Victim) -> None:
    victim.attacked_by("lingers", sandbox)
    beat = (victim.repository / "beat").stat().st_mtime_ns
    time.sleep(0.1)
    assert (victim.repository / "beat").stat().st_mtime_ns == beat


def test_the_folder_is_removed_whatever_is_in_it(sandbox: Sandbox) -> None:
    code = (
        "import os; os.chmod('.', 0o777); os.symlink('/usr', 'link'); os.mkfifo('pipe')\n"
        "for _ in range(1050): os.mkdir('d'); os.chdir('d')\n"
        "os.chmod('.', 0)"
    )
    with scratch_folder() as folder:
        outcome = sandbox.run([interpreter(), "-c", code], workdir=folder, limits=Limits(seconds=20))
        assert outcome.exit_code in (0, None), outcome.stderr
        # The code inside opened its own folder to everybody; the one around it is closed.
        assert folder.parent.stat().st_mode & 0o077 == 0
    assert not folder.parent.exists()
