"""Coding: one file a module, along the dependency graph. A file is begun as soon as the files it
imports from are done; independent files are written together."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from offline_coder.checks.attributes import MODULE_BASES
from offline_coder.checks.signatures import outline_of
from offline_coder.core.engine import Engine
from offline_coder.core.errors import NoRoom
from offline_coder.core.plan import ENTRY_POINT, Module, Plan
from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.asking import room_for_answer
from offline_coder.stages.choosing import Chooser
from offline_coder.stages.defining import write_file
from offline_coder.stages.opening import contract, opening
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.repair import PREFILL, Frame, Written
from offline_coder.stages.usage import usage_in

SEEDS_APART = 1000
"""Between the seeds of two candidates; each may take several in a row."""

OnWritten = Callable[[Written], None]
"""Called with each file as soon as it is done."""


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A dependency as a prompt shows it: its whole text or its outline."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """The prompt of one file and what had to be left out of it, in words."""

    text: str
    left_out: tuple[str, ...]


async def write_code(chooser: Chooser, analyses: Mapping[str, str], done: OnWritten) -> dict[str, Written]:
    """Module path -> its file, every one of which parses; in build order. `chooser` says of what plan, and
    takes one of several candidates.

    Raises what the engine raises; files already given to `done` are whole.
    """
    engine, context, plan, settings = chooser.engine, chooser.context, chooser.plan, chooser.settings
    order = plan.build_order
    pending: dict[str, asyncio.Task[Written]] = {}

    async def write(path: str) -> Written:
        needed = order.depends_on[path]
        await asyncio.gather(*(asyncio.shield(pending[name]) for name in needed))
        texts = {name: pending[name].result().text for name in needed}
        drafts = await write_drafts(engine, context, plan, path, analyses[path], texts, settings)
        written = await chooser.best_of(drafts, texts)
        done(written)
        return written

    # A module depends only on modules before it, so each name it looks up is already there.
    for path in order.order:
        pending[path] = asyncio.ensure_future(write(path))
    try:
        results = await asyncio.gather(*pending.values())
    finally:
        for job in pending.values():
            job.cancel()
    return {written.path: written for written in results}


async def write_drafts(
    engine: Engine,
    context: Context,
    plan: Plan,
    path: str,
    analysis: str,
    dependencies: Mapping[str, str],
    settings: StageSettings,
) -> list[Written]:
    """The candidates for one file, asked for together: each written, repaired, or a stub when nothing else
    parses. Raises what the engine raises."""
    module = plan.architecture.module(path)
    frame = Frame(opening(plan, module, dependencies), ends_of(plan, module))
    task = await fitting_task(engine, context, plan, module, analysis, dependencies, settings, frame.begun)
    ways = [
        settings.model_copy(update={"seed": settings.seed + SEEDS_APART * n})
        for n in range(settings.candidates)
    ]
    drafts = await asyncio.gather(
        *(write_file(engine, context, task.text, module, way, frame) for way in ways)
    )
    return [replace(draft, left_out=task.left_out) for draft in drafts]


def ends_of(plan: Plan, module: Module) -> tuple[str, ...]:
    """What begins another file than `module`'s. Small models write all of a repository into the first."""
    others = [other for other in plan.architecture.modules if other.path != module.path]
    own = set(module.names())
    titles = [f"\n# {other.path}" for other in others]
    classes = [f"\nclass {planned.name}" for other in others for planned in other.classes]
    functions = [f"\ndef {planned.name}(" for other in others for planned in other.functions]
    definitions = [
        end for end in dict.fromkeys((*classes, *functions)) if end.strip("\n(").partition(" ")[2] not in own
    ]
    guard = () if module.path == ENTRY_POINT else ("\nif __name__",)
    return (*titles, *definitions, *guard)


async def fitting_task(
    engine: Engine,
    context: Context,
    plan: Plan,
    module: Module,
    analysis: str,
    dependencies: Mapping[str, str],
    settings: StageSettings,
    begun: str,
) -> Task:
    """The richest prompt that leaves room for what is `begun` and two answers after it: dependencies in
    full but for what would be copied, else their outlines, else their names alone, else not even the
    analysis."""
    purpose = f"coding:{module.path}"
    outlines = {path: outline_of(text) for path, text in dependencies.items()}
    tempting = [path for path in dependencies if would_be_copied(module, plan.architecture.module(path))]
    bodies = tuple(f"the bodies of {path}" for path in dependencies)
    code = tuple(f"the code of {path}" for path in dependencies)
    ways: list[tuple[str, Mapping[str, str], tuple[str, ...]]] = [
        (
            analysis,
            {**dependencies, **{path: outlines[path] for path in tempting}},
            tuple(f"the bodies of {path}" for path in tempting),
        ),
        (analysis, outlines, bodies),
        (analysis, {}, code),
        ("", {}, (*code, "the analysis")),
    ]
    wanted = 2 * settings.code_tokens
    for said, shown, left_out in ways:
        task = Task(write_prompt(plan, module, said, shown), left_out)
        messages = context.messages(task.text, prefill=PREFILL + begun)
        with suppress(NoRoom):
            if await room_for_answer(engine, messages, wanted, purpose) == wanted:
                break
    return task


def would_be_copied(module: Module, shown: Module) -> bool:
    """Whether a small model that is shown the code of `shown` would write it again as that of `module`: it
    does so with classes, unless one is made from the other."""
    bases = {base for planned in module.classes for base in planned.bases}
    return bool(module.classes and shown.classes) and bases.isdisjoint(shown.names())


def write_prompt(plan: Plan, module: Module, analysis: str, shown: Mapping[str, str]) -> str:
    """The task of writing one file, with its dependencies as given."""
    importable = plan.build_order.depends_on[module.path]
    return render_prompt(
        "coding/write.md.j2",
        module=module,
        analysis=analysis,
        contract=contract(module),
        dependencies=[ShownFile(path, text) for path, text in shown.items()],
        importable=importable,
        example_import=example_import(plan, importable),
        entry_point=module.path == ENTRY_POINT,
        networks=[cls.name for cls in module.classes if not MODULE_BASES.isdisjoint(cls.bases)],
        usage=usage_in(plan, module.path, contract(module)),
        config_keys=[f"{entry.key} = {entry.value!r}" for entry in plan.config],
    )


def example_import(plan: Plan, importable: tuple[str, ...]) -> str:
    """An import line that works in this repository."""
    for path in reversed(importable):
        names = plan.architecture.module(path).names()
        if names:
            return f"from {path.removesuffix('.py')} import {names[0]}"
    return "import numpy as np"
