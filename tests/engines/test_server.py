"""The managed server: real processes, and with weights a real vLLM that gets killed."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from offline_coder.core.constraint import JsonSchema
from offline_coder.core.errors import BadInput, EngineFailed
from offline_coder.core.request import Message, Request, Sampling
from offline_coder.engines import launcher
from offline_coder.engines.command import Installed, server_command, server_environment, server_identity
from offline_coder.engines.memory import MemoryPlan
from offline_coder.engines.open import open_engine
from offline_coder.engines.settings import EngineSettings, ModelFolder, Thinking
from offline_coder.engines.vllm_server import VllmServer, managed_vllm, serve
from tests.engines.test_launcher import running, wait_for

MODEL = ModelFolder("name", Path("/models/name"), "digest", 4096)
PLAN = MemoryPlan(4096, 1 << 30, None, "bfloat16")


@contextlib.contextmanager
def stand_in(code: str, log: Path) -> Iterator[VllmServer]:
    """A server whose process runs `code` instead of vLLM."""
    command = [sys.executable, "-c", code]
    server = VllmServer(command, dict(os.environ), url="http://127.0.0.1:9", key="k", log=log)
    try:
        yield server
    finally:
        server.stop()


def test_a_server_that_ends_at_once_gives_the_cause_from_its_log(tmp_path: Path) -> None:
    code = "print('OSError: [Errno 98] Address already in use'); raise SystemExit(1)"
    with (
        stand_in(code, tmp_path / "engine.log") as server,
        pytest.raises(EngineFailed, match=r"did not start: port taken.*engine\.log"),
    ):
        asyncio.run(server.wait_ready(30, None))


def test_a_server_that_is_killed_says_so(tmp_path: Path) -> None:
    with stand_in("import os; os.kill(os.getpid(), 9)", tmp_path / "engine.log") as server:
        assert "ran out of memory" in asyncio.run(server.death())


def test_a_server_that_never_gets_ready_is_given_up_with_progress(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    code = "import time; print('Starting to load model', flush=True); time.sleep(600)"
    with (
        stand_in(code, tmp_path / "engine.log") as server,
        pytest.raises(EngineFailed, match="not ready after 2 s; last: loading the weights"),
    ):
        asyncio.run(server.wait_ready(2, lambda seconds, text: told.append((seconds, text))))
    assert told[-1][1] == "loading the weights"
    assert [seconds for seconds, _ in told] == sorted(seconds for seconds, _ in told)


def test_stop_leaves_no_process_and_may_be_called_twice(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    others = set(launcher.descendants(os.getpid()))  # engines of other tests live on

    def tree() -> set[int]:
        return set(launcher.descendants(os.getpid())) - others

    with stand_in(code, tmp_path / "engine.log") as server:
        assert wait_for(lambda: len(tree()) >= 2)
        started = tree()
    server.stop()
    assert not any(map(running, started))
    assert not server.alive


def test_the_command_is_offline_loopback_and_safetensors_only() -> None:
    command = server_command(MODEL, PLAN, EngineSettings(seed=5), "cpu", 1234)
    text = " ".join(command)
    for part in (
        "--host 127.0.0.1 --port 1234",
        "--load-format safetensors",
        "--seed 5",
        "--generation-config vllm",
        "--no-enable-chunked-prefill --max-num-batched-tokens 4096",
        "--kv-cache-memory-bytes 1073741824",
    ):
        assert part in text
    structured = json.loads(command[command.index("--structured-outputs-config") + 1])
    assert structured == {"backend": "guidance", "disable_any_whitespace": True}


def test_a_model_that_thinks_has_a_parser_for_its_thoughts() -> None:
    thinking = replace(MODEL, thinking=Thinking("qwen3", 2000))
    command = server_command(thinking, PLAN, EngineSettings(), "cpu", 1234)
    assert command[command.index("--reasoning-parser") + 1] == "qwen3"
    assert "--reasoning-parser" not in server_command(MODEL, PLAN, EngineSettings(), "cpu", 1234)
    installed = Installed("0.32.0", "cpu")
    told = server_identity(thinking, PLAN, EngineSettings(), installed).settings
    assert told["thinking"] == "qwen3, 2000"
    assert "thinking" not in server_identity(MODEL, PLAN, EngineSettings(), installed).settings


def test_the_key_is_in_the_environment_and_not_in_the_arguments() -> None:
    outer = {"HF_HUB_OFFLINE": "0", "VLLM_CPU_KVCACHE_SPACE": "40", "PATH": "/bin"}
    environment = server_environment(EngineSettings(), "cpu", "secret", outer)
    assert environment["VLLM_API_KEY"] == "secret"
    assert environment["HF_HUB_OFFLINE"] == environment["VLLM_NO_USAGE_STATS"] == "1"
    assert environment["PATH"] == "/bin"
    assert "VLLM_CPU_KVCACHE_SPACE" not in environment
    assert "secret" not in " ".join(server_command(MODEL, PLAN, EngineSettings(), "cpu", 1))


def test_cuda_has_its_own_arguments() -> None:
    settings = EngineSettings(gpus=2, batch_invariant=True)
    plan = MemoryPlan(32768, None, 0.85, "bfloat16")
    text = " ".join(server_command(MODEL, plan, settings, "cuda", 1))
    assert "--gpu-memory-utilization 0.850 --tensor-parallel-size 2" in text
    assert "chunked-prefill" not in text
    assert "--enforce-eager" not in text
    environment = server_environment(settings, "cuda", "k", {})
    assert environment["VLLM_BATCH_INVARIANT"] == "1"
    assert "VLLM_CPU_OMP_THREADS_BIND" not in environment


def test_on_a_cpu_answers_are_alike_because_each_request_is_alone() -> None:
    command = server_command(MODEL, PLAN, EngineSettings(batch_invariant=True, parallel=8), "cpu", 1)
    assert command[command.index("--max-num-seqs") + 1] == "1"
    assert "--no-enable-prefix-caching" in command
    assert "--enable-prefix-caching" not in command
    usual = server_command(MODEL, PLAN, EngineSettings(parallel=8), "cpu", 1)
    assert usual[usual.index("--max-num-seqs") + 1] == "8"
    assert "--enable-prefix-caching" in usual


def test_installed_says_where_it_runs() -> None:
    assert Installed("0.32.0", "cpu").device == "cpu"


def test_a_folder_without_a_model_is_refused_before_anything_starts(tmp_path: Path) -> None:
    async def enter() -> None:
        model = ModelFolder("none", tmp_path, "d", 4096)
        async with managed_vllm(model, EngineSettings(), log=tmp_path / "engine.log"):
            pass

    with pytest.raises(BadInput, match=r"no config\.json"):
        asyncio.run(enter())
    assert not (tmp_path / "engine.log").exists()


# ---- with a real vLLM -------------------------------------------------------------------------

SETTINGS = EngineSettings(context=4096, kv_bytes=512 << 20)

# A user's program: starts a server, says what processes there are once it is ready, and waits.
PROGRAM = """
import asyncio, os, sys
from pathlib import Path
from offline_coder.engines import launcher
from offline_coder.engines.settings import EngineSettings, ModelFolder, Thinking
from offline_coder.engines.vllm_server import serve

