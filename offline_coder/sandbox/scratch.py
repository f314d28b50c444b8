"""A folder for code that nobody trusts: out of other users' reach, and gone afterwards whatever is in it."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLEAN_SECONDS = 300


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new empty folder, removed at the end.

    It lies in one that only we can enter, for the code inside may open its own folder to everybody and
    leave a set-user-id program there. It is removed by chmod and rm, which cope with folders that are
    closed or nested thousands deep and follow no link; Python's own removal recurses. What cannot be
    removed is left.
    """
    outer = tempfile.mkdtemp(prefix="offline-coder-")
    inner = Path(outer, "repository")
    inner.mkdir()
    try:
        yield inner
    finally:
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run(
                [*command, "--", outer],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=CLEAN_SECONDS,
                check=False,
            )
