"""Runs that are killed, interrupted, or whose disk fills, end in one line and can be resumed."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, killed_runs
from tests.cli.test_run import tree
from tests.conftest import HANGS, ROOT


def offline_coder(
    *arguments: str | Path, largest_file: int | None = None
) -> "subprocess.CompletedProcess[str]":
    """The command as a process of its own, which can make files of at most `largest_file` bytes."""

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY))

    return subprocess.run(
        [sys.executable, "-m", "offline_coder.cli.main", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("name", "kills"), [("KILL", 8), ("INT", 3)])
def test_killed_runs_end_as_undisturbed_ones(paper_file: Path, name: str, kills: int) -> None:
    assert killed_runs(kills, name, "--paper", paper_file)["answers"] > 0


def test_the_second_interruption_does_not_wait(tmp_path: Path) -> None:
    # A job that takes its time to clean up, as an engine does that is being stopped.
    script = (
        "import asyncio, time\n"
        "from offline_coder.cli.running import run_to_end\n"
        "async def job():\n"
        "    print('began', flush=True)\n"
        "    try:\n"
        "        await asyncio.sleep(600)\n"
        "    finally:\n"
        "        print('stopping', flush=True)\n"
        "        time.sleep(600)\n"
        "run_to_end(job())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "began\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "stopping\n"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=HANGS)
    assert child.returncode == 130
    assert "ended at once" in said
    assert "Traceback" not in said


def test_a_file_that_cannot_grow_is_one_line_and_the_run_goes_on_later(cli: Cli, paper_file: Path) -> None:
    arguments = ("run", paper_file, "--model", "random-walk", "--quiet", "-o")
    assert cli(*arguments, "whole").code == 0
    size = Path("whole/journal.jsonl").stat().st_size
    for share in (0.2, 0.5, 0.9):
        stopped = offline_coder(*arguments, "out", largest_file=int(size * share))
        assert stopped.returncode == 3
        first, second = stopped.stderr.splitlines()
        assert first.endswith("(out/journal.jsonl)")
        assert "type the same command again" in second
    assert cli(*arguments, "out").code == 0
    assert tree(Path("out")) == tree(Path("whole"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with hardly any room. Skips where we may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_line_and_the_run_goes_on_later(
    cli: Cli, paper_file: Path, small_disk: Path
) -> None:
    arguments = ("run", paper_file, "--model", "random-walk", "--quiet", "-o")
    assert cli(*arguments, "whole").code == 0
    out = small_disk / "out"
    for size in ("size=64k", "size=96k"):
        subprocess.run(["mount", "-o", f"remount,{size}", str(small_disk)], check=True)
        stopped = offline_coder(*arguments, out)
        assert stopped.returncode == 3
        first, second = stopped.stderr.splitlines()
        assert "No space left on device" in first
        assert str(out) in first
        assert "free some space" in second
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    assert cli(*arguments, out).code == 0
    assert tree(out) == tree(Path("whole"))
