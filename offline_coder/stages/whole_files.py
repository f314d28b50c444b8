"""The upper rungs of repair, for a file that still has errors when its smallest definitions were tried: the
model writes the whole file again with the errors shown; then another candidate is written from the task.

Both spend what the rewriting of definitions left of the budgets in tokens; a file that would not fit in
what is left is not begun. As below, an answer counts only when the repository has fewer findings and no
other file a new one.
"""

import asyncio
from collections.abc import Mapping, Sequence

from offline_coder.checks.mend import Look, Mended
from offline_coder.checks.signatures import outline_of
from offline_coder.checks.targets import WRONG, with_marks, without_marks
from offline_coder.core.attempt import Attempt
from offline_coder.core.engine import Engine
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.plan import ENTRY_POINT, Plan
from offline_coder.core.request import Completion, Message, Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.budget import Budget
from offline_coder.stages.coding import SEEDS_APART, ShownFile, write_drafts
from offline_coder.stages.opening import contract
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.repair import Frame, ask_code, errors_in
from offline_coder.stages.rewriting import imports_of, with_file

OVERHEAD = 1.25
"""A file written again may be this much longer than it was."""


class Metered:
    """An engine that counts the output tokens of what goes through it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.identity = engine.identity
        self.context = engine.context
        self.tokens = 0

    async def complete(self, request: Request) -> Completion:
        """The engine's answer."""
        completion = await self._engine.complete(request)
        self.tokens += completion.output_tokens
        return completion

    async def count(self, messages: Sequence[Message]) -> int:
        """The engine's count."""
        return await self._engine.count(messages)


async def rewrite_files(
    engine: Engine,
    context: Context,
    plan: Plan,
    analyses: Mapping[str, str],
    mended: Mended,
    look: Look,
    settings: StageSettings,
    budget: Budget,
) -> Mended:
    """`mended` with files that still have errors taken to the model as a whole, then written anew.

    Each rung asks for all its files together. The entry point is left to be wired from the plan, which costs
    nothing. Raises what the engine raises.
    """

    async def again(metered: Engine, files: Mapping[str, str], path: str, room: int) -> str:
        return await another_candidate(metered, context, plan, analyses[path], files, path, settings, room)

    async def whole(metered: Engine, files: Mapping[str, str], path: str, room: int) -> str:
        wrong = [f for f in mended.findings if f.file == path and f.severity == "error"]
        return await whole_file(metered, context, plan, files, path, wrong, settings, room)

    mendable = [path for path in plan.build_order.order if path != ENTRY_POINT]
    for means, rung in (("the whole file written again", whole), ("another candidate written", again)):
        asked = []
        for path in mendable:
            needed = round(OVERHEAD * await length_of(engine, mended.files[path]))
            broken = any(f.file == path and f.severity == "error" for f in mended.findings)
            if broken and (room := budget.take(path, needed)):
                asked.append((path, room, Metered(engine)))
        files = mended.files
        texts = await asyncio.gather(*(rung(meter, files, path, room) for path, room, meter in asked))
        for (path, room, meter), text in zip(asked, texts, strict=True):
            budget.book(path, meter.tokens - room)
            mended = judged(mended, path, text, f"{means} by the model", meter.tokens, look, plan)
    return mended


async def another_candidate(
    engine: Engine,
    context: Context,
    plan: Plan,
    analysis: str,
    files: Mapping[str, str],
    path: str,
    settings: StageSettings,
    room: int,
) -> str:
    """The file written from its task with a seed that no candidate had, in about `room` tokens."""
    needed = {name: files[name] for name in plan.build_order.depends_on[path]}
    bounded = settings.model_copy(
        update={
            "seed": settings.seed + SEEDS_APART * settings.candidates,
            "candidates": 1,
            "code_tokens": room // 2,
            "regenerations": 0,
            "continuations": 0,
        }
    )
    (written,) = await write_drafts(engine, context, plan, path, analysis, needed, bounded)
    return "" if written.verdict == "stub" else written.text


async def length_of(engine: Engine, text: str) -> int:
    """Tokens of `text`."""
    return await engine.count((Message(role="user", content=text),))


async def whole_file(
    engine: Engine,
    context: Context,
    plan: Plan,
    files: Mapping[str, str],
    path: str,
    wrong: Sequence[Finding],
    settings: StageSettings,
    room: int,
) -> str:
    """The file as the model writes it again in `room` tokens; "" when nothing usable came back."""
    text = files[path]
    module = plan.architecture.module(path)
    task = render_prompt(
        "repair/file.md.j2",
        path=path,
        shown=marked(text, wrong),
        contract=contract(module),
        others=[
            ShownFile(other, outline_of(files[other])) for other in plan.build_order.depends_on.get(path, ())
        ],
    )
    frame = Frame("".join(f"{line}\n" for line in imports_of(text)))
    bounded = settings.model_copy(update={"code_tokens": room})
    answer = await ask_code(engine, context, f"rewrite:{path}", task, bounded, settings.seed, frame)
    return without_marks(answer.code if answer.asked and not answer.cut else answer.whole())


def marked(text: str, findings: Sequence[Finding]) -> str:
    """The file with the findings beside their lines."""
    notes: dict[int, list[str]] = {}
    for finding in findings:
        notes.setdefault(finding.line, []).append(f"{finding.message}. {finding.advice}".strip())
    shown = with_marks(text.rstrip().split("\n"), notes)
    return "\n".join([*(f"{WRONG} {note}" for note in notes.get(0, ())), *shown])


def judged(mended: Mended, path: str, text: str, means: str, tokens: int, look: Look, plan: Plan) -> Mended:
    """`mended` with the file's new text when that is better, and the attempt on record either way."""
    before = after = Tally.of(mended.findings)
    done = None
    if text.strip() != mended.files[path].strip() and not errors_in(path, text):
        after, done = with_file(mended, path, text, look, plan)
    attempt = Attempt(
        file=path, means=means, before=before, after=after, kept=done is not None, tokens=tokens
    )
    if done is None:
        return Mended(mended.files, mended.findings, (*mended.attempts, attempt))
    return Mended(done.files, done.findings, (*mended.attempts, attempt, *done.attempts))
