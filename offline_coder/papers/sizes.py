"""How much of a prompt each part of a paper costs."""

from collections.abc import Callable

from offline_coder.core.values import Value
from offline_coder.papers.paper import ABSTRACT_ID, Paper
from offline_coder.papers.render import render, render_front, render_references, render_section

Counter = Callable[[str], int]


class PartSize(Value):
    """A part of the paper and its size, in whatever was counted."""

    id: str
    title: str
    size: int


def part_sizes(paper: Paper, count: Counter) -> tuple[PartSize, ...]:
    """Title and abstract, each section without its subsections, the references, and the whole as "total",
    which is not exactly the sum: tokens may span the borders."""
    parts = [(ABSTRACT_ID, "Title and abstract", render_front(paper))]
    for section in paper.sections:
        parts.append((section.id, f"{section.number} {section.title}".strip(), render_section(section)))
    if paper.references:
        parts.append(("references", "References", render_references(paper)))
    parts.append(("total", "", render(paper)))
    return tuple(PartSize(id=name, title=title, size=count(text)) for name, title, text in parts)


def words(text: str) -> int:
    """The words of `text`, parted by white space."""
    return len(text.split())
