"""Choosing the engine for a `--model` and an `--endpoint`."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from offline_coder.core.engine import Engine
from offline_coder.engines.settings import EngineSettings, ModelFolder, OnNote, OnProgress

SCRIPTED = "scripted:"
RANDOM_WALK = "random-walk"
TRANSFORMERS = "transformers:"


@contextlib.asynccontextmanager
async def open_engine(
    model: str,
    *,
    resolve: Callable[[str], ModelFolder],
    log: Path,
    endpoint: str | None = None,
    settings: EngineSettings | None = None,
    on_progress: OnProgress | None = None,
    on_note: OnNote | None = None,
) -> AsyncIterator[Engine]:
    """The engine that `model` and `endpoint` ask for, closed with all its processes when the block ends.

    `scripted:FILE` answers from a file, `random-walk` with random text that obeys every constraint,
    `transformers:NAME` runs in this process; with `endpoint`, `model` is the name served there ("" for
    the only one). Anything else is a model for a vLLM server of our own. `resolve` finds and verifies
    weights; it is called only when some are needed, in a thread of its own. `log` gets the server's log,
    `on_note` what is not as it was asked for.

    Raises:
        BadInput: no such file, model, or context.
        MissingPrerequisite: weights, vLLM or memory are missing.
        EngineFailed: the server did not start or does not answer.
    """
    settings = settings or EngineSettings()
    async with contextlib.AsyncExitStack() as stack:
        # Each import inside: only the engine in use is loaded, because torch and openai take seconds.
        engine: Engine
        if model.startswith(SCRIPTED):
            from offline_coder.engines.scripted import read_script

            engine = read_script(Path(model.removeprefix(SCRIPTED)), settings)
        elif model == RANDOM_WALK:
            from offline_coder.engines.random_walk import RandomWalkEngine

            engine = RandomWalkEngine(settings)
        elif model.startswith(TRANSFORMERS):
            from offline_coder.engines.transformers_engine import transformers_engine

            folder = await _resolved(resolve, model.removeprefix(TRANSFORMERS))
            engine = await stack.enter_async_context(
                transformers_engine(folder, settings, on_progress=on_progress)
            )
        elif endpoint is not None:
            from offline_coder.engines.endpoint import KEY_VARIABLE, endpoint_engine

            key = os.environ.get(KEY_VARIABLE, "")
            engine = await stack.enter_async_context(endpoint_engine(endpoint, model, settings, key=key))
        else:
            from offline_coder.engines.vllm_server import managed_vllm

            folder = await _resolved(resolve, model)
            engine = await stack.enter_async_context(
                managed_vllm(folder, settings, log=log, on_progress=on_progress, on_note=on_note)
            )
        yield engine


async def _resolved(resolve: Callable[[str], ModelFolder], name: str) -> ModelFolder:
    """Weights, verified without blocking the loop: hashing gigabytes takes seconds."""
    import asyncio

    return await asyncio.to_thread(resolve, name)
