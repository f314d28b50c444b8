"""Debugging: run the repository in the sandbox; show a failure to the model, keep what is better.

A round asks for several corrections at once and runs each. The best of them is kept, if it makes the run
better (fewer steps fail, or more of the plan takes part, or the run comes farther), takes nothing of the
plan out of it and brings no new error. What needs no model is tried before and after, under the same
condition: annotations that nothing evaluates, an entry point wired from the plan, and what PyTorch itself
says is to be done about an error. Last of all plain bodies stand in for what fails but the network.
"""

import ast
import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from offline_coder.checks.mend import Look
from offline_coder.checks.skeleton import MARKED, UNDEFINED
from offline_coder.checks.source import parse_python
from offline_coder.core.attempt import Attempt
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.plan import DATA, ENTRY_POINT, Plan
from offline_coder.core.stage_settings import StageSettings
from offline_coder.runs.journal import Journal
from offline_coder.stages.corrections import Author, Correction, corrections
from offline_coder.stages.known_errors import known_changes
from offline_coder.stages.mending import mended_for, stood_in_for
from offline_coder.stages.opening import LATE_ANNOTATIONS
from offline_coder.stages.plain_bodies import as_written, plain_body
from offline_coder.stages.repair import errors_in_any
from offline_coder.stages.rewriting import owed_by
from offline_coder.stages.smoke import SmokeRun, smoke_run
from offline_coder.stages.tracebacks import traceback_of
from offline_coder.stages.wired_entry import wired_entry

NUMBERS = re.compile(r"\d+")
MAX_KNOWN = 8
"""Changes for known errors in a row."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where runs of one plan's repository are made and compared: on record in `journal`, checked by `look`,
    with the GPUs in sight or not, and told by `note`."""

    journal: Journal
    plan: Plan
    look: Look
    gpu: bool
    note: Callable[[str], None]

    async def run(self, files: Mapping[str, str]) -> SmokeRun:
        """A run of `files`."""
        return await smoke_run(self.journal, self.plan.architecture.modules, files, gpu=self.gpu)


@dataclass(frozen=True, slots=True)
class Tried:
    """A correction with what a machine mended after it, what the checks say of that, and how it ran; None
    where it was not run, because it brings an error or takes something of the plan away."""

    correction: Correction
    after: Tally
    run: SmokeRun | None


async def smoke_run_and_debug(
    author: Author,
    files: Mapping[str, str],
    look: Look,
    settings: StageSettings,
    journal: Journal,
    note: Callable[[str], None],
) -> SmokeRun:
    """Run the repository that `author` wrote; then up to `settings.debug_rounds` rounds of corrections.
    Without a sandbox nothing is run. How a run went is taken from the journal where it is known. Raises what
    the engine raises."""
    ground = Ground(journal, author.plan, look, settings.gpu, note)
    best = await ground.run(files)
    if best.status == "not run":
        note(f"the repository was not run: {best.sandbox}")
        return best
    best = await mended_if_better(ground, best)
    if settings.debug_rounds:
        best = await without_data_if_better(ground, best)
    in_vain = 0
    for turn in range(settings.debug_rounds):
        if not best.failures:
            break
        asked = await corrections(author, best, settings, in_vain)
        before = look(best.files)
        tried = await asyncio.gather(*(try_out(each, ground, best, before) for each in asked))
        kept = best.kept
        best = replace(best_of(best, tried, Tally.of(before), note), rounds=turn + 1)
        in_vain += 1
        if best.kept > kept:
            best, in_vain = await mended_if_better(ground, best), 0
    return await plain_if_it_passes(ground, best) if settings.debug_rounds else best


async def try_out(correction: Correction, ground: Ground, run: SmokeRun, before: Sequence[Finding]) -> Tried:
    """Mend what a machine can in the corrected repository, check it, and run it if it is no worse than
    `before`, what the checks found in the files of `run`. An entry point that was wired is wired again, for
    a file that was written anew may have other parameters; and what nothing defines in it has stand-ins, no
    more than there were."""
    corrected = {**run.files, correction.path: correction.text}
    if run.wired and correction.path != ENTRY_POINT:
        corrected[ENTRY_POINT] = wired_entry(ground.plan, corrected) or run.files[ENTRY_POINT]
    done = mended_for(ground.plan, corrected, ground.look, assume=True)
    if Tally.of(done.findings).errors > Tally.of(before).errors:
        done = stood_in_for(ground.plan, done, ground.look)
    after = Tally.of(done.findings)
    worse = after.errors > Tally.of(before).errors or stand_ins(done.files) > stand_ins(run.files)
    if worse or owed_by(done.findings) > owed_by(before):
        return Tried(correction, after, None)
    return Tried(correction, after, await ground.run(done.files))


