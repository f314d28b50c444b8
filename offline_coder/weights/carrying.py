"""Models carried from one store to another: written out with their seal, and taken in where it holds.

A shipped model must be what the receiving side's manifest or pin says; one whose files nobody there knew
yet is pinned as it came, as at a first pull.
"""

import shutil
from pathlib import Path

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights.manifest import Manifest
from offline_coder.weights.pins import Pin, read_pin, write_pin
from offline_coder.weights.progress import OnProgress, Progress, silent
from offline_coder.weights.pull import publish
from offline_coder.weights.seal import SEAL_NAME, Seal, compare_files, hash_folder
from offline_coder.weights.space import clear_when_full, require_space
from offline_coder.weights.store import locked, models_folder, partial_folder
from offline_coder.weights.verify import Weights, expected_files, resolve

TAKEN = (".safetensors", ".json", ".jinja", ".txt", ".model")
"""The files of a model that are data: no pickles, no code."""


def export_model(name: str, target: Path, on_progress: OnProgress = silent) -> Weights:
    """Copy the model `name` with its seal to the new folder `target`, and read the copy again: a medium
    that lies is found here and not in the room without internet. `target` is whole or not there.

    Raises:
        BadInput: `target` exists or cannot be written, or no such model.
        MissingPrerequisite: the model is damaged, the copy is, or the disk is full.
    """
    target = target.expanduser().absolute()
    if target.exists():
        raise BadInput(f"{target} is there already", "name a new folder")
    weights = resolve(name, on_progress=on_progress)
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with clear_when_full(target.parent):
            part.mkdir(parents=True)
            require_space(part, weights.bytes)
            on_progress(Progress("copy", 0, weights.bytes))
            shutil.copytree(weights.folder, part, dirs_exist_ok=True)
            seal = Seal.model_validate_json((part / SEAL_NAME).read_text(encoding="utf-8"))
            if problems := compare_files(hash_folder(part, on_progress), seal.files):
                raise MissingPrerequisite(
                    f"the copy of {problems[0].file} in {target} {problems[0].what}", "try another medium"
                )
            part.replace(target)
    except PermissionError as error:
        raise BadInput(f"cannot write to {target.parent}: {error.strerror}", "name another folder") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return weights


def carry_in(folder: Path, manifest: Manifest, seal: Seal, on_progress: OnProgress = silent) -> str:
    """Take the shipped model that `export_model` wrote to `folder` into the store. Returns its name.

    Raises:
        BadInput: a file is of a kind that is never taken.
        MissingPrerequisite: a file is not what the manifest, the pin or the seal says, or the disk is full.
    """
    name = manifest.name
    known = expected_files(manifest, read_pin(name))
    strange = [file.path for file in seal.files if not file.path.endswith(TAKEN)]
    if strange:
        raise BadInput(f"{folder} holds {strange[0]}, which is never taken", "export the model again")
    with clear_when_full(models_folder()), locked(name, lambda: on_progress(Progress("wait"))):
        work = partial_folder(name)
        shutil.rmtree(work, ignore_errors=True)
        fresh = work / "model"
        fresh.mkdir(parents=True)
        require_space(work, sum(file.size for file in seal.files))
        on_progress(Progress("copy"))
        shutil.copytree(folder, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns(SEAL_NAME, ".*"))
        files = hash_folder(fresh, on_progress)
        if problems := compare_files(files, known or seal.files):
            shutil.rmtree(work)
            raise MissingPrerequisite(
                f"refused: {problems[0].file} of {name} {problems[0].what}",
                "nothing of it was kept; export it again where it is whole",
            )
        # Pinned before it is seen, as in an import.
        if known is None:
            origin, _, commit = seal.origin.partition("@")
            write_pin(Pin(name=name, kind=manifest.source.kind, origin=origin, commit=commit, files=files))
        publish(manifest, seal.origin, fresh, files)
        shutil.rmtree(work)
    return name
