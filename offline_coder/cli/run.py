"""`run`, `plan`, `write` and `debug`: a paper becomes a repository, at once or step by step."""

import json
import re
from dataclasses import replace
from functools import wraps
from pathlib import Path

import click

from offline_coder.cli.edit import edit_plan
from offline_coder.cli.options import (
    Command,
    added,
    allow_endpoint,
    display_options,
    engine_options,
    engine_settings,
    output_option,
    reader_option,
    registry_option,
    sampling_options,
    stall_option,
)
from offline_coder.cli.progress import watcher
from offline_coder.cli.running import run_to_end
from offline_coder.cli.summary import print_summary, summary
from offline_coder.core.errors import BadInput
from offline_coder.core.stage_settings import StageSettings
from offline_coder.runs.folder import RunFolder
from offline_coder.session import Job, Outcome, execute
from offline_coder.weights import sampling_of

GENERIC_STEMS = frozenset({"paper", "main", "paper.s2orc", "latex", "article"})
STRICT_EXIT = 1


def default_output(paper: Path, model: str) -> Path:
    """runs/<paper>-<model>, named after the folder when the file's own name says nothing."""
    place = paper.resolve()
    name = place.stem if place.is_file() else place.name
    if name in GENERIC_STEMS:
        name = f"{place.parent.name}-{name}"
    served = model.removeprefix("scripted:")
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", f"{name}-{Path(served).name or 'endpoint'}").strip("-.")
    return Path("runs") / slug


def carry_out(job: Job, quiet: bool, as_json: bool, strict: bool) -> int:
    """Execute `job`, print what came of it, and return the exit code."""
    allow_endpoint(job.endpoint)
    with watcher(quiet or as_json) as shown:
        outcome: Outcome = run_to_end(execute(job, shown))
    facts = summary(job.output, outcome)
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    elif not quiet:
        print_summary(job.output, facts)
    return STRICT_EXIT if strict and facts["findings"] else 0


def stage_settings(
    model: str, temperature: float | None, seed: int, candidates: int, debug_rounds: int
) -> StageSettings:
    """The settings of a run with `model`, drawn as its manifest says unless a `temperature` is given."""
    drawn = sampling_of(model)
    return StageSettings(
        seed=seed,
        temperature=drawn.temperature if temperature is None else temperature,
        top_p=drawn.top_p,
        min_p=drawn.min_p,
        repetition_penalty=drawn.repetition_penalty,
        candidates=candidates,
        debug_rounds=debug_rounds,
    )


def generating(command: Command) -> Command:
    """`command(job, ...)` with PAPER and the options that make a Job."""

    @wraps(command)
    def with_job(
        *,
        paper: Path,
        output: Path | None,
        model: str,
        endpoint: str,
        context: int | None,
        kv_gib: float | None,
        gpu_fraction: float | None,
        gpus: int,
        batch_invariant: bool,
        stall_seconds: float,
        seed: int,
        temperature: float | None,
        candidates: int,
        debug_rounds: int,
        reader: str,
        registry: Path | None,
        **others: bool,
    ) -> int:
        job = Job(
            paper=paper,
            output=output or default_output(paper, model),
            model=model,
            endpoint=endpoint,
            reader=reader,
            registry=registry,
            stages=stage_settings(model, temperature, seed, candidates, debug_rounds),
            engine=engine_settings(
                context,
                kv_gib,
                gpu_fraction,
                gpus,
                seed,
                batch_invariant=batch_invariant,
                stall_seconds=stall_seconds,
            ),
        )
        code: int = command(job, **others)
        return code

    argument = click.argument("paper", type=click.Path(path_type=Path))
    shared = (output_option, engine_options, sampling_options, reader_option, registry_option)
    return added(with_job, argument, *shared)


@click.command()
@generating
@click.option("--strict", is_flag=True, help="Exit with 1 when the checks found something.")
@display_options
def run(job: Job, strict: bool, quiet: bool, as_json: bool) -> int:
    """Turn PAPER into a repository. Resumes when DIR holds the same run."""
    return carry_out(job, quiet, as_json, strict)


@click.command()
@generating
@click.option("--edit", is_flag=True, help="Then wait while you change DIR/plan, and check it.")
@display_options
def plan(job: Job, edit: bool, quiet: bool, as_json: bool) -> int:
    """Plan the repository for PAPER and stop: read or change DIR/plan, then `offline-coder write DIR`."""
    code = carry_out(replace(job, plan_only=True), quiet, as_json, strict=False)
    return edit_plan(job.output) if edit else code


def job_of(folder: Path, stall_seconds: float) -> Job:
    """The job whose run lies in `folder`. Raises BadInput when there is none."""
    before = RunFolder(folder).manifest()
    if before is None:
        raise BadInput(f"{folder} holds no run", f"offline-coder plan PAPER -o {folder}")
    served = before.engine.settings
    return Job(
        paper=Path(before.paper),
        output=folder,
        model=before.model,
        endpoint=before.endpoint,
        reader=before.reader,
        stages=before.stage_settings,
        engine=engine_settings(
            before.context,
            gpus=int(served.get("gpus", "1")),
            seed=before.stage_settings.seed,
            batch_invariant=served.get("batch_invariant") == "true",
            stall_seconds=stall_seconds,
        ),
    )


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit with 1 when the checks found something.")
@stall_option
@display_options
def write(folder: Path, strict: bool, stall_seconds: float, quiet: bool, as_json: bool) -> int:
    """Write the repository that was planned in DIR, with the paper, model and settings of the plan."""
    return carry_out(job_of(folder, stall_seconds), quiet, as_json, strict)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--rounds", type=click.IntRange(1, 50), default=3, show_default=True, help="Rounds of corrections."
)
@click.option(
    "--candidates",
    type=click.IntRange(1, 16),
    default=StageSettings().debug_candidates,
    show_default=True,
    help="Corrections to try in a round.",
)
@click.option("--gpu", is_flag=True, help="Let the repository use the NVIDIA GPUs; needs bubblewrap.")
@click.option("--strict", is_flag=True, help="Exit with 1 when the checks found something.")
@stall_option
@display_options
def debug(
    folder: Path,
    rounds: int,
    candidates: int,
    gpu: bool,
    strict: bool,
    stall_seconds: float,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run the repository of DIR in the sandbox and let the model correct what fails.

    A correction is kept when it parses, fewer steps fail or the run comes farther, and nothing of the plan
    drops out of it.
    """
    job = job_of(folder, stall_seconds)
    stages = job.stages.model_copy(
        update={"debug_rounds": rounds, "debug_candidates": candidates, "gpu": gpu}
    )
    return carry_out(replace(job, stages=stages, again=True), quiet, as_json, strict)
