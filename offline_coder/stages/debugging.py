"""Debugging: run the repository in the sandbox; show a failure to the model, keep what is better.

A correction is a range of lines that the file has and the text that takes their place, decoded under a
constraint, so it always applies. It is kept only when the file parses and fewer steps of the run fail, or
as many and more of the plan takes part in it. What needs no model is tried before and after, under the same
condition: annotations that nothing evaluates, and an entry point wired from the plan.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pydantic import ValidationError

from offline_coder.checks.signatures import outline_of
from offline_coder.checks.source import parse_python
from offline_coder.core.engine import Engine
from offline_coder.core.errors import NoRoom
from offline_coder.core.plan import ENTRY_POINT, Plan
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.runs.journal import Journal
from offline_coder.stages.asking import room_for_answer
from offline_coder.stages.coding import ShownFile
from offline_coder.stages.grammar import grammar
from offline_coder.stages.opening import LATE_ANNOTATIONS
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.repair import errors_in, errors_in_any, tidy_code
from offline_coder.stages.smoke import SmokeRun, smoke_run
from offline_coder.stages.wired_entry import wired_entry

MAX_LINES = 2000
"""Lines of a file that can be corrected; each is a choice of the constraint."""
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
    best = await smoke_run(journal, modules, files, gpu=settings.gpu)
    if best.status == "not run":
        note(f"the repository was not run: {best.sandbox}")
        return best
    best = await mended_if_better(journal, plan, best, note)
    for turn in range(settings.debug_rounds):
        if not best.failures:
            break
        corrected = await correction(engine, context, best, settings, turn)
        best = replace(best, rounds=turn + 1)
        if corrected is None:
            continue
        path, text = corrected
        tried = await smoke_run(journal, modules, {**best.files, path: text}, gpu=settings.gpu)
        if tried.status != "not run" and tried.better_than(best):
            note(f"{path} corrected: {len(best.failures)} failing steps, now {len(tried.failures)}")
            best = replace(tried, rounds=best.rounds, kept=best.kept + 1, wired=best.wired)
            best = await mended_if_better(journal, plan, best, note)
    return best


async def mended_if_better(
    journal: Journal, plan: Plan, run: SmokeRun, note: Callable[[str], None]
) -> SmokeRun:
    """`run`, or a better one after what can be tried without the model."""
    run = await postponed_if_better(journal, plan, run, note)
    return await wired_if_better(journal, plan, run, note)


async def postponed_if_better(
    journal: Journal, plan: Plan, run: SmokeRun, note: Callable[[str], None]
) -> SmokeRun:
    """`run`, or where modules fail to be imported the run with the annotations of those left unevaluated
    (PEP 563), when that is better: a type that does not exist need not stop what has it as a remark."""
    steps = {failure.step for failure in run.failures}
    failing = [module.path for module in plan.architecture.modules if f"import {module.path[:-3]}" in steps]
    changed = {path: postponed(run.files[path]) for path in failing if path in run.files}
    if all(text == run.files[path] for path, text in changed.items()) or errors_in_any(changed):
        return run
    tried = await smoke_run(journal, plan.architecture.modules, {**run.files, **changed})
    if tried.status == "not run" or not tried.better_than(run):
        return run
    note(f"annotations are not evaluated any more in {', '.join(changed)}")
    return replace(tried, rounds=run.rounds, kept=run.kept, wired=run.wired)


def postponed(text: str) -> str:
    """The module `text` with its annotations left unevaluated; as it is where it does not parse."""
    tree = parse_python(text)
    if tree is None or LATE_ANNOTATIONS in text:
        return text
    lines = text.split("\n")
    said = ast.get_docstring(tree) is not None
    at = (tree.body[0].end_lineno or 0) if said else 0
    return "\n".join([*lines[:at], *([""] if said else []), LATE_ANNOTATIONS, *lines[at:]])


async def wired_if_better(
    journal: Journal, plan: Plan, run: SmokeRun, note: Callable[[str], None]
) -> SmokeRun:
    """`run`, or where it fails the run with a wired entry point, when that is better."""
    text = "" if not run.failures else wired_entry(plan, run.files)
    if not text or text == run.files.get(ENTRY_POINT):
        return run
    tried = await smoke_run(journal, plan.architecture.modules, {**run.files, ENTRY_POINT: text})
    if tried.status == "not run" or not tried.better_than(run):
        return run
    note(
        f"{ENTRY_POINT} is wired from the plan: it calls {len(tried.called)} planned names, "
        f"before it was {len(run.called)}"
    )
    return replace(tried, rounds=run.rounds, kept=run.kept, wired=True)


async def correction(
    engine: Engine, context: Context, run: SmokeRun, settings: StageSettings, turn: int
) -> tuple[str, str] | None:
    """A file and its corrected text for the first failure; None when the answer was cut or breaks
    the file."""
    failure = run.failures[0]
    named = [name for name in REPO_FILE.findall(failure.text) if name in run.files]
    path = named[-1] if named else ENTRY_POINT
    lines = run.files[path].rstrip().split("\n")
    if len(lines) > MAX_LINES:
        return None
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
        lines=lines,
        others=others,
    )
    messages = context.messages(task)
    purpose = f"debugging:{path}"
    try:
        room = await room_for_answer(engine, messages, settings.code_tokens, purpose)
    except NoRoom:
        return None
    sampling = settings.sampling(room, constrained=True)
    constraint = grammar("edit", lines=list(range(1, len(lines) + 1)))
    completion = await engine.complete(Request(purpose, messages, sampling, settings.seed + turn, constraint))
    try:
        text = LineEdit.model_validate_json(completion.text).applied(lines)
    except ValidationError:
        return None  # it was cut
    return None if errors_in(path, text) else (path, text)


class LineEdit(Value):
    """The lines from `first` to `last`, counted from 1 and in whichever order, become `text`."""

    first: int
    last: int
    text: str

    def applied(self, lines: Sequence[str]) -> str:
        """The file with these `lines` after the change."""
        begin, end = sorted((self.first, self.last))
        new = self.text.strip("\n").split("\n") if self.text.strip() else []
        return tidy_code("\n".join([*lines[: begin - 1], *new, *lines[end:]]))
