"""What is known of a PDF's text: runs of characters with their places, page by page."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Fragment:
    """Characters that follow each other on a line without a wide gap.

    `size` is the commonest size, `y` the baseline; `bold`, `math` and `mono` (fixed width) are shares of its
    `characters`, `italic` (small capitals too) is a share of its letters. `lead` is how its text begins in
    bold or italics: a heading that runs into its paragraph.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    largest: float
    bold: float
    italic: float
    math: float
    mono: float
    characters: int
    lead: str = ""


@dataclass(slots=True)
class PageText:
    """A page's fragments in the order of the file, its size in points, and what was left out: counts of
    characters, and `hidden` as pairs of the reason and the words."""

    number: int
    width: float
    height: float
    fragments: list[Fragment]
    turned: int = 0
    embedded: int = 0
    cut: bool = False
    hidden: list[tuple[str, str]] = field(default_factory=list)
