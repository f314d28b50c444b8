"""The smoke run: does the repository run in its smallest setting, and what of the plan takes part?

The steps are: import every module, `main.py --help`, and `reproduce.sh --smoke`, each in the sandbox with a
copy of its own, side by side. A run that calls nothing of the plan, or nothing of what trains or of what
evaluates, has shown nothing, so it counts as a failure.
"""

import asyncio
import json
import os
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from offline_coder.core.attempt import Attempt
from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.files import write_atomic
from offline_coder.core.plan import ENTRY_POINT, EVALUATION, TRAINING, Module
from offline_coder.core.values import canonical_json, text_digest
from offline_coder.runs.journal import Journal
from offline_coder.sandbox import tracing
from offline_coder.sandbox.choose import find_sandbox
from offline_coder.sandbox.protocol import WORKDIR, Limits, Outcome, Sandbox
from offline_coder.sandbox.scratch import scratch_folder
from offline_coder.sandbox.view import interpreter
from offline_coder.stages.tracebacks import shortened

LIMITS = Limits(seconds=120, memory_bytes=4 << 30, output_bytes=1 << 20, processes=64)
SHOWN_CHARACTERS = 3000
MAX_REPORT = 1 << 20
REPRODUCE = "reproduce.sh"
WORKING = (TRAINING, EVALUATION)
"""Modules without which a run shows nothing."""
JUDGED = 4
"""Counts how runs were judged and told so far: one that is on record otherwise is made again."""
OWN_FOLDER = ".smoke"
INSIDE = f"{WORKDIR}/{OWN_FOLDER}"
CALLS = "calls.json"
Calls = Mapping[tuple[str, str], float]
"""Functions that were called, by path and qualified name, with the share of their lines that ran."""
IMPORT_EACH = """
import importlib, json, sys, traceback
sys.path.insert(0, ".")
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except BaseException:
        print(json.dumps({"step": "import " + name, "failure": traceback.format_exc()}))
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that failed: its name and the end of what it printed."""

    step: str
    text: str


@dataclass(frozen=True, slots=True)
class SmokeRun:
    """What happened when the repository was run, and its files as they are now.

    `sandbox` names what contained the run, or says why there was none. `called` and `uncalled` are the
    planned classes and functions that took part in it and those that did not, as "model.py: Net".
    `reached` says how far it came: the share of its lines that ran, summed over all functions called but
    what main() of the entry point calls there, which does more where a run comes less far.
    `rounds` counts the rounds of corrections, `kept` those that made it better, and `attempts` are what
    was tried in them. `wired`: main.py is not what the model wrote, but wired from the plan.
    """

    status: Literal["passed", "failed", "not run"]
    sandbox: str
    failures: tuple[Failure, ...]
    files: Mapping[str, str]
    called: tuple[str, ...] = ()
    uncalled: tuple[str, ...] = ()
    reached: float = 0.0
    rounds: int = 0
    kept: int = 0
    attempts: tuple[Attempt, ...] = ()
    wired: bool = False

    @property
    def progress(self) -> tuple[int, int, float]:
        """What runs are compared by, more being better: steps that do not fail, planned names that take
        part, and how far the run came."""
        return -len(self.failures), len(self.called), self.reached

    def after(self, run: "SmokeRun") -> "SmokeRun":
        """This run with what is on record of `run`, which it follows."""
        return replace(self, rounds=run.rounds, kept=run.kept, attempts=run.attempts, wired=run.wired)

    def better_than(self, other: "SmokeRun") -> bool:
        """Whether fewer steps fail, or as many and more of the plan takes part, or as much and it came
        farther."""
        return self.progress > other.progress


REPORT = TypeAdapter(SmokeRun)


async def smoke_run(
    journal: Journal, modules: Sequence[Module], files: Mapping[str, str], *, gpu: bool = False
) -> SmokeRun:
    """One run of copies of `files`, at most two minutes long, or how the same run went before. One that
    could not be made is tried again, except in a replay. `gpu` shows it the NVIDIA GPUs."""
    planned = {module.path: module.names() for module in modules}
    seen = {"gpu": True} if gpu else {}
    key = text_digest(canonical_json({"smoke": planned, "files": dict(files), "judged": JUDGED, **seen}))
    known = journal.fact(key)
    if known is None or (known["status"] == "not run" and not journal.read_only):
        known = REPORT.dump_python(await asyncio.to_thread(contained, modules, files, gpu), mode="json")
        journal.note(key, known)
    return replace(REPORT.validate_python(known), files=files)


def contained(modules: Sequence[Module], files: Mapping[str, str], gpu: bool) -> SmokeRun:
    """How a run goes on this machine, without the files. Without a sandbox nothing is run."""
    try:
        sandbox = find_sandbox(gpu=gpu)
    except MissingPrerequisite as missing:
        return SmokeRun("not run", str(missing), (), {})
    return replace(_smoke_run(sandbox, modules, files), files={})


