"""Write the repositories of several plans over one server, and debug them: what docs/code.md is made from.

    python scripts/run_sweep.py plans/*-greedy --model NAME -o runs
    python scripts/run_sweep.py plans/*-greedy --model NAME -o runs --debug-rounds 4

Each plan, a folder that plan_sweep.py or `plan` left, is copied and gone on with as it is, at the model's own
temperature; so the plan costs a run nothing and its seconds are not among those of the run. --at-once runs
go on together. With --debug-rounds each finished run is copied to NAME-debug and debugged there. What is
finished in the output folder is kept.
"""

import argparse
import asyncio
import contextlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from plan_sweep import server

from offline_coder.cli.progress import Silent
from offline_coder.core.errors import OfflineCoderError
from offline_coder.engines.settings import EngineSettings
from offline_coder.runs.folder import MANIFEST, RunFolder, readable_json
from offline_coder.runs.manifest import Manifest
from offline_coder.session import Job, execute
from offline_coder.weights.manifest import sampling_of


def manifest_of(folder: Path) -> Manifest:
    """What the run in `folder` says of itself. Raises SystemExit where there is none."""
    manifest = RunFolder(folder).manifest() if folder.is_dir() else None
    if manifest is None:
        sys.exit(f"run_sweep: {folder} holds no plan")
    return manifest


def begun(plan: Path, output: Path, endpoint: str) -> Job:
    """The job that goes on from a copy of `plan` in `output`; one that lies there already goes on."""
    if not output.exists():
        shutil.copytree(plan, output)
        before = manifest_of(output)
        drawn = sampling_of(before.model)
        stages = before.stage_settings.model_copy(update={"temperature": drawn.temperature})
        begun = before.model_copy(update={"stage_settings": stages, "endpoint": endpoint})
        (output / MANIFEST).write_text(readable_json(begun), encoding="utf-8")
    before = manifest_of(output)
    return Job(
        paper=Path(before.paper),
        output=output,
        model=before.model,
        endpoint=endpoint,
        reader=before.reader,
        stages=before.stage_settings,
        engine=EngineSettings(context=before.context_asked),
    )


def carried_out(job: Job, debug_rounds: int) -> None:
    """Write the repository, then debug a copy of it; or say why not."""
    try:
        asyncio.run(execute(job, Silent()))
        print(f"{job.output}: written", file=sys.stderr)
        if debug_rounds:
            output = job.output.with_name(f"{job.output.name}-debug")
            if not output.exists():
                shutil.copytree(job.output, output)
            stages = job.stages.model_copy(update={"debug_rounds": debug_rounds})
            asyncio.run(execute(replace(job, output=output, stages=stages, again=True), Silent()))
            print(f"{output}: debugged", file=sys.stderr)
    except OfflineCoderError as error:
        print(f"{job.output}: {error}", file=sys.stderr)


async def sweep(arguments: argparse.Namespace) -> None:
    """All runs, as many at once as was asked for."""
    arguments.output.mkdir(parents=True, exist_ok=True)
    pool = ThreadPoolExecutor(arguments.at_once)
    log = arguments.output / "server.log"
    kv_bytes = int(arguments.kv_gib * 2**30) if arguments.kv_gib else None
    async with contextlib.AsyncExitStack() as stack:
        endpoint = arguments.endpoint or await stack.enter_async_context(
            server(arguments.model, arguments.port, None, log, kv_bytes)
        )
        jobs = [begun(plan, arguments.output / plan.name, endpoint) for plan in arguments.plans]
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(pool, carried_out, job, arguments.debug_rounds) for job in jobs)
        )


def main() -> None:
    """Read the command line and carry the runs out."""
    parser = argparse.ArgumentParser(description="Repositories of several plans, with and without debugging.")
    parser.add_argument("plans", nargs="+", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--at-once", type=int, default=3)
    parser.add_argument("--debug-rounds", type=int, default=0)
    parser.add_argument("--kv-gib", type=float, help="room for what is read: several papers at once")
    parser.add_argument("--endpoint", default="", help="a server that runs already")
    parser.add_argument("--port", type=int, default=8377, help="where our own server listens")
    parser.add_argument("-o", "--output", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    others = [str(plan) for plan in arguments.plans if manifest_of(plan).model != arguments.model]
    if others:
        sys.exit(f"run_sweep: not planned with {arguments.model}: {', '.join(others)}")
    asyncio.run(sweep(arguments))


if __name__ == "__main__":
    main()
