"""Folders that may not be written, and clocks that jump: one line and a hint, or no difference at all."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest

from offline_coder import session
from offline_coder.runs.folder import RunFolder
from tests.cli.conftest import Cli
from tests.cli.test_run import tree
from tests.conftest import ROOT

NOBODY = 65534


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A file system that root may not write either, over the folder that a test fills first."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def forbid_writing(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)


def test_a_read_only_disk_is_one_line_with_what_to_type(cli: Cli, paper_file: Path, read_only: Path) -> None:
    arguments = ("--model", "random-walk", "--quiet", "-o")
    begun, made = read_only / "begun", read_only / "made"
    assert cli("plan", paper_file, *arguments, begun).code == 0
    assert cli("run", paper_file, *arguments, made).code == 0
    forbid_writing(read_only)
    for command in (
        ("run", paper_file, *arguments, read_only / "new"),
        ("run", paper_file, *arguments, begun),
        ("write", begun, "--quiet"),
    ):
        refused = cli(*command)
        assert refused.code == 3, refused.err
        first, second = refused.err.splitlines()
        assert "Read-only file system" in first
        assert str(read_only) in first
        assert "another" in second
    # What only reads goes on: a run is kept on media that cannot be written.
    assert cli("verify", made).code == 0
    assert cli("replay", made).code == 0
    assert cli("check", made).code == 0


@pytest.mark.parametrize("name", [".", "plan", "repo"])
def test_a_folder_of_somebody_else_is_one_line_with_what_to_type(
    cli: Cli, paper_file: Path, tmp_path: Path, name: str
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may act for another user")
    out = tmp_path / "public" / "out"
    out.parent.mkdir()
    assert cli("plan", paper_file, "--model", "random-walk", "--quiet", "-o", out).code == 0
    (out / "repo").mkdir()
    # Everything is nobody's, but for one folder that stays root's.
    for path in [tmp_path / "public", *(tmp_path / "public").rglob("*")]:
        if path != out / name:
            os.chown(path, NOBODY, NOBODY)
    for folder in (*tmp_path.parents, tmp_path):
        if folder.stat().st_uid == 0 and folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    if name == ".":
        (out / ".lock").unlink()
    refused = subprocess.run(
        [sys.executable, "-m", "offline_coder.cli.main", "write", str(out), "--quiet"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path / "public")},
        user=NOBODY,
        group=NOBODY,
        extra_groups=(),
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named" in refused.stderr:
        pytest.skip("another user cannot read this checkout")
    assert refused.returncode == 3, refused.stderr
    first, second = refused.stderr.splitlines()
    assert "Permission denied" in first
    assert str(out) in first
    assert second.startswith("  hint: ")


def test_a_store_that_cannot_be_written_is_one_line(
    cli: Cli, read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path("own")
    own.mkdir()
    (own / "config.json").write_text('{"max_position_embeddings": 4096}')
    (own / "tokenizer.json").write_text("{}")
    (own / "model.safetensors").write_bytes(b"weights")
    forbid_writing(read_only)
    monkeypatch.setenv("OFFLINE_CODER_HOME", str(read_only))
    for command in (("import", own), ("pull", "smollm2-135m")):
        refused = cli("models", *command)
        assert refused.code == 3, refused.err
        first, second = refused.err.splitlines()[-2:]
        assert "Read-only file system" in first
        assert str(read_only) in first
        assert second.startswith("  hint: ")


class Jumping(datetime):
    """A clock that is set forth and back between any two looks."""

    source = random.Random(0)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        moment = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(days=cls.source.uniform(0, 20000))
        return cls.fromtimestamp(moment.timestamp(), tz)


def test_a_clock_that_jumps_changes_nothing_but_the_stamps(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (paper_file, "--model", "random-walk", "--quiet", "-o")
    assert cli("run", *arguments, "whole").code == 0
    source = random.Random(0)
    monkeypatch.setattr(time, "time", lambda: source.uniform(0, 4e9))
    monkeypatch.setattr(time, "time_ns", lambda: int(source.uniform(0, 4e18)))
    monkeypatch.setattr(session, "datetime", Jumping)
    assert cli("plan", *arguments, "out").code == 0
    # Files from the future and from long ago.
    for path in Path("out").rglob("*"):
        os.utime(path, (source.uniform(0, 4e9),) * 2)
    assert cli("run", *arguments, "out").code == 0
    assert tree(Path("out")) == tree(Path("whole"))
    assert cli("verify", "out").code == 0
    assert cli("replay", "out").code == 0
    found = RunFolder(Path("out")).finished()
    assert found.seconds >= 0
    assert all(stage.seconds >= 0 for stage in found.stages)
