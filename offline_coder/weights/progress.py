"""What a pull tells whoever watches it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Step = Literal["wait", "download", "assemble", "convert", "copy", "verify"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one step is: `done` of `total`, in bytes; both 0 where the step cannot tell."""

    step: Step
    done: int = 0
    total: int = 0


OnProgress = Callable[[Progress], None]
"""Called from the thread that does the work; it must return quickly."""


def silent(progress: Progress) -> None:
    """Nobody watches."""
