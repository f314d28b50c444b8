"""Plan papers with several models, seeds and temperatures over one server a model, and print the table.

    python scripts/plan_sweep.py PAPER ... --model NAME --model NAME -o plans
    python scripts/plan_sweep.py PAPER ... --model random-walk -o plans

Each paper is planned greedily with seed 0, and at --temperature with --seeds 1, 2, ...; the plans of one
paper run together, so that its text is read once. A folder a plan; a plan that lies there already is kept
and one that was stopped goes on, for which the server listens on the same --port again. With --endpoint
a server of your own answers, and OFFLINE_CODER_API_KEY is its key.

To compare two designs of a prompt, change its template in a working tree of its own and sweep from there
with --since PLANS, the folder of an earlier sweep: then only what the change reaches is asked again.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from begun_again import begin_again
from plan_tables import plans_table

from offline_coder.cli.progress import Silent
from offline_coder.core.errors import OfflineCoderError
from offline_coder.core.request import Completion, Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.endpoint import KEY_VARIABLE
from offline_coder.engines.settings import EngineSettings
from offline_coder.engines.vllm_server import serve
from offline_coder.runs.folder import RunFolder
from offline_coder.session import Job, execute, model_folder

SPARE_THREADS = 4
WITHOUT_WEIGHTS = ("random-walk", "scripted:")


class Started(Silent):
    """A watcher that waits for the first answer: then the server has read the paper."""

    def __init__(self) -> None:
        self.read = threading.Event()

    def answered(self, request: Request, completion: Completion, from_journal: bool) -> None:
        """The paper was read."""
        self.read.set()


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to plan a paper."""

    name: str
    seed: int
    temperature: float


def variants(seeds: int, temperature: float) -> tuple[Variant, ...]:
    """Greedy, then `seeds` draws at `temperature`."""
    drawn = (Variant(f"t{temperature:g}-s{seed}", seed, temperature) for seed in range(1, seeds + 1))
    return (Variant("greedy", 0, 0.0), *drawn)


@contextlib.asynccontextmanager
async def server(
    model: str, port: int, context: int | None, log: Path, kv_bytes: int | None = None
) -> AsyncIterator[str]:
    """The address of a server for `model`, its key in the environment; "" for an engine without weights."""
    if model.startswith(WITHOUT_WEIGHTS):
        yield ""
        return
    async with serve(
        model_folder(model), EngineSettings(context=context, kv_bytes=kv_bytes), log=log, port=port
    ) as serving:
        os.environ[KEY_VARIABLE] = serving.server.key
        yield serving.server.url


async def plan_paper(
    paper: Path,
    model: str,
    endpoint: str,
    context: int | None,
    asked: tuple[Variant, ...],
    output: Path,
    since: Path | None,
) -> list[Path]:
    """The folders of one paper's plans. The first begins alone, until the server has read the paper."""
    name = paper.parent.name if paper.stem == "paper" or "." in paper.stem else paper.stem
    folders = [output / f"{name}-{model.partition(':')[0]}-{variant.name}" for variant in asked]
    jobs = [
        Job(
            paper=paper,
            output=folder,
            model=model,
            endpoint=endpoint,
            plan_only=True,
            stages=StageSettings(seed=variant.seed, temperature=variant.temperature),
            engine=EngineSettings(context=context),
        )
        for folder, variant in zip(folders, asked, strict=True)
    ]
    if since is not None:
        for job in jobs:
            begin_since(since / job.output.name, job)
    watcher = Started()
    first = asyncio.create_task(asyncio.to_thread(planned, jobs[0], watcher))
    await asyncio.to_thread(watcher.read.wait)
    await asyncio.gather(first, *(asyncio.to_thread(planned, job, Silent()) for job in jobs[1:]))
    return folders


def begin_since(base: Path, job: Job) -> None:
    """Let `job` begin with the journal of `base`, where there is such a plan and it has not begun."""
    manifest = RunFolder(base).manifest() if base.is_dir() else None
    if manifest is not None and not job.output.exists():
        begin_again(base, manifest, job.output, job.stages, job.endpoint)


def planned(job: Job, watcher: Silent) -> None:
    """Make one plan in a loop of its own, for one loop carries out one job at a time; or say why it was
    not made."""
    try:
        asyncio.run(execute(job, watcher))
    except OfflineCoderError as error:
        print(f"{job.output}: {error}", file=sys.stderr)
    else:
        print(f"{job.output}: planned", file=sys.stderr)
    finally:
        if isinstance(watcher, Started):
            watcher.read.set()


async def sweep(arguments: argparse.Namespace) -> list[Path]:
    """All plans, model by model; their folders."""
    asked = variants(arguments.seeds, arguments.temperature)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(len(asked) + SPARE_THREADS))
    arguments.output.mkdir(parents=True, exist_ok=True)
    folders: list[Path] = []
    for model in arguments.model:
        async with contextlib.AsyncExitStack() as stack:
            log = arguments.output / f"{model.partition(':')[0]}.log"
            endpoint = arguments.endpoint or await stack.enter_async_context(
                server(model, arguments.port, arguments.context, log)
            )
            for paper in arguments.papers:
                folders += await plan_paper(
                    paper, model, endpoint, arguments.context, asked, arguments.output, arguments.since
                )
    return folders


def main() -> None:
    """Read the command line, plan, and print the table."""
    parser = argparse.ArgumentParser(description="Plans of several papers, models and seeds.")
    parser.add_argument("papers", nargs="+", type=Path)
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--seeds", type=int, default=3, help="draws a paper, besides the greedy plan")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--endpoint", default="", help="a server that runs already")
    parser.add_argument("--port", type=int, default=8377, help="where our own server listens")
    parser.add_argument("--context", type=int)
    parser.add_argument("--since", type=Path, metavar="PLANS", help="plans whose journals are gone on from")
    parser.add_argument("-o", "--output", type=Path, default=Path("plans"))
    arguments = parser.parse_args()
    missing = [str(paper) for paper in arguments.papers if not paper.exists()]
    if missing:
        sys.exit(f"plan_sweep: no such paper: {', '.join(missing)}")
    folders = asyncio.run(sweep(arguments))
    print(plans_table(folders))


if __name__ == "__main__":
    main()
