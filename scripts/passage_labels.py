"""Passages of papers that are in doubt, read by hand: how many does a plan read in the same way?

The lists lie in tests/stages/passages, one a paper. A passage is right that is a requirement of one of its
kinds, and one that asks for nothing when it is no requirement.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from offline_coder.core.plan import Requirement, RequirementKind
from offline_coder.core.values import Value

ROOT = Path(__file__).resolve().parent.parent
LABELS = ROOT / "tests" / "stages" / "passages"


class Label(Value):
    """A passage by its beginning, and what it may be; no kind where it asks for nothing."""

    begins: str
    kinds: tuple[RequirementKind, ...]

    def read_so(self, requirements: Iterable[Requirement]) -> bool:
        """Whether `requirements` say of this passage what was read by hand."""
        found = [one.kind for one in requirements if one.statement.startswith(self.begins)]
        return any(kind in self.kinds for kind in found) if self.kinds else not found


class Labels(Value):
    """The passages of one paper. `paper` is the end of its path."""

    paper: str
    passages: tuple[Label, ...]

    def right(self, requirements: Iterable[Requirement]) -> int:
        """How many of the passages `requirements` read as they were read by hand."""
        known = tuple(requirements)
        return sum(label.read_so(known) for label in self.passages)


def labels() -> tuple[Labels, ...]:
    """All lists, by file name."""
    return tuple(
        Labels.model_validate(tomllib.loads(path.read_text("utf-8")))
        for path in sorted(LABELS.glob("*.toml"))
    )
