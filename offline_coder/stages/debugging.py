"""Debugging: run the repository in the sandbox; show a failure to the model, keep what is better.

A correction is kept only when it parses and fewer steps of the run fail, or as many and more of the plan
takes part in it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from offline_coder.checks.signatures import outline_of
from offline_coder.core.engine import Engine
from offline_coder.core.plan import ENTRY_POINT, Plan
from offline_coder.core.stage_settings import StageSettings
from offline_coder.runs.journal import Journal
from offline_coder.stages.coding import ShownFile
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.repair import ask_code, errors_in
from offline_coder.stages.smoke import SmokeRun, smoke_run

REPO_FILE = re.compile(r'File "(?:[^"]*/)?([A-Za-z0-9_]+\.py)", line \d+')


async def smoke_run_and_debug(
    engine: Engine,
    context: Context,
    plan: Plan,
    files: Mapping[str, str],
    settings: StageSettings,
    journal: Journal,
    note: Callable[[str], None],
) -> SmokeRun:
    """Run the repository; then up to `settings.debug_rounds` corrections. Without a sandbox nothing is
    run. How a run went is taken from the journal where it is known. Raises what the engine raises."""
    modules = plan.architecture.modules
    best = await smoke_run(journal, modules, files)
    if best.status == "not run":
        note(f"the repository was not run: {best.sandbox}")
        return best
    for turn in range(settings.debug_rounds):
        if not best.failures:
            break
        corrected = await correction(engine, context, best, settings, turn)
        best = replace(best, rounds=turn + 1)
        if corrected is None:
            continue
        path, text = corrected
        tried = await smoke_run(journal, modules, {**best.files, path: text})
        if tried.status != "not run" and tried.better_than(best):
            note(f"{path} corrected: {len(best.failures)} failing steps, now {len(tried.failures)}")
            best = replace(tried, rounds=best.rounds, kept=best.kept + 1)
    return best


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
