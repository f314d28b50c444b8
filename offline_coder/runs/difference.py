"""Differences between the files that there should be and those that there are."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as it should be: how, in words."""

    file: str
    what: str


def compared(expected: Mapping[str, str], there: Mapping[str, str], source: str) -> tuple[Difference, ...]:
    """What differs between two sets of files, given as path -> sha256, sorted by path. `source` ends the
    sentence "has other bytes than"."""
    found = []
    for name in sorted(expected.keys() | there.keys()):
        if name not in there:
            found.append(Difference(name, "is missing"))
        elif name not in expected:
            found.append(Difference(name, "was not made by the run"))
        elif expected[name] != there[name]:
            found.append(Difference(name, f"has other bytes than {source}"))
    return tuple(found)
