"""Run a program and watch it: time, memory, processes, disk, output. Used by every provider."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Literal

import psutil

from offline_coder.sandbox.folder import Folder
from offline_coder.sandbox.memory import over_limit
from offline_coder.sandbox.protocol import Limits, Outcome

LOOK_SECONDS = 0.1
GLANCE_SECONDS = 0.02
DRAIN_SECONDS = 2.0
DEATH_SECONDS = 10.0
READ_BYTES = 1 << 16

Reason = Literal["time", "memory", "processes", "disk"]


def run_watched(argv: Sequence[str], limits: Limits, *, workdir: Path, own_processes: int) -> Outcome:
    """Run `argv`, a sandbox program, until it ends or goes over a limit; then kill its whole tree.

    `workdir` is the folder that it may fill.

    `own_processes` is how many processes the sandbox itself is made of; they are not counted. What
    `argv` starts must die with it (a process namespace does that), else it may linger.
    Raises OSError when `argv` cannot be started.
    """
    folder = Folder(workdir, limits)
    started = time.monotonic()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    stdout, stderr = CappedOutput(limits.output_bytes), CappedOutput(limits.output_bytes)
    reason: Reason | None = None
    try:
        with process.stdout, process.stderr, selectors.DefaultSelector() as streams:
            streams.register(process.stdout, selectors.EVENT_READ, stdout)
            streams.register(process.stderr, selectors.EVENT_READ, stderr)
            look, before = started + LOOK_SECONDS, _machine_tasks()
            while process.poll() is None:
                _read(streams, GLANCE_SECONDS)
                looked = now = time.monotonic()
                if now - started > limits.seconds:
                    reason = "time"
                elif now >= look or _machine_tasks() - before > limits.processes:
                    # A fork bomb can fill the machine within one look, so a growing number of tasks,
                    # which costs one small read, brings the look forward.
                    before = _machine_tasks()
                    reason = _over(process.pid, limits, own_processes, folder)
                    now = time.monotonic()
                    look = now + max(LOOK_SECONDS, now - looked)
                if reason is not None:
                    break
            _kill(process)
            if reason is None and folder.over(final=True):
                reason = "disk"
            deadline = time.monotonic() + DRAIN_SECONDS
            while streams.get_map() and time.monotonic() < deadline:
                _read(streams, GLANCE_SECONDS)
    finally:
        _kill(process)
    code = process.returncode
    return Outcome(
        exit_code=None if reason else (128 - code if code < 0 else code),
        stdout=stdout.text(),
        stderr=stderr.text(),
        seconds=time.monotonic() - started,
        timed_out=reason == "time",
        truncated=stdout.truncated or stderr.truncated,
        over="" if reason is None or reason == "time" else reason,
    )


class CappedOutput:
    """A stream's beginning and end: a traceback stands last, what led to it first."""

    def __init__(self, limit: int) -> None:
        self._head_limit = limit - limit // 2
        self._tail_limit = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._seen = 0

    @property
    def truncated(self) -> bool:
        """Whether something in the middle was left out."""
        return self._seen > self._head_limit + self._tail_limit

    def add(self, data: bytes) -> None:
        """Take in the next piece; memory stays below twice the limit and one piece."""
        self._seen += len(data)
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_limit:
            self._trim()

    def text(self) -> str:
        """What was kept, with a line in brackets where something is missing."""
        self._trim()
        left_out = self._seen - len(self._head) - len(self._tail)
        gap = f"\n[... {left_out} bytes left out ...]\n" if left_out else ""
        return self._head.decode("utf-8", "replace") + gap + self._tail.decode("utf-8", "replace")

    def _trim(self) -> None:
        del self._tail[: max(0, len(self._tail) - self._tail_limit)]


def _read(streams: selectors.BaseSelector, seconds: float) -> None:
    """Take in what the streams have, waiting at most `seconds` for something."""
    if not streams.get_map():
        time.sleep(seconds)
        return
    for key, _ in streams.select(seconds):
        stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
        data = os.read(stream.fileno(), READ_BYTES)
        if data:
            key.data.add(data)
        else:
            streams.unregister(stream)


def _machine_tasks() -> int:
    """Processes and threads on the whole machine, 0 when it does not say."""
    try:
        with Path("/proc/loadavg").open("rb") as file:
            return int(file.read().split()[3].partition(b"/")[2])
    except (OSError, IndexError, ValueError):
        return 0


def _over(pid: int, limits: Limits, own_processes: int, folder: Folder) -> Reason | None:
    """The limit that the tree below `pid` is over, if any."""
    try:
        tree = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return None
    if len(tree) + 1 - own_processes > limits.processes:
        return "processes"
    return over_limit(tree, limits, folder)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the program's process group and wait for it, and for the first process of the namespace,
    whose end the kernel holds back until all others there are gone."""
    inner: list[psutil.Process] = []
    if process.poll() is None:
        with contextlib.suppress(psutil.Error):
            inner = psutil.Process(process.pid).children()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + DEATH_SECONDS
    while any(map(_alive, inner)) and time.monotonic() < deadline:
        time.sleep(GLANCE_SECONDS / 4)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