def _smoke_run(sandbox: Sandbox, modules: Sequence[Module], files: Mapping[str, str]) -> SmokeRun:
    with ThreadPoolExecutor(3) as steps:
        imports = steps.submit(failed_imports, sandbox, modules, files)
        helped = steps.submit(failed_help, sandbox, files)
        run = steps.submit(traced, sandbox, files)
    failures = [*imports.result(), *helped.result()]
    outcome, calls = run.result()
    called, uncalled = covered(modules, calls.keys())
    shares = (share for (path, name), share in calls.items() if path != ENTRY_POINT or name == "main")
    reached = round(sum(shares), 2)
    step = f"{REPRODUCE} --smoke"
    if not outcome.ok:
        failures.append(Failure(step, ended(outcome)))
    elif idle := idle_part(modules, called):
        missed = ", ".join(uncalled)
        failures.append(Failure(step, f"it ended without using anything of {idle}; not called: {missed}"))
    status: Literal["passed", "failed"] = "failed" if failures else "passed"
    return SmokeRun(status, sandbox.name, tuple(failures), files, called, uncalled, reached)


def idle_part(modules: Sequence[Module], called: Sequence[str]) -> str:
    """What a run should have used and did not, in words: the plan, or the modules that train and evaluate;
    "" where it used something of each."""
    planned = {module.path for module in modules if module.names()} - {ENTRY_POINT}
    used = {name.partition(":")[0] for name in called}
    if planned and planned.isdisjoint(used):
        return "the plan"
    return " and ".join(path for path in WORKING if path in planned - used)


@contextmanager
def laid_out(files: Mapping[str, str]) -> Iterator[Path]:
    """A folder with the files of a repository for one step, out of reach of the others."""
    with scratch_folder() as workdir:
        for path, text in files.items():
            write_atomic(workdir / path, text)
        yield workdir


def failed_imports(sandbox: Sandbox, modules: Sequence[Module], files: Mapping[str, str]) -> list[Failure]:
    """The modules that cannot be imported, in their order."""
    names = [module.path.removesuffix(".py") for module in modules if module.path != ENTRY_POINT]
    command = [interpreter(), "-c", IMPORT_EACH, json.dumps(names)]
    with laid_out(files) as workdir:
        outcome = sandbox.run(command, workdir=workdir, limits=LIMITS)
    failures = reported_failures(outcome.stdout)
    if not outcome.ok:
        failures.append(Failure("import of the modules", ended(outcome)))
    return failures


def failed_help(sandbox: Sandbox, files: Mapping[str, str]) -> list[Failure]:
    """The entry point, where it does not show its help."""
    with laid_out(files) as workdir:
        outcome = sandbox.run([interpreter(), ENTRY_POINT, "--help"], workdir=workdir, limits=LIMITS)
    return [] if outcome.ok else [Failure(f"{ENTRY_POINT} --help", ended(outcome))]


def traced(sandbox: Sandbox, files: Mapping[str, str]) -> tuple[Outcome, Calls]:
    """How reproduce.sh ended in smoke mode, and the functions it called."""
    command = ["env", f"PYTHON={INSIDE}/python", "sh", REPRODUCE, "--smoke"]
    with laid_out(files) as workdir:
        # The tracer is written before the run: afterwards any folder may be a link that leads outside.
        write_tracer(workdir / OWN_FOLDER)
        outcome = sandbox.run(command, workdir=workdir, limits=LIMITS)
        return outcome, read_calls(workdir / OWN_FOLDER)


def write_tracer(own: Path) -> None:
    """Fill the folder `own` with a python that notes what is called."""
    write_atomic(own / "tracing.py", Path(tracing.__file__).read_text(encoding="utf-8"))
    python = shlex.join([interpreter(), f"{INSIDE}/tracing.py", f"{INSIDE}/{CALLS}"])
    write_atomic(own / "python", f'#!/bin/sh\nexec {python} "$@"\n')
    (own / "python").chmod(0o755)


def read_calls(own: Path) -> Calls:
    """What the program says in the folder `own` it called; empty when that is no report. Links are not
    followed, and a pipe is not waited for."""
    try:
        folder = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            report = os.open(CALLS, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
        with os.fdopen(report, "rb") as file:
            status = os.fstat(report)
            if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_REPORT:
                return {}
            said = json.loads(file.read(MAX_REPORT))
        return {(str(path), str(name)): min(1.0, max(0.0, float(share))) for path, name, share in said}
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return {}


def covered(
    modules: Sequence[Module], calls: Set[tuple[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The planned classes and functions that were called, and those that were not. A class was called
    when one of its methods was."""
    owners = {(path, name.partition(".")[0]) for path, name in calls}
    planned = [(module.path, name) for module in modules for name in module.names()]
    shown = [(f"{path}: {name}", (path, name) in owners) for path, name in planned]
    return tuple(name for name, yes in shown if yes), tuple(name for name, yes in shown if not yes)


def reported_failures(output: str) -> list[Failure]:
    """The failures that the import script printed; lines that a module printed are passed over."""
    found: list[Failure] = []
    for line in output.splitlines():
        try:
            report = json.loads(line)
            found.append(Failure(str(report["step"]), shortened(str(report["failure"]), SHOWN_CHARACTERS)))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return found


def ended(outcome: Outcome) -> str:
    """How a step that failed ended."""
    if outcome.timed_out:
        return f"no end within {LIMITS.seconds} seconds"
    if outcome.over:
        return f"over the limit of {outcome.over}"
    return shortened(outcome.stderr or outcome.stdout, SHOWN_CHARACTERS)
