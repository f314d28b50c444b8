"""An engine that never asks the same thing twice."""

from collections.abc import Callable, Sequence

from offline_coder.core.engine import Engine, Identity
from offline_coder.core.request import Completion, Message, Request
from offline_coder.runs.journal import Journal, count_key, journal_key

OnCompletion = Callable[[Request, Completion, bool], None]
"""Called after each answer; the flag says whether it came from the journal."""


class Journaled:
    """Wraps any engine: a request already in the journal is answered from it, others are journaled
    before they are returned."""

    def __init__(self, engine: Engine, journal: Journal, on_completion: OnCompletion) -> None:
        self._engine = engine
        self._journal = journal
        self._on_completion = on_completion

    @property
    def identity(self) -> Identity:
        """The wrapped engine's."""
        return self._engine.identity

    @property
    def context(self) -> int:
        """The wrapped engine's, in tokens."""
        return self._engine.context

    async def complete(self, request: Request) -> Completion:
        """The journaled answer, or the engine's, journaled. Raises what the engine raises."""
        key = journal_key(request, self.identity)
        known = self._journal.get(key)
        if known is not None:
            self._on_completion(request, known, True)
            return known
        completion = await self._engine.complete(request)
        self._journal.add(key, request, completion)
        self._on_completion(request, completion, False)
        return completion

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens of `messages` as the wrapped engine counts them, or counted them before."""
        key = count_key(messages, self.identity)
        known = self._journal.fact(key)
        if isinstance(known, int):
            return known
        tokens = await self._engine.count(messages)
        self._journal.note(key, tokens)
        return tokens
