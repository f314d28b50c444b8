"""Importing a folder, and resolving names and folders to verified weights."""

import json
from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights import resolve
from offline_coder.weights.importing import import_folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A model folder as a user has it: with a pickle and a code file beside the safetensors."""
    folder = tmp_path / "My Model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": 4096}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights" * 1000)
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "modeling_mine.py").write_text("import os")
    return folder


@pytest.mark.parametrize("link", [False, True])
def test_import_takes_data_and_leaves_code_out(own: Path, store: Path, link: bool) -> None:
    name, left_out = import_folder(own, licence="MIT", link=link)
    assert name == "my-model"
    assert left_out == ("modeling_mine.py", "pytorch_model.bin")
    weights = resolve("my-model")
    assert weights.folder == store / "models/my-model"
    assert (weights.context_length, weights.licence) == (4096, "MIT")
    assert weights.bytes == sum((weights.folder / n).stat().st_size for n in ("config.json",)) + 7002
    assert not (weights.folder / "pytorch_model.bin").exists()
    # The folder it came from means the same model.
    assert resolve(str(own)) == weights
    assert resolve(str(weights.folder)) == weights


def test_same_bytes_have_the_same_digest_under_any_name(own: Path) -> None:
    import_folder(own, name="one")
    first = resolve("one").digest
    import_folder(own, name="two")
    assert resolve("two").digest == first


def test_changed_byte_is_named_with_the_way_back(own: Path, store: Path) -> None:
    import_folder(own)
    file = store / "models/my-model/model.safetensors"
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    with pytest.raises(MissingPrerequisite, match=r"my-model/model\.safetensors has other bytes") as caught:
        resolve("my-model")
    assert caught.value.hint.startswith("offline-coder models import ")


def test_bare_folder_is_refused(own: Path) -> None:
    with pytest.raises(BadInput, match="was never imported") as caught:
        resolve(str(own))
    assert caught.value.hint == f"offline-coder models import {own}"


def test_folder_put_into_the_store_by_hand_is_refused(own: Path, store: Path) -> None:
    import_folder(own)
    (store / "pins/my-model.json").unlink()
    with pytest.raises(MissingPrerequisite, match=r"nothing in .* vouches for it"):
        resolve("my-model")


def test_unknown_and_absent_models_say_what_to_type(store: Path) -> None:
    with pytest.raises(BadInput, match="unknown model 'gpt-9'"):
        resolve("gpt-9")
    with pytest.raises(MissingPrerequisite, match="not on this machine") as caught:
        resolve("smollm2-135m")
    assert caught.value.hint == "offline-coder models pull smollm2-135m"
    with pytest.raises(BadInput, match="no such model folder"):
        resolve("./nowhere")


@pytest.mark.parametrize(
    ("removed", "said"),
    [
        ("model.safetensors", "pickled weights only"),
        ("config.json", "no config.json"),
        ("tokenizer.json", "no tokenizer"),
    ],
)
def test_incomplete_folders_are_refused(own: Path, store: Path, removed: str, said: str) -> None:
    (own / removed).unlink()
    with pytest.raises(BadInput, match=said):
        import_folder(own)
    assert not (store / "models").exists()


@pytest.mark.parametrize("name", ["../evil", ".hidden", "Big", "a/b", "smollm2-135m"])
def test_unusable_names_are_refused(own: Path, name: str) -> None:
    with pytest.raises(BadInput):
        import_folder(own, name=name)


def test_name_of_another_import_is_not_taken_over(own: Path, tmp_path: Path) -> None:
    import_folder(own, name="mine")
    other = tmp_path / "other"
    own.rename(other)
    with pytest.raises(BadInput, match="was imported from"):
        import_folder(other, name="mine")
