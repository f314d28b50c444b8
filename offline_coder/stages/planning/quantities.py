"""Numbers in running text and in the cells of tables, as the values of settings: "16K", "two", "10%",
"3 x 10^-4", "0.2, 0.4 and 0.8"."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from offline_coder.checks.provenance import NUMBER, NUMBER_WORD, POWER_OF_TEN, THOUSANDS, word_value
from offline_coder.core.plan import ConfigValue

FEWEST_IN_LIST = 3
BETWEEN_ITEMS = re.compile(r"\$?\s*,\s*(?:and\s+)?\$?|\$?\s+and\s+\$?")
# What shows that a number is a measurement.
RESULT = re.compile(r"\s*(?:\\?%|percent|(?:percentage )?points? (?:of|in|higher|lower)|BLEU|\\pm|±)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One value in a text, from `start` to `end`."""

    start: int
    end: int
    value: ConfigValue


def number_of(match: re.Match[str]) -> int | float | None:
    """The number a match stands for, whole where it is written so, a percentage as a share; None when it
    is out of all bounds."""
    groups = match.groupdict()
    power = (groups.get("e") or groups.get("power") or groups.get("flat") or "0").replace("\u2212", "-")
    mantissa, suffix = groups.get("mantissa") or "1", (groups.get("thousands") or "").strip().lower()
    try:
        value = Decimal(mantissa).scaleb(int(power) + THOUSANDS.get(suffix[:1], 0))
    except InvalidOperation:
        return None
    if abs(value) >= Decimal(10) ** 12:
        return None
    if groups.get("percent"):
        return float(value / 100)
    plain = "." not in mantissa or suffix or groups.get("e") or groups.get("power")
    return int(value) if plain and value == value.to_integral_value() else float(value)


def values_in(text: str) -> list[Quantity]:
    """The numbers of `text` in order; numbers in a row, separated by commas and "and", are one list."""
    spelt = [
        Quantity(match.start(), match.end(), int(word_value(match))) for match in NUMBER_WORD.finditer(text)
    ]
    written = [
        (match.start(), match.end(), number_of(match))
        for pattern in (NUMBER, POWER_OF_TEN)
        for match in pattern.finditer(text)
    ]
    numbers = [Quantity(start, end, value) for start, end, value in written if value is not None]
    outer = [
        one
        for one in (*spelt, *numbers)
        if not any(
            other.start <= one.start
            and one.end <= other.end
            and other.end - other.start > one.end - one.start
            for other in numbers
        )
    ]
    return joined(text, sorted(outer, key=lambda one: one.start))


def joined(text: str, numbers: list[Quantity]) -> list[Quantity]:
    """`numbers` with those that are items of one enumeration as one list."""
    runs: list[list[Quantity]] = []
    for number in numbers:
        if runs and BETWEEN_ITEMS.fullmatch(text, runs[-1][-1].end, number.start):
            runs[-1].append(number)
        else:
            runs.append([number])
    found: list[Quantity] = []
    for run in runs:
        if len(run) < FEWEST_IN_LIST:
            found += run
            continue
        items = [one.value for one in run if isinstance(one.value, int | float)]
        whole = [item for item in items if isinstance(item, int)]
        value: ConfigValue = whole if len(whole) == len(items) else [float(item) for item in items]
        found.append(Quantity(run[0].start, run[-1].end, value))
    return found


def cell_values(cell: str) -> Quantity | None:
    """The number that a cell holds, or all of them as a list; None when it holds something else."""
    numbers = [one for one in values_in(cell) if not cell[one.start].isalpha()]
    rest = "".join(re.split(r"[\d.,eE+\s$\\{}^()%-]|times|and|cdot", cell))
    if not numbers or rest or RESULT.match(cell, numbers[0].end):
        return None
    if len(numbers) == 1:
        return numbers[0]
    items = [one.value for one in numbers if isinstance(one.value, int | float)]
    return Quantity(numbers[0].start, numbers[-1].end, [float(item) for item in items])
