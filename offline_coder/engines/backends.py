"""The other libraries that vLLM can compile a constraint with, as masks for the random walk: what one of
them lets through has to be as good as what llguidance does.

They come with vLLM and are imported when they are asked for. JSON has no optional white space in any.
"""

from functools import lru_cache
from importlib import import_module
from typing import Any, Literal, Protocol, cast

import numpy as np

from offline_coder.core.constraint import Constraint, JsonSchema
from offline_coder.core.errors import EngineFailed, MissingPrerequisite
from offline_coder.engines.masking import Logits

Backend = Literal["llguidance", "xgrammar", "outlines_core"]
BACKENDS: tuple[Backend, ...] = ("llguidance", "xgrammar", "outlines_core")


class LogitsMask(Protocol):
    """One answer's constraint."""

    def __call__(self, last_token: int, logits: Logits) -> Logits:
        """`logits` (vocabulary,) with all tokens that are forbidden next at minus infinity. `last_token`
        is the one chosen after the call before; ignored in the first call."""
        ...


class XGrammarMask:
    """A JSON Schema by xgrammar, over bytes; `end` is the end token and the last of the vocabulary."""

    def __init__(self, constraint: Constraint, end: int) -> None:
        """Raises EngineFailed when xgrammar refuses the constraint, MissingPrerequisite when it is not
        installed."""
        self._xgrammar = _library("xgrammar")
        self._matcher = self._xgrammar.GrammarMatcher(_compiled(_schema_of(constraint), end))
        self._bits = self._xgrammar.allocate_token_bitmask(1, end + 1)
        self._begun = False

    def __call__(self, last_token: int, logits: Logits) -> Logits:
        """See LogitsMask."""
        if self._begun and not self._matcher.accept_token(last_token):
            raise EngineFailed(f"xgrammar refused token {last_token}, which it had allowed")
        self._begun = True
        self._matcher.fill_next_token_bitmask(self._bits)
        # One bit a token, the lowest first, in words of 32 bits.
        words = self._bits.numpy().view(np.uint8)
        allowed = np.unpackbits(words.reshape(-1), bitorder="little")[: logits.size].astype(bool)
        return cast(Logits, np.where(allowed, logits, -np.inf))


class OutlinesMask:
    """A JSON Schema by outlines_core, over bytes: an automaton, built whole. Only for constraints whose
    strings are enumerated; a bounded string makes it very large."""

    def __init__(self, constraint: Constraint, end: int) -> None:
        """Raises EngineFailed when outlines_core refuses the constraint, MissingPrerequisite when it is
        not installed."""
        self._guide = _library("outlines_core").Guide(_index(_schema_of(constraint), end))
        self._end = end
        self._begun = False

    def __call__(self, last_token: int, logits: Logits) -> Logits:
        """See LogitsMask."""
        if self._begun:
            self._guide.advance(last_token, return_tokens=False)
        self._begun = True
        allowed = np.zeros(logits.size, dtype=bool)
        allowed[self._guide.get_tokens()] = True
        return cast(Logits, np.where(allowed, logits, -np.inf))


def _schema_of(constraint: Constraint) -> str:
    if not isinstance(constraint, JsonSchema):
        raise EngineFailed(f"only JSON Schemas are walked with this backend: {type(constraint).__name__}")
    return constraint.schema


@lru_cache(maxsize=32)
def _compiled(schema: str, end: int) -> Any:
    xgrammar = _library("xgrammar")
    tokens = [*(bytes([value]) for value in range(end)), b"<|end|>"]
    info = xgrammar.TokenizerInfo(
        tokens, vocab_type=xgrammar.VocabType.RAW, vocab_size=end + 1, stop_token_ids=[end]
    )
    try:
        return xgrammar.GrammarCompiler(info).compile_json_schema(schema, any_whitespace=False)
    except RuntimeError as error:
        raise EngineFailed(f"the constraint is refused: {error}") from error


@lru_cache(maxsize=32)
def _index(schema: str, end: int) -> Any:
    core = _library("outlines_core")
    regex = _library("outlines_core.json_schema").build_regex_from_schema(schema, whitespace_pattern="")
    vocabulary = core.Vocabulary(end, {bytes([value]): [value] for value in range(end)})
    try:
        return core.Index(regex, vocabulary)
    except ValueError as error:
        raise EngineFailed(f"the constraint is refused: {error}") from error


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingPrerequisite(f"{name} is not installed", "make setup") from error
