"""From a model's name to weights that are known to be the right ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights.manifest import (
    Manifest,
    PinnedFile,
    SamplingDefaults,
    ThinkingDefaults,
    load_manifests,
    unknown_model,
)
from offline_coder.weights.pins import Pin, read_pin
from offline_coder.weights.progress import OnProgress, silent
from offline_coder.weights.seal import (
    SEAL_NAME,
    Problem,
    Seal,
    compare_files,
    glance,
    inspect,
    read_seal,
    refuse,
)
from offline_coder.weights.store import home, model_folder, models_folder

State = Literal["ready", "not pulled", "unpinned", "damaged"]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights on disk whose every byte was checked when this value was made.

    Attributes:
        name: the model's name in the store.
        folder: safetensors, config.json, generation_config.json, tokenizer and chat template.
        digest: sha256 over all files' names and digests: the weights' identity in a journal.
        context_length: tokens.
        sampling: what to use when the user says nothing.
        thinking: how it thinks before it answers; None for a model that does not.
        licence: SPDX name where there is one, else the publisher's name for it.
        bytes: size of all files.
    """

    name: str
    folder: Path
    digest: str
    context_length: int
    sampling: SamplingDefaults
    licence: str
    bytes: int
    thinking: ThinkingDefaults | None = None


def resolve(name_or_folder: str, *, on_progress: OnProgress | None = None) -> Weights:
    """The weights of a model of the store, by name or by the folder it was imported from.

    Every file is read and its sha256 compared: about one second for each GB.

    Raises:
        BadInput: no model is called so, or the folder was never imported.
        MissingPrerequisite: the model is not pulled, or a file is missing, added or changed; the
            message names the file.
    """
    name = store_name(name_or_folder)
    manifest, pin = load_manifests().get(name), read_pin(name)
    seal, problems = check(name, manifest, pin, on_progress or silent)
    if problems:
        raise refuse(name, model_folder(name), problems, mending(manifest, pin))
    return Weights(
        name=name,
        folder=model_folder(name),
        digest=seal.digest,
        context_length=seal.context_length,
        sampling=seal.sampling,
        licence=seal.licence,
        bytes=sum(file.size for file in seal.files),
        thinking=manifest.thinking if manifest else None,
    )


def check(
    name: str, manifest: Manifest | None, pin: Pin | None, on_progress: OnProgress = silent
) -> tuple[Seal, list[Problem]]:
    """The seal of `name` and everything that is wrong with its folder, read byte by byte.

    Raises:
        BadInput: nothing is known under this name.
        MissingPrerequisite: it is not pulled, or its folder has no usable seal.
    """
    folder = model_folder(name)
    if not folder.is_dir():
        if manifest is None and pin is None:
            raise unknown_model(name, known_names())
        raise MissingPrerequisite(f"the weights of {name} are not on this machine", mending(manifest, pin))
    seal = read_seal(folder)
    if seal is None:
        raise refuse(name, folder, [Problem(SEAL_NAME, "is missing or damaged")], mending(manifest, pin))
    expected = expected_files(manifest, pin)
    if expected is None:
        # Neither a manifest nor a pin vouches for these bytes: the seal alone could be anyone's.
        raise MissingPrerequisite(
            f"{folder} was put there by hand and nothing in {home() / 'pins'} vouches for it",
            mending(manifest, pin),
        )
    return seal, compare_files(seal.files, expected) or inspect(folder, expected, on_progress)


def expected_files(manifest: Manifest | None, pin: Pin | None) -> tuple[PinnedFile, ...] | None:
    """The files that a model must have: as the manifest pins them, else as they were first seen."""
    if manifest and manifest.files:
        return manifest.files
    return pin.files if pin else None


def state_of(name: str, manifest: Manifest | None, pin: Pin | None) -> State:
    """What `models list` says: from names and sizes only, so that it is fast; `models verify` reads all."""
    folder, expected = model_folder(name), expected_files(manifest, pin)
    if not folder.is_dir():
        return "not pulled" if expected else "unpinned"
    if expected is None:
        return "unpinned"
    seal = read_seal(folder)
    wrong = seal is None or compare_files(seal.files, expected) or glance(folder, expected)
    return "damaged" if wrong else "ready"


def known_names() -> list[str]:
    """Names of all shipped manifests, then of all models that were imported."""
    shipped = list(load_manifests())
    pinned = sorted(path.stem for path in (home() / "pins").glob("*.json"))
    return shipped + [name for name in pinned if name not in shipped]


def store_name(name_or_folder: str) -> str:
    """The name in the store that the user means.

    Raises:
        BadInput: it is a folder that was never imported.
    """
    looks_like_path = "/" in name_or_folder or name_or_folder in (".", "..")
    if not looks_like_path and (name_or_folder in known_names() or not Path(name_or_folder).is_dir()):
        return name_or_folder
    folder = Path(name_or_folder).expanduser().resolve()
    if folder.parent == models_folder().resolve():
        return folder.name
    for name in known_names():
        pin = read_pin(name)
        if pin and pin.kind == "import" and Path(pin.origin) == folder:
            return name
    if not folder.is_dir():
        raise BadInput(f"no such model folder: {folder}", "offline-coder models list")
    raise BadInput(
        f"{folder} was never imported, so nothing says what its bytes must be",
        f"offline-coder models import {folder}",
    )


def mending(manifest: Manifest | None, pin: Pin | None) -> str:
    """The command that puts a model right."""
    if manifest:
        return f"offline-coder models pull {manifest.name}"
    if pin and pin.kind == "import":
        return f"offline-coder models import {pin.origin} --name {pin.name}"
    return "offline-coder models import DIR --name NAME"
