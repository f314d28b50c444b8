"""The main path: a paper becomes a repository. Read this to know the system."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from offline_coder.checks.imports import external_imports
from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import Look
from offline_coder.core.attempt import Attempt
from offline_coder.core.engine import Engine
from offline_coder.core.errors import EngineFailed
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Plan
from offline_coder.core.request import Message
from offline_coder.core.stage_settings import StageSettings
from offline_coder.papers.fit import Count, Fitted, fit, is_too_long
from offline_coder.papers.paper import Paper
from offline_coder.papers.render import render
from offline_coder.runs.checks import Checks, FileVerdict, SmokeVerdict
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.journal import Journal
from offline_coder.runs.meter import Meter
from offline_coder.stages.analysis import analyse
from offline_coder.stages.budget import Budget
from offline_coder.stages.choosing import Chooser
from offline_coder.stages.coding import write_code
from offline_coder.stages.corrections import Author
from offline_coder.stages.debugging import smoke_run_and_debug
from offline_coder.stages.distilling.choice import distilled
from offline_coder.stages.distilling.passages import passages_of
from offline_coder.stages.distilling.verdicts import groups_of, topics_of
from offline_coder.stages.mending import mended_for, stood_in_for
from offline_coder.stages.planning import STEPS, make_plan
from offline_coder.stages.planning.architecture import describe
from offline_coder.stages.planning.artefacts import plan_files
from offline_coder.stages.planning.config import config_tree, config_yaml
from offline_coder.stages.planning.registry import EMPTY, Registry
from offline_coder.stages.prompting import Context
from offline_coder.stages.repair import Written, errors_in_any
from offline_coder.stages.repository import companion_files, readme
from offline_coder.stages.rewriting import rewrite
from offline_coder.stages.smoke import SmokeRun
from offline_coder.stages.whole_files import rewrite_files


@dataclass(frozen=True, slots=True)
class Repository:
    """What came out: the plan, each written module, what was tried to mend them, all files of repo/, and
    what the checks say."""

    plan: Plan
    written: Mapping[str, Written]
    attempts: tuple[Attempt, ...]
    files: Mapping[str, str]
    findings: tuple[Finding, ...]
    smoke: SmokeRun

    def checks(self) -> Checks:
        """The content of checks.json."""
        files = tuple(
            FileVerdict(
                path=file.path,
                verdict=file.verdict,
                repairs=file.repairs,
                before=file.findings,
                left_out=file.left_out,
                candidates=file.candidates,
                chosen=file.chosen,
                chosen_by=file.chosen_by,
                ends=file.ends,
            )
            for file in self.written.values()
        )
        smoke = SmokeVerdict(
            status=self.smoke.status,
            sandbox=self.smoke.sandbox,
            failures={failure.step: failure.text for failure in self.smoke.failures},
            called=self.smoke.called,
            uncalled=self.smoke.uncalled,
            rounds=self.smoke.rounds,
            kept=self.smoke.kept,
            wired=self.smoke.wired,
        )
        return Checks(files=files, attempts=self.attempts, findings=self.findings, smoke=smoke)


@dataclass(frozen=True, slots=True)
class Shown:
    """The paper as prompts show it: where it is planned, and where modules are analysed and written. Both
    are the same unless the paper is too long."""

    plan: Fitted
    code: Fitted


def counter(engine: Engine) -> Count:
    """Counts a text's tokens as `engine` does."""

    async def count(text: str) -> int:
        return await engine.count((Message(role="user", content=text),))

    return count


async def fit_paper(engine: Engine, paper: Paper, settings: StageSettings) -> Shown:
    """The paper, or what of it leaves room for the plan, the code shown and the answer. No model is asked."""
    fitted = await fit(paper, settings.paper_budget(engine.context), counter(engine))
    return Shown(fitted, fitted)


async def distil_paper(
    engine: Engine, paper: Paper, shown: Shown, settings: StageSettings, meter: Meter
) -> Shown:
    """A paper that is too long without what the model says is needed least; any other as it is `shown`."""
    if not is_too_long(paper, shown.plan):
        return shown
    found = passages_of(paper)
    groups = groups_of(paper, found, settings.distilling_passages)
    with meter.stage("distilling", steps=len(groups)):
        topics = await topics_of(engine, groups, settings, meter.watcher.step_done)
        budget = settings.paper_budget(engine.context)
        plan = await distilled(paper, found, topics, budget, counter(engine), "plan")
        code = await distilled(paper, found, topics, budget, counter(engine), "code")
    return Shown(plan, code)


