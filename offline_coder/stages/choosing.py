"""Choosing among candidates for a file: by the ladder of checks, then by how they run, then by a verdict.

A candidate that runs is run together with the files that it builds on, through an entry point wired from the
plan: what no check can see, shapes and arguments of the wrong kind, shows there. Where checks and runs leave
several that differ, the model says which is nearest to the paper.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from offline_coder.checks.mend import Look, Mended
from offline_coder.core.engine import Engine
from offline_coder.core.errors import NoRoom
from offline_coder.core.finding import Tally
from offline_coder.core.plan import ENTRY_POINT, Plan
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.runs.checks import ChosenBy
from offline_coder.runs.journal import Journal
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.mending import mended_for
from offline_coder.stages.opening import contract
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.repair import Written
from offline_coder.stages.repository import companion_files
from offline_coder.stages.smoke import smoke_run
from offline_coder.stages.wired_entry import wired_entry

VERDICT_TOKENS = 96
Progress = tuple[int, int, float]


class Verdict(Value):
    """The number of the best candidate, from 1, and what decided, which is said first."""

    reason: str
    best: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A draft, and the repository with it after what a machine can mend."""

    draft: Written
    mended: Mended

    @property
    def tally(self) -> Tally:
        """What the checks found."""
        return Tally.of(self.mended.findings)

    @property
    def text(self) -> str:
        """The file as it was mended."""
        return self.mended.files[self.draft.path]


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses among candidates for the modules of one plan."""

    engine: Engine
    context: Context
    plan: Plan
    look: Look
    settings: StageSettings
    journal: Journal

    async def best_of(self, drafts: Sequence[Written], dependencies: Mapping[str, str]) -> Written:
        """The draft that is no stub, has the fewest errors beside its `dependencies` (path -> text), runs
        farthest, has the fewest other findings, and is best by the model's verdict: what comes later counts
        among equals. It records how all of them did. Raises what the engine raises."""
        if len(drafts) == 1:
            return drafts[0]
        every = [
            Candidate(draft, mended_for(self.plan, {**dependencies, draft.path: draft.text}, self.look))
            for draft in drafts
        ]
        left = least(every, [(each.draft.verdict == "stub", each.tally.errors) for each in every])
        by: ChosenBy = "checks"
        if len(left) > 1:
            runs = await asyncio.gather(*map(self.trial, left))
            ran = least(left, [tuple(-part for part in progress) for progress in runs])
            by = "trial run" if len(ran) < len(left) else by
            left = least(ran, [(each.tally.others,) for each in ran])
        if len(left) > 1:
            best, by = await self.verdict(left), "verdict"
        else:
            best = left[0]
        chosen = next(at for at, draft in enumerate(drafts) if draft is best.draft)
        return replace(
            best.draft, candidates=tuple(each.tally for each in every), chosen=chosen, chosen_by=by
        )

    async def trial(self, candidate: Candidate) -> Progress:
        """How far the repository comes with a candidate, as far as it is written; the same for all where it
        cannot be run."""
        files = candidate.mended.files
        main = files.get(ENTRY_POINT) or wired_entry(self.plan, files, unfinished=True)
        whole = {**files, ENTRY_POINT: main, **companion_files(self.plan, {})}
        written = [module for module in self.plan.architecture.modules if module.path in whole]
        run = await smoke_run(self.journal, written, whole, gpu=self.settings.gpu) if main else None
        return (0, 0, 0.0) if run is None or run.status == "not run" else run.progress

    async def verdict(self, candidates: Sequence[Candidate]) -> Candidate:
        """The one that the model prefers; the first where there is no room to ask."""
        path = candidates[0].draft.path
        module = self.plan.architecture.module(path)
        task = render_prompt(
            "coding/verdict.md.j2",
            module=module,
            contract=contract(module),
            candidates=[each.text for each in candidates],
        )
        numbers = grammar("verdict", candidates=list(range(1, len(candidates) + 1)))
        sampling = self.settings.sampling(VERDICT_TOKENS, constrained=True)
        messages = self.context.messages(task)
        try:
            said = await ask_shape(
                self.engine, f"verdict:{path}", messages, numbers, Verdict, sampling, self.settings.seed
            )
        except NoRoom:
            return candidates[0]
        return candidates[said.best - 1]


def least(candidates: Sequence[Candidate], ranks: Sequence[tuple[float, ...]]) -> list[Candidate]:
    """The candidates with the least of the `ranks`, one of each text."""
    found: dict[str, Candidate] = {}
    for candidate, rank in zip(candidates, ranks, strict=True):
        if rank == min(ranks):
            found.setdefault(candidate.text, candidate)
    return list(found.values())
