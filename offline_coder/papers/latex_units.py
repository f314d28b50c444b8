"""Numbers with units as the packages siunitx (versions 2 and 3) and units write them, as plain text.

Covers \\num, \\unit, \\si, \\qty, \\SI, the lists, products and ranges of them, and \\ang. An unknown unit
keeps its name.
"""

import re
from collections.abc import Callable

from offline_coder.papers.latex_macros import argument, bracket, skip_space

PREFIXES = {
    "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n", "micro": "µ",
    "milli": "m", "centi": "c", "deci": "d", "deca": "da", "hecto": "h", "kilo": "k", "mega": "M",
    "giga": "G", "tera": "T", "peta": "P", "exa": "E", "zetta": "Z", "yotta": "Y", "kibi": "Ki",
    "mebi": "Mi", "gibi": "Gi", "tebi": "Ti",
}  # fmt: skip
UNITS = {
    "second": "s", "minute": "min", "hour": "h", "day": "d", "meter": "m", "metre": "m", "gram": "g",
    "kilogram": "kg", "tonne": "t", "litre": "L", "liter": "L", "ampere": "A", "kelvin": "K", "mole": "mol",
    "candela": "cd", "hertz": "Hz", "newton": "N", "pascal": "Pa", "joule": "J", "watt": "W", "volt": "V",
    "ohm": "Ω", "farad": "F", "tesla": "T", "weber": "Wb", "henry": "H", "coulomb": "C", "lumen": "lm",
    "lux": "lx", "becquerel": "Bq", "degree": "°", "degreeCelsius": "°C", "celsius": "°C", "percent": "%",
    "radian": "rad", "byte": "B", "bit": "bit", "decibel": "dB", "electronvolt": "eV", "angstrom": "Å",
    "ms": "ms", "us": "µs", "ns": "ns", "s": "s", "m": "m", "cm": "cm", "mm": "mm", "km": "km", "kg": "kg",
    "Hz": "Hz", "kHz": "kHz", "MHz": "MHz", "GHz": "GHz", "W": "W", "kW": "kW", "kWh": "kWh", "GB": "GB",
    "MB": "MB", "TB": "TB",
}  # fmt: skip
POWERS = {"squared": "^2", "cubed": "^3"}
BEFORE = {"square": "^2", "cubic": "^3"}
UNIT_TOKEN = re.compile(r"\\([A-Za-z]+)|([^\\\s{}~]+)|[\s{}~]")
# Command -> how many arguments hold numbers, and whether a unit follows them.
COMMANDS = {
    "num": (1, False), "numlist": (1, False), "numproduct": (1, False), "numrange": (2, False),
    "unit": (0, True), "si": (0, True), "qty": (1, True), "SI": (1, True), "qtylist": (1, True),
    "SIlist": (1, True), "qtyproduct": (1, True), "qtyrange": (2, True), "SIrange": (2, True),
    "ang": (1, False),
}  # fmt: skip


def quantity(name: str, text: str, at: int, shown: Callable[[str], str]) -> tuple[str, int] | None:
    """What the command `name`, whose arguments begin at `at`, prints, and the place after it; None when
    it is no command of these packages. `shown` makes plain text of what is no number."""
    if name not in COMMANDS:
        return None
    numbers, with_unit = COMMANDS[name]
    at = past_option(text, at)
    if not text.startswith("{", skip_space(text, at)):
        return None
    values = []
    for _ in range(numbers):
        value, at = argument(text, at)
        values.append(number_text(value, shown))
    unit = ""
    if with_unit:
        unit_source, at = argument(text, past_option(text, at))
        unit = unit_text(unit_source)
    if name == "ang":
        return "".join(f"{part}{mark}" for part, mark in zip(values[0].split("; "), "°′″", strict=False)), at
    words = "–".join(values)
    tight = unit.startswith(("%", "°")) or not words
    return f"{words}{'' if tight or not unit else ' '}{unit}", at


def past_option(text: str, at: int) -> int:
    """The place after any [...] at `at`."""
    while (found := bracket(text, skip_space(text, at))) is not None:
        at = found[1]
    return at


def number_text(source: str, shown: Callable[[str], str]) -> str:
    """A number as written, lists parted by "; ": "3e-4" stays "3e-4"."""
    return "; ".join(shown(part).strip() for part in re.split(r"\s*;\s*", source.strip()))


def unit_text(source: str) -> str:
    """A unit in its symbols: r"\\meter\\per\\second" -> "m/s"."""
    found = ""
    prefix = power = ""
    for match in UNIT_TOKEN.finditer(source):
        name, literal = match[1], match[2]
        if literal:
            found += ("·" if found and found[-1].isalnum() and literal[0].isalpha() else "") + literal
        elif name == "per":
            found += "/"
        elif name in POWERS:
            found += POWERS[name]
        elif name in BEFORE:
            power = BEFORE[name]
        elif name in PREFIXES:
            prefix = PREFIXES[name]
        elif name:
            gap = "·" if found and found[-1] not in "/·" else ""
            found += f"{gap}{prefix}{UNITS.get(name, name)}{power}"
            prefix = power = ""
    return found
