"""Running a contained command: time, output and what is left behind."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from offline_coder.sandbox.protocol import Limits, Outcome

CHUNK_BYTES = 1 << 16


@dataclass
class Stream:
    """The kept beginning of one output stream."""

    limit: int
    kept: bytearray = field(default_factory=bytearray)
    dropped: bool = False

    def take(self, data: bytes) -> None:
        """Keep what still fits."""
        room = self.limit - len(self.kept)
        self.kept += data[:room]
        self.dropped = self.dropped or len(data) > room

    def text(self) -> str:
        """What was kept, as text."""
        return self.kept.decode("utf-8", "replace")


def limited(command: Sequence[str], limits: Limits) -> list[str]:
    """`command` under prlimit (util-linux), for the limits that a process keeps by itself."""
    return [
        "prlimit",
        f"--as={limits.memory_bytes}",
        f"--nproc={limits.processes}",
        "--core=0",
        f"--cpu={int(limits.seconds) + 1}",
        "--",
        *command,
    ]


def run_contained(command: Sequence[str], limits: Limits, *, cwd: Path) -> Outcome:
    """Run `command` in a process group of its own, with nothing on its standard input.

    At the time limit the whole group is killed; the sandbox in it takes its own children along.
    """
    began = time.monotonic()
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin"},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        streams = {process.stdout: Stream(limits.output_bytes), process.stderr: Stream(limits.output_bytes)}
        timed_out = False
        try:
            with selectors.DefaultSelector() as selector:
                for pipe in streams:
                    selector.register(pipe, selectors.EVENT_READ)
                while selector.get_map():
                    left = began + limits.seconds - time.monotonic()
                    if left <= 0:
                        timed_out = True
                        break
                    for key, _ in selector.select(left):
                        data = os.read(key.fd, CHUNK_BYTES)
                        if data:
                            streams[key.fileobj].take(data)  # type: ignore[index]
                        else:
                            selector.unregister(key.fileobj)
            if not timed_out:
                process.wait(max(began + limits.seconds - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            kill_group(process.pid)
            process.wait()
    out, err = streams.values()
    return Outcome(
        exit_code=None if timed_out else process.returncode,
        stdout=out.text(),
        stderr=err.text(),
        seconds=time.monotonic() - began,
        timed_out=timed_out,
        truncated=out.dropped or err.dropped,
    )


def kill_group(leader: int) -> None:
    """Kill every process of the group; nothing when it is gone."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
