"""Measure one run, stage by stage, against a naive schedule of the same requests, in one call.

    python scripts/bench.py PAPER --model NAME

The naive schedule is what PaperCoder's local path does: the engine is loaded again for each stage
and requests are sent one at a time. It asks exactly the requests that the run journaled. Ratios hold
for this machine and this moment; nothing else should run beside them.
"""

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from offline_coder.cli.progress import Silent
from offline_coder.core.request import Completion, Request
from offline_coder.engines.open import open_engine
from offline_coder.engines.settings import EngineSettings
from offline_coder.runs.journal import Journal
from offline_coder.runs.manifest import StageRecord
from offline_coder.session import Job, execute, model_folder

STAGE_OF = {
    "planning": "planning",
    "analysis": "analysis",
    "coding": "coding",
    "repair": "coding",
    "rewrite": "repair",
    "debugging": "checking",
}


def journaled_requests(journal: Path) -> dict[str, list[Request]]:
    """Stage -> its requests, in the order in which they were answered."""
    stages: dict[str, list[Request]] = {}
    for request, _ in Journal(journal, read_only=True).requests():
        stages.setdefault(STAGE_OF[request.purpose.partition(":")[0]], []).append(request)
    return stages


async def naive_stage(
    model: str, name: str, requests: Sequence[Request], log: Path
) -> tuple[float, StageRecord]:
    """Seconds of loading, and what the stage cost with a fresh engine and one request at a time."""
    began = time.monotonic()
    async with open_engine(model, resolve=model_folder, log=log, settings=EngineSettings()) as engine:
        loaded = time.monotonic()
        answers: list[Completion] = [await engine.complete(request) for request in requests]
        record = StageRecord(
            name=name,
            requests=len(answers),
            from_journal=0,
            prompt_tokens=sum(answer.prompt_tokens for answer in answers),
            cached_tokens=sum(answer.cached_tokens for answer in answers),
            output_tokens=sum(answer.output_tokens for answer in answers),
            seconds=round(time.monotonic() - loaded, 1),
        )
    return loaded - began, record


def show(console: Console, title: str, loading: float, stages: Sequence[StageRecord]) -> float:
    """Print one schedule; its total in seconds."""
    table = Table(title=title)
    for column in ("stage", "seconds", "requests", "prompt", "cached", "output", "tokens/s"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    table.add_row("engine start", f"{loading:.1f}", "", "", "", "", "")
    for stage in stages:
        numbers = (stage.requests, stage.prompt_tokens, stage.cached_tokens, stage.output_tokens)
        table.add_row(
            stage.name, f"{stage.seconds:.1f}", *map(str, numbers), f"{stage.tokens_per_second:.1f}"
        )
    total = loading + sum(stage.seconds for stage in stages)
    table.add_row("all", f"{total:.1f}", "", "", "", str(sum(stage.output_tokens for stage in stages)), "")
    console.print(table)
    return total


async def measure(paper: Path, model: str, output: Path) -> None:
    """Both schedules, one after the other, and their ratio."""
    console = Console()
    shutil.rmtree(output, ignore_errors=True)
    outcome = await execute(Job(paper=paper, output=output, model=model), Silent())
    ours = show(console, "this run", outcome.manifest.engine_start_seconds, outcome.manifest.stages)
    loading, records = 0.0, []
    for name, requests in journaled_requests(output / "journal.jsonl").items():
        seconds, record = await naive_stage(model, name, requests, output / "naive-engine.log")
        loading += seconds
        records.append(record)
    naive = show(console, "naive: engine loaded for each stage, one request at a time", loading, records)
    console.print(f"whole run {ours:.0f} s, naive {naive:.0f} s: {naive / ours:.2f} times faster")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="Measure a run against a naive schedule.")
    parser.add_argument("paper", type=Path)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-int8")
    parser.add_argument("-o", "--output", type=Path, default=Path("bench/run"))
    arguments = parser.parse_args()
    if not arguments.paper.exists():
        sys.exit(f"bench: no such paper: {arguments.paper}; give one: make bench PAPER=FILE")
    asyncio.run(measure(arguments.paper, arguments.model, arguments.output))


if __name__ == "__main__":
    main()
