"""The other side: the installer, alone with the bundle."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOWHERE = {"PIP_INDEX_URL": "http://127.0.0.1:9", "PIP_NO_INDEX": "0"}
"""An index that cannot be reached, should pip ask one."""


def install(bundle: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python3 install.py ARGUMENTS`, without anything but the standard library."""
    command = [sys.executable, "-I", "-S", str(bundle / "install.py"), *arguments]
    surroundings = os.environ | NOWHERE | environment
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)


@pytest.fixture
def copied(medium: Path, tmp_path: Path) -> Path:
    """A copy of the bundle that a test may damage."""
    return Path(shutil.copytree(medium, tmp_path / "medium"))


@pytest.fixture(scope="module")
def lab(medium: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the bundle was installed, and what the installer said."""
    folder = tmp_path_factory.mktemp("lab")
    done = install(medium, "--to", str(folder / "here"), "--store", str(folder / "weights"))
    # What doctor finds depends on the machine: 3 where memory or the engine is short.
    assert done.returncode in (0, 3), done.stderr
    return folder / "here", done.stdout


def test_one_command_installs_and_says_what_to_type(lab: tuple[Path, str], medium: Path) -> None:
    folder, said = lab
    assert "weights of own: verified" in said
    assert f"{folder}/offline-coder run {folder}/examples/noisepair/paper.md --model own" in said
    locks = json.loads((folder / ".venv" / "offline-coder.locks.json").read_text())
    assert list(locks) == ["small.txt"]
    assert (folder / "LICENCES.txt").read_bytes() == (medium / "LICENCES.txt").read_bytes()


def test_what_was_installed_runs_from_there(lab: tuple[Path, str]) -> None:
    folder, _ = lab
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def typed(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd="/", env=clean).stdout

    program = str(folder / "offline-coder")
    assert str(folder.parent / "weights") in typed(program, "models", "list", "--json")
    assert "# NoisePair" in typed(program, "convert", str(folder / "examples/noisepair/paper.md"))
    where = typed(
        str(folder / ".venv/bin/python"),
        "-c",
        "import tiny, offline_coder as o; print(tiny.said, o.__file__)",
    )
    assert where.startswith(f"hello {folder}/.venv/")


@pytest.mark.parametrize(
    "victim",
    [
        "wheels/tiny-1.0-py3-none-any.whl.002",
        "models/own/model.safetensors.003",
        "bundle.json",
        "LICENCES.txt",
    ],
)
def test_a_wrong_byte_is_named_and_nothing_is_installed(copied: Path, tmp_path: Path, victim: str) -> None:
    raw = bytearray((copied / victim).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copied / victim).write_bytes(raw)
    done = install(copied, "--to", str(tmp_path / "lab"))
    assert done.returncode == 3
    assert f"damaged: {copied / victim}" in done.stderr
    assert not (tmp_path / "lab").exists()


def test_a_missing_part_is_named_and_found_on_another_medium(copied: Path, tmp_path: Path) -> None:
    lost = copied / "models" / "own" / "model.safetensors.002"
    other = tmp_path / "second"
    (other / "models" / "own").mkdir(parents=True)
    lost.replace(other / "models" / "own" / lost.name)
    done = install(copied, "--check")
    assert done.returncode == 3
    assert "missing: models/own/model.safetensors.002" in done.stderr
    assert install(copied, "--check", "--from", str(other)).returncode == 0


def test_a_list_of_checksums_that_climbs_is_refused(copied: Path, tmp_path: Path) -> None:
    with (copied / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  ../../etc/passwd\n")
    done = install(copied, "--to", str(tmp_path / "lab"))
    assert done.returncode == 3
    assert "not a path of a bundle" in done.stderr


def test_a_folder_with_other_things_in_it_is_not_installed_into(medium: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years")
    done = install(medium, "--to", str(tmp_path))
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
