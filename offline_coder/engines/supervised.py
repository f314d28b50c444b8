"""An engine that starts when it is first needed, and again when it dies."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from offline_coder.core.engine import Engine, Identity
from offline_coder.core.errors import BadInput, EngineDied, EngineFailed
from offline_coder.core.request import Completion, Message, Request

RESTARTS = 2
"""How often one run starts a dead engine again. One that dies more often will not stop dying."""

Open = Callable[[int | None], AbstractAsyncContextManager[Engine]]
"""Starts an engine, with the context (tokens) that it must have where one is known."""


class OtherEngine(BadInput):
    """What was started is not what was expected, so nothing that was journaled is its answer."""


class Supervised:
    """Wraps the engine that `open` starts. With `expected`, the identity and context (tokens) of the engine
    of an earlier run, nothing is started before something is asked."""

    def __init__(
        self,
        open: Open,
        *,
        expected: tuple[Identity, int] | None,
        note: Callable[[str], None],
        restarts: int = RESTARTS,
    ) -> None:
        self._open = open
        self._known = expected
        self._note = note
        self._restarts = restarts
        self._engine: Engine | None = None
        self._refusal: OtherEngine | None = None
        self._stack = AsyncExitStack()
        self._turn = asyncio.Lock()

    @property
    def identity(self) -> Identity:
        """The engine's, or that of the engine expected."""
        return self._facts[0]

    @property
    def context(self) -> int:
        """The engine's, or that of the engine expected, in tokens."""
        return self._facts[1]

    @property
    def _facts(self) -> tuple[Identity, int]:
        if self._known is None:
            raise EngineFailed("the engine was asked for before it was started")
        return self._known

    async def complete(self, request: Request) -> Completion:
        """The engine's answer. A request that was under way when the engine died is asked again.

        Raises:
            OtherEngine: the engine that was started is not the expected one.
            EngineFailed: as the engine raises, and when it died too often.
        """
        while True:
            engine = await self.started()
            try:
                return await engine.complete(request)
            except EngineDied as death:
                await self._bury(engine, death)

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens of `messages` as the engine counts them. Raises as `complete` does."""
        while True:
            engine = await self.started()
            try:
                return await engine.count(messages)
            except EngineDied as death:
                await self._bury(engine, death)

    async def started(self) -> Engine:
        """The engine, started when it is not.

        Raises:
            OtherEngine: it is not the expected one.
            EngineFailed, MissingPrerequisite, BadInput: it did not start.
        """
        async with self._turn:
            if self._refusal is not None:
                raise self._refusal
            if self._engine is None:
                context = self._known[1] if self._known else None
                engine = await self._stack.enter_async_context(self._open(context))
                found = (engine.identity, engine.context)
                if self._known not in (None, found):
                    self._refusal = OtherEngine(
                        difference(self.identity, engine.identity),
                        "start a new run with -o, or bring back what the run was begun with",
                    )
                    raise self._refusal
                self._known, self._engine = found, engine
            return self._engine

    async def close(self) -> None:
        """End the engine, when it was started, with all its processes."""
        self._engine = None
        await self._stack.aclose()

    async def _bury(self, engine: Engine, death: EngineDied) -> None:
        """Clear a dead engine away, so that the next request starts another. Raises `death` when the
        budget is spent."""
        async with self._turn:
            # Several requests see one death; the first of them acts.
            if self._engine is not engine:
                return
            if not self._restarts:
                raise death
            self._restarts -= 1
            self._note(f"{death.message}; starting it again")
            await self.close()


def difference(before: Identity, now: Identity) -> str:
    """One line: what about the engine is not as it was."""
    then, here = before.model_dump(), now.model_dump()
    then |= then.pop("settings")
    here |= here.pop("settings")
    changed = [
        f"{name} {then.get(name, 'none')} is now {here.get(name, 'none')}"
        for name in sorted(then.keys() | here.keys())
        if then.get(name) != here.get(name)
    ]
    return f"not the engine that the run was begun with: {', '.join(changed)}"


@asynccontextmanager
async def supervised(
    open: Open, *, expected: tuple[Identity, int] | None, note: Callable[[str], None]
) -> AsyncIterator[Supervised]:
    """The engine that `open` starts, supervised, and ended with the block. It is started at once unless
    an engine is `expected`. Raises what starting raises."""
    engine = Supervised(open, expected=expected, note=note)
    try:
        if expected is None:
            await engine.started()
        yield engine
    finally:
        await engine.close()
