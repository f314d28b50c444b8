"""Measure one run, stage by stage, against a naive schedule of the same requests, in one call.

    python scripts/bench.py PAPER --model NAME [--without-naive]

The naive schedule is what PaperCoder's local path does: the engine is loaded again for each stage
and requests are sent one at a time. It asks exactly the requests that the run journaled. Ratios hold
for this machine and this moment; nothing else should run beside them.

Two more figures tell how well the engine is used: the time in which no request was under way, and what
analysis and coding wrote a second, as a share of what the engine alone writes when it is given the same
prompts for answers as long, each when as many others are answered as were when the stage asked for it, after
the plan's first prompt, which has the paper.
"""

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from offline_coder.cli.progress import Silent
from offline_coder.core.engine import Engine
from offline_coder.core.request import Completion, Request, Sampling
from offline_coder.engines.open import open_engine
from offline_coder.engines.settings import EngineSettings
from offline_coder.runs.journal import Journal
from offline_coder.runs.manifest import StageRecord
from offline_coder.session import Job, execute, model_folder

STAGE_OF = {
    "distilling": "distilling",
    "planning": "planning",
    "analysis": "analysis",
    "coding": "coding",
    "repair": "coding",
    "rewrite": "repair",
    "debugging": "checking",
}

DECODING = ("analysis", "coding")


@dataclass(frozen=True)
class Answer:
    """A request and its answer, and when it was asked and answered, in seconds of one clock."""

    request: Request
    completion: Completion
    begin: float
    end: float


@dataclass
class Timeline(Silent):
    """When the engine had something to do: the answers of each stage."""

    stages: dict[str, list[Answer]] = field(default_factory=dict)

    def stage_began(self, name: str, steps: int) -> None:
        """Answers from now on are of `name`."""
        self.current = self.stages.setdefault(name, [])

    def answered(self, request: Request, completion: Completion, from_journal: bool) -> None:
        """One more answer."""
        if not from_journal:
            end = time.monotonic()
            self.current.append(Answer(request, completion, end - completion.seconds, end))

    def busy(self, stage: str) -> float:
        """Seconds of `stage` in which at least one request was under way."""
        total, until = 0.0, 0.0
        for answer in sorted(self.stages.get(stage, []), key=lambda each: each.begin):
            total += max(0.0, answer.end - max(answer.begin, until))
            until = max(until, answer.end)
        return total

    def at_once(self, stage: str) -> float:
        """Requests under way together, on average over the busy seconds."""
        return sum(answer.end - answer.begin for answer in self.stages[stage]) / self.busy(stage)

    def rate(self, stage: str) -> float:
        """Output tokens a busy second."""
        return sum(answer.completion.output_tokens for answer in self.stages[stage]) / self.busy(stage)


async def own_rate(engine: Engine, answers: Sequence[Answer]) -> float:
    """Output tokens a second of the engine alone: the prompts of `answers` for answers as long as theirs,
    bound to no form and watched by nobody, each asked when as many others are answered as were then."""
    done, changed = 0, asyncio.Condition()

    async def written(answer: Answer) -> int:
        nonlocal done
        before = sum(other.end <= answer.begin for other in answers)
        async with changed:
            await changed.wait_for(lambda: done >= before)
        most = max(1, answer.completion.output_tokens)
        sampling = answer.request.sampling.model_copy(update={"max_tokens": most, "stop": ()})
        alone = replace(answer.request, sampling=sampling, constraint=None, watch=None)
        tokens = (await engine.complete(alone)).output_tokens
        async with changed:
            done += 1
            changed.notify_all()
        return tokens

    began = time.monotonic()
    tokens = await asyncio.gather(*map(written, answers))
    return sum(tokens) / (time.monotonic() - began)


async def own_rates(engine: Engine, timeline: Timeline) -> dict[str, float]:
    """What the engine alone writes a second in each stage that decodes most."""
    first = timeline.stages["planning"][0].request
    await engine.complete(replace(first, sampling=Sampling(max_tokens=1), constraint=None, watch=None))
    return {name: await own_rate(engine, timeline.stages[name]) for name in DECODING}


def show_use(
    console: Console, timeline: Timeline, stages: Sequence[StageRecord], own: dict[str, float]
) -> None:
    """Print how well the engine was used."""
    asking = [stage for stage in stages if timeline.stages.get(stage.name)]
    total = sum(stage.seconds for stage in asking)
    idle = total - sum(timeline.busy(stage.name) for stage in asking)
    console.print(
        f"no request under way: {idle:.1f} s of {total:.0f} s in the stages that ask ({idle / total:.1%})"
    )
    for name, rate in own.items():
        console.print(
            f"{name}: {timeline.rate(name):.1f} tokens/s, {timeline.at_once(name):.1f} answers at once; "
            f"the engine alone {rate:.1f}: {timeline.rate(name) / rate:.0%}"
        )


def journaled(journal: Path) -> dict[str, list[tuple[Request, Completion]]]:
    """Stage -> its requests with their answers, in the order in which they were answered."""
    stages: dict[str, list[tuple[Request, Completion]]] = {}
    for request, completion in Journal(journal, read_only=True).requests():
        stage = STAGE_OF[request.purpose.partition(":")[0]]
        stages.setdefault(stage, []).append((request, completion))
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


async def measure(paper: Path, model: str, output: Path, *, with_naive: bool) -> None:
    """Both schedules, one after the other, and their ratio."""
    console, timeline = Console(), Timeline()
    shutil.rmtree(output, ignore_errors=True)
    outcome = await execute(Job(paper=paper, output=output, model=model), timeline)
    ours = show(console, "this run", outcome.manifest.engine_start_seconds, outcome.manifest.stages)
    asked, log = journaled(output / "journal.jsonl"), output / "naive-engine.log"
    async with open_engine(model, resolve=model_folder, log=log, settings=EngineSettings()) as engine:
        own = await own_rates(engine, timeline)
    show_use(console, timeline, outcome.manifest.stages, own)
    if not with_naive:
        return
    loading, records = 0.0, []
    for name, pairs in asked.items():
        seconds, record = await naive_stage(model, name, [request for request, _ in pairs], log)
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
    parser.add_argument("--without-naive", action="store_true", help="measure this run alone")
    arguments = parser.parse_args()
    if not arguments.paper.exists():
        sys.exit(f"bench: no such paper: {arguments.paper}; give one: make bench PAPER=FILE")
    asyncio.run(
        measure(arguments.paper, arguments.model, arguments.output, with_naive=not arguments.without_naive)
    )


if __name__ == "__main__":
    main()
