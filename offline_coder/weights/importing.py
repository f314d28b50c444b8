"""Take a model folder that the user already has into the store, and pin it.

Taken: safetensors, configuration, tokenizer and chat template. Never taken: pickled weights, because
loading them runs code, and Python files, because this program never runs code that came with a model.
"""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from offline_coder.core.errors import BadInput
from offline_coder.weights.carrying import TAKEN, carry_in
from offline_coder.weights.manifest import MODEL_NAME, SamplingDefaults, load_manifests
from offline_coder.weights.pins import Pin, read_pin, write_pin
from offline_coder.weights.progress import OnProgress, Progress, silent
from offline_coder.weights.pull import place
from offline_coder.weights.seal import (
    SEAL_NAME,
    SIGNATURE_NAME,
    Seal,
    digest_of,
    hash_folder,
    read_seal,
    write_seal,
)
from offline_coder.weights.space import clear_when_full, require_space
from offline_coder.weights.store import locked, models_folder, partial_folder

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def import_folder(
    folder: Path, *, name: str = "", licence: str = "", link: bool = False, on_progress: OnProgress = silent
) -> tuple[str, tuple[str, ...]]:
    """Put the model in `folder` into the store under `name` (the folder's own name where empty).

    `link` makes hard links instead of copies: quick, no space, but a later change of the user's file
    damages the model (and is found at the next load). A folder that `export_model` wrote keeps its name and
    licence; a shipped model in it must be what its manifest says. Returns the name and the files left out.

    Raises:
        BadInput: not a model folder with safetensors and a tokenizer, or a name that cannot be used.
        MissingPrerequisite: the disk is full.
    """
    origin = folder.expanduser().resolve()
    seal = read_seal(origin)
    if seal is not None:
        shipped = load_manifests().get(seal.name)
        if shipped is not None and name in ("", seal.name):
            return carry_in(origin, shipped, seal, on_progress), ()
        name, licence = name or seal.name, licence or seal.licence
    taken, left_out = sorted_files(origin)
    context = context_length(origin)
    name = name or re.sub(r"[^a-z0-9._-]+", "-", origin.name.lower()).strip("-._")
    require_free_name(name, origin)
    total = sum(path.stat().st_size for path in taken)
    with clear_when_full(models_folder()), locked(name, lambda: on_progress(Progress("wait"))):
        work = partial_folder(name)
        shutil.rmtree(work, ignore_errors=True)
        fresh = work / "model"
        fresh.mkdir(parents=True)
        if not link:
            require_space(work, total)
        done = 0
        for path in taken:
            on_progress(Progress("copy", done, total))
            take(path, fresh / path.name, link=link)
            done += path.stat().st_size
        if (origin / SIGNATURE_NAME).is_file():
            take(origin / SIGNATURE_NAME, fresh / SIGNATURE_NAME, link=False)
        files = hash_folder(fresh, on_progress)
        seal = Seal(
            name=name,
            origin=str(origin),
            licence=licence or "unknown (imported)",
            context_length=context,
            sampling=SamplingDefaults(),
            files=files,
            digest=digest_of(files),
        )
        write_seal(fresh, seal)
        # Pinned before it is seen: a model folder without a pin would be refused as put there by hand.
        write_pin(Pin(name=name, kind="import", origin=str(origin), files=files))
        place(fresh, name)
        shutil.rmtree(work)
    return name, left_out


def sorted_files(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The files of `folder` to take, and the names of those to leave out.

    Raises:
        BadInput: not a folder, no safetensors, no config.json, or no tokenizer.
    """
    if not folder.is_dir():
        raise BadInput(f"no such folder: {folder}", "name a folder with config.json and *.safetensors")
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    taken = [path for path in files if path.suffix in TAKEN and path.name != SEAL_NAME]
    ours = (SEAL_NAME, SIGNATURE_NAME)
    left_out = tuple(path.name for path in files if path not in taken and path.name not in ours)
    names = {path.name for path in taken}
    if not any(path.suffix == ".safetensors" for path in taken):
        if any(path.suffix in PICKLES for path in files):
            raise BadInput(
                f"{folder} holds pickled weights only, and loading a pickle runs code",
                "convert it to safetensors where you trust it (save_pretrained of transformers does)",
            )
        raise BadInput(
            f"{folder} holds no *.safetensors files", "name a folder in the layout of transformers"
        )
    if "config.json" not in names:
        raise BadInput(f"{folder} holds no config.json", "name a folder in the layout of transformers")
    if not names & {"tokenizer.json", "tokenizer.model", "vocab.json"}:
        raise BadInput(f"{folder} holds no tokenizer", "copy the model's tokenizer files beside its weights")
    return taken, left_out


def context_length(folder: Path) -> int:
    """Tokens, from max_position_embeddings of config.json (or of its text_config).

    Raises:
        BadInput: config.json is not JSON or names no context length.
    """
    try:
        config: Any = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        length = config.get("max_position_embeddings") or config["text_config"]["max_position_embeddings"]
        return int(length)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{folder / 'config.json'} does not say max_position_embeddings") from error


def require_free_name(name: str, origin: Path) -> None:
    """Refuse names that are no folder names, and names that mean another model.

    Raises:
        BadInput: as said.
    """
    if not re.match(MODEL_NAME, name):
        raise BadInput(f"not a usable model name: {name!r}", "--name NAME: lower case letters, digits, . _ -")
    if name in load_manifests():
        raise BadInput(f"{name} is the name of a shipped model", "choose another with --name NAME")
    pin = read_pin(name)
    if pin and Path(pin.origin) != origin:
        raise BadInput(f"{name} was imported from {pin.origin}", "choose another name with --name NAME")


def take(path: Path, target: Path, *, link: bool) -> None:
    """Copy or hard-link one file; symbolic links, as in the hub's cache, are followed.

    Raises:
        BadInput: a hard link cannot reach from one disk to another.
    """
    if not link:
        shutil.copyfile(path, target)
        return
    try:
        os.link(path.resolve(), target)
    except OSError as error:
        raise BadInput(
            f"cannot hard-link {path} into the store: {error.strerror}", "leave --link out"
        ) from error
