"""What a run costs, stage by stage, and who is told while it happens."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from offline_coder.core.request import Completion, Request
from offline_coder.runs.manifest import StageRecord


class Watcher(Protocol):
    """Whoever shows progress. Calls come from one thread, in order of time."""

    def stage_began(self, name: str, steps: int) -> None:
        """A stage with `steps` steps begins; 0 when their number is not known."""
        ...

    def step_done(self, text: str) -> None:
        """One step of the current stage is done."""
        ...

    def answered(self, request: Request, completion: Completion, from_journal: bool) -> None:
        """A request was answered, by the engine or from the journal."""
        ...

    def note(self, text: str) -> None:
        """Something the user should know, one line."""
        ...


@dataclass
class Tally:
    """The sums of one stage while it runs. Tokens are of answers made in this process."""

    requests: int = 0
    from_journal: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cut: tuple[str, ...] = ()


@dataclass
class Meter:
    """Sums what each stage costs and passes every event on to the watcher."""

    watcher: Watcher
    records: list[StageRecord] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @contextmanager
    def stage(self, name: str, steps: int = 0) -> Iterator[None]:
        """Everything answered inside belongs to stage `name`; recorded even when it fails."""
        self.tally = Tally()
        self.watcher.stage_began(name, steps)
        started = time.monotonic()
        try:
            yield
        finally:
            seconds = round(time.monotonic() - started, 3)
            self.records.append(StageRecord(name=name, seconds=seconds, **vars(self.tally)))

    def answered(self, request: Request, completion: Completion, from_journal: bool) -> None:
        """Count one answer."""
        self.tally.requests += 1
        if from_journal:
            self.tally.from_journal += 1
        else:
            self.tally.prompt_tokens += completion.prompt_tokens
            self.tally.cached_tokens += completion.cached_tokens
            self.tally.output_tokens += completion.output_tokens
        if completion.finish_reason == "length" and request.sampling.max_tokens > 1:
            self.tally.cut += (request.purpose,)
        self.watcher.answered(request, completion, from_journal)