def stand_ins(files: Mapping[str, str]) -> int:
    """How many uses of names that nothing defines are marked in `files`."""
    return sum(len(MARKED.findall(text)) for text in files.values())


def best_of(run: SmokeRun, tried: Sequence[Tried], before: Tally, note: Callable[[str], None]) -> SmokeRun:
    """`run`, or the best of the runs that were tried where one is better; with all attempts on record."""
    best, chosen = run, None
    for each in tried:
        if each.run is not None and goes_farther(each.run, best, whole=each.correction.whole):
            best, chosen = each.run, each
    attempts = tuple(
        Attempt(
            file=each.correction.path,
            means=f"{each.correction.means} by the model after a run that failed",
            before=before,
            after=each.after,
            kept=each is chosen,
            tokens=each.correction.tokens,
        )
        for each in tried
    )
    if chosen is not None:
        path = chosen.correction.path
        note(
            f"{path} corrected: {len(run.failures)} failing steps, now {len(best.failures)}; "
            f"{len(run.called)} planned names called, now {len(best.called)}"
        )
    return replace(
        best,
        rounds=run.rounds,
        kept=run.kept + (chosen is not None),
        attempts=(*run.attempts, *attempts),
        wired=run.wired and (chosen is None or chosen.correction.path != ENTRY_POINT),
    )


def goes_farther(tried: SmokeRun, best: SmokeRun, *, in_place: bool = False, whole: bool = False) -> bool:
    """Whether a run is better and leaves out nothing of the plan that took part before. One that ends in the
    same line with the same error is not, however much of the code around it was taken away; of a change
    `in_place`, which takes no line away, a line that says the same further down is another; and of a `whole`
    new file, whose lines count otherwise, an error that differs in its numbers alone is the same."""
    better = tried.status != "not run" and set(tried.called) >= set(best.called) and tried.better_than(best)
    if not better or tried.progress[:2] > best.progress[:2]:
        return better
    before, after = ended_in(best), ended_in(tried)
    if whole:
        return [NUMBERS.sub("", each) for each in before[1:]] != [NUMBERS.sub("", each) for each in after[1:]]
    return before != after if in_place else before[1:] != after[1:]


def ended_in(run: SmokeRun) -> tuple[int, str, str]:
    """The number of the line, the line and the error in which the first step failed; the whole output where
    it is no traceback."""
    if not run.failures:
        return 0, "", ""
    traceback = traceback_of(run.failures[0].text, run.files)
    if traceback is None:
        return 0, "", run.failures[0].text
    last = traceback.frames[-1]
    return last.line, last.code, traceback.error.partition("\n")[0]


async def mended_if_better(ground: Ground, run: SmokeRun) -> SmokeRun:
    """`run`, or a better one after what can be tried without the model."""
    run = await postponed_if_better(ground, run)
    run = await wired_if_better(ground, run)
    return await known_if_better(ground, run)


async def known_if_better(ground: Ground, run: SmokeRun) -> SmokeRun:
    """`run`, or the one that it becomes by changes for errors that are known, each of which brings it
    farther; at most eight."""
    for _ in range(MAX_KNOWN):
        changed = await one_known_change(ground, run)
        if changed.files == run.files:
            return changed
        run = changed
    return run


async def one_known_change(ground: Ground, run: SmokeRun) -> SmokeRun:
    """The run after the first change for a known error that brings `run` farther, else `run`, with what was
    tried on record."""
    attempts = list(run.attempts)
    before = Tally.of(ground.look(run.files))
    for change in known_changes(run):
        files = {**run.files, change.file: change.text}
        tried = await ground.run(files)
        kept, after = goes_farther(tried, run, in_place=True), Tally.of(ground.look(files))
        attempts.append(Attempt(file=change.file, means=change.means, before=before, after=after, kept=kept))
        if kept:
            ground.note(f"{change.file}: {change.means}")
            return replace(tried.after(run), attempts=tuple(attempts))
    return replace(run, attempts=tuple(attempts))


