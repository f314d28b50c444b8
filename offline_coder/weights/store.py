"""Where models lie on disk, and the lock that makes one process at a time change one of them.

<home>/models/<name>/            a finished model: safetensors, config, tokenizer, weights.json
<home>/models/.<name>.partial/   what an unfinished pull has got so far
<home>/models/.<name>.lock       held by the process that changes <name>
<home>/pins/<name>.json          digests written down at the first pull or import
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path


def home() -> Path:
    """The user's store: $OFFLINE_CODER_HOME, else $XDG_DATA_HOME/offline-coder, else ~/.local/share/..."""
    if chosen := os.environ.get("OFFLINE_CODER_HOME"):
        return Path(chosen).expanduser().absolute()
    if shared := os.environ.get("XDG_DATA_HOME"):
        return Path(shared).expanduser().absolute() / "offline-coder"
    return Path.home() / ".local" / "share" / "offline-coder"


def models_folder() -> Path:
    """The folder that holds one folder a model; it may not exist yet."""
    return home() / "models"


def model_folder(name: str) -> Path:
    """Where the finished model `name` lies or would lie."""
    return models_folder() / name


def partial_folder(name: str) -> Path:
    """Where a pull of `name` keeps what it has so far: on the same disk, so that a rename finishes it."""
    return models_folder() / f".{name}.partial"


def pin_file(name: str) -> Path:
    """Where the digests of `name` are written down at its first pull or import."""
    return home() / "pins" / f"{name}.json"


@contextlib.contextmanager
def locked(name: str, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock of model `name`; another holder is waited for, after one call of `on_wait`.

    The kernel frees the lock when its holder dies, however it dies.
    """
    models_folder().mkdir(parents=True, exist_ok=True)
    with (models_folder() / f".{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait:
                on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
