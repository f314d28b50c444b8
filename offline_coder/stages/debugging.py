"""Debugging: run the repository in the sandbox; show a failure to the model, keep what is better.

A run is: import every module, then `main.py --help`. Its score is the number of steps that fail; a
correction is kept only when it parses and the score falls.
"""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from offline_coder.checks.signatures import outline_of
from offline_coder.core.engine import Engine
from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.files import write_atomic
from offline_coder.core.plan import ENTRY_POINT, Plan
from offline_coder.core.stage_settings import StageSettings
from offline_coder.sandbox.choose import find_sandbox
from offline_coder.sandbox.protocol import Limits, Sandbox
from offline_coder.stages.coding import ShownFile
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.repair import ask_code, errors_in

LIMITS = Limits(seconds=120, memory_bytes=4 << 30, output_bytes=1 << 20, processes=64)
SHOWN_CHARACTERS = 3000
REPO_FILE = re.compile(r'File "(?:[^"]*/)?([A-Za-z0-9_]+\.py)", line \d+')
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

    `sandbox` names what contained the run, or says why there was none. `rounds` counts corrections
    that were tried, `kept` those that made it better.
    """

    status: Literal["passed", "failed", "not run"]
    sandbox: str
    failures: tuple[Failure, ...]
    files: Mapping[str, str]
    rounds: int = 0
    kept: int = 0


async def smoke_run_and_debug(
    engine: Engine,
    context: Context,
    plan: Plan,
    files: Mapping[str, str],
    settings: StageSettings,
    note: Callable[[str], None],
) -> SmokeRun:
    """Run the repository; then up to `settings.debug_rounds` corrections. Without a sandbox nothing is
    run. Raises what the engine raises."""
    try:
        sandbox = find_sandbox()
    except MissingPrerequisite as missing:
        note(f"the repository was not run: {missing}")
        return SmokeRun("not run", str(missing), (), files)
    modules = [module.path for module in plan.architecture.modules]
    best = await smoke_run(sandbox, modules, files)
    for turn in range(settings.debug_rounds):
        if not best.failures:
            break
        corrected = await correction(engine, context, best, settings, turn)
        best = replace(best, rounds=turn + 1)
        if corrected is None:
            continue
        path, text = corrected
        tried = await smoke_run(sandbox, modules, {**best.files, path: text})
        if len(tried.failures) < len(best.failures):
            note(f"{path} corrected: {len(best.failures)} failing steps, now {len(tried.failures)}")
            best = replace(tried, rounds=best.rounds, kept=best.kept + 1)
    return best


async def smoke_run(sandbox: Sandbox, modules: list[str], files: Mapping[str, str]) -> SmokeRun:
    """One run of a copy of `files`."""
    failures = await asyncio.to_thread(failing_steps, sandbox, modules, files)
    return SmokeRun("failed" if failures else "passed", sandbox.name, tuple(failures), files)


def failing_steps(sandbox: Sandbox, modules: list[str], files: Mapping[str, str]) -> list[Failure]:
    """The steps that fail, in order."""
    with tempfile.TemporaryDirectory(prefix="offline-coder-") as folder:
        workdir = Path(folder)
        for path, text in files.items():
            write_atomic(workdir / path, text)
        names = [path.removesuffix(".py") for path in modules if path != ENTRY_POINT]
        imports = [sys.executable, "-c", IMPORT_EACH, json.dumps(names)]
        outcome = sandbox.run(imports, workdir=workdir, limits=LIMITS)
        failures = reported_failures(outcome.stdout)
        if outcome.exit_code != 0:
            failures.append(Failure("import of the modules", ended(outcome.timed_out, outcome.stderr)))
        outcome = sandbox.run([sys.executable, ENTRY_POINT, "--help"], workdir=workdir, limits=LIMITS)
        if outcome.exit_code != 0:
            failures.append(Failure(f"{ENTRY_POINT} --help", ended(outcome.timed_out, outcome.stderr)))
    return failures


def reported_failures(output: str) -> list[Failure]:
    """The failures that the import script printed; lines that a module printed are passed over."""
    found: list[Failure] = []
    for line in output.splitlines():
        try:
            report = json.loads(line)
            found.append(Failure(str(report["step"]), str(report["failure"])[-SHOWN_CHARACTERS:]))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def ended(timed_out: bool, stderr: str) -> str:
    """How a step that failed ended."""
    return f"no end within {LIMITS.seconds} seconds" if timed_out else stderr[-SHOWN_CHARACTERS:]


async def correction(
    engine: Engine, context: Context, run: SmokeRun, settings: StageSettings, turn: int
) -> tuple[str, str] | None:
    """A file and its corrected text for the first failure; None when nothing usable came back."""
    failure = run.failures[0]
    named = [name for name in REPO_FILE.findall(failure.text) if name in run.files]
    path = named[-1] if named else ENTRY_POINT
    others = [
        ShownFile(name, outline_of(text))
        for name, text in run.files.items()
        if name.endswith(".py") and name != path
    ]
    task = render_prompt(
        "debugging/fix.md.j2",
        command=failure.step,
        failure=failure.text,
        path=path,
        text=run.files[path],
        others=others,
    )
    answer = await ask_code(engine, context, f"debugging:{path}", task, settings, settings.seed + turn)
    return None if answer.cut or errors_in(path, answer.code) else (path, answer.code)
