import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.engines.memory import (
    CONTEXTS_KEPT,
    CPU_CONTEXT,
    GIB,
    SMALLEST_CONTEXT,
    FreeMemory,
    ModelShape,
    free_memory,
    plan_memory,
    read_shape,
    with_less,
)
from offline_coder.engines.settings import EngineSettings, ModelFolder

# Qwen2.5-Coder-0.5B: 24 layers, 2 heads of 64 for keys and values, two bytes each.
QWEN = {
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "hidden_size": 896,
    "num_hidden_layers": 24,
    "max_position_embeddings": 32768,
    "dtype": "bfloat16",
}
SMALL = ModelShape(context=32768, kv_bytes_per_token=12288, weight_bytes=1_260_000_000, dtype="bfloat16")
MODEL = ModelFolder("small", Path("small"), "digest", 32768)


def folder_with(folder: Path, config: dict[str, Any] | str) -> Path:
    text = config if isinstance(config, str) else json.dumps(config)
    (folder / "config.json").write_text(text)
    (folder / "model.safetensors").write_bytes(b"x" * 100)
    return folder


def test_a_shape_is_read_from_config_and_files(tmp_path: Path) -> None:
    assert read_shape(folder_with(tmp_path, QWEN)) == ModelShape(32768, 12288, 100, "bfloat16")


def test_a_shape_is_found_one_level_down(tmp_path: Path) -> None:
    config = {"architectures": ["X"], "text_config": QWEN | {"head_dim": 128}}
    assert read_shape(folder_with(tmp_path, config)).kv_bytes_per_token == 2 * 12288


def test_weights_in_four_bytes_are_run_in_two(tmp_path: Path) -> None:
    assert read_shape(folder_with(tmp_path, QWEN | {"dtype": "float32"})).dtype == "bfloat16"


@pytest.mark.parametrize("config", ["", "{", "[]", "{}", '{"num_attention_heads": 0}', '"text"'])
def test_a_config_that_says_nothing_is_refused(tmp_path: Path, config: str) -> None:
    with pytest.raises(BadInput, match=r"config\.json"):
        read_shape(folder_with(tmp_path, config))


def test_a_folder_without_config_or_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no config\.json"):
        read_shape(tmp_path)
    (folder_with(tmp_path, QWEN) / "model.safetensors").unlink()
    with pytest.raises(BadInput, match="safetensors"):
        read_shape(tmp_path)


def test_a_cpu_gets_a_context_it_can_read_in_time() -> None:
    settings = EngineSettings(dtype="bfloat16")
    plan = plan_memory(MODEL, SMALL, settings, "cpu", FreeMemory(20 * GIB, 24 * GIB))
    assert plan.context == CPU_CONTEXT
    assert plan.kv_bytes == CONTEXTS_KEPT * CPU_CONTEXT * 12288
    assert plan.gpu_fraction is None


def test_a_gpu_gets_the_models_context() -> None:
    plan = plan_memory(MODEL, SMALL, EngineSettings(), "cuda", FreeMemory(78 * GIB, 80 * GIB))
    assert plan.context == 32768
    assert plan.kv_bytes is None
    assert plan.gpu_fraction == pytest.approx(0.9)


def test_a_busy_gpu_gives_a_smaller_share() -> None:
    plan = plan_memory(MODEL, SMALL, EngineSettings(), "cuda", FreeMemory(8 * GIB, 16 * GIB))
    assert plan.gpu_fraction == pytest.approx(0.48)


def test_settings_are_taken_as_they_are() -> None:
    settings = EngineSettings(context=4096, kv_bytes=GIB)
    plan = plan_memory(MODEL, SMALL, settings, "cpu", FreeMemory(20 * GIB, 24 * GIB))
    assert (plan.context, plan.kv_bytes) == (4096, GIB)


def test_a_context_beyond_the_models_is_refused() -> None:
    with pytest.raises(BadInput, match="32768 tokens, not 40000"):
        plan_memory(MODEL, SMALL, EngineSettings(context=40000), "cpu", FreeMemory(20 * GIB, 24 * GIB))


def test_too_little_memory_is_said_before_the_start() -> None:
    with pytest.raises(MissingPrerequisite, match=r"1\.0 GiB are free"):
        plan_memory(MODEL, SMALL, EngineSettings(), "cpu", FreeMemory(GIB, 24 * GIB))


@given(
    free=st.integers(0, 64 * GIB),
    per_token=st.integers(1000, 1_000_000),
    weights=st.integers(1, 40 * GIB),
    context=st.integers(SMALLEST_CONTEXT, 131072),
    device=st.sampled_from(["cpu", "cuda"]),
)
def test_a_plan_fits_or_is_refused(
    free: int, per_token: int, weights: int, context: int, device: str
) -> None:
    shape = ModelShape(context, per_token, weights, "bfloat16")
    model = ModelFolder("m", Path("m"), "d", context)
    memory = FreeMemory(free, 64 * GIB)
    try:
        plan = plan_memory(model, shape, EngineSettings(), device, memory)
    except MissingPrerequisite:
        return
    assert SMALLEST_CONTEXT <= plan.context <= context
    cache = plan.kv_bytes or plan.context * per_token
    assert cache >= plan.context * per_token
    assert cache + weights <= free or device == "cuda"
    if plan.gpu_fraction is not None:
        assert cache + weights <= plan.gpu_fraction * memory.total


def test_free_memory_is_within_the_machine() -> None:
    found = free_memory("cpu")
    assert 0 < found.free <= found.total


@pytest.mark.parametrize("kv_bytes", [None, 20 * GIB])
def test_less_is_half_the_context_down_to_the_least(kv_bytes: int | None) -> None:
    memory = FreeMemory(100 * GIB, 100 * GIB)
    settings: EngineSettings | None = EngineSettings(context=24576, least_context=4000, kv_bytes=kv_bytes)
    tried = []
    while settings is not None:
        plan = plan_memory(MODEL, SMALL, settings, "cpu", memory)
        tried.append((plan.context, plan.kv_bytes or 0))
        settings = with_less(settings, plan)
    assert [context for context, _ in tried] == [24576, 12288, 6144, 4000]
    caches = [cache for _, cache in tried]
    assert caches == sorted(caches, reverse=True)
    assert caches[-1] < caches[0] / 5


def test_without_a_least_there_is_nothing_shorter() -> None:
    memory = FreeMemory(100 * GIB, 100 * GIB)
    settings = EngineSettings(context=8192)
    assert with_less(settings, plan_memory(MODEL, SMALL, settings, "cpu", memory)) is None
