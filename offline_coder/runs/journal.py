"""The journal: every completion, on disk before anyone uses it. Resume is reading it again.

One JSON object a line, `{"key", "request", "completion"}`, fsynced line by line. The key is the
digest of the request and of what answers it, so a journal never answers for another model.
"""

import json
import os
from pathlib import Path

from pydantic import ValidationError

from offline_coder.core.engine import Identity
from offline_coder.core.errors import BadInput
from offline_coder.core.request import Completion, Request
from offline_coder.core.values import canonical_json, text_digest


def journal_key(request: Request, identity: Identity) -> str:
    """Lower-case hexadecimal sha256 over the request's digest and the engine's identity."""
    return text_digest(request.digest() + canonical_json(identity.model_dump(mode="json")))


class Journal:
    """The completions of one run folder, by key. Only the process that holds the folder writes."""

    def __init__(self, path: Path) -> None:
        """Read what is there.

        A last line without its line end is what a power cut leaves: it is cut off and `dropped` says so.

        Raises:
            BadInput: a whole line is damaged; it is named and nothing is changed.
        """
        self.path = path
        self.dropped = ""
        self._entries: dict[str, Completion] = {}
        if path.exists():
            self._read()

    def _read(self) -> None:
        raw = self.path.read_bytes()
        whole, _, tail = raw.rpartition(b"\n")
        lines = whole.split(b"\n") if whole else []
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                self._entries[entry["key"]] = Completion.model_validate(entry["completion"])
            except (ValueError, KeyError, TypeError, ValidationError) as error:
                raise BadInput(
                    f"line {number} of {self.path} is damaged",
                    "restore the file, or start a new run folder with -o",
                ) from error
        if tail:
            self.dropped = f"the last line of {self.path.name} was cut in writing; its request is asked again"
            os.truncate(self.path, len(raw) - len(tail))

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Completion | None:
        """The completion journaled under `key`, None when there is none."""
        return self._entries.get(key)

    def add(self, key: str, request: Request, completion: Completion) -> None:
        """Append one entry; on return it has reached the disk."""
        entry = {"key": key, "request": request.form(), "completion": completion.model_dump(mode="json")}
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
        with self.path.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._entries[key] = completion
