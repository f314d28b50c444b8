"""An engine that is not there: for a replay, in which the journal must know everything."""

from collections.abc import Sequence
from typing import NoReturn

from offline_coder.core.engine import Identity
from offline_coder.core.errors import BadInput
from offline_coder.core.request import Completion, Message, Request


class Recorded:
    """Stands for the engine of a run that was recorded. Whatever reaches it was never asked in that run."""

    def __init__(self, identity: Identity, context: int, made_by: str) -> None:
        """`made_by` is the version of this program that made the run."""
        self._identity = identity
        self._context = context
        self._made_by = made_by

    @property
    def identity(self) -> Identity:
        """What answered in the run."""
        return self._identity

    @property
    def context(self) -> int:
        """The context that it had, in tokens."""
        return self._context

    async def complete(self, request: Request) -> Completion:
        """Raises BadInput."""
        self._unknown(request.purpose)

    async def count(self, messages: Sequence[Message]) -> int:
        """Raises BadInput."""
        self._unknown("a token count")

    def _unknown(self, what: str) -> NoReturn:
        raise BadInput(
            f"the journal does not hold {what}: the run was not finished, was changed, or this version "
            "asks other questions",
            f"the run was made by offline-coder {self._made_by}; `offline-coder verify DIR` names changes",
        )
