"""The journal: every completion, on disk before anyone uses it. Resume is reading it again.

One JSON object a line, `{"key", "request", "completion"}`, fsynced line by line. The key is the
digest of the request and of what answers it, so a journal never answers for another model. What else a
run learns from outside itself (token counts, how generated code ran) stands between them as
`{"key", "fact"}`; without fsync, because it can be learnt again.
"""

import errno
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from offline_coder.core.engine import Identity
from offline_coder.core.errors import BadInput
from offline_coder.core.request import Completion, Message, Request, request_of
from offline_coder.core.values import canonical_json, text_digest


def journal_key(request: Request, identity: Identity) -> str:
    """Lower-case hexadecimal sha256 over the request's digest and the engine's identity."""
    return text_digest(request.digest() + canonical_json(identity.model_dump(mode="json")))


def count_key(messages: Sequence[Message], identity: Identity) -> str:
    """Lower-case hexadecimal sha256 over `messages` and the identity of what counts their tokens."""
    return text_digest(
        canonical_json(
            {
                "count": [message.model_dump() for message in messages],
                "identity": identity.model_dump(mode="json"),
            }
        )
    )


class Journal:
    """The completions and facts of one run folder, by key. Only the process that holds the folder writes."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Read what is there.

        A last line without its line end is what a power cut leaves: it is passed over, `dropped` says so,
        and it is cut off unless the journal is opened `read_only`.

        Raises:
            BadInput: a whole line is damaged; it is named and nothing is changed.
        """
        self.path = path
        self.dropped = ""
        self.read_only = read_only
        self._entries: dict[str, Completion] = {}
        self._facts: dict[str, Any] = {}
        if path.exists():
            self._read()

    def _read(self) -> None:
        whole, tail = self._lines()
        for number, line in enumerate(whole, start=1):
            try:
                entry = json.loads(line)
                if "fact" in entry:
                    self._facts[entry["key"]] = entry["fact"]
                else:
                    self._entries[entry["key"]] = Completion.model_validate(entry["completion"])
            except (ValueError, KeyError, TypeError, ValidationError) as error:
                raise damaged(self.path, number) from error
        if tail:
            self.dropped = f"the last line of {self.path.name} was cut in writing; it is asked again"
            if not self.read_only:
                os.truncate(self.path, self.path.stat().st_size - len(tail))

    def _lines(self) -> tuple[list[bytes], bytes]:
        """The whole lines, and what stands behind the last line end."""
        whole, _, tail = self.path.read_bytes().rpartition(b"\n")
        return (whole.split(b"\n") if whole else []), tail

    def __len__(self) -> int:
        """Completions."""
        return len(self._entries)

    def requests(self) -> Iterator[tuple[Request, Completion]]:
        """Each request with its completion, in the order in which they were answered.

        Raises:
            BadInput: a request is damaged.
        """
        for number, line in enumerate(self._lines()[0], start=1):
            entry = json.loads(line)
            if "fact" in entry:
                continue
            try:
                yield request_of(entry["request"]), self._entries[entry["key"]]
            except (ValueError, KeyError, TypeError) as error:
                raise damaged(self.path, number) from error

    def get(self, key: str) -> Completion | None:
        """The completion journaled under `key`, None when there is none."""
        return self._entries.get(key)

    def add(self, key: str, request: Request, completion: Completion) -> None:
        """Append one entry; on return it has reached the disk."""
        entry = {"key": key, "request": request.form(), "completion": completion.model_dump(mode="json")}
        self._append(entry, last=True)
        self._entries[key] = completion

    def fact(self, key: str) -> Any:
        """What was noted under `key`, None when nothing was."""
        return self._facts.get(key)

    def note(self, key: str, fact: Any) -> None:
        """Append something JSON can hold that was learnt from outside; a power cut may lose it."""
        self._append({"key": key, "fact": fact}, last=False)
        self._facts[key] = fact

    def _append(self, entry: dict[str, Any], *, last: bool) -> None:
        """One line more. When the disk is full, the part that was written is taken back, so that the
        next line does not continue it."""
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
        # Unbuffered: a buffer that could not be flushed would be written again on closing.
        with self.path.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                if file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                if last:
                    os.fsync(file.fileno())
            except OSError as error:
                file.truncate(before)
                error.filename = str(self.path)
                raise


def damaged(path: Path, number: int) -> BadInput:
    """The error for a line that cannot be read."""
    return BadInput(
        f"line {number} of {path} is damaged", "restore the file, or start a new run folder with -o"
    )
