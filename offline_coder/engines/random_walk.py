"""An engine without weights whose answers obey every constraint.

Random logits go through the constraint's logits processor until it ends: what comes out is valid by
construction, so a whole pipeline can be tested in seconds with no model. The vocabulary is the 256
bytes and an end token. As an answer grows, the logits lean towards bytes that close something, so it
ends. Tokens are counted by the rule of four bytes (cutting.py).
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from llguidance import LLTokenizer, TokenizerWrapper
from numpy.typing import NDArray

from offline_coder.core.constraint import Constraint
from offline_coder.core.engine import Identity
from offline_coder.core.request import Completion, FinishReason, Message, Request
from offline_coder.core.values import canonical_json, text_digest
from offline_coder.engines.backends import Backend, LogitsMask, OutlinesMask, XGrammarMask
from offline_coder.engines.cutting import BYTES_PER_TOKEN, ended, rough_count, rough_tokens
from offline_coder.engines.masking import Mask
from offline_coder.engines.settings import EngineSettings
from offline_coder.engines.wire import check_fits

CONTEXT = 32768
END = 256
"""The end token; tokens 0 to 255 are the bytes."""
VOCABULARY = 257
LONG_BYTES = 1500
"""From about here on an answer is pressed to close."""
PRESSURE = 12.0
CLOSERS = b'"]})'
COMMA = ord(",")
DIGITS = frozenset(b"0123456789")
EXPONENT = list(b"eE")
WORDS = ("layer", "batch", "score", "token", "index", "value", "model", "state", "graph", "query")


class RandomWalkEngine:
    """Answers with random text that obeys the request's constraint; without one, with a line or two
    that look like code. The same request always gets the same answer."""

    def __init__(self, settings: EngineSettings | None = None, backend: Backend = "llguidance") -> None:
        self._backend = backend
        self._context = (settings.context if settings else None) or CONTEXT
        self._identity = Identity(
            engine="random-walk",
            version="1",
            model="random-walk",
            weights_digest="none",
            settings={"context": str(self._context), "backend": backend},
        )

    @property
    def identity(self) -> Identity:
        """What answers, for the journal and the manifest."""
        return self._identity

    @property
    def context(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self._context

    async def complete(self, request: Request) -> Completion:
        """A random answer to `request`.

        Raises:
            BadInput: prompt and `max_tokens` together do not fit the context.
            EngineFailed: the constraint is refused by llguidance.
        """
        prompt_tokens = rough_count(request.messages)
        check_fits(request, prompt_tokens, self._context)
        began = time.monotonic()
        text, reason = await asyncio.to_thread(_answer, request, self._backend)
        return Completion(
            text=text,
            finish_reason=reason,
            prompt_tokens=prompt_tokens,
            cached_tokens=0,
            output_tokens=rough_tokens(text),
            seconds=time.monotonic() - began,
        )

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens by the rule of four bytes."""
        return rough_count(messages)


def _answer(request: Request, backend: Backend) -> tuple[str, FinishReason]:
    # Not from the sampling or the watch: a longer answer goes on where a shorter one ended, as with a model.
    form = replace(request, watch=None).form() | {"sampling": None}
    seed = int(text_digest(canonical_json(form))[:16], 16)
    if request.constraint is None:
        raw, whole = _code(random.Random(seed)), True  # noqa: S311 - nothing secret is drawn
    else:
        most = request.sampling.max_tokens * BYTES_PER_TOKEN
        raw, whole = walk(request.constraint, seed, most, backend)
    return ended(raw, "stop" if whole else "length", request)


def walk(
    constraint: Constraint, seed: int, most_bytes: int, backend: Backend = "llguidance"
) -> tuple[str, bool]:
    """Random text of at most `most_bytes` bytes that `constraint` allows, and whether it is complete.

    Raises:
        EngineFailed: the backend refuses the constraint.
        MissingPrerequisite: the backend is not installed.
    """
    mask = mask_of(constraint, backend)
    generator = np.random.default_rng(seed)
    taste, closing = _taste()
    answer = bytearray()
    token = END
    while len(answer) < most_bytes:
        logits = taste + generator.gumbel(size=VOCABULARY).astype(np.float32)
        haste = min(1.0, len(answer) / min(LONG_BYTES, most_bytes)) ** 2
        logits += closing * haste
        if token in DIGITS:
            # 883e870336273 is a JSON number, but infinity to every program that reads it.
            logits[EXPONENT] -= 2 * PRESSURE
            # A comma ends a number where no bracket may.
            logits[COMMA] += 2 * PRESSURE * haste
        # The largest of logits plus Gumbel noise is a draw from their softmax.
        token = int(np.argmax(mask(token, logits)))
        if token == END:
            break
        answer.append(token)
    return answer.decode("utf-8", "ignore"), token == END


def mask_of(constraint: Constraint, backend: Backend) -> LogitsMask:
    """The constraint over bytes, compiled by `backend`. Raises what `walk` raises."""
    match backend:
        case "llguidance":
            return Mask(constraint, byte_tokenizer())
        case "xgrammar":
            return XGrammarMask(constraint, END)
        case "outlines_core":
            return OutlinesMask(constraint, END)


@cache
def _taste() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two vectors over the vocabulary: what a readable text likes, and what closes it."""
    taste = np.full(VOCABULARY, -3.0, dtype=np.float32)
    taste[list(range(0x80, 0x100))] = -9.0
    taste[list(range(0x20))] = -6.0
    taste[list(b"abcdefghijklmnopqrstuvwxyz")] = 1.0
    taste[list(b"0123456789")] = -1.0
    taste[list(b'" ')] = 1.0
    taste[list(b",:[]{}")] = -1.0
    taste[ord("\\")] = -6.0
    taste[END] = 1.0
    closing = np.zeros(VOCABULARY, dtype=np.float32)
    closing[list(CLOSERS)] = PRESSURE
    closing[END] = 2 * PRESSURE
    closing[list(b",([{")] = -PRESSURE
    return taste, closing


@cache
def byte_tokenizer() -> LLTokenizer:
    """llguidance's tokenizer over single bytes."""
    return LLTokenizer(TokenizerWrapper(_Bytes()), n_vocab=VOCABULARY, slices=[])


class _Bytes:
    """What llguidance asks of a tokenizer: its tokens as bytes, and encoding."""

    eos_token_id = END
    bos_token_id = None
    tokens = (*(bytes([value]) for value in range(256)), b"<|end|>")
    special_token_ids = (END,)

    def __call__(self, text: bytes) -> list[int]:
        return list(text)


def _code(source: random.Random) -> str:
    """A short Python function with a closing fence behind it."""
    name, first, second = source.sample(WORDS, 3)
    number = source.randint(2, 99)
    return (
        f"def {name}_{first}({second}: int = {number}) -> int:\n"
        f'    """The {first} of a {second}."""\n'
        f"    return {second} * {number}\n"
        "```\n"
    )
