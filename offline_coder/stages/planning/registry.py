"""What this lab has: names of data sets and models, what papers call them, and where they lie.

Two TOML files in one folder, datasets.toml and models.toml; either may be missing. A table a thing:

    [wmt14]
    aliases = ["WMT 2014", "newstest2014"]
    path = "/data/wmt14"
"""

import os
import re
import tomllib
from pathlib import Path

from pydantic import Field, TypeAdapter, ValidationError

from offline_coder.core.errors import BadInput
from offline_coder.core.plan import ResourceKind
from offline_coder.core.values import Value

FILES: dict[ResourceKind, str] = {"dataset": "datasets.toml", "model": "models.toml"}
EXAMPLE = "see examples/registry"
PIECE = re.compile(r"[^\W_]+")


class Entry(Value):
    """One thing the lab has. `path` goes into config.yaml as it stands."""

    path: str
    aliases: tuple[str, ...] = ()


ENTRIES = TypeAdapter(dict[str, Entry])


class Registry(Value):
    """Name -> entry, by kind. An empty one knows nothing."""

    datasets: dict[str, Entry] = Field(default_factory=dict)
    models: dict[str, Entry] = Field(default_factory=dict)

    def entries(self, kind: ResourceKind) -> dict[str, Entry]:
        """Those of one kind."""
        return self.datasets if kind == "dataset" else self.models

    def find(self, kind: ResourceKind, text: str) -> str | None:
        """The name of the entry whose name or alias occurs in `text`, the longest alias first; case and
        what separates words do not count."""
        known = [
            (alias, name)
            for name, entry in self.entries(kind).items()
            for alias in (name, *entry.aliases)
            if PIECE.search(alias)
        ]
        for alias, name in sorted(known, key=lambda pair: -len(pair[0])):
            if alias_pattern(alias).search(text):
                return name
        return None


EMPTY = Registry()


def alias_pattern(alias: str) -> re.Pattern[str]:
    """Where `alias` stands in a text as whole words: "WMT 2014" also as WMT2014, wmt-2014, WMT_2014."""
    words = r"[\s_-]*".join(re.escape(piece) for piece in PIECE.findall(alias))
    return re.compile(rf"(?<![^\W_]){words}(?![^\W_])", re.IGNORECASE)


def user_folder() -> Path:
    """Where the user's registry lies: $OFFLINE_CODER_HOME, else $XDG_CONFIG_HOME/offline-coder, else
    ~/.config/offline-coder."""
    if chosen := os.environ.get("OFFLINE_CODER_HOME"):
        return Path(chosen).expanduser()
    settings = os.environ.get("XDG_CONFIG_HOME")
    return (Path(settings).expanduser() if settings else Path.home() / ".config") / "offline-coder"


def read_registry(folder: Path | None = None) -> Registry:
    """The registry in `folder`, which has to exist, or the user's own, which need not.

    Raises:
        BadInput: there is no such folder or neither file in it, or a file is not as it should be.
    """
    place = folder or user_folder()
    found = {kind: place / name for kind, name in FILES.items() if (place / name).is_file()}
    if folder is not None and not found:
        raise BadInput(f"{folder} holds no {' and no '.join(FILES.values())}", EXAMPLE)
    return Registry(**{f"{kind}s": _read(path) for kind, path in found.items()})


def _read(path: Path) -> dict[str, Entry]:
    try:
        return ENTRIES.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", EXAMPLE) from error
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        raise BadInput(f"{path}: {where}: {wrong['msg']}", EXAMPLE) from error