async def plan_repository(
    engine: Engine,
    paper: Paper,
    shown: Shown,
    run: RunFolder,
    settings: StageSettings,
    meter: Meter,
    given: Plan | None = None,
    registry: Registry = EMPTY,
) -> Plan:
    """Planning, written to plan/, with the paper as it was read beside it. A plan that is `given`, as a
    person left it there, is taken as it is."""
    run.write("paper.md", render(paper))
    run.write_json("paper.json", paper)
    if registry != EMPTY:
        run.write_json("registry.json", registry)
    with meter.stage("planning", steps=1 if given else STEPS):
        if given:
            plan = given
            meter.watcher.step_done("the plan in plan/")
        else:
            context = Context(shown.plan.text)
            plan = await make_plan(engine, paper, context, settings, meter.watcher.step_done, registry)
            tell_unregistered(plan, registry, meter)
        for name, text in plan_files(plan).items():
            run.write(f"plan/{name}", text)
    return plan


def tell_unregistered(plan: Plan, registry: Registry, meter: Meter) -> None:
    """Say what the paper needs and the lab's registry does not have, where there is one."""
    missing = [f"{resource.kind} {resource.name}" for resource in plan.resources if not resource.at_hand]
    if registry != EMPTY and missing:
        meter.watcher.note(f"in no local registry: {', '.join(missing)}")


async def make_repository(
    engine: Engine,
    paper: Paper,
    shown: Shown,
    run: RunFolder,
    settings: StageSettings,
    meter: Meter,
    journal: Journal,
    given: Plan | None = None,
    registry: Registry = EMPTY,
) -> Repository:
    """Plan, analyse, write, check, run. Everything is in the run folder as soon as it is made.

    `journal` knows how earlier smoke runs went.

    Raises:
        EngineFailed: the engine failed; what was answered is in the journal.
    """
    plan = await plan_repository(engine, paper, shown, run, settings, meter, given, registry)
    modules = plan.architecture.modules
    context = (
        Context(shown.code.text)
        .with_artefact("Overall plan", plan.overview)
        .with_artefact("Architecture", describe(plan.architecture))
        .with_artefact("config.yaml", config_yaml(plan.config))
    )

    with meter.stage("analysis", steps=len(modules)):
        analyses = await analyse(engine, context, plan, settings, meter.watcher.step_done)
        for path, text in analyses.items():
            run.write(f"analysis/{path}.md", text + "\n")

    with meter.stage("coding", steps=len(modules)):

        def keep(written: Written) -> None:
            run.write(f"repo/{written.path}", written.text)
            meter.watcher.step_done(f"{written.path}: {written.verdict}")

        look = checks_of(plan)
        chooser = Chooser(engine, context, plan, look, settings, journal)
        written = await write_code(chooser, analyses, keep)

    with meter.stage("repair"):
        mended = mended_for(plan, {path: file.text for path, file in written.items()}, look)
        budget = Budget.of(settings)
        mended = await rewrite(engine, context, plan, mended, look, settings, budget)
        mended = await rewrite_files(engine, context, plan, analyses, mended, look, settings, budget)
        mended = stood_in_for(plan, mended, look)

    with meter.stage("checking"):
        files = {**mended.files, **companion_files(plan, external_imports(mended.files))}
        author = Author(engine, context, plan, analyses)
        smoke = await smoke_run_and_debug(author, files, look, settings, journal, meter.watcher.note)
        findings = look(smoke.files)
        text = readme(paper, plan, written, findings, wired=smoke.wired)
        files = {**smoke.files, "README.md": text}
        refuse_broken(files)
        for path, text in files.items():
            run.write(f"repo/{path}", text)
    return Repository(plan, written, (*mended.attempts, *smoke.attempts), files, findings, smoke)


def checks_of(plan: Plan) -> Look:
    """The ladder of checks, against what `plan` promises."""
    packages = [package.name for package in plan.build_order.packages]
    config = config_tree(plan.config)
    return partial(check_repository, architecture=plan.architecture, config=config, packages=packages)


def refuse_broken(files: Mapping[str, str]) -> None:
    """The last look before files are kept. Every stage hands on only what parses, so this finds nothing.

    Raises:
        EngineFailed: a file does not parse.
    """
    if broken := errors_in_any(files):
        first = broken[0]
        raise EngineFailed(f"{first.file} line {first.line} does not parse: {first.message}")
