"""Constraints as logits processors, for engines that hold the logits themselves.

The grammars are made as vLLM's guidance backend makes them, so that all engines accept the same
texts: llguidance, no optional white space in JSON.
"""

import json
from functools import lru_cache
from typing import Any, cast

import numpy as np
from llguidance import LLMatcher, LLTokenizer, grammar_from
from numpy.typing import NDArray
from outlines.backends.llguidance import LLGuidanceLogitsProcessor

from offline_coder.core.constraint import CFG, Choice, Constraint, JsonSchema, Regex
from offline_coder.core.errors import EngineFailed

Logits = NDArray[np.float32]


class Mask:
    """One answer's constraint: outlines' own processor, over numpy.

    Over torch, llguidance would compile its kernel first, which takes a C++ compiler and seconds.
    """

    def __init__(self, constraint: Constraint, tokenizer: LLTokenizer) -> None:
        """Raises EngineFailed when llguidance refuses the constraint."""
        self._processor = LLGuidanceLogitsProcessor(
            _checked_grammar(constraint, tokenizer), tokenizer, "numpy"
        )

    def __call__(self, last_token: int, logits: Logits) -> Logits:
        """`logits` (vocabulary,) with all tokens that the constraint forbids next at minus infinity.

        `last_token` is the token chosen after the call before; ignored in the first call.
        """
        tokens = np.array([[last_token]], dtype=np.int64)
        masked = cast(Logits, self._processor(tokens, logits[np.newaxis].copy()))
        return cast(Logits, masked[0])


def _checked_grammar(constraint: Constraint, tokenizer: LLTokenizer) -> str:
    form = llguidance_grammar(constraint)
    # A matcher never raises: over a bad grammar it would just end the answer at once.
    if problem := LLMatcher.validate_grammar(form, tokenizer):
        raise EngineFailed(f"the constraint is refused: {problem}")
    return form


def llguidance_grammar(constraint: Constraint) -> str:
    """The grammar that llguidance matches for `constraint`."""
    match constraint:
        case JsonSchema():
            return _json_grammar(constraint.schema)
        case Regex():
            return grammar_from("regex", constraint.pattern)
        case Choice():
            return grammar_from("choice", json.dumps(list(constraint.items)))
        case CFG():
            return grammar_from("grammar", constraint.definition)
    raise TypeError(f"not a constraint: {type(constraint).__name__}")


@lru_cache(maxsize=64)
def _json_grammar(schema: str) -> str:
    options: Any = {"whitespace_flexible": False}
    return LLMatcher.grammar_from_json_schema(schema, defaults=options)
