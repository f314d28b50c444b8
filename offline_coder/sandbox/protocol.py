"""What a sandbox is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may use.

    Attributes:
        seconds: wall-clock time; then all its processes are killed.
        memory_bytes: address space of each process.
        output_bytes: kept of standard output and of standard error, each; the rest is read and dropped.
        processes: processes and threads at one time.
    """

    seconds: float = 60.0
    memory_bytes: int = 4 << 30
    output_bytes: int = 1 << 20
    processes: int = 256


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. `exit_code` is None when it was killed at its time limit; a negative one is
    a signal. `truncated` says that output was dropped."""

    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool
    truncated: bool


class Sandbox(Protocol):
    """Runs commands that are not trusted."""

    @property
    def name(self) -> str:
        """What contains the command, for the report."""
        ...

    def run(self, command: Sequence[str], *, workdir: Path, limits: Limits) -> Outcome:
        """Run `command` in `workdir`, the one folder that it can write.

        Raises:
            MissingPrerequisite: the sandbox itself did not start.
        """
        ...
