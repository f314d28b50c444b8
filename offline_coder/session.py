"""One run from the outside: it holds the folder and the engine, and leaves a manifest however it ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from offline_coder.core.engine import Engine
from offline_coder.core.errors import BadInput
from offline_coder.core.nursery import nursed
from offline_coder.core.plan import Plan
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import text_digest
from offline_coder.engines.memory import SMALLEST_CONTEXT
from offline_coder.engines.open import open_engine
from offline_coder.engines.own_network import network_of
from offline_coder.engines.settings import EngineSettings, ModelFolder, Thinking
from offline_coder.engines.supervised import supervised
from offline_coder.papers.fit import Fitted
from offline_coder.papers.paper import Paper
from offline_coder.papers.read import paper_digest, read_paper
from offline_coder.pipeline import (
    Repository,
    Shown,
    distil_paper,
    fit_paper,
    make_repository,
    plan_repository,
)
from offline_coder.report.page import write_report
from offline_coder.runs.folder import MANIFEST, PROVENANCE, RunFolder, readable_json
from offline_coder.runs.journal import Journal
from offline_coder.runs.journaled import Journaled
from offline_coder.runs.machine import installed_locks, this_machine
from offline_coder.runs.manifest import Manifest, OmittedPart, ReaderNote, Status, determinism_of, software
from offline_coder.runs.meter import Meter, Watcher
from offline_coder.runs.provenance import statement_text
from offline_coder.stages.grammar import grammar_digests
from offline_coder.stages.planning.config import texts_of
from offline_coder.stages.planning.reading import plan_on_disk
from offline_coder.stages.planning.registry import EMPTY, Registry, read_registry
from offline_coder.stages.prompting import prompt_digests
from offline_coder.weights import resolve


@dataclass(frozen=True, slots=True)
class Job:
    """What the user asked for.

    `endpoint` is the address of the user's own server, "" for none. `registry` is the folder that names
    the lab's data sets and models, None for the user's own. `again` carries out a run that is
    finished once more: the journal answers what it has, so only what is new is asked.
    """

    paper: Path
    output: Path
    model: str
    endpoint: str = ""
    reader: str = "auto"
    registry: Path | None = None
    plan_only: bool = False
    again: bool = False
    stages: StageSettings = field(default_factory=StageSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. `repository` is None for a plan alone and for a run that was finished before."""

    manifest: Manifest
    repository: Repository | None


