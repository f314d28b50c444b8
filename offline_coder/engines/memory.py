"""How long a context fits, and how much memory its key-value cache takes.

Covered: decoder models whose layers all keep keys and values of the same shape. Not covered: layers
with sliding windows or compressed caches need less than what is computed here, so for those the
result is on the safe side.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.engines.settings import EngineSettings, ModelFolder

GIB = 1 << 30
CPU_CONTEXT = 16384
"""Tokens. Longer prompts than this take minutes to read on a CPU; `--context` raises it."""
SMALLEST_CONTEXT = 2048
"""Tokens. Below this no paper fits and a run makes no sense."""
CONTEXTS_KEPT = 4
"""Contexts that the cache holds when memory allows: requests that run together share the paper's
prefix but not their answers, and finished prompts stay for the next stage."""
PROCESS_BYTES = 3 * GIB
"""What the server's three processes take besides weights and cache (measured: 2.4 GiB)."""
GPU_SHARE = 0.90
GPU_WORK_BYTES = 3 * GIB
"""Activations, CUDA graphs and the CUDA context."""
LONGEST_HEADER = 100 << 20
"""Bytes; the limit of the safetensors format itself."""
HALF_TYPES = frozenset({"BF16", "F16"})
BYTES = {"bfloat16": 2, "float16": 2, "float32": 4}


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What config.json and the files say about a model's memory.

    Attributes:
        context: tokens, from max_position_embeddings.
        kv_bytes_per_token: bytes that one token takes in the cache, over all layers.
        weight_bytes: size of the *.safetensors files.
        quantised_bytes: what of it keeps its size whatever type the rest is served in.
        dtype: the weights' type ("bfloat16").
    """

    context: int
    kv_bytes_per_token: int
    weight_bytes: int
    dtype: str
    quantised_bytes: int = 0


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What the server is started with. `gpu_fraction` is None on a CPU."""

    context: int
    kv_bytes: int | None
    gpu_fraction: float | None
    dtype: str


@dataclass(frozen=True, slots=True)
class FreeMemory:
    """Bytes. On a CPU, of the machine or of the container it runs in; on CUDA, of one GPU."""

    free: int
    total: int


def read_shape(folder: Path) -> ModelShape:
    """The shape of the model in `folder`.

    Raises:
        BadInput: config.json is missing, is not JSON, or lacks a field; or there is no *.safetensors.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"no config.json in {folder}", "is this a model folder?") from None
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}", "pull or import the model again") from None
    if not isinstance(config, dict):
        raise BadInput(f"{path} does not describe a model", "pull or import the model again")
    # Models that also see images keep the language model's numbers one level down.
    text = config.get("text_config", config)
    try:
        heads = int(text["num_attention_heads"])
        kv_heads = int(text.get("num_key_value_heads") or heads)
        head_size = int(text.get("head_dim") or int(text["hidden_size"]) // heads)
        layers = int(text["num_hidden_layers"])
        context = int(text["max_position_embeddings"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise BadInput(f"{path} does not describe a model: {error!r}") from None
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    if not weights:
        raise BadInput(f"no *.safetensors in {folder}", "only safetensors are loaded, never pickles")
    dtype = str(text.get("dtype") or text.get("torch_dtype") or config.get("torch_dtype") or "bfloat16")
    dtype = "bfloat16" if dtype == "float32" else dtype
    size = BYTES.get(dtype, 2)
    quantised = weights if "quantization_config" in config else 0
    for file in folder.glob("*.safetensors") if quantised else ():
        quantised -= floating_bytes(file)
    return ModelShape(context, 2 * layers * kv_heads * head_size * size, weights, dtype, quantised)


def floating_bytes(file: Path) -> int:
    """Bytes of `file`'s tensors that are in 16-bit floats, from its header (safetensors format).

    Raises:
        BadInput: the header is not JSON.
    """
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        try:
            header = json.loads(opened.read(min(length, LONGEST_HEADER)))
            ranges = [
                tensor["data_offsets"] for tensor in header.values() if tensor.get("dtype") in HALF_TYPES
            ]
            return sum(end - begin for begin, end in ranges)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{file} is no safetensors file: {error}", "pull or import it again") from None


def has_bf16_instructions(cpuinfo: str) -> bool:
    """Whether a CPU multiplies bfloat16 by itself, from the text of /proc/cpuinfo."""
    return any(f" {flag}" in cpuinfo for flag in ("avx512_bf16", "amx_bf16", "bf16"))


def has_int8_instructions(cpuinfo: str) -> bool:
    """Whether a CPU multiplies int8 by itself, from the text of /proc/cpuinfo."""
    return any(f" {flag}" in cpuinfo for flag in ("avx512_vnni", "avx_vnni", "amx_int8"))


def served_shape(shape: ModelShape, device: str, asked: str | None) -> ModelShape:
    """The shape with the type it is served in: the asked one; on a CPU without bfloat16 instructions
    float32, which is several times faster there and takes twice the memory; else the weights' own."""
    dtype = asked or shape.dtype
    if asked is None and device == "cpu" and shape.dtype == "bfloat16":
        cpuinfo = Path("/proc/cpuinfo")
        if cpuinfo.is_file() and not has_bf16_instructions(cpuinfo.read_text(errors="replace")):
            dtype = "float32"
    factor = BYTES.get(dtype, 2) / BYTES.get(shape.dtype, 2)
    return replace(
        shape,
        dtype=dtype,
        kv_bytes_per_token=int(shape.kv_bytes_per_token * factor),
        weight_bytes=int((shape.weight_bytes - shape.quantised_bytes) * factor) + shape.quantised_bytes,
    )


