"""Bundling: what is in it, what goes on, what is refused."""

import hashlib
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.bundles.cutting import FAT_LIMIT, cut, parts_of, read_size
from offline_coder.bundles.target import PYTHONS, Target, needed_glibc
from offline_coder.bundles.wheels import read_lock
from offline_coder.core.errors import BadInput
from tests.bundles.conftest import SPLIT, Connected
from tests.bundles.test_install import install


def test_every_file_is_in_the_checksums_and_no_part_is_too_large(medium: Path) -> None:
    lines = (medium / "SHA256SUMS").read_text().splitlines()
    sums = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
    there = {path.relative_to(medium).as_posix() for path in medium.rglob("*") if path.is_file()}
    assert set(sums) == there - {"SHA256SUMS"}
    for path, digest in sums.items():
        assert hashlib.sha256((medium / path).read_bytes()).hexdigest() == digest
        assert "/" not in path or (medium / path).stat().st_size <= SPLIT
    assert (medium / "models/own/model.safetensors.003").stat().st_size == 100


def test_licences_and_packages_are_listed_and_no_index_is_named(medium: Path) -> None:
    licences = (medium / "LICENCES.txt").read_text()
    for line in ("tiny 1.0: 0BSD", "own: MIT-0", "bubblewrap: LGPL", "offline-coder "):
        assert line in licences
    assert "bubblewrap" in (medium / "DEBIAN.txt").read_text()
    for name in ("bundle.json", "install.py", "README.txt", "DEBIAN.txt", "SHA256SUMS"):
        assert not re.search(r"https?://|simple/", (medium / name).read_text())


def test_a_bundling_that_failed_goes_on_with_what_is_there(connected: Connected, tmp_path: Path) -> None:
    weights = connected.folder / "store" / "models" / "own" / "model.safetensors"
    right = weights.read_bytes()
    weights.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    failed = connected.bundle(tmp_path / "out")
    assert failed.returncode == 3
    assert "model.safetensors" in failed.stderr
    assert not (tmp_path / "out").exists()
    kept = tmp_path / ".out.part" / "wheels" / "tiny-1.0-py3-none-any.whl"
    inode = kept.stat().st_ino
    weights.write_bytes(right)
    done = connected.bundle(tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "going on" in done.stderr
    assert (tmp_path / "out" / "wheels" / kept.name).stat().st_ino == inode
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    again = connected.bundle(tmp_path / "out")
    assert again.returncode == 2
    assert "there already" in again.stderr


def test_a_wheel_that_is_not_to_be_had_is_named(connected: Connected, tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text("tiny==1.0\nabsent==2.0\n")
    done = connected.bundle(tmp_path / "out", "--lock", str(tmp_path / "lock.txt"))
    assert done.returncode == 3
    assert "absent==2.0" in done.stderr


def test_a_bundle_for_another_python_is_refused_here(
    connected: Connected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = next(
        python for python in PYTHONS if python != f"{sys.version_info.major}.{sys.version_info.minor}"
    )
    done = connected.bundle(tmp_path / "out", "--python", other, "--platform", "manylinux_2_28_x86_64")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "bundle.json").read_text())["target"]["python"] == other
    refused = install(tmp_path / "out", "--to", str(tmp_path / "lab"), PATH=str(tmp_path))
    assert refused.returncode == 2
    assert f"for Python {other}" in refused.stderr


def test_the_shipped_locks_can_be_listed_for_cuda(connected: Connected, tmp_path: Path) -> None:
    asked = ("bundle", "--model", "own", "-o", str(tmp_path / "out"), "--list", "--with-marker")
    done = connected.type(*asked, "--set", "cuda", "--platform", "manylinux_2_34_x86_64", "--python", "3.12")
    assert done.returncode == 0, done.stderr
    assert "nvidia-cublas==" in done.stdout
    assert "marker-pdf==" in done.stdout
    assert not list(tmp_path.iterdir())


@given(data=st.binary(max_size=5000), size=st.integers(min_value=100, max_value=2000))
def test_parts_in_their_order_are_the_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "file.bin"
    path.write_bytes(data)
    cut(path, size)
    parts = parts_of(path)
    assert b"".join(part.read_bytes() for part in parts) == data
    assert all(part.stat().st_size <= size for part in parts)
    assert path.exists() == (len(data) <= size)


def test_sizes_are_binary_and_fit_a_fat_medium() -> None:
    assert read_size("700M") == 700 << 20
    assert read_size("4G") == read_size("64 GiB".replace(" ", "")) == FAT_LIMIT
    for wrong in ("", "0", "1", "-4G", "4T", "much", "1.5G"):
        with pytest.raises(BadInput):
            read_size(wrong)


def test_a_platform_stands_for_all_that_runs_there() -> None:
    target = Target.named("manylinux2014_aarch64", "3.12")
    assert (target.glibc, target.machine) == (17, "aarch64")
    tags = Target.named("manylinux_2_28_x86_64", "3.12").platforms
    assert tags[0] == "manylinux_2_28_x86_64"
    assert {"manylinux2014_x86_64", "manylinux1_x86_64", "manylinux_2_5_x86_64"} <= set(tags)
    assert "manylinux_2_29_x86_64" not in tags
    for tag, python in (("win_amd64", "3.12"), ("manylinux_2_4_x86_64", "3.12"), ("", "2.7")):
        with pytest.raises(BadInput):
            Target.named(tag, python)


def test_the_needed_glibc_is_that_of_the_most_demanding_wheel() -> None:
    wheels = ["a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "b-1-py3-none-any.whl"]
    assert needed_glibc(wheels) == 17
    assert needed_glibc([*wheels, "c-1-cp311-abi3-manylinux_2_28_x86_64.manylinux_2_34_x86_64.whl"]) == 28


def test_a_lock_that_is_not_exact_is_refused(tmp_path: Path) -> None:
    for line in ("torch>=2", "-r other.txt", "torch @ file:///x"):
        (tmp_path / "lock.txt").write_text(line)
        with pytest.raises(BadInput, match="not name==version"):
            read_lock(tmp_path / "lock.txt")
