"""What two identical passes over the same requests give on this machine, at 1, 4 and 8 at a time.

    python scripts/determinism.py RUN --model NAME [--requests 8] [--tokens 128] [--output docs/runs.md]

The requests are those of a finished run: evenly spaced ones of its journal, with shorter answers. Each
pass has an engine of its own, freshly started, and asks all of them at each concurrency, greedily and
seeded. Answers are compared between the two passes, and within the first one with those asked one at
a time. With --endpoint both passes ask the same server, whose cache the first one has filled.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from offline_coder.core.engine import Engine
from offline_coder.core.errors import OfflineCoderError
from offline_coder.core.files import write_atomic
from offline_coder.core.request import Request
from offline_coder.engines.open import open_engine
from offline_coder.engines.settings import EngineSettings
from offline_coder.runs.journal import Journal
from offline_coder.runs.manifest import determinism_of
from offline_coder.session import model_folder

CONCURRENCIES = (1, 4, 8)
SAMPLINGS = {"greedy": 0.0, "seeded, temperature 0.7": 0.7}
MARK = "<!-- determinism -->"

Answers = dict[tuple[str, int], list[str]]


def chosen(journal: Path, number: int, tokens: int) -> list[Request]:
    """`number` requests of `journal`, evenly spaced, each with at most `tokens` of answer."""
    asked = [request for request, _ in Journal(journal, read_only=True).requests()]
    step = max(len(asked) // number, 1)
    return [
        replace(request, sampling=request.sampling.model_copy(update={"max_tokens": tokens}))
        for request in asked[::step][:number]
    ]


async def ask_all(engine: Engine, requests: Sequence[Request], temperature: float, at_once: int) -> list[str]:
    """The answers to `requests`, `at_once` of them together."""
    gate = asyncio.Semaphore(at_once)

    async def ask(request: Request) -> str:
        async with gate:
            sampling = request.sampling.model_copy(update={"temperature": temperature})
            return (await engine.complete(replace(request, sampling=sampling))).text

    return list(await asyncio.gather(*map(ask, requests)))


async def one_pass(engine: Engine, requests: Sequence[Request]) -> Answers:
    """All answers of one engine, by sampling and concurrency."""
    return {
        (name, at_once): await ask_all(engine, requests, temperature, at_once)
        for name, temperature in SAMPLINGS.items()
        for at_once in CONCURRENCIES
    }


def same(one: Sequence[str], other: Sequence[str]) -> str:
    """How many answers are equal, as a cell."""
    return f"{sum(a == b for a, b in zip(one, other, strict=True))}/{len(one)}"


def table(first: Answers, second: Answers) -> str:
    """The Markdown table of both passes."""
    lines = [
        "| sampling | at once | two passes agree | agrees with one at a time |",
        "| --- | --- | --- | --- |",
    ]
    for (name, at_once), answers in first.items():
        alone = same(answers, first[name, CONCURRENCIES[0]])
        lines.append(f"| {name} | {at_once} | {same(answers, second[name, at_once])} | {alone} |")
    return "\n".join(lines)


async def measure(arguments: argparse.Namespace) -> str:
    """Both passes, and what the manifest of a run here would claim."""
    requests = chosen(arguments.run / "journal.jsonl", arguments.requests, arguments.tokens)
    passes: list[Answers] = []
    for number in (1, 2):
        async with open_engine(
            arguments.model,
            resolve=model_folder,
            log=arguments.run / f"determinism-{number}.log",
            endpoint=arguments.endpoint,
            settings=EngineSettings(batch_invariant=arguments.batch_invariant),
        ) as engine:
            passes.append(await one_pass(engine, requests))
            identity = engine.identity
    level, reason = determinism_of(identity)
    facts = f"{identity.model}, {identity.engine} {identity.version}, {len(requests)} requests of at most"
    claim = f"{facts} {arguments.tokens} tokens. The manifest claims *{level}*: {reason}."
    return f"{claim}\n\n{table(*passes)}\n"


def main() -> None:
    """Read the command line, measure, print; with --output, replace what follows the mark in a document."""
    parser = argparse.ArgumentParser(description="Ask the same requests twice and compare.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--endpoint")
    parser.add_argument("--requests", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--batch-invariant", action="store_true")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    try:
        found = asyncio.run(measure(arguments))
    except OfflineCoderError as error:
        raise SystemExit(f"determinism: {error.message}") from None
    print(found)
    if arguments.output is not None:
        before = arguments.output.read_text(encoding="utf-8").partition(MARK)[0]
        write_atomic(arguments.output, f"{before}{MARK}\n\n{found}")


if __name__ == "__main__":
    main()
