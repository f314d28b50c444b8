"""What every sandbox must contain. One suite for all providers."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.sandbox import choose
from offline_coder.sandbox.protocol import Limits, Outcome, Sandbox


@pytest.fixture(params=["chosen"])
def sandbox() -> Sandbox:
    try:
        return choose.find_sandbox()
    except MissingPrerequisite as missing:
        pytest.skip(str(missing))


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    return folder


def python(sandbox: Sandbox, workdir: Path, code: str, limits: Limits | None = None) -> Outcome:
    return sandbox.run([sys.executable, "-c", code], workdir=workdir, limits=limits or Limits(seconds=30))


def test_a_command_runs_in_its_folder_and_can_write_there(sandbox: Sandbox, workdir: Path) -> None:
    (workdir / "in.txt").write_text("hello")
    outcome = python(sandbox, workdir, "open('out.txt', 'w').write(open('in.txt').read()); print('said')")
    assert (outcome.exit_code, outcome.stdout) == (0, "said\n")
    assert (workdir / "out.txt").read_text() == "hello"


def test_the_exit_code_and_both_streams_come_back(sandbox: Sandbox, workdir: Path) -> None:
    outcome = python(sandbox, workdir, "import sys; print('a'); print('b', file=sys.stderr); sys.exit(7)")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (7, "a\n", "b\n")


def test_the_network_is_closed_even_on_this_host(sandbox: Sandbox, workdir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 3); print('reached')"
        outcome = python(sandbox, workdir, code)
    assert outcome.exit_code != 0
    assert "reached" not in outcome.stdout


def test_files_outside_are_neither_read_nor_written(sandbox: Sandbox, workdir: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("key")
    assert python(sandbox, workdir, f"print(open({str(secret)!r}).read())").exit_code != 0
    for place in (secret, Path("/usr/written"), Path("/etc/written"), Path(sys.prefix) / "written"):
        assert python(sandbox, workdir, f"open({str(place)!r}, 'w')").exit_code != 0
        assert secret.read_text() == "key"
        assert not Path("/usr/written").exists()


def test_the_home_folder_is_not_seen(sandbox: Sandbox, workdir: Path) -> None:
    outcome = python(sandbox, workdir, "import os; print(sorted(os.listdir(os.path.expanduser('~'))))")
    assert outcome.stdout == "[]\n"


def test_the_environment_is_cleared(sandbox: Sandbox, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFLINE_CODER_API_KEY", "secret-key")
    outcome = python(sandbox, workdir, "import os; print(dict(os.environ))")
    assert outcome.exit_code == 0
    assert "secret-key" not in outcome.stdout


def test_the_time_limit_kills_children_too(sandbox: Sandbox, workdir: Path) -> None:
    marker = f"sandbox-child-{os.getpid()}"
    code = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)', {marker!r}],"
        " start_new_session=True)\n"
        "time.sleep(300)"
    )
    outcome = python(sandbox, workdir, code, Limits(seconds=3))
    assert outcome.timed_out
    assert outcome.exit_code is None
    for _ in range(50):
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if marker not in listed:
            return
        time.sleep(0.1)
    raise AssertionError("a child lives on")


def test_output_is_capped(sandbox: Sandbox, workdir: Path) -> None:
    limits = Limits(seconds=30, output_bytes=1000)
    outcome = python(sandbox, workdir, "print('x' * 5_000_000)", limits)
    assert outcome.exit_code == 0
    assert outcome.truncated
    assert len(outcome.stdout) == 1000


def test_memory_is_limited(sandbox: Sandbox, workdir: Path) -> None:
    outcome = python(sandbox, workdir, "bytearray(2 << 30)", Limits(seconds=30, memory_bytes=1 << 30))
    assert outcome.exit_code != 0
    assert "MemoryError" in outcome.stderr


def test_a_command_that_is_not_there_is_an_outcome(sandbox: Sandbox, workdir: Path) -> None:
    assert sandbox.run(["no-such-program"], workdir=workdir, limits=Limits(seconds=10)).exit_code != 0


def test_without_bubblewrap_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(MissingPrerequisite, match="bwrap is not installed"):
        choose.find_sandbox.__wrapped__()
