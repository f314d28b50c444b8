"""Models that are carried on a medium: whole and the same, or refused by name."""

from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights import importing as receiving
from offline_coder.weights import resolve, verify
from offline_coder.weights.carrying import export_model
from offline_coder.weights.importing import import_folder
from offline_coder.weights.manifest import Manifest
from offline_coder.weights.pull import pull


@pytest.fixture
def shipped(toy: Manifest, wheelhouse: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """The model `toy`, pulled, as one of the manifests that are shipped."""
    for module in (verify, receiving):
        monkeypatch.setattr(module, "load_manifests", lambda: {toy.name: toy})
    pull(toy)
    return toy


def another_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFLINE_CODER_HOME", str(tmp_path / "elsewhere"))


def test_a_shipped_model_arrives_as_what_its_manifest_says(
    shipped: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = resolve(shipped.name)
    export_model(shipped.name, tmp_path / "medium" / "toy")
    another_store(tmp_path, monkeypatch)
    assert import_folder(tmp_path / "medium" / "toy") == (shipped.name, ())
    after = resolve(shipped.name)
    assert after.folder.is_relative_to(tmp_path / "elsewhere")
    assert (after.digest, after.licence, after.context_length) == (
        before.digest,
        before.licence,
        before.context_length,
    )


def test_a_byte_that_changed_on_the_way_is_named_and_nothing_is_kept(
    shipped: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    medium = tmp_path / "medium"
    export_model(shipped.name, medium)
    raw = bytearray((medium / "model.safetensors").read_bytes())
    raw[5] ^= 1
    (medium / "model.safetensors").write_bytes(raw)
    another_store(tmp_path, monkeypatch)
    with pytest.raises(MissingPrerequisite, match=r"model\.safetensors"):
        import_folder(medium)
    assert not [path for path in (tmp_path / "elsewhere").rglob("*") if path.suffix == ".safetensors"]


def test_an_imported_model_keeps_its_name_and_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "config.json").write_text('{"max_position_embeddings": 64}')
    (own / "tokenizer.json").write_text("{}")
    (own / "model.safetensors").write_bytes(b"weights")
    import_folder(own, name="lab-model", licence="MIT")
    export_model("lab-model", tmp_path / "medium")
    another_store(tmp_path, monkeypatch)
    assert import_folder(tmp_path / "medium")[0] == "lab-model"
    assert resolve("lab-model").licence == "MIT"


def test_a_folder_that_is_there_is_not_written_over(shipped: Manifest, tmp_path: Path) -> None:
    (tmp_path / "medium").mkdir()
    with pytest.raises(BadInput, match="there already"):
        export_model(shipped.name, tmp_path / "medium")
    assert not list((tmp_path / "medium").iterdir())
