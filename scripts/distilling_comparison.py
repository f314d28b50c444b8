"""What a run on a long paper was shown of it, against what fitting alone would have left.

    python scripts/distilling_comparison.py RUN

Everything is made again from the run's journal, with no model. Counted is what stands verbatim in the
text: candidate settings (by value and quote, acknowledgements and the like aside), rows of tables of
settings, equations and algorithms, blocks of code.
"""

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path

from offline_coder.checks.provenance import normalised, sentences
from offline_coder.core.request import Completion, Request
from offline_coder.papers.fit import Fitted, never_needed
from offline_coder.papers.paper import Paper
from offline_coder.pipeline import distil_paper, fit_paper
from offline_coder.replay import read_recorded
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.journal import Journal
from offline_coder.runs.journaled import Journaled
from offline_coder.runs.meter import Meter
from offline_coder.runs.recorded import Recorded
from offline_coder.stages.planning.candidates import in_passage
from offline_coder.stages.planning.passages import in_table


class Quiet:
    """A watcher that says nothing."""

    def stage_began(self, name: str, steps: int) -> None:
        """A stage began."""

    def step_done(self, text: str) -> None:
        """A step is done."""

    def answered(self, request: Request, completion: Completion, from_journal: bool) -> None:
        """A request was answered."""

    def note(self, text: str) -> None:
        """A note."""


def wanted(paper: Paper) -> Iterator[tuple[str, str]]:
    """What should not be lost: what it is, and its text."""
    never = never_needed(paper, "plan")
    seen: set[tuple[str, str]] = set()
    for at, section in enumerate(paper.sections):
        if at in never:
            continue
        for block in section.blocks:
            for sentence in sentences(block.text):
                for candidate in in_passage(section.id, sentence):
                    key = repr(candidate.value), candidate.quote
                    if key not in seen:
                        seen.add(key)
                        yield "candidate settings", candidate.quote
            match block.kind:
                case "table":
                    for row in in_table(section.id, block.text, 0, paper.title):
                        if "hyperparameter" in row.kinds:
                            yield "rows of tables of settings", row.quote
                case "equation" | "algorithm":
                    yield "equations and algorithms", block.text
                case "code":
                    yield "blocks of code", block.text


def compare(folder: Path) -> None:
    """Print the table of the run in `folder`."""
    manifest = RunFolder(folder).finished()
    paper = read_recorded(folder / "paper.json", Paper)
    meter = Meter(Quiet())
    recorded = Recorded(manifest.engine, manifest.context, manifest.offline_coder)
    engine = Journaled(recorded, Journal(folder / "journal.jsonl", read_only=True), meter.answered)

    async def both() -> dict[str, Fitted]:
        fitted = await fit_paper(engine, paper, manifest.stage_settings)
        shown = await distil_paper(engine, paper, fitted, manifest.stage_settings, meter)
        return {"fitted alone": fitted.plan, "distilled: plan": shown.plan, "distilled: code": shown.code}

    texts = asyncio.run(both())
    things = list(wanted(paper))
    print("| | of | " + " | ".join(texts) + " |")
    print("| --- |" + " ---: |" * (len(texts) + 1))
    print("| tokens | | " + " | ".join(str(fitted.tokens) for fitted in texts.values()) + " |")
    plain = [normalised(fitted.text) for fitted in texts.values()]
    for kind in dict.fromkeys(kind for kind, _ in things):
        quotes = [normalised(text) for other, text in things if other == kind]
        found = [str(sum(quote in text for quote in quotes)) for text in plain]
        print(f"| {kind} | {len(quotes)} | " + " | ".join(found) + " |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What distilling kept of a long paper.")
    parser.add_argument("run", type=Path, help="a finished or planned run")
    compare(parser.parse_args().run)
