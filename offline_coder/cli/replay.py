"""`replay`: a finished run made again from its journal, and compared byte for byte."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from offline_coder.cli.options import allow_endpoint, display_options, stall_option
from offline_coder.cli.progress import watcher
from offline_coder.cli.running import run_to_end
from offline_coder.replay import Reasked, Replayed, ask_again
from offline_coder.replay import replay as make_again
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.meter import Watcher

DIFFERS_EXIT = 1


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Ask the engine every question again and compare the answers.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Questions that --verify asks at a time.",
)
@stall_option
@display_options
def replay(
    folder: Path, verify: bool, parallel: int, stall_seconds: float, quiet: bool, as_json: bool
) -> int:
    """Make the run in DIR again from its journal, without an engine, and compare every file.

    Exits with 1 when something differs. Nothing in DIR is changed.
    """
    if verify:
        with watcher(quiet or as_json) as shown:
            reasked = run_to_end(verified(folder, parallel, stall_seconds, shown))
        if as_json:
            click.echo(json.dumps(asdict(reasked), indent=2))
        else:
            for purpose in reasked.differing:
                click.echo(f"differs: {purpose}")
            same = reasked.asked - len(reasked.differing)
            click.echo(f"{same} of {reasked.asked} completions are the same, {parallel} at a time")
        return DIFFERS_EXIT if reasked.differing else 0
    with watcher(True) as silent:
        replayed: Replayed = run_to_end(make_again(folder, silent))
    if as_json:
        click.echo(json.dumps(asdict(replayed), indent=2))
    else:
        for difference in replayed.differences:
            click.echo(f"{difference.file} {difference.what}")
        if not quiet:
            found = "byte for byte what the journal makes" if not replayed.differences else "compared"
            click.echo(f"{replayed.files} files {found}")
    return DIFFERS_EXIT if replayed.differences else 0


async def verified(folder: Path, parallel: int, stall_seconds: float, shown: Watcher) -> Reasked:
    """Every question of the run in `folder`, asked again of the engine that its manifest names."""
    import tempfile

    from offline_coder.cli.run import job_of
    from offline_coder.engines.open import open_engine
    from offline_coder.session import model_folder

    RunFolder(folder).finished()
    job = job_of(folder, stall_seconds)
    allow_endpoint(job.endpoint)
    with tempfile.TemporaryDirectory(prefix="offline-coder-replay-") as place:
        shown.stage_began("engine", 0)
        async with open_engine(
            job.model,
            resolve=model_folder,
            log=Path(place) / "engine.log",
            endpoint=job.endpoint or None,
            settings=job.engine,
            on_progress=lambda seconds, text: shown.step_done(f"{seconds:.0f} s: {text}"),
        ) as engine:
            shown.stage_began("asking again", 0)
            return await ask_again(folder, engine, parallel, shown.step_done)
