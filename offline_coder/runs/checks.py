"""checks.json: what was found in the repository, what was repaired, what happened when it ran."""

from typing import Literal

from offline_coder.core.attempt import Attempt
from offline_coder.core.early_end import EarlyEnd
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.values import Value

ChosenBy = Literal["", "checks", "trial run", "verdict"]
"""What told a candidate from the others; "" where there was one alone."""


class FileVerdict(Value):
    """How one module came about. `before` is what was wrong with answers that were not kept; of several
    `candidates`, each with its findings, the one at place `chosen` was taken, because of what `chosen_by`
    names. `ends` are the answers that were ended early."""

    path: str
    verdict: Literal["first answer", "repaired", "stub"]
    repairs: tuple[str, ...]
    before: tuple[Finding, ...]
    left_out: tuple[str, ...]
    candidates: tuple[Tally, ...] = ()
    chosen: int = 0
    chosen_by: ChosenBy = ""
    ends: tuple[EarlyEnd, ...] = ()


class SmokeVerdict(Value):
    """The run in the sandbox: failing step -> the end of its output; the planned classes and functions
    that were really called in it, and those that were not. `wired`: main.py is not what the model wrote, but
    wired from the plan and the signatures of the code."""

    status: Literal["passed", "failed", "not run"]
    sandbox: str
    failures: dict[str, str]
    called: tuple[str, ...] = ()
    uncalled: tuple[str, ...] = ()
    rounds: int
    kept: int
    wired: bool = False


class Checks(Value):
    """Everything a machine saw of the finished repository, and what was tried to mend it."""

    files: tuple[FileVerdict, ...]
    attempts: tuple[Attempt, ...] = ()
    findings: tuple[Finding, ...]
    smoke: SmokeVerdict
