"""A vLLM server of our own: started, watched, and gone when we are gone."""

import asyncio
import atexit
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import openai

from offline_coder.core.engine import Identity
from offline_coder.core.errors import EngineFailed, OutOfMemory
from offline_coder.engines import launcher
from offline_coder.engines.client import OpenAIEngine, server_client
from offline_coder.engines.command import (
    HOST,
    Installed,
    installed_vllm,
    server_command,
    server_environment,
    server_identity,
)
from offline_coder.engines.failures import KILLED, cause_from_log, is_out_of_memory, last_step
from offline_coder.engines.memory import MemoryPlan, free_memory, plan_memory, read_shape, with_less
from offline_coder.engines.own_network import probe
from offline_coder.engines.settings import EngineSettings, ModelFolder, OnNote, OnProgress

POLL_SECONDS = 0.25
STOP_SECONDS = 15.0
PORT_TRIES = 3
LOG_TAIL_BYTES = 400_000


class VllmServer:
    """The server's process, behind the launcher that ends it when we end.

    `url` and `key` are what a client needs; with `socket`, the Unix socket that the server listens on, it
    gets a network of its own (own_network.py). One object is one start; after `stop` it is done.
    """

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        *,
        url: str,
        key: str,
        log: Path,
        socket: Path | None = None,
    ) -> None:
        self.url = url
        self.socket = socket
        self.key = key
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        apart = [launcher.OWN_NETWORK] if socket is not None else []
        launch = [sys.executable, "-I", launcher.__file__, *apart, *command]
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                launch,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                # A group of its own: a Ctrl-C in the terminal reaches only us, and we decide.
                start_new_session=True,
            )
        atexit.register(self.stop)

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def cause(self) -> str:
        """One line: why the process ended, from its log and its exit status."""
        status = self._process.poll()
        told = cause_from_log(self._tail())
        if status in (128 + signal.SIGKILL, -signal.SIGKILL):
            return f"{KILLED}; last in {self.log}: {told}"
        return told or f"it ended with status {status} and an empty log"

    async def death(self) -> str:
        """Return the cause once the process is gone. Never returns while it lives."""
        while self.alive:  # noqa: ASYNC110 - another process has no event to wait for
            await asyncio.sleep(POLL_SECONDS)
        return self.cause()

    async def wait_ready(self, seconds: float, on_progress: OnProgress | None) -> None:
        """Return when the server answers with our key.

        Raises:
            OutOfMemory: it ended for lack of memory.
            EngineFailed: it ended otherwise, or was not ready after `seconds`.
        """
        began = time.monotonic()
        client = server_client(self.url, self.key, 10.0, self.socket)
        try:
            while (elapsed := time.monotonic() - began) < seconds:
                if not self.alive:
                    raise self._failed_start()
                with contextlib.suppress(openai.APIError):
                    await client.models.list()
                    return
                if on_progress is not None:
                    on_progress(elapsed, last_step(self._tail()))
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await client.close()
        step = last_step(self._tail())
        raise EngineFailed(f"the engine was not ready after {seconds:.0f} s; last: {step}", f"see {self.log}")

    def _failed_start(self) -> EngineFailed:
        cause = self.cause()
        if is_out_of_memory(cause):
            hint = f"free memory, take a smaller model, or set a shorter --context; see {self.log}"
            return OutOfMemory(f"the engine did not start: {cause}", hint)
        return EngineFailed(f"the engine did not start: {cause}", f"see {self.log}")

    def stop(self) -> None:
        """End the server and every process of its group. Safe to call twice. At most 20 seconds."""
        atexit.unregister(self.stop)
        if self._process.stdin is not None:
            # The launcher sees the end of its input and ends the server with all descendants.
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill_group()
        self._kill_group()
        self._process.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _tail(self) -> str:
        with contextlib.suppress(OSError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - LOG_TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
        return ""


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that is ready, what it answers as, and the tokens of its context."""

    server: VllmServer
    identity: Identity
    context: int


@contextlib.asynccontextmanager
async def serve(
    model: ModelFolder,
    settings: EngineSettings,
    *,
    log: Path,
    on_progress: OnProgress | None = None,
    on_note: OnNote | None = None,
    port: int | None = None,
    alone: bool = False,
) -> AsyncIterator[Serving]:
    """A ready server for `model`, stopped when the block ends. It listens on `port` of loopback, a free one
    when none is given; `alone` on a Unix socket instead, in a network of its own. When memory does not
    hold it, shorter contexts are tried as `settings` allow, and `on_note` is told.

    Raises:
        MissingPrerequisite: vLLM is not installed, or model and context do not fit the memory.
        BadInput: the folder holds no model, or the context asked for is longer than the model's.
        OutOfMemory: memory does not hold the shortest context either.
        EngineFailed: it did not start; the message has the cause from its log, which is at `log`.
    """
    installed = installed_vllm()
    shape = read_shape(model.folder)
    async with contextlib.AsyncExitStack() as stack:
        while True:
            plan = plan_memory(model, shape, settings, installed.device, free_memory(installed.device))
            start = Start(model, plan, settings, installed, log, port, alone)
            try:
                server = await stack.enter_async_context(started(start, on_progress))
                break
            except OutOfMemory as error:
                less = with_less(settings, plan)
                if less is None:
                    raise
                settings = less
                if on_note is not None:
                    on_note(
                        f"{error.message}; a context of {plan.context} tokens does not fit, "
                        f"trying {settings.context}"
                    )
        yield Serving(server, server_identity(model, plan, settings, installed), plan.context)


@dataclass(frozen=True, slots=True)
class Start:
    """What one start of a server is given, as `serve` takes it."""

    model: ModelFolder
    plan: MemoryPlan
    settings: EngineSettings
    installed: Installed
    log: Path
    port: int | None
    alone: bool


@contextlib.asynccontextmanager
async def started(start: Start, on_progress: OnProgress | None) -> AsyncIterator[VllmServer]:
    """A ready server, stopped when the block ends. Raises EngineFailed when it does not get ready."""
    settings, device = start.settings, start.installed.device
    for tries_left in reversed(range(PORT_TRIES)):
        # Short, because a socket's path may have 107 bytes; a folder that only we can enter.
        with tempfile.TemporaryDirectory(prefix="offline-coder-") as folder:
            chosen = Path(folder) / "engine" if start.alone else start.port or free_port()
            key = secrets.token_urlsafe(24)
            server = VllmServer(
                server_command(start.model, start.plan, settings, device, chosen),
                server_environment(settings, device, key, os.environ),
                url=f"http://{HOST}" if start.alone else f"http://{HOST}:{chosen}",
                key=key,
                log=start.log,
                socket=chosen if isinstance(chosen, Path) else None,
            )
            try:
                try:
                    await server.wait_ready(settings.startup_seconds, on_progress)
                except EngineFailed as error:
                    # Another program may take a free port between our look and the server's.
                    if start.port or not tries_left or "port taken" not in error.message:
                        raise
                    continue
                yield server
                return
            finally:
                # Not in the loop's thread: stopping takes seconds and other tasks may want to finish.
                await asyncio.shield(asyncio.to_thread(server.stop))


@contextlib.asynccontextmanager
async def managed_vllm(
    model: ModelFolder,
    settings: EngineSettings,
    *,
    log: Path,
    on_progress: OnProgress | None = None,
    on_note: OnNote | None = None,
) -> AsyncIterator[OpenAIEngine]:
    """An engine on a vLLM server of our own, in a network of its own where the system allows that, stopped
    when the block ends. Raises as `serve` does."""
    alone, _ = probe()
    async with serve(
        model, settings, log=log, on_progress=on_progress, on_note=on_note, alone=alone
    ) as serving:
        engine = OpenAIEngine(
            serving.server.url,
            model.name,
            serving.identity,
            serving.context,
            key=serving.server.key,
            stall_seconds=settings.stall_seconds,
            guard=serving.server,
            socket=serving.server.socket,
            thinking=model.thinking,
        )
        try:
            yield engine
        finally:
            await engine.close()


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
