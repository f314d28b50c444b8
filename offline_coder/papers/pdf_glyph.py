"""The characters of a PDF page with their places and looks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """What a text object looks like. `size` is in points as printed; `hidden` says why nobody sees it,
    "white" only where nothing dark lies behind it. `place` is where the text object stands in the order of
    painting on the page itself, -1 inside a drawing."""

    size: float
    bold: bool
    italic: bool
    math: bool
    mono: bool
    turned: bool
    embedded: bool
    hidden: str = ""
    place: int = -1


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character. x and y are points from the lower left corner; y is the baseline."""

    char: str
    x0: float
    x1: float
    y: float
    style: Style
