"""Digests written down at the first pull or import, and held to ever after."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, ValidationError

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.files import write_atomic
from offline_coder.core.values import Value
from offline_coder.weights.manifest import PinnedFile
from offline_coder.weights.store import pin_file


class Pin(Value):
    """What a model was when it was first seen.

    Attributes:
        origin: the hub's repository, the absolute path of the imported folder, or "package-parts".
        commit: the hub's commit that was taken; empty for what is no hub.
        pinned_at: when, UTC, ISO 8601.
    """

    name: str
    kind: Literal["package-parts", "hub", "import"]
    origin: str
    commit: str = ""
    pinned_at: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    files: tuple[PinnedFile, ...] = Field(min_length=1)


def read_pin(name: str) -> Pin | None:
    """The pin of `name`; None when nothing was pinned.

    Raises:
        MissingPrerequisite: the file is there and cannot be read; it is not taken for absent, because
            that would let the next pull pin whatever it gets.
    """
    path = pin_file(name)
    try:
        return Pin.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise MissingPrerequisite(
            f"the pinned digests of {name} cannot be read: {path}",
            "restore the file from a backup, or remove it to pin the model anew",
        ) from error


def write_pin(pin: Pin) -> None:
    """Write `pin` down, replacing an earlier one of the same model."""
    write_atomic(pin_file(pin.name), pin.model_dump_json(indent=2) + "\n")
