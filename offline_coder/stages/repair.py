"""Repair: a ladder from the cheapest means to the last. What leaves here parses.

1. An answer cut at its budget, or ended because it was no Python any more, is continued where it was good.
2. A file that does not parse is asked for again, with the error shown in its place.
3. What still does not parse becomes a stub made from the plan, and says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from offline_coder.checks.cut import last_good_prefix
from offline_coder.checks.fences import code_of
from offline_coder.checks.skeleton import skeleton
from offline_coder.checks.syntax import check_syntax
from offline_coder.core.early_end import EarlyEnd
from offline_coder.core.engine import Engine
from offline_coder.core.errors import NoRoom
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.plan import Module
from offline_coder.core.repeating import repeats
from offline_coder.core.request import FinishReason, Request
from offline_coder.core.stage_settings import OTHER_TEMPERATURE, StageSettings
from offline_coder.runs.checks import ChosenBy
from offline_coder.stages.asking import room_for_answer
from offline_coder.stages.prompting import Context, render_prompt

FENCE = "```"
PREFILL = "```python\n"
EXCERPT_LINES = 5
NO_ROOM = "no room in the context"
CONTINUED: dict[FinishReason, str] = {
    "stop": "an answer",
    "length": "a cut answer",
    "broken": "an answer that was no Python any more",
    "circles": "an answer that went round in circles",
}

Verdict = Literal["first answer", "repaired", "stub"]

ECHO = re.compile(r"^#+ (?:Contract|Specification) of ", re.MULTILINE)
"""A heading of the task, with which an answer that is done goes on to write the task down once more."""


@dataclass(frozen=True, slots=True)
class Written:
    """One file of the repository: text that parses, and how it came about.

    `repairs` are the rungs that were tried, in order; `findings` what was wrong before them. Where there
    were several candidates, `candidates` are the findings of each, `chosen` is the place of this one, and
    `chosen_by` what decided.
    `ends` are the answers that were ended early.
    """

    path: str
    text: str
    verdict: Verdict
    repairs: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()
    candidates: tuple[Tally, ...] = ()
    chosen: int = 0
    chosen_by: ChosenBy = ""
    ends: tuple[EarlyEnd, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What an answer goes on from, and the texts besides the closing fence that end it."""

    begun: str = ""
    ends: tuple[str, ...] = ()


