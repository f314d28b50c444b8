"""What every sandbox provider must hold. Skipped, with the reason, where a provider cannot run."""

import os
import socket
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from offline_coder.core.errors import BadInput
from offline_coder.sandbox.bubblewrap import Bubblewrap
from offline_coder.sandbox.choose import probe
from offline_coder.sandbox.protocol import MIB, Limits, Outcome, Sandbox
from offline_coder.sandbox.unshare import Unshare
from offline_coder.sandbox.view import interpreter, readable_folders

LIMITS = Limits(seconds=20, memory_bytes=512 * MIB, output_bytes=64 * 1024)


@pytest.fixture(params=[Bubblewrap(), Unshare()], ids=lambda sandbox: sandbox.name)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    provider: Sandbox = request.param
    if trouble := probe(provider):
        pytest.skip(f"{provider.name} does not work here: {trouble}")
    return provider


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


@pytest.fixture
def server() -> Iterator[int]:
    """The port of a server on the host's loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def python(sandbox: Sandbox, workdir: Path, code: str, limits: Limits = LIMITS) -> Outcome:
    return sandbox.run([interpreter(), "-c", textwrap.dedent(code)], workdir=workdir, limits=limits)


def assert_none_left(mark: str) -> None:
    """No process with `mark` in its command line is alive; one being reaped gets a moment."""
    for _ in range(50):
        alive = [
            p for p in psutil.process_iter(["cmdline", "status"]) if mark in " ".join(p.info["cmdline"] or [])
        ]
        if not [p for p in alive if p.info["status"] != psutil.STATUS_ZOMBIE]:
            return
        time.sleep(0.1)
    pytest.fail(f"still alive: {alive}")


def test_output_and_status_come_back(sandbox: Sandbox, workdir: Path) -> None:
    outcome = python(sandbox, workdir, "import sys; print('é'); print('no', file=sys.stderr); sys.exit(3)")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (3, "é\n", "no\n")
    assert not outcome.timed_out
    assert not outcome.truncated
    assert 0 < outcome.seconds < LIMITS.seconds


def test_a_signal_is_128_and_its_number(sandbox: Sandbox, workdir: Path) -> None:
    assert sandbox.run(["sh", "-c", "kill -SEGV $$"], workdir=workdir, limits=LIMITS).exit_code == 128 + 11


def test_the_folder_is_readable_and_writable_at_a_fixed_place(sandbox: Sandbox, workdir: Path) -> None:
    (workdir / "in.txt").write_text("hello")
    outcome = python(
        sandbox,
        workdir,
        "import os; open('out.txt', 'w').write(open('/repo/in.txt').read()); print(os.getcwd())",
    )
    assert outcome.stdout == "/repo\n", outcome.stderr
    assert (workdir / "out.txt").read_text() == "hello"


def test_this_pythons_packages_are_there(sandbox: Sandbox, workdir: Path) -> None:
    outcome = python(sandbox, workdir, "import sys; print(sys.prefix, len(sys.path) > 1)")
    assert outcome.stdout == f"{Path(sys.prefix).resolve()} True\n", outcome.stderr


def test_the_network_is_closed(sandbox: Sandbox, workdir: Path, server: int) -> None:
    outcome = python(
        sandbox,
        workdir,
        f"""
        import socket
        for address in [("127.0.0.1", {server}), ("1.1.1.1", 53)]:
            try:
                socket.create_connection(address, timeout=2)
                print("open")
            except OSError:
                print("closed")
        """,
    )
    assert outcome.stdout == "closed\nclosed\n", outcome.stderr


def test_abstract_sockets_of_the_host_are_closed(sandbox: Sandbox, workdir: Path) -> None:
    name = f"offline-coder-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{name}")
        listening.listen()
        outcome = python(
            sandbox, workdir, f"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}')"
        )
    assert outcome.exit_code == 1
    assert "ConnectionRefusedError" in outcome.stderr


def test_files_outside_cannot_be_read(sandbox: Sandbox, workdir: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    (workdir / "link").symlink_to(secret)
    home = Path.home()
    outcome = python(
        sandbox,
        workdir,
        f"""
        import os
        inside = ["link", "../secret.txt", "/etc/shadow", "/etc/hostname"]
        for path in [{str(secret)!r}, "/proc/1/root{secret}", *inside]:
            try:
                print(open(path).read())
            except OSError:
                print("unreadable")
        print(len([name for name in os.listdir("/proc") if name.isdigit()]) < 5)
        home = os.path.expanduser("~")
        print(os.path.exists({str(home / ".bashrc")!r}), os.listdir(home), os.listdir("/tmp"))
        """,
    )
    # This checkout and its environment may lie below /tmp; nothing else of it is seen.
    shown = sorted({path.parts[2] for path in readable_folders() if path.is_relative_to("/tmp")})
    assert outcome.stdout == "unreadable\n" * 6 + f"True\nFalse [] {shown}\n", outcome.stderr


def test_files_outside_cannot_be_written(sandbox: Sandbox, workdir: Path, tmp_path: Path) -> None:
    places = [
        "/",
        "/usr/",
        "/etc/",
        "/proc/sys/kernel/",
        f"{sys.prefix}/",
        "/dev/",
        f"{tmp_path}/",
        "/var/tmp/",
    ]
    outcome = python(
        sandbox,
        workdir,
        f"""
        import os
        for place in {places!r}:
            try:
                open(place + "written", "w")
                print("written", place)
            except OSError:
                pass
        # Opened and never written: a failing test must not change the machine.
        for setting in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger"):
            try:
                os.close(os.open(setting, os.O_WRONLY))
                print("writable", setting)
            except OSError:
                pass
        open("/tmp/mine", "w"), open("/home/sandbox/mine", "w"), open("/dev/shm/mine", "w")
        """,
    )
    assert (outcome.exit_code, outcome.stdout) == (0, ""), outcome.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


def test_the_walls_cannot_be_taken_down(sandbox: Sandbox, workdir: Path) -> None:
    outcome = python(
        sandbox,
        workdir,
        """
        import subprocess
        print([line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")])
        for command in ("mount -o remount,rw /", "umount /repo", "mount -t tmpfs x /usr", "chroot / true"):
            print(subprocess.run(command, shell=True, capture_output=True).returncode != 0)
        """,
    )
    assert outcome.stdout == "['0000000000000000']\nTrue\nTrue\nTrue\nTrue\n", outcome.stderr


def test_the_environment_is_cleared(sandbox: Sandbox, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFLINE_CODER_TEST_KEY", "sk-secret")
    outcome = python(
        sandbox,
        workdir,
        """
        import glob, os
        print(sorted(os.environ))
        leaked = False
        for path in glob.glob("/proc/[0-9]*/environ"):
            try:
                leaked |= b"sk-secret" in open(path, "rb").read()
            except PermissionError:
                pass
        print(leaked)
        """,
    )
    names, leaked = outcome.stdout.splitlines()
    assert "OFFLINE_CODER_TEST_KEY" not in names
    assert leaked == "False"
    assert "'HOME'" in names


def test_standard_input_is_empty(sandbox: Sandbox, workdir: Path) -> None:
    assert python(sandbox, workdir, "import sys; print(repr(sys.stdin.read()))").stdout == "''\n"


def test_the_time_limit_kills_children_too(sandbox: Sandbox, workdir: Path) -> None:
    mark = f"sandbox-child-{os.getpid()}-{time.monotonic_ns()}"
    outcome = python(
        sandbox,
        workdir,
        f"""
        import os, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sleeper = "import time; time.sleep(1000)  # {mark}"
        subprocess.Popen([sys.executable, "-c", sleeper], start_new_session=True)
        print("started", flush=True)
        time.sleep(1000)
        """,
        Limits(seconds=2, memory_bytes=512 * MIB),
    )
    assert (outcome.exit_code, outcome.timed_out, outcome.over) == (None, True, "")
    assert outcome.stdout == "started\n"
    assert 2 <= outcome.seconds < 6
    assert_none_left(mark)


def test_what_lingers_after_the_end_is_killed(sandbox: Sandbox, workdir: Path) -> None:
    mark = f"sandbox-linger-{os.getpid()}-{time.monotonic_ns()}"
    outcome = python(
        sandbox,
        workdir,
        f"""
        import subprocess, sys
        sleeper = "import time; time.sleep(1000)  # {mark}"
        subprocess.Popen([sys.executable, "-c", sleeper], start_new_session=True)
        """,
    )
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.seconds < 10
    assert_none_left(mark)


def test_output_is_capped_while_it_runs(sandbox: Sandbox, workdir: Path) -> None:
    outcome = python(
        sandbox,
        workdir,
        """
        import sys
        print("first")
        for _ in range(300):
            sys.stdout.write("x" * 100_000)
        print("last")
        """,
    )
    assert outcome.exit_code == 0
    assert outcome.truncated
    assert outcome.stdout.startswith("first\n")
    assert outcome.stdout.endswith("last\n")
    assert "bytes left out" in outcome.stdout
    assert len(outcome.stdout) < LIMITS.output_bytes + 100


def test_one_process_cannot_have_more_memory(sandbox: Sandbox, workdir: Path) -> None:
    outcome = python(sandbox, workdir, "held = bytearray(2 << 30); print('held')")
    assert "held" not in outcome.stdout
    assert not outcome.ok


def test_many_processes_cannot_have_more_memory_together(sandbox: Sandbox, workdir: Path) -> None:
    limits = Limits(seconds=20, memory_bytes=256 * MIB)
    outcome = python(
        sandbox,
        workdir,
        """
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                held = bytearray(os.urandom(1)) * (100 << 20)
                time.sleep(15)
                os._exit(0)
        time.sleep(15)
        """,
        limits,
    )
    assert (outcome.exit_code, outcome.over, outcome.timed_out) == (None, "memory", False)


def test_a_file_cannot_grow_past_its_limit(sandbox: Sandbox, workdir: Path) -> None:
    limits = Limits(seconds=20, file_bytes=MIB)
    outcome = python(sandbox, workdir, "open('big', 'wb').write(b'0' * (8 << 20))", limits)
    assert not outcome.ok
    assert (workdir / "big").stat().st_size <= MIB


def test_too_many_processes_are_stopped(sandbox: Sandbox, workdir: Path) -> None:
    mark = f"sandbox-many-{os.getpid()}"
    # One parent, a bounded number of children: a real fork bomb would take this machine down with it
    # where the tests run as root, for Linux does not count root's processes.
    outcome = python(
        sandbox,
        workdir,
        f"""
        import os, time
        for _ in range(120):  # {mark}
            if os.fork() == 0:
                time.sleep(60)
        time.sleep(60)
        """,
        Limits(seconds=10, memory_bytes=4096 * MIB, processes=30),
    )
    assert not outcome.ok
    assert_none_left(mark)


def test_many_runs_at_once_keep_apart(sandbox: Sandbox, tmp_path: Path) -> None:
    outcomes: dict[int, Outcome] = {}

    def one(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        code = (
            f"import os; open('/tmp/x', 'x').write('{number}')\nprint(open('/tmp/x').read(), os.listdir('.'))"
        )
        outcomes[number] = python(sandbox, folder, code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcomes[number].stdout for number in range(4)] == [f"{number} []\n" for number in range(4)]


def test_bad_use_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        sandbox.run(["true"], workdir=tmp_path / "nowhere", limits=LIMITS)
    with pytest.raises(BadInput, match="no command"):
        sandbox.run([], workdir=tmp_path, limits=LIMITS)


def test_a_command_that_is_not_there_fails_plainly(sandbox: Sandbox, workdir: Path) -> None:
    outcome = sandbox.run(["no-such-program"], workdir=workdir, limits=LIMITS)
    assert outcome.exit_code not in (0, None)
    assert "no-such-program" in outcome.stderr