async def main():
    model = ModelFolder("m", Path(sys.argv[1]), "d", 8192)
    settings = EngineSettings(context=4096, kv_bytes=512 << 20)
    async with serve(model, settings, log=Path(sys.argv[2])):
        print(*launcher.descendants(os.getpid()), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.engine
def test_sigkill_of_the_command_line_ends_the_whole_server(
    small_model: ModelFolder, engine_turn: None
) -> None:
    options = ("--model", small_model.name, "--context", "4096", "--kv-gib", "0.5", "--quiet")
    command = [sys.executable, "-m", "offline_coder.cli.main", "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("serving")
        tree = launcher.descendants(program.pid)
        # The launcher, the API server, the engine core, and multiprocessing's helper.
        assert len(tree) >= 4
        assert all(map(running, tree))
        program.kill()
    assert wait_for(lambda: not any(map(running, tree)))


@pytest.mark.engine
def test_sigterm_while_the_server_starts_ends_it(
    small_model: ModelFolder, engine_turn: None, tmp_path: Path
) -> None:
    log = tmp_path / "engine.log"
    command = [sys.executable, "-c", PROGRAM, str(small_model.folder), str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
        assert wait_for(lambda: log.exists() and "EngineCore" in log.read_text(), 120)
        tree = launcher.descendants(program.pid)
        assert len(tree) >= 3
        program.terminate()
    assert wait_for(lambda: not any(map(running, tree)))


@pytest.mark.engine
def test_a_server_that_dies_fails_its_requests_at_once(
    loop: asyncio.Runner, small_model: ModelFolder, engine_turn: None, tmp_path: Path
) -> None:
    messages = (Message(role="user", content="Count to a thousand in words."),)
    # The model cannot say less than this.
    long = {"type": "array", "minItems": 100, "items": {"type": "string", "minLength": 100}}
    request = Request("long", messages, Sampling(max_tokens=3000), seed=1, constraint=JsonSchema(long))

    before = set(launcher.descendants(os.getpid()))

    async def kill_in_the_middle() -> None:
        opened = open_engine(
            "m", resolve=lambda name: small_model, log=tmp_path / "engine.log", settings=SETTINGS
        )
        async with opened as engine:
            asking = [asyncio.create_task(engine.complete(request)) for _ in range(2)]
            await asyncio.sleep(3)
            assert not any(task.done() for task in asking)
            # Another test's server may be running beside this one.
            ours = set(launcher.descendants(os.getpid())) - before
            core = next(pid for pid in ours if "EngineCore" in " ".join(psutil.Process(pid).cmdline()))
            os.kill(core, signal.SIGKILL)
            for task in asking:
                with pytest.raises(EngineFailed, match=r"died|500"):
                    await asyncio.wait_for(task, timeout=60)

    loop.run(kill_in_the_middle())


@pytest.mark.engine
def test_a_taken_port_is_said(
    loop: asyncio.Runner, small_model: ModelFolder, engine_turn: None, tmp_path: Path
) -> None:
    async def start(port: int) -> None:
        async with serve(small_model, SETTINGS, log=tmp_path / "engine.log", port=port):
            pass

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(EngineFailed, match="port taken"):
            loop.run(start(other.getsockname()[1]))
