"""What an engine is. Everything above this floor knows only this."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import Field

from offline_coder.core.request import Completion, Message, Request
from offline_coder.core.values import Value


class Identity(Value):
    """What answers. Part of every journal key: another identity may answer differently.

    `settings` holds only what can change the text (dtype, quantisation, constraint backend, context).
    """

    engine: str
    version: str
    model: str
    weights_digest: str
    settings: dict[str, str] = Field(default_factory=dict)


class Engine(Protocol):
    """Text generation behind one face. Safe for many concurrent `complete` calls."""

    @property
    def identity(self) -> Identity:
        """What answers, for the journal and the manifest."""
        ...

    @property
    def context(self) -> int:
        """Tokens that prompt and answer may have together."""
        ...

    async def complete(self, request: Request) -> Completion:
        """The model's answer to `request`.

        Raises:
            BadInput: prompt and `max_tokens` together do not fit the context.
            EngineFailed: the engine is gone, timed out, or refused the request.
        """
        ...

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens that `messages` cost as a prompt, counted with the model's own tokenizer and template."""
        ...
