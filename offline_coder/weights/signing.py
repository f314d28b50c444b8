"""Models of the store, and folders that came on a medium, signed and verified with a lab's keys."""

from collections.abc import Callable
from pathlib import Path

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.core.files import write_atomic
from offline_coder.weights.manifest import load_manifests
from offline_coder.weights.model_signature import (
    compare_signed,
    private_key,
    public_key,
    sign,
    verify_signature,
)
from offline_coder.weights.pins import read_pin
from offline_coder.weights.progress import OnProgress, Progress, silent
from offline_coder.weights.seal import SIGNATURE_NAME, hash_folder, refuse
from offline_coder.weights.store import locked
from offline_coder.weights.verify import expected_files, known_names, resolve

DO_NOT = "do not use it; have it signed again where it is known to be right"


def sign_model(
    name: str, key: Path, ask_password: Callable[[], str], on_progress: OnProgress = silent
) -> Path:
    """Sign the model `name` of the store after reading every byte of it. Returns where the signature lies.

    Raises:
        BadInput: no such model, or no such key.
        MissingPrerequisite: the model is damaged or not here.
    """
    secret = private_key(key, ask_password)
    with locked(name, lambda: on_progress(Progress("wait"))):
        weights = resolve(name, on_progress=on_progress)
        files = expected_files(load_manifests().get(weights.name), read_pin(weights.name)) or ()
        path = weights.folder / SIGNATURE_NAME
        write_atomic(path, sign(weights.name, files, secret))
    return path


def verify_model(
    name_or_folder: str, key: Path, signature: Path | None = None, on_progress: OnProgress = silent
) -> Path:
    """The folder of a model that is signed with the other half of `key`, every byte of it read. A model of
    the store must also be what its manifest or pin says.

    Raises:
        BadInput: no such model or key, or a signature in a form that is not supported.
        MissingPrerequisite: the model is damaged, or is not what was signed; the message names the file.
    """
    public = public_key(key)
    folder = Path(name_or_folder).expanduser()
    if "/" not in name_or_folder and (name_or_folder in known_names() or not folder.is_dir()):
        weights = resolve(name_or_folder, on_progress=on_progress)
        folder = weights.folder
        files = expected_files(load_manifests().get(weights.name), read_pin(weights.name)) or ()
    elif folder.is_dir():
        links = [path for path in folder.rglob("*") if path.is_symlink()]
        if links:
            raise BadInput(f"{links[0]} is a symbolic link, and what it points to was not signed")
        files = hash_folder(folder, on_progress)
    else:
        raise MissingPrerequisite(f"there is no model folder {folder}", "offline-coder models list")
    signed = verify_signature(signature or folder / SIGNATURE_NAME, public)
    if problems := compare_signed(files, signed):
        raise refuse(name_or_folder, folder, problems, DO_NOT)
    return folder
