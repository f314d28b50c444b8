"""Choosing a sandbox: what works is taken in a stated order, and none is an error with a hint."""

from pathlib import Path

import pytest

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.sandbox import choose
from offline_coder.sandbox.bubblewrap import Bubblewrap
from offline_coder.sandbox.choose import find_sandbox, probe
from offline_coder.sandbox.unshare import Unshare
from offline_coder.sandbox.watch import CappedOutput


def test_the_first_that_works_is_taken() -> None:
    working = [sandbox for sandbox in (Bubblewrap(), Unshare()) if not probe(sandbox)]
    if not working:
        pytest.skip("no sandbox works here")
    assert find_sandbox() == working[0]


def test_a_program_that_is_not_there_is_named() -> None:
    assert (
        probe(Bubblewrap(program="/nowhere/bwrap"))
        == "cannot start /nowhere/bwrap: No such file or directory"
    )


def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    program.chmod(0o755)
    assert probe(Bubblewrap(program=str(program))) == "bwrap: setting up uid map: Permission denied"


@pytest.fixture
def nothing_works(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose PATH is empty and whose kernel settings are files below the returned folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        choose, "Bubblewrap", lambda gpu=False: Bubblewrap(program=str(tmp_path / "bwrap"), gpu=gpu)
    )
    monkeypatch.setattr(choose, "Unshare", lambda: Unshare(program=str(tmp_path / "unshare")))
    for name in ("_APPARMOR", "_DEBIAN", "_NAMESPACES"):
        monkeypatch.setattr(choose, name, tmp_path / name)
    return tmp_path


def test_no_sandbox_is_an_error_that_says_what_to_type(nothing_works: Path) -> None:
    with pytest.raises(MissingPrerequisite, match="no sandbox works here") as caught:
        find_sandbox()
    assert "bubblewrap: cannot start" in caught.value.message
    assert "unshare: cannot start" in caught.value.message
    assert caught.value.hint == "sudo apt-get install bubblewrap"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("_APPARMOR", "1\n", "AppArmor"),
        ("_DEBIAN", "0\n", "unprivileged_userns_clone=1"),
        ("_NAMESPACES", "0\n", "max_user_namespaces"),
    ],
)
def test_the_kernels_setting_is_named_as_the_cause(
    nothing_works: Path, name: str, value: str, said: str
) -> None:
    (nothing_works / name).write_text(value)
    with pytest.raises(MissingPrerequisite) as caught:
        find_sandbox()
    assert said in caught.value.hint


def test_a_gpu_is_only_asked_of_bubblewrap(nothing_works: Path) -> None:
    with pytest.raises(MissingPrerequisite) as caught:
        find_sandbox(gpu=True)
    assert "unshare" not in caught.value.message


@pytest.mark.parametrize("limit", [0, 1, 7, 100])
def test_capped_output_keeps_the_beginning_and_the_end(limit: int) -> None:
    output = CappedOutput(limit)
    for number in range(1000):
        output.add(b"%d," % number)
    assert output.truncated
    head, _, tail = output.text().partition("\n[... ")
    whole = "".join(f"{number}," for number in range(1000))
    assert whole.startswith(head)
    assert whole.endswith(tail.partition("...]\n")[2])
    assert len(head) + len(tail.partition("...]\n")[2]) == limit


def test_short_output_is_whole() -> None:
    output = CappedOutput(10)
    output.add(b"01234")
    output.add(b"56789")
    assert (output.text(), output.truncated) == ("0123456789", False)
