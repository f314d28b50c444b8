"""Progress: a live line on a terminal, plain lines elsewhere, nothing with --quiet."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from offline_coder.core.request import Completion, Request

STAGES = ("engine", "planning", "analysis", "coding", "repair", "checking")


class Silent:
    """A watcher that shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    def stage_began(self, name: str, steps: int) -> None:
        """Nothing is shown."""

    def step_done(self, text: str) -> None:
        """Nothing is shown."""

    def answered(self, request: Request, completion: Completion, from_journal: bool) -> None:
        """Nothing is shown."""

    def note(self, text: str) -> None:
        """Nothing is shown."""


class Progress(Silent):
    """Shows stage, step i of n, tokens per second, repairs and time on standard error."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.began = time.monotonic()
        self.stage = ""
        self.stage_start = self.began
        self.steps = 0
        self.done = 0
        self.repairs = 0
        self.tokens = 0
        self.last = ""
        self.live = Live(console=self.console, refresh_per_second=4, get_renderable=self.line, transient=True)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.stop()

    def line(self) -> Text:
        """The live line."""
        now = time.monotonic()
        seconds = now - self.stage_start
        steps = f" {self.done}/{self.steps}" if self.steps else ""
        rate = f", {self.tokens / seconds:.0f} tokens/s" if self.tokens and seconds > 1 else ""
        repairs = f", {self.repairs} repairs" if self.repairs else ""
        shown = f"{self.stage}{steps}{rate}{repairs}, {now - self.began:.0f} s in all"
        return Text.assemble((shown, "bold"), f"  {self.last}", overflow="ellipsis", no_wrap=True)

    def say(self, text: str, style: str = "") -> None:
        """One line that stays."""
        self.console.print(Text(f"[{time.monotonic() - self.began:5.0f} s] {text}", style=style))

    def stage_began(self, name: str, steps: int) -> None:
        """Name the stage and start its counts again."""
        self.stage, self.steps, self.done, self.tokens, self.last = name, steps, 0, 0, ""
        self.stage_start = time.monotonic()
        number = f"{STAGES.index(name) + 1}/{len(STAGES)} " if name in STAGES else ""
        self.say(f"{number}{name}", style="bold")

    def step_done(self, text: str) -> None:
        """Show the step; while an engine starts, only on the live line."""
        self.last = text
        if self.stage == "engine":
            return
        self.done += 1
        seconds = time.monotonic() - self.stage_start
        rate = f" ({self.tokens / seconds:.0f} tokens/s)" if self.tokens and seconds > 1 else ""
        count = f"{self.done} of {self.steps}: " if self.steps else ""
        self.say(f"    {count}{text}{rate}")

    def answered(self, request: Request, completion: Completion, from_journal: bool) -> None:
        """Count tokens and repairs."""
        if not from_journal:
            self.tokens += completion.output_tokens
        if request.purpose.startswith(("repair:", "rewrite:", "debugging:")):
            self.repairs += 1
        self.last = request.purpose

    def note(self, text: str) -> None:
        """A line that stands out."""
        self.say(f"note: {text}", style="yellow")


def watcher(quiet: bool) -> Silent:
    """The watcher for --quiet or for none."""
    return Silent() if quiet else Progress()