WHOLE = Frame()
"""A file from its first line to the closing fence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The code in an answer, what of it was not `begun` for it, and whether there was room to ask at all.

    `reason` says why it ended, `tokens` how many it has and `room` how many it might have had.
    """

    code: str
    reason: FinishReason
    asked: bool = True
    begun: int = 0
    tokens: int = 0
    room: int = 0

    @property
    def cut(self) -> bool:
        """Whether something else than the model ended it."""
        return self.reason != "stop"

    @property
    def heat(self) -> float:
        """The temperature that what goes on from it has at least: where it was only too long, the likeliest
        way is still a good one."""
        return 0.0 if self.reason == "length" else OTHER_TEMPERATURE

    def may_go_on(self, turn: int) -> bool:
        """Whether it may be gone on with for the `turn`-th time: once, where it was only too long."""
        return turn == 1 or self.reason != "length"

    def whole(self) -> str:
        """The beginning of it that is whole statements and does not go round in circles."""
        at = repeats(self.code)
        return last_good_prefix(self.code if at is None else self.code[:at])

    def early_end(self, name: str, kept: str) -> tuple[EarlyEnd, ...]:
        """How the watch ended it, if it did, when `kept` is what stays."""
        if self.reason not in ("broken", "circles"):
            return ()
        share = max(len(kept) - self.begun, 0) / max(len(self.code) - self.begun, 1)
        stays = round(self.tokens * min(share, 1.0))
        return (
            EarlyEnd(
                name=name, reason=self.reason, tokens=self.tokens, kept=stays, spared=self.room - self.tokens
            ),
        )


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
    ends: list[EarlyEnd] = []
    asked = task
    for attempt in range(1 + settings.regenerations):
        purpose = f"coding:{module.path}" if attempt == 0 else f"repair:{module.path}"
        answer = await ask_code(engine, context, purpose, asked, settings, settings.seed + attempt, frame)
        answer = await continue_cut(engine, context, module, asked, answer, settings, repairs, ends, frame)
        added = answer.code != tidy_code(frame.begun)
        found = errors_in(module.path, answer.code if added else "")
        if not found:
            return Written(
                module.path,
                answer.code,
                "repaired" if repairs else "first answer",
                tuple(repairs),
                tuple(seen),
                ends=tuple(ends),
            )
        seen.extend(found)
        if not answer.asked:
            repairs.append(NO_ROOM)
            break
        if attempt < settings.regenerations:
            repairs.append("asked again with the error shown")
            asked = retry_task(task, found, answer.code)
    repairs.append("stub from the plan")
    text = skeleton(module, tuple(seen))
    return Written(module.path, text, "stub", tuple(repairs), tuple(seen), ends=tuple(ends))


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
        return Answer(tidy_code(frame.begun), "length", asked=False)
    sampling = settings.sampling(budget, stop=(FENCE, *frame.ends))
    completion = await engine.complete(Request(purpose, messages, sampling, seed, watch="python"))
    text = frame.begun + completion.text
    reason, tokens = completion.finish_reason, completion.output_tokens
    echo = ECHO.search(text, len(frame.begun))
    if echo is not None and text[len(frame.begun) : echo.start()].strip():
        text, reason = text[: echo.start()], "stop"
    code = tidy_code(code_of(text, "python"))
    if reason != "stop":
        code = with_open_end(code, text)
    return Answer(code, reason, begun=len(frame.begun), tokens=tokens, room=budget)


async def continue_cut(
    engine: Engine,
    context: Context,
    module: Module,
    task: str,
    answer: Answer,
    settings: StageSettings,
    repairs: list[str],
    ends: list[EarlyEnd],
    frame: Frame,
) -> Answer:
    """The answer, continued from its last whole statement with another seed, and warmer unless it was only
    too long, while something cut it and continuations are left; then, if it still has no end, without its
    unfinished last statement."""
    for turn in range(1, 1 + settings.continuations):
        kept = answer.whole()
        nothing = len(kept) <= len(tidy_code(frame.begun))
        if nothing or not answer.cut or not answer.asked or not answer.may_go_on(turn):
            break
        repairs.append(f"continued {CONTINUED[answer.reason]}")
        ends += answer.early_end("", kept)
        rest = replace(frame, begun=kept)
        purpose = f"repair:continue:{module.path}"
        drawn = settings.warmer(answer.heat)
        answer = await ask_code(engine, context, purpose, task, drawn, settings.seed + turn, rest)
    if not answer.cut or not answer.asked:
        return answer
    repairs.append("cut back to the last whole statement")
    kept = answer.whole()
    ends += answer.early_end("", kept)
    return replace(answer, code=tidy_code(kept))


def retry_task(task: str, found: tuple[Finding, ...], code: str) -> str:
    """The task again, with the errors and the lines around the first of them."""
    lines = code.splitlines()
    at = max(found[0].line - 1, 0)
    excerpt = "\n".join(lines[max(at - EXCERPT_LINES, 0) : at + EXCERPT_LINES])
    return render_prompt(
        "repair/syntax.md.j2", task=task, language="Python", findings=found[:3], excerpt=excerpt
    )


def with_open_end(code: str, text: str) -> str:
    """`code`, taken from an answer `text` that was ended; without a line end where the last line has none in
    the answer, for then more of that line might have come: `return a` of `return a + b`."""
    last = text.rpartition("\n")[2].rstrip()
    return code.removesuffix("\n") if last and code.endswith(f"{last}\n") else code


def tidy_code(text: str) -> str:
    """`text` without blank edges, with one line end at its end; empty stays empty."""
    stripped = text.strip("\n").rstrip()
    return f"{stripped}\n" if stripped else ""
