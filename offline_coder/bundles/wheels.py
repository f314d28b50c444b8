"""Wheels for another machine: a locked set fetched with pip, and this package built into one."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from offline_coder.bundles.cutting import whole_name
from offline_coder.bundles.target import Target
from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.core.shipped import PACKAGE
from offline_coder.weights.space import disk_full

CHECKOUT = PACKAGE.parent
AT_ONCE = 16
"""Wheels that one pip fetches. What it has got is lost when it is interrupted, so not all in one."""
LATEST_MICRO = 99
PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)")
NO_WHEEL = (
    "on a machine without an index set WHEELHOUSE=DIR; of a package that has no wheel make one where you "
    "trust it (pip wheel --no-deps) and name its folder in PIP_FIND_LINKS"
)

Requirements = dict[str, str]
"""Canonical distribution name -> exact version."""


def read_lock(path: Path) -> Requirements:
    """The exact versions that a lock names.

    Raises:
        BadInput: it cannot be read, or a line is not `name==version`.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the lock {path}", "--lock FILE with lines name==version") from error
    found: Requirements = {}
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        pinned = PINNED.fullmatch(line.strip())
        if pinned is None:
            raise BadInput(f"{path} has a line that is not name==version: {line[:60]!r}", "pin every package")
        found[canonicalize_name(pinned[1])] = pinned[2]
    return found


def wheels_of(requirements: Requirements, folder: Path) -> dict[str, str]:
    """Distribution name -> file name of its wheel in `folder`, whole or cut, of those that are there."""
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        name = whole_name(path.name)
        if not name.endswith(".whl"):
            continue
        distribution, version = parse_wheel_filename(name)[:2]
        # An index may add a local part to a version that was locked without: 2.13.0+cpu.
        locked = requirements.get(distribution)
        if locked and Version(locked) in (version, Version(version.public)):
            found[distribution] = name
    return found


def fetch(requirements: Requirements, target: Target, folder: Path, say: Callable[[str], None]) -> list[str]:
    """File names of the wheels of `requirements`, all in `folder` afterwards; those that are there stay.

    Raises:
        MissingPrerequisite: no index answers, it has no wheel for `target`, or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = wheels_of(requirements, folder)
    missing = [f"{name}=={version}" for name, version in requirements.items() if name not in there]
    for start in range(0, len(missing), AT_ONCE):
        say(f"wheels: {len(there) + start} of {len(requirements)}")
        download(missing[start : start + AT_ONCE], target, folder)
    there = wheels_of(requirements, folder)
    if lacking := sorted(requirements.keys() - there.keys()):
        raise MissingPrerequisite(f"pip fetched another wheel than {lacking[0]}=={requirements[lacking[0]]}")
    return sorted(there.values())


def download(requirements: list[str], target: Target, folder: Path) -> None:
    """Fetch wheels into `folder`, where each appears whole."""
    work = folder.with_name(".fetching")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(work)]
    # pip takes 3.11 for 3.11.0, which some packages refuse; the other side will have a later one.
    command += ["--implementation", "cp", "--python-version", f"{target.python}.{LATEST_MICRO}"]
    for tag in target.platforms:
        command += ["--platform", tag]
    if wheelhouse := os.environ.get("WHEELHOUSE"):
        command += ["--no-index", "--find-links", str(Path(wheelhouse).expanduser().resolve())]
    # pip writes a download to its temporary folder first: that must be on the disk of the bundle.
    surroundings = os.environ | {"TMPDIR": str(work), "PYTHONWARNINGS": "ignore"}
    outcome = subprocess.run(
        [*command, *requirements], capture_output=True, text=True, check=False, env=surroundings
    )
    if outcome.returncode:
        raise not_fetched(outcome.stderr, target, folder)
    for wheel in sorted(work.glob("*.whl")):
        wheel.replace(folder / wheel.name)
    shutil.rmtree(work)


def not_fetched(said: str, target: Target, folder: Path) -> MissingPrerequisite:
    """The error for wheels that did not come; `said` is pip's stderr."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return disk_full(folder)
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    reason = errors[-1].removeprefix("ERROR: ")[:200] if errors else "pip gave no reason"
    place = f"Python {target.python} on {target.platforms[0]}"
    return MissingPrerequisite(f"cannot fetch all wheels for {place}: {reason}", NO_WHEEL)


def build_own(folder: Path) -> Path:
    """Build this package into the new folder `folder`; its wheel, the same bytes for the same sources.

    Raises:
        MissingPrerequisite: this is not a checkout, or its environment cannot build.
    """
    if not (CHECKOUT / "pyproject.toml").is_file():
        raise MissingPrerequisite(
            "a bundle is made from a checkout, and this is an installed package", "make setup in a checkout"
        )
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    outcome = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    built = sorted(folder.glob("*.whl"))
    if outcome.returncode or len(built) != 1:
        cause = (outcome.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise MissingPrerequisite(f"hatchling cannot build this package: {cause}", "make setup")
    return built[0]
