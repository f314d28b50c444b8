"""The characters of a PDF page with their places and looks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """What a text object looks like. `size` is in points as printed; `hidden` says why nobody sees it,
    "white" only where nothing dark lies behind it."""

    size: float
    bold: bool
    italic: bool
    math: bool
    mono: bool
    turned: bool
    embedded: bool
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character. x and y are points from the lower left corner; y is the baseline."""

    char: str
    x0: float
    x1: float
    y: float
    style: Style
