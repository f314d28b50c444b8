"""The licences of everything in a bundle, as the wheels' metadata and the models' seals state them."""

import email
import zipfile
from collections.abc import Iterable
from email.message import Message
from pathlib import Path

from offline_coder.bundles.debian import DebianPackage
from offline_coder.core.errors import MissingPrerequisite
from offline_coder.weights.manifest import load_manifests
from offline_coder.weights.seal import Seal

HEAD = """\
What is in this bundle, and under which licence it says it is. Wheels: name, version, licence as their own
metadata states it; the texts are inside each wheel (*.dist-info). Nothing here was judged by a lawyer.
"""
UNKNOWN = "not stated"
CLASSIFIER = "License :: "
LONGEST = 100
"""Some packages put the whole text of their licence where its name belongs."""


def licences(wheels: Iterable[Path], models: Iterable[Seal], packages: Iterable[DebianPackage]) -> str:
    """The list as text.

    Raises:
        MissingPrerequisite: a wheel cannot be read.
    """
    lines = [HEAD, "Wheels"]
    lines += [f"  {line}" for line in sorted(map(wheel_line, wheels), key=str.lower)]
    lines += ["", "Models"]
    manifests = load_manifests()
    for seal in models:
        manifest = manifests.get(seal.name)
        lines.append(f"  {seal.name}: {seal.licence}" + (f" ({manifest.licence_url})" if manifest else ""))
    lines += ["", "Debian packages (named in DEBIAN.txt, not inside)"]
    lines += [f"  {package.name}: {package.licence}" for package in packages]
    return "\n".join(lines) + "\n"


def wheel_line(wheel: Path) -> str:
    """ "name version: licence" of one wheel."""
    try:
        with zipfile.ZipFile(wheel) as box:
            name = next(name for name in box.namelist() if name.endswith(".dist-info/METADATA"))
            metadata = email.message_from_bytes(box.read(name))
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise MissingPrerequisite(
            f"{wheel.name} is not a wheel that can be read", f"remove {wheel} and bundle again"
        ) from error
    return f"{metadata['Name']} {metadata['Version']}: {licence_of(metadata)}"


def licence_of(metadata: Message) -> str:
    """The licence that core metadata states: License-Expression, else classifiers, else License."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [str(line) for line in metadata.get_all("Classifier", []) if line.startswith(CLASSIFIER)]
    names = [line.rsplit(" :: ", 1)[1] for line in classifiers if " :: " in line.removeprefix(CLASSIFIER)]
    if names:
        return "; ".join(names)
    stated = [line.strip() for line in str(metadata.get("License") or "").splitlines() if line.strip()]
    if stated:
        return stated[0][:LONGEST]
    files = [str(name) for name in metadata.get_all("License-File", [])]
    return f"{UNKNOWN}, see {', '.join(files)} in it" if files else UNKNOWN
