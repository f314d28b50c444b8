"""Rewriting: where a machine cannot mend, the model writes the smallest definition again that a finding is
about, or the one that is missing. A rewrite counts only when the repository has fewer findings and no other
file a new one; else it is as if it had never been."""

import ast
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from offline_coder.checks.asked_methods import method_asked_for
from offline_coder.checks.cut import last_good_prefix
from offline_coder.checks.fences import code_of
from offline_coder.checks.mend import Look, Mended
from offline_coder.checks.signatures import outline_of
from offline_coder.checks.source import parse_python
from offline_coder.checks.targets import Target, first_line, targets, without_marks
from offline_coder.core.attempt import Attempt
from offline_coder.core.engine import Engine
from offline_coder.core.errors import NoRoom
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.plan import Plan
from offline_coder.core.request import Completion, Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.asking import room_for_answer
from offline_coder.stages.budget import Budget
from offline_coder.stages.coding import ShownFile
from offline_coder.stages.mending import mended_for
from offline_coder.stages.places import Place, without_comment
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.repair import FENCE, PREFILL
from offline_coder.stages.usage import usage_in

# The definition begins in the first column, so whatever else begins there comes after its end.
NEXT_DEFINITION = ("\ndef ", "\nclass ", "\n@", "\nif __name__")
SMALLEST_REWRITE = 384
"""Tokens for a definition that is short, or new."""
OWED = frozenset({"missing-class", "missing-function"})
WHOLE = frozenset({"signature", "stub", "unused-parameter", "endless-recursion"})
"""Rules whose findings are not about the line where they stand."""
CONTRACT = OWED | {"missing-method", "stub"}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A target, its head as the answer went on with it, and the answer."""

    target: Target
    begun: Target
    completion: Completion


async def rewrite(
    engine: Engine,
    context: Context,
    plan: Plan,
    mended: Mended,
    look: Look,
    settings: StageSettings,
    budget: Budget | None = None,
) -> Mended:
    """`mended` with errors that are left taken to the model, as far as `budget`, that of the settings, goes.

    Each round asks for one definition of every file that has errors, together; the answers are judged one
    after the other. No definition is asked for twice. Raises what the engine raises.
    """
    budget = budget or Budget.of(settings)
    tried: set[tuple[str, str]] = set()
    for turn in range(settings.rewrite_rounds):
        chosen = choose(plan, mended, tried)
        asked = [
            (target, room)
            for target in chosen
            if (room := budget.take(target.file, enough=room_for_rewrite(target)))
        ]
        if not asked:
            break
        tried.update((target.file, target.name) for target, _ in asked)
        answers = await asyncio.gather(
            *(
                ask(engine, context, plan, mended.files, target, room, settings, turn)
                for target, room in asked
            )
        )
        for (target, room), given in zip(asked, answers, strict=True):
            budget.book(target.file, (given.completion.output_tokens if given else 0) - room)
            if given is not None:
                mended = judge(mended, given, look, plan)
    return mended


def room_for_rewrite(target: Target) -> int:
    """Tokens in which the definition is easily written again: nearly twice what it has now."""
    return max(SMALLEST_REWRITE, len(target.shown) // 2)


def choose(plan: Plan, mended: Mended, tried: set[tuple[str, str]]) -> list[Target]:
    """One target for each file that has errors, in the order of writing; none that was tried.

    An import of a name that another file owes by its contract is no fault of the file that imports it, so
    it waits until that other file was asked. A method that a network is asked for is written there before it
    is taken out where it is called.
    """
    contracts = {module.path: module for module in plan.architecture.modules}
    errors = [finding for finding in mended.findings if finding.severity == "error"]
    owed = {
        finding.subject
        for finding in errors
        if finding.rule in OWED and (finding.file, finding.subject) not in tried
    }
    methods = {
        finding: target
        for finding in errors
        if (target := method_asked_for(mended.files, finding)) is not None
        and (target.file, target.name) not in tried
    }
    found = []
    for path in plan.build_order.order:
        own = [
            finding
            for finding in errors
            if finding.file == path
            and finding not in methods
            and not (finding.rule == "missing-name" and finding.subject in owed)
        ]
        asked = [target for target in methods.values() if target.file == path]
        for target in (*asked, *targets(mended.files.get(path, ""), contracts.get(path), own)):
            if (path, target.name) not in tried:
                found.append(target)
                break
    return found


async def ask(
    engine: Engine,
    context: Context,
    plan: Plan,
    files: Mapping[str, str],
    target: Target,
    room: int,
    settings: StageSettings,
    turn: int,
) -> Rewrite | None:
    """The definition after its head, or from the first line that a finding is about, at most `room` tokens;
    None when the context has no room for it."""
    usable = plan.build_order.depends_on.get(target.file, ())
    begun = gone_on_with(target, files[target.file])
    task = render_prompt(
        "repair/definition.md.j2",
        target=target,
        going_on=begun is not target,
        outline=outline_of(files[target.file]),
        imports=imports_of(files[target.file]),
        others=[ShownFile(path, outline_of(files[path])) for path in usable],
        usage=usage_in(plan, target.file, target.head),
    )
    messages = context.messages(task, prefill=PREFILL + begun.head)
    purpose = f"rewrite:{target.file}:{target.name}"
    try:
        budget = await room_for_answer(engine, messages, room, purpose)
    except NoRoom:
        return None
    sampling = settings.sampling(budget, stop=(FENCE, *NEXT_DEFINITION))
    request = Request(purpose, messages, sampling, settings.seed + turn, watch="python")
    return Rewrite(target, begun, await engine.complete(request))


def gone_on_with(target: Target, text: str) -> Target:
    """`target` with what stands before the first line that a finding is about as its head. As it is where a
    finding is about its parameters or the whole of it."""
    lines = {finding.line: finding for finding in target.findings}
    if not target.shown or WHOLE & {finding.rule for finding in target.findings} or not lines:
        return target
    first = lines[min(lines)]
    place = Place(target, first.line, f"{first.message}. {first.advice}".strip(" ."))
    return target if place.at_head else place.begun(text, keep=True)


def judge(mended: Mended, given: Rewrite, look: Look, plan: Plan) -> Mended:
    """`mended` with the answer in its place when that is better, and the attempt on record either way."""
    target = given.target
    before = Tally.of(mended.findings)
    new = without_comment(definition_of(given.begun, given.completion))
    text = target.applied(mended.files[target.file], new) if new else ""
    if not new or parse_python(text) is None:
        attempt = attempt_of(given, before, before, kept=False)
        return Mended(mended.files, mended.findings, (*mended.attempts, attempt))
    after, done = with_file(mended, target.file, text, look, plan)
    attempt = attempt_of(given, before, after, kept=done is not None)
    if done is None:
        return Mended(mended.files, mended.findings, (*mended.attempts, attempt))
    return Mended(done.files, done.findings, (*mended.attempts, attempt, *done.attempts))


def with_file(mended: Mended, path: str, text: str, look: Look, plan: Plan) -> tuple[Tally, Mended | None]:
    """The findings with another text for one file, after what a machine can mend; and that repository
    with the changes that were kept, None when it is not better, another file has a new error or more of
    the plan is missing."""
    done = mended_for(plan, {**mended.files, path: text}, look)
    after = Tally.of(done.findings)
    worse = new_elsewhere(mended.findings, done.findings, path)
    if (
        worse
        or owed_by(done.findings) > owed_by(mended.findings)
        or not after.fewer_than(Tally.of(mended.findings))
    ):
        return after, None
    mechanical = tuple(attempt for attempt in done.attempts if attempt.kept)
    return after, Mended(done.files, done.findings, mechanical)


def owed_by(findings: Sequence[Finding]) -> int:
    """How many planned definitions are missing, or are only pretended."""
    return sum(finding.rule in CONTRACT for finding in findings)


def attempt_of(given: Rewrite, before: Tally, after: Tally, *, kept: bool) -> Attempt:
    """The attempt as it goes on record."""
    what = "rewritten" if given.target.shown else "written"
    return Attempt(
        file=given.target.file,
        means=f"{given.target.name} {what} by the model",
        before=before,
        after=after,
        kept=kept,
        tokens=given.completion.output_tokens,
    )


def definition_of(target: Target, completion: Completion) -> str:
    """The one definition in the answer; "" when it is not whole."""
    code = without_marks(code_of(target.head + completion.text, "python"))
    if completion.finish_reason != "stop":
        code = last_good_prefix(code)
    tree = parse_python(code)
    nodes = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)] if tree else []
    if not nodes:
        return ""
    return "\n".join(code.split("\n")[first_line(nodes[0]) - 1 : nodes[0].end_lineno])


def new_elsewhere(before: Sequence[Finding], after: Sequence[Finding], path: str) -> bool:
    """Whether a file other than `path` has an error now that it had not."""
    known = {(f.file, f.rule, f.message) for f in before}
    return any(
        f.severity == "error" and f.file != path and (f.file, f.rule, f.message) not in known for f in after
    )


def imports_of(text: str) -> list[str]:
    """The import lines at the top of `text`."""
    tree = parse_python(text)
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)] if tree else []
    return [ast.unparse(node) for node in nodes]
