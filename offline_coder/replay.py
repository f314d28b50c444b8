"""Replay: a finished run made again from its journal, with no engine, and compared byte for byte."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from offline_coder.core.engine import Engine
from offline_coder.core.errors import BadInput
from offline_coder.core.nursery import nursed
from offline_coder.core.request import Completion, Request
from offline_coder.papers.paper import Paper
from offline_coder.pipeline import distil_paper, fit_paper, make_repository, plan_repository
from offline_coder.runs.difference import Difference, compared
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.journal import Journal
from offline_coder.runs.journaled import Journaled
from offline_coder.runs.meter import Meter, Watcher
from offline_coder.runs.recorded import Recorded
from offline_coder.stages.planning.config import texts_of
from offline_coder.stages.planning.reading import read_plan_folder
from offline_coder.stages.planning.registry import EMPTY, Registry

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found. `files` counts the files that it made."""

    files: int
    differences: tuple[Difference, ...]


async def replay(folder: Path, watcher: Watcher) -> Replayed:
    """Make the run in `folder` again in a temporary folder and compare every artefact. Nothing in
    `folder` is changed, and neither weights nor engine, sandbox nor the paper's own file are needed. A plan
    that a person edited is taken from the folder.

    Raises:
        BadInput: no finished run, a damaged journal, or one that lacks an answer.
    """
    manifest = RunFolder(folder).finished()
    paper = read_recorded(folder / "paper.json", Paper)
    if not (folder / "journal.jsonl").is_file():
        raise BadInput(f"{folder} has no journal.jsonl", "restore the file")
    journal = Journal(folder / "journal.jsonl", read_only=True)
    recorded = Recorded(manifest.engine, manifest.context, manifest.offline_coder)
    meter = Meter(watcher)
    engine = Journaled(recorded, journal, meter.answered)
    settings = manifest.stage_settings
    known = folder / "registry.json"
    registry = read_recorded(known, Registry) if known.exists() else EMPTY
    given = read_plan_folder(folder / "plan", texts_of(paper)).plan if manifest.plan_edited else None
    with tempfile.TemporaryDirectory(prefix="offline-coder-replay-") as place, RunFolder(Path(place)) as run:
        shown = await fit_paper(engine, paper, settings)
        shown = await distil_paper(engine, paper, shown, settings, meter)
        if manifest.status == "planned":
            await plan_repository(engine, paper, shown, run, settings, meter, given, registry)
        else:
            repository = await make_repository(
                engine, paper, shown, run, settings, meter, journal, given, registry
            )
            run.write_json("checks.json", repository.checks())
        made = run.made_files()
    return Replayed(len(made), compared(made, RunFolder(folder).made_files(), "the journal makes"))


def read_recorded(path: Path, shape: type[Shape]) -> Shape:
    """What the run kept at `path` of what it was given. Raises BadInput when it is not there or damaged."""
    try:
        return shape.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise BadInput(f"{path} cannot be read", "restore the file; the replay starts from it") from error


@dataclass(frozen=True, slots=True)
class Reasked:
    """Completions of a journal, asked again: how many, and the purposes of those whose text differs."""

    asked: int
    differing: tuple[str, ...]


async def ask_again(folder: Path, engine: Engine, parallel: int, told: Callable[[str], None]) -> Reasked:
    """Ask `engine` every question of the journal in `folder` again, `parallel` at a time in the journal's
    order, and compare texts and finish reasons. `told` gets a line an answer.

    Raises:
        BadInput: the journal is damaged.
        EngineFailed: the engine failed.
    """
    turn = asyncio.Semaphore(parallel)

    async def same(request: Request, before: Completion) -> bool:
        async with turn:
            now = await engine.complete(request)
        equal = (now.text, now.finish_reason) == (before.text, before.finish_reason)
        told(f"{request.purpose}: {'the same' if equal else 'differs'}")
        return equal

    journal = Journal(folder / "journal.jsonl", read_only=True)
    entries = list(journal.requests())

    async def all_of_them() -> list[bool]:
        return await asyncio.gather(*(same(request, before) for request, before in entries))

    verdicts = await nursed(all_of_them())
    differing = tuple(
        request.purpose for (request, _), equal in zip(entries, verdicts, strict=True) if not equal
    )
    return Reasked(len(entries), differing)
