"""Symbols by which the paper calls a setting: "one of $K = 10$ classes", "| Classes | $K$ | 10 |"."""

import re
from collections.abc import Iterable, Iterator, Mapping

from offline_coder.core.plan import ConfigEntry

MARKUP = re.compile(r"\\(?:text|mathrm|mathit|rm)\b|[{}]")
"""Markup inside a name: `d_{\\text{model}}` is d_model."""
EQUATION = re.compile(r"(?<![\w.])([A-Za-z]\w*)\s*=\s*(-?\d+(?:\.\d+)?)(?![\w.]*\w|\s*[\^*/×]|\\times)")
CELL = re.compile(r"\$([A-Za-z]\w*)\$")
Symbols = Mapping[str, tuple[str, ...]]
"""Symbol -> path of the setting in config.yaml."""


def symbols_of(config: Iterable[ConfigEntry]) -> Symbols:
    """The symbols that the passages behind `config` give their values; one that several settings have is
    left out."""
    keys: dict[str, set[str]] = {}
    for entry in config:
        if entry.quote is not None and isinstance(entry.value, int | float):
            for name in _named(MARKUP.sub("", entry.quote), entry.value):
                keys.setdefault(name, set()).add(entry.key)
    return {name: tuple(min(of).split(".")) for name, of in keys.items() if len(of) == 1}


def _named(quote: str, value: float) -> Iterator[str]:
    """The symbols that have `value` in `quote`."""
    for name, number in EQUATION.findall(quote):
        if float(number) == value:
            yield name
    cells = [cell.strip() for cell in quote.split("|")]
    if f"{value}" in cells:
        yield from (match.group(1) for match in map(CELL.fullmatch, cells) if match)
