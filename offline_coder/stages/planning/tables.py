"""Markdown tables of a paper as rows and headings, and whether they hold settings or results."""

import re
from dataclasses import dataclass

from offline_coder.checks.provenance import LONGEST_QUOTE
from offline_coder.stages.planning.setting_names import SETTING_WORDS

CELLS = re.compile(r"(?<!\\)\|")
RULE = re.compile(r"[\s|:=-]+")
DIGIT = re.compile(r"\d")
OF_RESULTS = re.compile(
    r"\bacc|loss\b|BLEU|score|perp|\bPPL|\bF1|error|speed|quality|divergence|\bFID|\bdev\b", re.IGNORECASE
)
OF_SETTINGS = re.compile(r"hyper-?parameter|setting|\bparameter\b|\bvalue\b|configuration", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """`header` are the cells of the first row, `rows` the others as they stand, without rules and what is
    too long to quote."""

    header: tuple[str, ...]
    rows: tuple[str, ...]

    @property
    def named_columns(self) -> int:
        """Columns that are named like settings; one with a number in its name is named like a value."""
        named = (cell for cell in self.header[1:] if SETTING_WORDS.search(cell))
        return sum(DIGIT.search(cell) is None for cell in named)

    @property
    def of_results(self) -> bool:
        """Whether the header names a measure."""
        return any(OF_RESULTS.search(cell) for cell in self.header[1:])

    @property
    def named_rows(self) -> bool:
        """Whether at least half of the rows that have a label are named like settings."""
        labels = [label for row in self.rows if (label := (cells_of(row) or [""])[0])]
        return 2 * sum(SETTING_WORDS.search(label) is not None for label in labels) >= max(len(labels), 1)

    @property
    def of_settings(self) -> bool:
        """Whether the header says that each row is a setting."""
        return any(OF_SETTINGS.search(cell) for cell in self.header)


def table_of(text: str) -> Table:
    """The table that a block of text holds."""
    lines = [line.strip() for line in text.split("\n") if line.strip().startswith("|")]
    header = tuple(cells_of(lines[0])) if lines else ()
    return Table(
        header, tuple(row for row in lines[1:] if not RULE.fullmatch(row) and len(row) <= LONGEST_QUOTE)
    )


def cells_of(row: str) -> list[str]:
    """The cells of a Markdown row."""
    return [cell.strip() for cell in CELLS.split(row.strip().strip("|"))]
