"""Corrections: what the model proposes after a run that failed.

Several are asked for at once, over the same beginning of the prompt, each in another way: a range of lines
near the failure and the text that takes their place, decoded under a constraint, so that it always applies;
a definition that had a part in the failure, gone on with before the line that failed, by another line,
written anew from its head, or shown and written again; or another candidate for a whole file that had a part
in it, written from its task: what is wrong from the ground up no few lines make right.
"""

import asyncio
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import ValidationError

from offline_coder.checks.library_calls import signatures_at
from offline_coder.checks.signatures import outline_of
from offline_coder.core.engine import Engine
from offline_coder.core.errors import NoRoom
from offline_coder.core.plan import ENTRY_POINT, MODEL, Plan
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import OTHER_TEMPERATURE, StageSettings
from offline_coder.core.values import Value
from offline_coder.stages.asking import room_for_answer
from offline_coder.stages.coding import ShownFile
from offline_coder.stages.going_on import another_line
from offline_coder.stages.grammar import grammar
from offline_coder.stages.places import Place, places_of, without_comment
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.repair import FENCE, PREFILL, errors_in, tidy_code
from offline_coder.stages.rewriting import NEXT_DEFINITION, definition_of, imports_of, room_for_rewrite
from offline_coder.stages.smoke import SmokeRun
from offline_coder.stages.tracebacks import traceback_of
from offline_coder.stages.usage import usage_of
from offline_coder.stages.whole_files import Metered, another_candidate

MAX_LINES = 2000
"""Lines of a file that can be corrected; each is a choice of the constraint."""
NEAR = 12
"""Lines before and after the one that failed that a correction by lines may reach."""
FIRST_ROUND = 4
"""Ways that are tried before a whole file is written anew, which takes more tokens."""
Manner = Literal["lines", "going on", "anew", "again", "file"]


