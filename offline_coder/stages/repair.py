"""Repair: a ladder from the cheapest means to the last. What leaves here parses.

1. An answer cut at its budget is continued where it stopped.
2. A file that does not parse is asked for again, with the error shown in its place.
3. What still does not parse becomes a stub made from the plan, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from offline_coder.checks.cut import last_good_prefix, repeats
from offline_coder.checks.fences import code_of
from offline_coder.checks.skeleton import skeleton
from offline_coder.checks.syntax import check_syntax
from offline_coder.core.engine import Engine
from offline_coder.core.errors import NoRoom
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.plan import Module
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.asking import room_for_answer
from offline_coder.stages.prompting import Context, render_prompt

FENCE = "```"
PREFILL = "```python\n"
EXCERPT_LINES = 5
NO_ROOM = "no room in the context"

Verdict = Literal["first answer", "repaired", "stub"]


@dataclass(frozen=True, slots=True)
class Written:
    """One file of the repository: text that parses, and how it came about.

    `repairs` are the rungs that were tried, in order; `findings` what was wrong before them. Where there
    were several candidates, `candidates` are the findings of each and `chosen` is the place of this one.
    """

    path: str
    text: str
    verdict: Verdict
    repairs: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()
    candidates: tuple[Tally, ...] = ()
    chosen: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """What an answer goes on from, and the texts besides the closing fence that end it."""

    begun: str = ""
    ends: tuple[str, ...] = ()


WHOLE = Frame()
"""A file from its first line to the closing fence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The code in an answer, whether the budget cut it, and whether there was room to ask at all."""

    code: str
    cut: bool
    asked: bool = True


def errors_in(path: str, text: str) -> tuple[Finding, ...]:
    """The findings that make `text` unfit to be written; an empty file is one of them."""
    if not text.strip():
        return (Finding(file=path, line=0, rule="empty", message="the answer holds no code"),)
    return tuple(finding for finding in check_syntax(path, text) if finding.severity == "error")


def errors_in_any(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """The errors of all `files` together, by path."""
    return tuple(finding for path, text in sorted(files.items()) for finding in errors_in(path, text))


async def write_checked(
    engine: Engine,
    context: Context,
    task: str,
    module: Module,
    settings: StageSettings,
    frame: Frame = WHOLE,
) -> Written:
    """The file for `task`, by the ladder, each answer inside `frame`. Raises what the engine raises."""
    repairs: list[str] = []
    seen: list[Finding] = []
    asked = task
    for attempt in range(1 + settings.regenerations):
        purpose = f"coding:{module.path}" if attempt == 0 else f"repair:{module.path}"
        answer = await ask_code(engine, context, purpose, asked, settings, settings.seed + attempt, frame)
        answer = await continue_cut(engine, context, module, asked, answer, settings, repairs, frame)
        added = answer.code != tidy_code(frame.begun)
        found = errors_in(module.path, answer.code if added else "")
        if not found:
            return Written(
                module.path,
                answer.code,
                "repaired" if repairs else "first answer",
                tuple(repairs),
                tuple(seen),
            )
        seen.extend(found)
        if not answer.asked:
            repairs.append(NO_ROOM)
            break
        if attempt < settings.regenerations:
            repairs.append("asked again with the error shown")
            asked = retry_task(task, found, answer.code)
    repairs.append("stub from the plan")
    return Written(module.path, skeleton(module, tuple(seen)), "stub", tuple(repairs), tuple(seen))


async def ask_code(
    engine: Engine,
    context: Context,
    purpose: str,
    task: str,
    settings: StageSettings,
    seed: int,
    frame: Frame = WHOLE,
) -> Answer:
    """One answer, prefilled with the fence and what is begun, stopped at the closing fence or before. What
    is begun and no more where the context has no room for an answer."""
    messages = context.messages(task, prefill=PREFILL + frame.begun)
    try:
        budget = await room_for_answer(engine, messages, settings.code_tokens, purpose)
    except NoRoom:
        return Answer(tidy_code(frame.begun), cut=True, asked=False)
    sampling = settings.sampling(budget, stop=(FENCE, *frame.ends))
    completion = await engine.complete(Request(purpose, messages, sampling, seed))
    whole = frame.begun + completion.text
    return Answer(tidy_code(code_of(whole, "python")), completion.finish_reason == "length")


async def continue_cut(
    engine: Engine,
    context: Context,
    module: Module,
    task: str,
    answer: Answer,
    settings: StageSettings,
    repairs: list[str],
    frame: Frame,
) -> Answer:
    """The answer, continued while it was cut and continuations are left; then, if it still has no
    end, without its unfinished last statement. What repeats itself is cut off, not continued."""
    for turn in range(settings.continuations):
        if not answer.cut or not answer.asked or repeats(answer.code) is not None:
            break
        repairs.append("continued a cut answer")
        rest = replace(frame, begun=last_good_prefix(answer.code))
        purpose = f"repair:continue:{module.path}"
        answer = await ask_code(engine, context, purpose, task, settings, settings.seed + turn, rest)
    if not answer.cut or not answer.asked:
        return answer
    repairs.append("cut back to the last whole statement")
    at = repeats(answer.code)
    kept = answer.code if at is None else answer.code[:at]
    return Answer(tidy_code(last_good_prefix(kept)), cut=True)


def retry_task(task: str, found: tuple[Finding, ...], code: str) -> str:
    """The task again, with the errors and the lines around the first of them."""
    lines = code.splitlines()
    at = max(found[0].line - 1, 0)
    excerpt = "\n".join(lines[max(at - EXCERPT_LINES, 0) : at + EXCERPT_LINES])
    return render_prompt(
        "repair/syntax.md.j2", task=task, language="Python", findings=found[:3], excerpt=excerpt
    )


def tidy_code(text: str) -> str:
    """`text` without blank edges, with one line end at its end; empty stays empty."""
    stripped = text.strip("\n").rstrip()
    return f"{stripped}\n" if stripped else ""
