"""What a sandbox is: a command, run where it can reach nothing but one folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

WORKDIR = "/repo"
"""Where the folder appears inside every sandbox, so that tracebacks do not depend on the machine."""

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may use. A run over time, memory, processes or disk is killed with all its children.

    Memory and disk are measured about ten times a second, so what is written in between may lie above.

    Attributes:
        seconds: wall-clock time.
        memory_bytes: memory of all its processes together, shared memory and the files in their own
            /tmp, home and /dev/shm included; also the most private memory that one can allocate.
        output_bytes: kept of each stream; of longer output the first and the last half is kept.
        processes: processes at once, threads not counted.
        file_bytes: size of any one file it writes.
        disk_bytes: by how much its folder may grow.
        files: files, folders and links it may add to its folder, or have in its own /tmp and home.
    """

    seconds: float = 60.0
    memory_bytes: int = 4 * GIB
    output_bytes: int = 1 * MIB
    processes: int = 64
    file_bytes: int = 1 * GIB
    disk_bytes: int = 2 * GIB
    files: int = 50_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended.

    Attributes:
        exit_code: its status; 128 + n when signal n ended it; None when a limit ended it.
        stdout, stderr: what was kept, decoded as UTF-8 with replacement; a line in square brackets
            stands where the middle was left out.
        seconds: wall-clock time, starting the sandbox included.
        timed_out: the time limit ended it.
        truncated: one of the streams was longer than `output_bytes`.
        over: the other limit that ended it, or "".
    """

    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False
    truncated: bool = False
    over: Literal["", "memory", "processes", "disk"] = ""

    @property
    def ok(self) -> bool:
        """The command ended by itself with status 0."""
        return self.exit_code == 0


class Sandbox(Protocol):
    """A way to run generated code. Every provider passes the conformance suite in tests/sandbox."""

    @property
    def name(self) -> str:
        """The provider, for reports: "bubblewrap"."""
        ...

    def run(self, command: Sequence[str], *, workdir: Path, limits: Limits) -> Outcome:
        """Run `command` with `workdir` as its current folder and wait for its end.

        Inside, `workdir` is `/repo` and writable; the system and this Python's environment are
        read-only; home and /tmp are empty and vanish afterwards; nothing else of the machine is there.
        There is no network, not even the host's loopback, and no variable of our environment. Standard
        input is empty. Every process it started is dead when this returns. Blocks: call it in a thread
        from async code.

        Raises:
            BadInput: `workdir` is no folder, or `command` is empty.
            MissingPrerequisite: the sandbox could not be set up.
        """
        ...
