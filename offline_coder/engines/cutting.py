"""The rules that engines without a server apply themselves: where an answer ends, what a token is."""

from collections.abc import Sequence

from offline_coder.core.request import FinishReason, Message, Request, Sampling
from offline_coder.engines.watching import watched

BYTES_PER_TOKEN = 4
"""What counts as a token where there is no tokenizer: four UTF-8 bytes, the last one maybe fewer."""
MESSAGE_TOKENS = 4
"""What a chat template adds to each message, roughly."""


def rough_tokens(text: str) -> int:
    """Tokens of `text` by the rule of four bytes; 0 for the empty text."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def rough_count(messages: Sequence[Message]) -> int:
    """Tokens of `messages` as a prompt by the rule of four bytes."""
    return sum(rough_tokens(message.content) + MESSAGE_TOKENS for message in messages)


def cut(text: str, sampling: Sampling) -> tuple[str, FinishReason | None]:
    """`text` up to the first stop string or `max_tokens` (by the rule of four bytes), whichever comes
    first, and why it was cut there; None when it was not."""
    shorter, stopped = before_stop(text, sampling.stop)
    raw = shorter.encode("utf-8", "surrogatepass")
    most = sampling.max_tokens * BYTES_PER_TOKEN
    if len(raw) > most:
        return raw[:most].decode("utf-8", "ignore"), "length"
    return shorter, "stop" if stopped else None


def ended(text: str, reason: FinishReason, request: Request) -> tuple[str, FinishReason]:
    """What is left of an answer that would have ended for `reason`, and why it ends now: at a stop string,
    at `max_tokens` or where its watch ends it, whichever comes first."""
    shorter, why = cut(text, request.sampling)
    return watched(shorter, why or reason, request)


def before_stop(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """`text` before the earliest of the `stop` strings, and whether one was found."""
    places = [place for place in (text.find(mark) for mark in stop if mark) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)