def now_in_utc() -> str:
    """The time as the clock has it, RFC 3339, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Session:
    """A job being carried out in its folder. `given` is the plan that lies there already, `edited` whether a
    person changed it."""

    job: Job
    run: RunFolder
    paper: Paper
    paper_sha256: str
    meter: Meter
    given: Plan | None = None
    edited: bool = False
    registry: Registry = EMPTY
    started: float = field(default_factory=time.monotonic)
    started_at: str = field(default_factory=now_in_utc)
    engine_start_seconds: float = 0.0
    engine_network: str = ""
    context_asked: int | None = None
    engine_notes: list[str] = field(default_factory=list)

    def told(self, text: str) -> None:
        """Keep for the manifest, and show, what there is to say of the engine."""
        self.engine_notes.append(text)
        self.meter.watcher.note(text)

    @asynccontextmanager
    async def engine(self, context: int | None) -> AsyncIterator[Engine]:
        """The engine that the job asks for, with `context` tokens where that is given; otherwise with fewer
        than asked where memory does not hold them. Raises as `open_engine` does."""
        job, watcher = self.job, self.meter.watcher
        settings = replace(
            job.engine,
            context=context or job.engine.context,
            # What was journaled is the answer of an engine with that context and no other.
            least_context=SMALLEST_CONTEXT if context is None else None,
        )
        watcher.stage_began("engine", 0)
        began = time.monotonic()
        async with open_engine(
            job.model,
            resolve=model_folder,
            log=self.run.engine_log,
            endpoint=job.endpoint or None,
            settings=settings,
            on_progress=lambda seconds, text: watcher.step_done(f"{seconds:.0f} s: {text}"),
            on_note=self.told,
        ) as engine:
            self.engine_start_seconds += time.monotonic() - began
            self.engine_network = network_of(engine.identity)
            yield engine

    def manifest(self, engine: Engine, shown: Shown, status: Status) -> Manifest:
        """The run as it is now."""
        version, python, packages = software()
        determinism, reason = determinism_of(engine.identity)
        job = self.job
        return Manifest(
            status=status,
            started=self.started_at,
            finished=now_in_utc(),
            offline_coder=version,
            python=python,
            packages=packages,
            locks=installed_locks(),
            machine=this_machine(),
            model=job.model,
            endpoint=job.endpoint,
            reader=job.reader,
            paper=str(job.paper.resolve()),
            paper_sha256=self.paper_sha256,
            paper_title=self.paper.title,
            paper_tokens=shown.plan.tokens,
            left_out=omitted(shown.plan),
            code_paper_tokens=shown.code.tokens,
            code_left_out=omitted(shown.code) if shown.code != shown.plan else (),
            warnings=tuple(
                ReaderNote(what=w.what, where=str(w.where or ""), certainty=w.certainty)
                for w in self.paper.warnings
            ),
            engine=engine.identity,
            engine_network=self.engine_network,
            context=engine.context,
            context_asked=self.context_asked,
            engine_notes=tuple(self.engine_notes),
            stage_settings=job.stages,
            plan_edited=self.edited,
            prompts=prompt_digests(),
            grammars=grammar_digests(),
            determinism=determinism,
            determinism_reason=reason,
            stages=tuple(self.meter.records),
            engine_start_seconds=round(self.engine_start_seconds, 3),
            seconds=round(time.monotonic() - self.started, 3),
            files=self.run.made_files() if status in ("finished", "planned") else {},
        )

    async def carry_out(self, engine: Engine) -> Outcome:
        """The stages, with the manifest written before, after, and when they fail."""
        journal = Journal(self.run.journal)
        if journal.dropped:
            self.meter.watcher.note(journal.dropped)
        journaled = Journaled(engine, journal, self.meter.answered)
        shown = await fit_paper(journaled, self.paper, self.job.stages)
        status: Status = "failed"
        self.keep(self.manifest(engine, shown, "running"))
        repository = None
        try:
            shown = await distil_paper(journaled, self.paper, shown, self.job.stages, self.meter)
            self.tell_left_out(shown.plan)
            if self.job.plan_only:
                await plan_repository(
                    journaled,
                    self.paper,
                    shown,
                    self.run,
                    self.job.stages,
                    self.meter,
                    self.given,
                    self.registry,
                )
                status = "planned"
            else:
                repository = await make_repository(
                    journaled,
                    self.paper,
                    shown,
                    self.run,
                    self.job.stages,
                    self.meter,
                    journal,
                    self.given,
                    self.registry,
                )
                status = "finished"
        except asyncio.CancelledError:
            status = "interrupted"
            raise
        finally:
            if repository is not None:
                self.run.write_json("checks.json", repository.checks())
            manifest = self.manifest(engine, shown, status)
            if repository is not None:
                write_report(self.run, manifest, repository.plan, repository.checks())
            manifest = self.keep(manifest)
        return Outcome(manifest, repository)

    def keep(self, manifest: Manifest) -> Manifest:
        """Write the manifest, as it is returned; of a run that came to its end with the digests of its
        records, and with its provenance written before: a run that says it is finished has everything."""
        if manifest.files:
            manifest = manifest.model_copy(update={"records": self.run.records()})
            digest = text_digest(readable_json(manifest))
            self.run.write(PROVENANCE, statement_text(manifest, digest))
        self.run.write_json(MANIFEST, manifest)
        return manifest

    def tell_left_out(self, fitted: Fitted) -> None:
        """Say what of the paper the prompts go without."""
        if fitted.left_out:
            tokens = sum(part.tokens for part in fitted.left_out)
            names = ", ".join(part.title or part.section_id for part in fitted.left_out[:4])
            more = len(fitted.left_out) - 4
            rest = f" and {more} more" if more > 0 else ""
            self.meter.watcher.note(f"{tokens} tokens of the paper are left out: {names}{rest}")


async def execute(job: Job, watcher: Watcher) -> Outcome:
    """Carry out `job`. A folder that holds the same run is resumed; a finished one is left as it is,
    unless its plan was changed: then the repository is made again from that plan.

    Raises:
        BadInput: the paper cannot be read, the folder holds another run, a file that is not the plan's was
            changed, or the plan was and does not hold.
        MissingPrerequisite: weights, vLLM, memory or disk are missing.
        EngineFailed: the engine failed; the run can be resumed.
    """
    paper = read_paper(job.paper, job.reader)
    digest = paper_digest(job.paper)
    registry = read_registry(job.registry)
    for warning in paper.warnings:
        watcher.note(str(warning))
    with RunFolder(job.output) as run:
        before = run.manifest()
        plan, changed = None, list[str]()
        if before is not None:
            refuse_another_run(job, digest, before)
            if job.plan_only and before.status in ("planned", "finished") and not job.again:
                return Outcome(before, None)
            changed = run.changed_files(before)
            refuse_changed_files(run.path, changed)
            plan = plan_on_disk(run.path, texts_of(paper), changed)
            if before.status == "finished" and not changed and not job.again:
                return Outcome(before, None)
            if changed:
                forget_repository(run.path, before)
        edited = before is not None and (before.plan_edited or bool(changed))
        session = Session(job, run, paper, digest, Meter(watcher), plan, edited, registry)
        session.context_asked = before.context_asked if before is not None else job.engine.context
        session.engine_notes += before.engine_notes if before is not None else ()
        # What the journal answers needs no engine, so the engine of an earlier start is only expected.
        expected = (before.engine, before.context) if before is not None else None
        async with supervised(session.engine, expected=expected, note=session.told) as engine:
            return await nursed(session.carry_out(engine))


def refuse_another_run(job: Job, paper_sha256: str, before: Manifest) -> None:
    """Raises BadInput when the folder's run is not the one that `job` asks for."""
    context = job.engine.context
    asked = {
        "the paper": (paper_sha256, before.paper_sha256),
        "--model": (job.model, before.model),
        "--endpoint": (job.endpoint, before.endpoint),
        "--reader": (job.reader, before.reader),
        "--context": (before.context if context in (None, before.context_asked) else context, before.context),
        "--seed, --temperature or --candidates": (deciding(job.stages), deciding(before.stage_settings)),
    }
    for name, (now, then) in asked.items():
        if now != then:
            raise BadInput(
                f"{job.output} holds a run with another value of {name}",
                "give the same options to resume it, or another folder with -o",
            )


