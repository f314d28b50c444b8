"""The run folder: where everything of one run lies, held by one process at a time."""

import fcntl
import json
import os
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ValidationError

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.core.files import file_digest, sweep_parts, write_atomic
from offline_coder.runs.manifest import Manifest

MANIFEST, JOURNAL, REPORT, PROVENANCE = "manifest.json", "journal.jsonl", "report.html", "provenance.json"
NOT_MADE = frozenset({MANIFEST, JOURNAL, REPORT, PROVENANCE, "engine.log", ".lock"})
"""What lies in the folder besides the artefacts: records that differ from one carrying out to the next."""


class RunFolder:
    """A folder that holds one run. Use as a context manager: inside, no other process has it.

    All paths below are relative to the folder; every write is atomic.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Make the folder and take it.

        Raises:
            BadInput: the path is a file, or a folder that holds other things and no run, or another
                process has it.
            MissingPrerequisite: the folder cannot be made or written.
        """
        try:
            if self.path.is_dir() and not self.holds_run and any(self.path.iterdir()):
                raise BadInput(f"{self.path} is not empty and holds no run", "choose another folder with -o")
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        except FileExistsError as error:
            raise BadInput(f"{self.path} is a file", "choose a folder with -o") from error
        except OSError as error:
            reason = error.strerror or "error"
            raise MissingPrerequisite(
                f"cannot write to {self.path}: {reason}", "choose another -o"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            self._lock = None
            raise BadInput(
                f"another process is running in {self.path}", "wait for it, or choose another -o"
            ) from error
        sweep_parts(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def holds_run(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / MANIFEST).is_file() or (self.path / ".lock").is_file()

    @property
    def journal(self) -> Path:
        """Where the journal lies."""
        return self.path / JOURNAL

    @property
    def engine_log(self) -> Path:
        """Where a managed engine's output goes."""
        return self.path / "engine.log"

    @property
    def repo(self) -> Path:
        """The generated repository."""
        return self.path / "repo"

    def write(self, name: str, text: str) -> None:
        """Put `text` at `name`."""
        write_atomic(self.path / PurePosixPath(name), text)

    def write_json(self, name: str, value: BaseModel | list[dict[str, object]]) -> None:
        """Put a value at `name` as readable JSON: two spaces, fields in their own order."""
        self.write(name, readable_json(value))

    def made_files(self) -> dict[str, str]:
        """Path -> sha256 of the artefacts: all that a replay makes again."""
        names = {path.relative_to(self.path).as_posix(): path for path in sorted(self.path.rglob("*"))}
        return {
            name: file_digest(path)
            for name, path in names.items()
            if path.is_file() and name not in NOT_MADE and not path.name.endswith(".part")
        }

    def changed_files(self, before: Manifest) -> list[str]:
        """The artefacts that are there and not as the run left them."""
        now = self.made_files() if before.files else {}
        return sorted(name for name, digest in before.files.items() if now.get(name, digest) != digest)

    def manifest(self) -> Manifest | None:
        """The manifest, None when no run was begun here.

        Raises:
            BadInput: it is there and cannot be read.
        """
        try:
            raw = (self.path / MANIFEST).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return Manifest.model_validate_json(raw)
        except ValidationError as error:
            raise BadInput(
                f"{self.path}/{MANIFEST} is damaged or of another version",
                "restore the file, or choose another folder with -o",
            ) from error

    def finished(self) -> Manifest:
        """The manifest of a run that was carried out to its end, or of a plan.

        Raises:
            BadInput: there is none.
        """
        manifest = self.manifest()
        if manifest is None:
            raise BadInput(f"{self.path} holds no run", "offline-coder run PAPER -o DIR")
        if manifest.status not in ("finished", "planned"):
            raise BadInput(
                f"the run in {self.path} is {manifest.status}, not finished",
                "resume it: type its command again",
            )
        return manifest

    def records(self) -> dict[str, str]:
        """Path -> sha256 of the journal and of the report, where they are."""
        return {
            name: file_digest(self.path / name) for name in (JOURNAL, REPORT) if (self.path / name).is_file()
        }


def readable_json(value: BaseModel | list[dict[str, object]]) -> str:
    """A value as JSON for people: two spaces, fields in their own order."""
    data = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