@dataclass(frozen=True, slots=True)
class Author:
    """Who is asked: `engine`, which is shown the `context`, about the repository of a `plan` whose files were
    written after `analyses` (path -> text)."""

    engine: Engine
    context: Context
    plan: Plan
    analyses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Way:
    """How a correction is asked for: its manner, and the place; None for lines of a file without one, and
    for the whole file `path`."""

    manner: Manner
    place: Place | None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The run that failed, its first failure in words, the file it is laid to, and the line there; 0 where
    that is not known."""

    run: SmokeRun
    step: str
    text: str
    path: str
    line: int


class LineEdit(Value):
    """The lines from `first` to `last`, counted from 1 and in whichever order, become `text`, because of
    `cause`, which is said first so that the rest follows from it."""

    cause: str
    first: int
    last: int
    text: str

    def applied(self, lines: Sequence[str]) -> str:
        """The file with these `lines` after the change. Text that is not indented at all is indented as what
        it stands for: small models leave that out."""
        begin, end = sorted((self.first, self.last))
        text = self.text.strip("\n")
        old = lines[begin - 1]
        if not text.startswith((" ", "\t")):
            text = textwrap.indent(text, old[: len(old) - len(old.lstrip())])
        new = text.split("\n") if text.strip() else []
        return tidy_code("\n".join([*lines[: begin - 1], *new, *lines[end:]]))


@dataclass(frozen=True, slots=True)
class Correction:
    """A file and its corrected text, which parses; what was done in words; its output tokens; and whether
    all of the file is new."""

    path: str
    text: str
    means: str
    tokens: int
    whole: bool = False


async def corrections(
    author: Author, run: SmokeRun, settings: StageSettings, in_vain: int
) -> list[Correction]:
    """Up to `settings.debug_candidates` corrections of the first failure, no two alike; fewer where answers
    were cut, break the file or change nothing. After `in_vain` rounds for the same failure this one goes on
    in the ways that were not asked for yet, then in the same ones with other seeds. Raises what the engine
    raises."""
    failed, ways = laid_to(run)
    asked = []
    for number in range(settings.debug_candidates):
        at = in_vain * settings.debug_candidates + number
        heated = settings.warmer(OTHER_TEMPERATURE) if at else settings
        drawn = heated.model_copy(update={"seed": settings.seed + at})
        way = ways[at % len(ways)]
        if way.manner == "file":
            asked.append(by_file(author, failed, way.path, drawn))
        elif way.place is None or way.manner == "lines":
            asked.append(by_lines(author, failed, drawn))
        else:
            asked.append(by_definition(author, failed, way.manner, way.place, drawn))
    given = await asyncio.gather(*asked)
    found: dict[str, Correction] = {}
    for each in given:
        if each is not None and each.text != run.files[each.path]:
            found.setdefault(each.text, each)
    return list(found.values())


def laid_to(run: SmokeRun) -> tuple[Failed, list[Way]]:
    """What the first failure of `run` is laid to, and the ways to correct it, most promising first. A wired
    entry point is not at fault as long as anything else may be."""
    failure = run.failures[0]
    traceback = traceback_of(failure.text, run.files)
    if traceback is None:
        return Failed(run, failure.step, failure.text, ENTRY_POINT, 0), [Way("lines", None)]
    but = ENTRY_POINT if run.wired else ""
    places = places_of(run.files, traceback, but=but)
    frames = [frame for frame in traceback.own if frame.path != but] or list(traceback.frames)
    failed = Failed(run, failure.step, traceback.told(), frames[-1].path, frames[-1].line)
    nearest, others = places[:1], places[1:]
    ways = [
        *(Way("going on", place) for place in nearest),
        Way("lines", None),
        *(Way("anew", place) for place in nearest),
        *(Way("anew" if place.at_head else "going on", place) for place in others[:1]),
        *(Way("again", place) for place in nearest),
        *(Way("anew", place) for place in others[:1] if not place.at_head),
        *(Way("anew" if place.at_head else "going on", place) for place in others[1:2]),
    ]
    # What a network gave is often at fault where its forward() is none of the calls that led there.
    paths = list(dict.fromkeys((*(place.target.file for place in places), MODEL)))
    files = [Way("file", None, path) for path in (*paths[:2], *paths[:3])]
    return failed, [*ways[:FIRST_ROUND], *files, *ways[FIRST_ROUND:]]


async def by_file(author: Author, failed: Failed, path: str, settings: StageSettings) -> Correction | None:
    """The file written from its task by another seed; None for what no module of the plan is, and where
    nothing usable came back."""
    if path not in author.analyses:
        return None
    engine, files, room = Metered(author.engine), failed.run.files, 2 * settings.code_tokens
    text = await another_candidate(
        engine, author.context, author.plan, author.analyses[path], files, path, settings, room
    )
    new = correction(path, text, "another candidate for the file written", engine.tokens)
    return None if new is None else replace(new, whole=True)


async def by_definition(
    author: Author,
    failed: Failed,
    manner: Manner,
    place: Place,
    settings: StageSettings,
) -> Correction | None:
    """The file of `place` with its definition written otherwise; None when the answer is none that parses, or
    where it is gone on with, when the model has nothing but the line that failed to go on with."""
    engine, context = author.engine, author.context
    files, target = failed.run.files, place.target
    begun = target if manner == "again" else place.begun(files[target.file], keep=manner == "going on")
    task = render_prompt(
        "debugging/definition.md.j2",
        command=failed.step,
        failure=failed.text,
        target=target if manner == "again" else replace(target, shown=""),
        imports=imports_of(files[target.file]),
        outline=outline_of(files[target.file]),
        others=others(failed.run, target.file),
        usage=usage_of(target.head),
        signatures=signatures_at(files[target.file], place.line),
    )
    messages = context.messages(task, prefill=PREFILL + begun.head)
    purpose, drawn = f"debugging:{target.file}:{target.name}", 0
    try:
        if manner == "going on" and not place.at_head:
            failing = place.failed(files[target.file])
            line, drawn = await another_line(engine, purpose, messages, failing, settings)
            if line is None:
                return None
            begun = replace(begun, head=f"{begun.head}{line}\n")
            messages = context.messages(task, prefill=PREFILL + begun.head)
        room = await room_for_answer(engine, messages, room_for_rewrite(target), purpose)
    except NoRoom:
        return None
    sampling = settings.sampling(room, stop=(FENCE, *NEXT_DEFINITION))
    completion = await engine.complete(Request(purpose, messages, sampling, settings.seed, watch="python"))
    new = without_comment(definition_of(begun, completion))
    text = target.applied(files[target.file], new) if new else ""
    tokens = drawn + completion.output_tokens
    return correction(target.file, text, f"{target.name} written ({manner})", tokens)


async def by_lines(author: Author, failed: Failed, settings: StageSettings) -> Correction | None:
    """The file that failed with some lines near the failure replaced; None when the answer was cut or breaks
    the file."""
    engine, context = author.engine, author.context
    path = failed.path
    lines = failed.run.files[path].rstrip().split("\n")
    first, last = max(1, failed.line - NEAR), min(len(lines), failed.line + NEAR)
    if not failed.line:
        first, last = 1, min(len(lines), MAX_LINES)
    task = render_prompt(
        "debugging/fix.md.j2",
        command=failed.step,
        failure=failed.text,
        path=path,
        lines=lines[first - 1 : last],
        first=first,
        others=others(failed.run, path),
        signatures=signatures_at(failed.run.files[path], failed.line),
    )
    messages = context.messages(task)
    purpose = f"debugging:{path}"
    try:
        room = await room_for_answer(engine, messages, settings.edit_tokens, purpose)
    except NoRoom:
        return None
    sampling = settings.sampling(room, constrained=True)
    constraint = grammar("edit", lines=list(range(first, last + 1)))
    completion = await engine.complete(Request(purpose, messages, sampling, settings.seed, constraint))
    try:
        edit = LineEdit.model_validate_json(completion.text)
    except ValidationError:
        return None  # it was cut
    return correction(
        path, edit.applied(lines), f"lines {edit.first} to {edit.last} replaced", completion.output_tokens
    )


def correction(path: str, text: str, means: str, tokens: int) -> Correction | None:
    """The correction, where its text is a file that parses."""
    return None if errors_in(path, text) or not text else Correction(path, text, means, tokens)


def others(run: SmokeRun, path: str) -> list[ShownFile]:
    """The outlines of the other files."""
    return [
        ShownFile(name, outline_of(text))
        for name, text in run.files.items()
        if name.endswith(".py") and name != path
    ]