def plan_memory(
    model: ModelFolder, shape: ModelShape, settings: EngineSettings, device: str, memory: FreeMemory
) -> MemoryPlan:
    """The context, cache and GPU share to start `model` with on `device` ("cpu" or "cuda").

    What `settings` names is taken as it is; the rest is computed so that it fits `memory`.

    Raises:
        BadInput: the context asked for is longer than the model's, or than the cache asked for.
        MissingPrerequisite: weights and a cache for the smallest useful context do not fit.
    """
    shape = served_shape(shape, device, settings.dtype)
    longest = min(model.context, shape.context)
    if settings.context is not None and settings.context > longest:
        raise BadInput(f"{model.name} has a context of {longest} tokens, not {settings.context}")
    fraction = None
    if device == "cuda":
        fraction = settings.gpu_fraction or min(GPU_SHARE, memory.free / memory.total - 0.02)
        room = int(fraction * memory.total) - shape.weight_bytes // settings.gpus - GPU_WORK_BYTES
        room *= settings.gpus
    else:
        room = memory.free - shape.weight_bytes - PROCESS_BYTES
    if settings.kv_bytes is not None:
        room = settings.kv_bytes
    wanted = settings.context or min(longest, CPU_CONTEXT if device == "cpu" else longest)
    fits = room // shape.kv_bytes_per_token
    if settings.context is None and fits < wanted:
        # Round steps, so that a few free megabytes more or less give the same engine identity.
        wanted = max(fits // 4096 * 4096, min(SMALLEST_CONTEXT, longest))
    if fits < wanted and settings.kv_bytes is not None:
        raise BadInput(
            f"a cache of {room / GIB:.2f} GiB holds {fits} tokens of {model.name}, not {wanted}",
            "set a shorter --context or a larger cache",
        )
    if fits < wanted:
        need = (memory.free - room + wanted * shape.kv_bytes_per_token) / GIB
        raise MissingPrerequisite(
            f"{model.name} with a context of {wanted} tokens needs about {need:.1f} GiB for weights, "
            f"cache and work; {memory.free / GIB:.1f} GiB are free",
            "free memory, take a smaller model, or set a shorter --context",
        )
    kv_bytes = settings.kv_bytes
    if kv_bytes is None and device == "cpu":
        most = CONTEXTS_KEPT * wanted * shape.kv_bytes_per_token
        kv_bytes = max(wanted * shape.kv_bytes_per_token, min(most, room // 2))
    return MemoryPlan(wanted, kv_bytes, fraction, shape.dtype)


def with_less(settings: EngineSettings, tried: MemoryPlan) -> EngineSettings | None:
    """`settings` for another start when memory did not hold what `tried` says: half the context, half the
    cache where one was asked for. None when there is nothing shorter to try."""
    least = settings.least_context
    if least is None or tried.context <= least:
        return None
    context = max(tried.context // 2, least)
    kv_bytes = settings.kv_bytes and settings.kv_bytes * context // tried.context
    return replace(settings, context=context, kv_bytes=kv_bytes)


def free_memory(device: str) -> FreeMemory:
    """Memory that is free now on `device`; on a CPU inside a container, what the container may take."""
    if device == "cuda":
        import torch

        free, total = torch.cuda.mem_get_info()
        return FreeMemory(free, total)
    import psutil

    machine = psutil.virtual_memory()
    free, total = machine.available, machine.total
    limit, used = _cgroup_number("memory.max"), _cgroup_number("memory.current")
    if limit is not None and limit < total:
        total = limit
        free = min(free, limit - (used or 0))
    return FreeMemory(free, total)


def _cgroup_number(name: str) -> int | None:
    """Bytes in a control file of this container, None where there is none or no limit ("max")."""
    try:
        return int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