async def postponed_if_better(ground: Ground, run: SmokeRun) -> SmokeRun:
    """`run`, or where modules fail to be imported the run with the annotations of those left unevaluated
    (PEP 563), when that is better: a type that does not exist need not stop what has it as a remark."""
    steps = {failure.step for failure in run.failures}
    modules = ground.plan.architecture.modules
    failing = [module.path for module in modules if f"import {module.path[:-3]}" in steps]
    changed = {path: postponed(run.files[path]) for path in failing if path in run.files}
    if all(text == run.files[path] for path, text in changed.items()) or errors_in_any(changed):
        return run
    tried = await ground.run({**run.files, **changed})
    if tried.status == "not run" or not tried.better_than(run):
        return run
    ground.note(f"annotations are not evaluated any more in {', '.join(changed)}")
    return tried.after(run)


def postponed(text: str) -> str:
    """The module `text` with its annotations left unevaluated; as it is where it does not parse."""
    tree = parse_python(text)
    if tree is None or LATE_ANNOTATIONS in text:
        return text
    lines = text.split("\n")
    said = ast.get_docstring(tree) is not None
    at = (tree.body[0].end_lineno or 0) if said else 0
    return "\n".join([*lines[:at], *([""] if said else []), LATE_ANNOTATIONS, *lines[at:]])


async def wired_if_better(ground: Ground, run: SmokeRun) -> SmokeRun:
    """`run`, or where it fails the run with a wired entry point, when that is better, or when the entry point
    asked for what nothing defines: that one comes no farther."""
    text = "" if not run.failures else wired_entry(ground.plan, run.files)
    if not text or text == run.files.get(ENTRY_POINT):
        return run
    tried = await ground.run({**run.files, ENTRY_POINT: text})
    if tried.status == "not run" or not (tried.better_than(run) or ends_in_nothing(run, ENTRY_POINT)):
        return run
    ground.note(
        f"{ENTRY_POINT} is wired from the plan: it calls {len(tried.called)} planned names, "
        f"before it was {len(run.called)}"
    )
    return replace(tried.after(run), wired=True)


async def plain_if_it_passes(ground: Ground, run: SmokeRun) -> SmokeRun:
    """`run`, or the one that it becomes by plain bodies in the place of functions that fail, where it ends
    well with them: only that is worth what they take the place of, which stays beside them as a text."""
    plain = run
    while (farther := await with_plain_body(ground, plain)) is not plain:
        plain = farther
    new = plain.attempts[len(run.attempts) :]
    if plain.status != "passed":
        vain = (each.model_copy(update={"kept": False}) for each in new)
        return replace(run, attempts=(*run.attempts, *vain))
    for each in new:
        ground.note(f"{each.file}: {each.means}")
    return plain


async def without_data_if_better(ground: Ground, run: SmokeRun) -> SmokeRun:
    """`run`, or where data.py ends in what nothing defines the run without that data, where it comes farther:
    that needs no rounds, for no model knows how to load what it did not when it wrote the file."""
    if not ends_in_nothing(run, DATA) or (farther := await with_plain_body(ground, run)) is run:
        return run
    ground.note(f"{DATA}: there is no data that it loads")
    return farther


async def with_plain_body(ground: Ground, run: SmokeRun) -> SmokeRun:
    """`run`, or the one that it becomes by one plain body, where that brings it farther, and what is known of
    errors behind it. What else the file has of the plan need not be called any more."""
    edit = plain_body(run, ground.plan)
    if edit is None:
        return run
    changed = {as_written(edit.file): run.files[edit.file], **run.files, edit.file: edit.text}
    # Only a wired entry point makes up data that is not there.
    wired = wired_entry(ground.plan, changed) if edit.file == DATA else ""
    changed |= {ENTRY_POINT: wired} if wired else {}
    done = mended_for(ground.plan, changed, ground.look, assume=True)
    tried = await ground.run(done.files)
    others = tuple(name for name in run.called if not name.startswith(f"{edit.file}:"))
    if not goes_farther(tried, replace(run, called=others)):
        return run
    before, after = Tally.of(ground.look(run.files)), Tally.of(done.findings)
    attempt = Attempt(file=edit.file, means=edit.means, before=before, after=after, kept=True)
    tried = replace(tried.after(run), attempts=(*run.attempts, attempt), wired=run.wired or bool(wired))
    return await known_if_better(ground, tried)


def ends_in_nothing(run: SmokeRun, path: str) -> bool:
    """Whether the first failure is that the file at `path` uses a name that nothing defines."""
    traceback = traceback_of(run.failures[0].text, run.files) if run.failures else None
    if traceback is None or not traceback.own:
        return False
    return traceback.frames[-1].name == UNDEFINED and traceback.own[-1].path == path
