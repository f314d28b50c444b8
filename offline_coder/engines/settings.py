"""What a user may set about an engine, and the weights it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OnProgress = Callable[[float, str], None]
"""Called while an engine starts, with the seconds since it was asked to and what it is doing."""

OnNote = Callable[[str], None]
"""Called with one line that the user should know, and that the manifest keeps."""

STALL_SECONDS = 900.0
"""A CPU reads a prompt in one step that shows nothing before its end; the longest one measured took two
minutes."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Settings of an engine. None means: computed from the model and the machine (memory.py).

    Attributes:
        context: tokens that prompt and answer may have together.
        least_context: where memory does not hold the context, others down to this are tried, each half as
            long. None: no other than the first is tried.
        kv_bytes: bytes set aside for the key-value cache.
        gpu_fraction: share of a GPU's memory that vLLM may take, 0 to 1.
        dtype: type of weights and cache ("bfloat16", "float32").
        gpus: GPUs that one model is spread over (tensor parallelism).
        parallel: requests that are decoded together; others wait. None: 16 on CPUs, 128 on CUDA.
        seed: seeds the server itself; every request carries its own seed besides.
        compile: let torch.compile build faster kernels, for a slower start. None: only on CUDA.
        batch_invariant: the same text whatever else was or is asked. On NVIDIA with kernels made for that;
            on CPUs each request has the engine for itself and its whole prompt is read, which is slow.
        startup_seconds: how long a server may take to get ready.
        stall_seconds: how long a server that owes an answer may do nothing before it counts as hanging.
        request_seconds: how long one answer may take once it is its turn, where no server tells what it
            does: in this process, and for the first token of a server without counters.
    """

    context: int | None = None
    least_context: int | None = None
    kv_bytes: int | None = None
    gpu_fraction: float | None = None
    dtype: str | None = None
    gpus: int = 1
    parallel: int | None = None
    seed: int = 0
    compile: bool | None = None
    batch_invariant: bool = False
    startup_seconds: float = 900.0
    stall_seconds: float = STALL_SECONDS
    request_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Thinking:
    """How a model thinks before it answers.

    Attributes:
        parser: vLLM's reasoning parser for it ("qwen3", "deepseek_r1"), which knows where thoughts end.
        tokens: the most that the thoughts before one answer may have.
    """

    parser: str
    tokens: int


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Verified weights on disk.

    Attributes:
        name: what the user calls the model.
        folder: holds config.json, a tokenizer and *.safetensors.
        digest: says which bytes these are; part of the engine's identity.
        context: tokens the model was trained to attend to.
        thinking: None for a model that answers at once.
    """

    name: str
    folder: Path
    digest: str
    context: int
    thinking: Thinking | None = None
