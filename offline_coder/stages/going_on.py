"""Going on after what ran: a definition is continued where it failed, with another line than the one that
failed.

A small model writes the line that failed again, three times of four, whatever it is told. So several next
lines are drawn first, which costs little, for the prompt is read once; the definition is written only where
one of them says something else.
"""

import ast
import asyncio

from offline_coder.checks.skeleton import MARKED
from offline_coder.checks.source import parse_statements
from offline_coder.core.engine import Engine
from offline_coder.core.request import Message, Request
from offline_coder.core.stage_settings import OTHER_TEMPERATURE, StageSettings
from offline_coder.stages.asking import room_for_answer
from offline_coder.stages.repair import FENCE

DRAWS = 6
"""Lines that are drawn at once."""
LINE_TOKENS = 64
"""Output tokens of a drawn line; a longer one is a beginning like any other."""


async def another_line(
    engine: Engine, purpose: str, messages: tuple[Message, ...], failed: str, settings: StageSettings
) -> tuple[str | None, int]:
    """The first line drawn after `messages`, which end in the code before it, that does not say what the
    line `failed` says; None where all do. And the output tokens of all draws.

    Raises:
        NoRoom: the context has no room for a line. And what the engine raises.
    """
    room, stop = await room_for_answer(engine, messages, LINE_TOKENS, purpose), ("\n", FENCE)
    likeliest = settings.sampling(room, stop=stop)
    other = settings.warmer(OTHER_TEMPERATURE).sampling(room, stop=stop)
    # Each seed has its own draws, so that a later round does not get those of this one.
    seeds = range(settings.seed * DRAWS, (settings.seed + 1) * DRAWS)
    drawn = await asyncio.gather(
        *(
            engine.complete(Request(purpose, messages, likeliest if seed == seeds[0] else other, seed))
            for seed in seeds
        )
    )
    tokens = sum(completion.output_tokens for completion in drawn)
    lines = [completion.text.rstrip() for completion in drawn]
    return next((line for line in lines if is_code(line) and said(line) != said(failed)), None), tokens


def is_code(line: str) -> bool:
    """Whether the line is neither empty nor a remark."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


def said(line: str) -> str:
    """What the line says, however it is laid out and remarked upon, and with or without the mark of a name
    that nothing defines."""
    code = MARKED.sub(r"\1", line.strip())
    # The head of a block is a statement only with a body.
    for text in (code, f"{code} pass"):
        if (tree := parse_statements(text)) is not None:
            return ast.dump(tree)
    return " ".join(code.split())
