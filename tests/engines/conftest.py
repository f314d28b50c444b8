"""One event loop and one server for all engine tests: a start takes half a minute."""

import asyncio
import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from offline_coder.core.engine import Engine
from offline_coder.core.request import Request
from offline_coder.engines.client import OpenAIEngine
from offline_coder.engines.endpoint import endpoint_engine
from offline_coder.engines.open import open_engine
from offline_coder.engines.random_walk import RandomWalkEngine
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.engines.settings import EngineSettings, ModelFolder
from offline_coder.engines.vllm_server import Serving, serve
from offline_coder.weights import resolve
from offline_coder.weights.store import model_folder

MODEL = "smollm2-135m"
SETTINGS = EngineSettings(context=8192, kv_bytes=512 << 20)
SENTENCE = "The first layer reads the batch, the second layer scores it and the last layer returns it."


def weights_or_skip(name: str) -> ModelFolder:
    """The verified weights of `name`; skipped where there are none, a failure when they are damaged."""
    if not model_folder(name).is_dir():
        pytest.skip(f"no weights of {name}: offline-coder models pull {name}")
    found = resolve(name)
    return ModelFolder(found.name, found.folder, found.digest, found.context_length)


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    """The loop that all engines of the session live in."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def small_model() -> ModelFolder:
    return weights_or_skip(MODEL)


@pytest.fixture(scope="session")
def engine_turn() -> Iterator[None]:
    """Only one test session on this machine runs real engines at a time: two would starve each other."""
    with Path(tempfile.gettempdir(), "offline-coder-engine-tests.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def serving(
    loop: asyncio.Runner,
    small_model: ModelFolder,
    engine_turn: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    """A real vLLM server."""
    stack = AsyncExitStack()
    log = tmp_path_factory.mktemp("server") / "engine.log"
    yield loop.run(stack.enter_async_context(serve(small_model, SETTINGS, log=log)))
    loop.run(stack.aclose())


@pytest.fixture(scope="session")
def vllm(loop: asyncio.Runner, serving: Serving) -> Iterator[Engine]:
    """The engine on our own server."""
    engine = OpenAIEngine(
        serving.server.url,
        MODEL,
        serving.identity,
        serving.context,
        key=serving.server.key,
        guard=serving.server,
    )
    yield engine
    loop.run(engine.close())


@pytest.fixture(scope="session")
def endpoint(loop: asyncio.Runner, serving: Serving) -> Iterator[Engine]:
    """The same server, as a user's own."""
    stack = AsyncExitStack()
    opened = endpoint_engine(f"{serving.server.url}/v1/", "", EngineSettings(), key=serving.server.key)
    yield loop.run(stack.enter_async_context(opened))
    loop.run(stack.aclose())


@pytest.fixture(scope="session")
def transformers(
    loop: asyncio.Runner,
    small_model: ModelFolder,
    engine_turn: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engine]:
    """The engine in this process."""
    stack = AsyncExitStack()
    opened = open_engine(
        f"transformers:{MODEL}",
        resolve=lambda name: small_model,
        log=tmp_path_factory.mktemp("transformers") / "engine.log",
        settings=SETTINGS,
    )
    yield loop.run(stack.enter_async_context(opened))
    loop.run(stack.aclose())


def recite(request: Request) -> str:
    """The script of the scripted engine under test: always the same sentence."""
    return SENTENCE


@pytest.fixture
def scripted() -> Engine:
    return ScriptedEngine(recite)


@pytest.fixture
def random_walk() -> Engine:
    return RandomWalkEngine()
