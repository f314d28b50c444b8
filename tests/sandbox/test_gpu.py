"""The GPU is shown when it is asked for, and only then. A stand-in for the machine's folders is read."""

from pathlib import Path

import pytest

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.sandbox import gpu
from offline_coder.sandbox.bubblewrap import Bubblewrap
from offline_coder.sandbox.choose import find_sandbox
from offline_coder.sandbox.protocol import Limits

LISTING = """\
3 libs found in cache `/etc/ld.so.cache'
\tlibcuda.so.1 (libc6,x86-64) => /opt/driver/lib/libcuda.so.1
\tlibnvidia-ml.so.1 (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1
\tlibssl.so.3 (libc6,x86-64) => /opt/other/libssl.so.3
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a GPU, whose bwrap writes its arguments down."""
    device = tmp_path / "dev"
    device.mkdir()
    for name in ("nvidia0", "nvidiactl", "null"):
        (device / name).touch()
    monkeypatch.setattr(gpu, "DEVICES", device)
    monkeypatch.setenv(gpu.VISIBLE, "1")
    bwrap = tmp_path / "bwrap"
    bwrap.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    bwrap.chmod(0o755)
    return tmp_path


def arguments(machine: Path, *, asked: bool) -> str:
    sandbox = Bubblewrap(program=str(machine / "bwrap"), gpu=asked)
    workdir = machine / "work"
    workdir.mkdir()
    return sandbox.run(["true"], workdir=workdir, limits=Limits()).stdout


def test_the_devices_are_shown_when_asked(machine: Path) -> None:
    said = arguments(machine, asked=True)
    for name in ("nvidia0", "nvidiactl"):
        device = machine / "dev" / name
        assert f"--dev-bind\n{device}\n{device}\n" in said
    assert f"{machine}/dev/null" not in said
    assert "--ro-bind\n/sys\n/sys\n" in said
    assert f"--setenv\n{gpu.VISIBLE}\n1\n" in said


def test_nothing_of_it_is_shown_when_not_asked(machine: Path) -> None:
    said = arguments(machine, asked=False)
    for word in ("nvidia", "--dev-bind", "/sys\n", gpu.VISIBLE):
        assert word not in said


def test_libraries_outside_the_shown_folders_are_added() -> None:
    assert gpu.libraries([Path("/usr")], LISTING) == [Path("/opt/driver/lib/libcuda.so.1")]
    assert gpu.libraries([Path("/usr"), Path("/opt")], LISTING) == []


def test_asking_for_a_gpu_that_is_not_there_says_so() -> None:
    if gpu.devices():
        pytest.skip("this machine has a GPU")
    with pytest.raises(MissingPrerequisite, match="no NVIDIA GPU"):
        find_sandbox(gpu=True)
