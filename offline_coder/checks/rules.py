"""What a rule of mending looks at, and what it offers."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from offline_coder.checks.modules import Modules
from offline_coder.core.finding import Finding
from offline_coder.core.plan import ENTRY_POINT


@dataclass(frozen=True, slots=True)
class Edit:
    """A new text for one file, and what was done to it in words."""

    file: str
    text: str
    means: str


@dataclass(frozen=True, slots=True)
class Repository:
    """What the rules look at."""

    files: Mapping[str, str]
    modules: Modules
    order: tuple[str, ...]

    def owner(self, path: str, name: str) -> str | None:
        """The one module that defines `name` and that the file `path` may import from."""
        owners = [o for o in self.modules.owners(name) if self.may_import(path, o)]
        earlier = [o for o in owners if self.comes_before(self.modules.local[o].path, path)]
        return owners[0] if len(owners) == 1 else earlier[0] if len(earlier) == 1 else None

    def may_import(self, path: str, dotted: str) -> bool:
        """Whether `path` can import the module `dotted` without a circle. The entry point is for no one."""
        other = self.modules.local[dotted].path
        return other != ENTRY_POINT and not self.modules.builds_on(other, path)

    def comes_before(self, one: str, other: str) -> bool:
        """Whether the plan puts the file `one` before `other`."""
        known = one in self.order and other in self.order
        return known and self.order.index(one) < self.order.index(other)


Rule = Callable[[Repository, Finding, ast.Module], Iterator[Edit]]
"""From a finding and the tree of its file to changes of that file that may mend it."""


def offered(file: str, text: str | None, means: str) -> Iterator[Edit]:
    """The change of `file` to `text`, when there is one."""
    if text is not None:
        yield Edit(file, text, means)