def deciding(settings: StageSettings) -> StageSettings:
    """The settings without those of the run in the sandbox, which comes after everything else."""
    return settings.model_copy(update={"debug_rounds": 0, "debug_candidates": 0, "gpu": False})


def refuse_changed_files(folder: Path, changed: Iterable[str]) -> None:
    """Raises BadInput when one of `changed` is not the plan's: carrying on would write the run's own
    version over somebody's work."""
    for name in changed:
        if not name.startswith("plan/"):
            raise BadInput(
                f"{folder}/{name} was changed since the run wrote it",
                "keep your version elsewhere and delete this one, or start a new folder with -o",
            )


def forget_repository(folder: Path, before: Manifest) -> None:
    """Delete what the run made from a plan that is no longer the same: no file of it was changed, and the
    journal makes again what the new plan leaves as it was."""
    for name in before.files:
        if name.startswith(("repo/", "analysis/")):
            (folder / name).unlink(missing_ok=True)


def omitted(fitted: Fitted) -> tuple[OmittedPart, ...]:
    """What `fitted` goes without, as the manifest has it."""
    return tuple(
        OmittedPart(part=part.section_id, title=part.title, tokens=part.tokens, passages=part.passages)
        for part in fitted.left_out
    )


def model_folder(name: str) -> ModelFolder:
    """The verified weights of `name`, as an engine takes them."""
    weights = resolve(name)
    known = weights.thinking
    thinking = Thinking(known.parser, known.tokens) if known is not None else None
    return ModelFolder(
        name=weights.name,
        folder=weights.folder,
        digest=weights.digest,
        context=weights.context_length,
        thinking=thinking,
    )
