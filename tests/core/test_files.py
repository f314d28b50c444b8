"""Files are whole or not there; paths stay inside."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.core.errors import BadInput
from offline_coder.core.files import file_digest, safe_relative_path, write_atomic


def test_a_written_file_holds_exactly_the_data(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.txt"
    write_atomic(target, "x\r\ny\n")
    assert target.read_bytes() == b"x\r\ny\n"
    assert list(target.parent.iterdir()) == [target]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "b.txt"
    write_atomic(target, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_digest_is_sha256(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    assert file_digest(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/etc/passwd",
        "../x.py",
        "a/../../x.py",
        "a//b.py",
        ".hidden.py",
        "a/.git/hooks",
        "con.py",
        "a/NUL.txt",
        "x.py.",
        "a\\b.py",
        "a b.py",
        "setup.py",
        "pkg/conftest.py",
        "Makefile",
        "a/" * 9 + "b",
        "x\0y",
        "é.py",
        "-rf.py",
    ],
)
def test_unsafe_paths_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        safe_relative_path(text)


@given(st.text(max_size=60))
def test_what_is_accepted_stays_inside(text: str) -> None:
    try:
        path = safe_relative_path(text)
    except BadInput:
        return
    root = Path("/root/of/it")
    assert (root / path).resolve().is_relative_to(root)
    assert str(path) == text
