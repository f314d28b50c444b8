"""Tables as Markdown: rows in, canonical text out; HTML tables too."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

from offline_coder.papers.text import clean_line

WIDEST = 64
TALLEST = 2000
CAPTION = re.compile(
    r"(?P<what>table|tab\.|figure|fig\.|algorithm|listing|code)\s*"
    r"(?P<number>[IVX]{2,5}|[A-Z]?\.?\d{0,3}(?:\.\d{1,3}){0,3})\s*[:.|–—]\s*(?=\S)",
    re.IGNORECASE,
)
DELIMITER = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*")
# Python's reader gives up on "<![" and other declarations that no name follows.
DECLARATION = re.compile(r"<!(?!--)")
CELL_END = re.compile(r"(?<!\\)\|")


def markdown_table(rows: list[list[str]], clean: Callable[[str], str] = clean_line) -> str:
    """`rows` as a Markdown table whose first row is the head; "" when no cell holds anything.

    Short rows are filled up; columns that are empty in every row go; cells beyond column 64 are joined
    into it; rows beyond 2,000 are dropped. `clean` makes a cell one line; readers whose cells still hold
    marks of their own give one that keeps them.
    """
    cleaned = [
        [clean(cell).replace("|", r"\|").replace(r"\\|", r"\|") for cell in row] for row in rows[:TALLEST]
    ]
    cleaned = [
        row if len(row) <= WIDEST else [*row[: WIDEST - 1], " ".join(row[WIDEST - 1 :])] for row in cleaned
    ]
    cleaned = [row for row in cleaned if any(row)]
    width = max((len(row) for row in cleaned), default=0)
    full = [row + [""] * (width - len(row)) for row in cleaned]
    used = [column for column in range(width) if any(row[column] for row in full)]
    if not used:
        return ""
    lines = ["| " + " | ".join(row[column] for column in used) + " |" for row in full]
    lines.insert(1, "|" + " --- |" * len(used))
    return "\n".join(" ".join(line.split()) for line in lines)


def captioned(caption: str, table: str) -> str:
    """The text of a table block: caption line, empty line, rows; either may be empty."""
    return "\n\n".join(part for part in (caption.strip(), table) if part)


def is_caption(text: str, kind: str) -> bool:
    """Whether a text is the caption of a "fig" or a "tab"."""
    match = CAPTION.match(text)
    return match is not None and match["what"].lower().startswith(kind)


def split_row(line: str) -> list[str]:
    r"""The cells of one Markdown row; `\|` inside a cell stays a bar."""
    inner = line.strip()
    inner = inner.removeprefix("|")
    if inner.endswith("|") and not inner.endswith(r"\|"):
        inner = inner[:-1]
    return [cell.strip().replace(r"\|", "|") for cell in CELL_END.split(inner, maxsplit=WIDEST)]


class TableReader(HTMLParser):
    """Collects the rows of every table it is fed, as cells and how many columns each spans; below a cell that
    spans rows stand empty ones. Raised characters are written ^2, lowered ones _i."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[tuple[str, int]]] = []
        self.caption = ""
        self.inside = ""
        self.column = 0  # where the next cell of the row stands
        self.below: dict[int, tuple[int, int]] = {}  # column -> how many rows more, how many columns

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a row, a cell or the caption; a cell that is still open ends first."""
        if tag in ("tr", "td", "th", "caption", "table"):
            self.handle_endtag("td")
        if tag == "table":
            self.below = {}
        elif tag == "tr":
            self.rows.append([])
            self.column = 0
            self.fill()
        elif tag in ("td", "th"):
            if not self.rows:
                self.rows.append([])
            found = dict(attrs)
            columns, rows = count_of(found.get("colspan"), WIDEST), count_of(found.get("rowspan"), TALLEST)
            if rows > 1:
                self.below[self.column] = (rows, columns)
            self.add(columns)
            self.inside = "cell"
        elif tag == "caption":
            self.inside = "caption"
        elif tag in ("br", "p", "li"):
            self.handle_data(" ")
        elif tag in ("sup", "sub"):
            self.handle_data("^" if tag == "sup" else "_")

    def add(self, columns: int) -> None:
        """An empty cell at the end of the row."""
        self.rows[-1].append(("", columns))
        self.column += columns

    def fill(self) -> None:
        """Empty cells where a cell of a row above reaches down to."""
        while (reach := self.below.get(self.column)) is not None and self.column < WIDEST:
            rows, columns = reach
            if rows < 2:
                del self.below[self.column]
                return
            self.below[self.column] = (rows - 1, columns)
            self.add(columns)

    def handle_endtag(self, tag: str) -> None:
        """Close a cell or the caption."""
        if tag in ("td", "th") and self.inside == "cell":
            self.inside = ""
            self.fill()
        elif tag == "caption":
            self.inside = ""

    def handle_data(self, data: str) -> None:
        """Text of the open cell or caption."""
        if self.inside == "cell":
            text, columns = self.rows[-1][-1]
            self.rows[-1][-1] = (text + data, columns)
        elif self.inside == "caption":
            self.caption += data


def count_of(value: str | None, most: int) -> int:
    """A span as a number from 1 to `most`; 1 when it is none."""
    return (
        max(min(int(value), most), 1)
        if value and value.isascii() and value.isdigit() and len(value) < 6
        else 1
    )


def html_rows(text: str) -> list[list[tuple[str, int]]]:
    """The rows of the tables in a piece of HTML: the cells, and how many columns each spans."""
    reader = TableReader()
    reader.feed(DECLARATION.sub("", text))
    reader.close()
    return reader.rows


def html_table(text: str, clean: Callable[[str], str] = clean_line) -> tuple[str, str]:
    """Caption and Markdown of the tables in a piece of HTML; ("", "") when there is none. A cell that spans
    columns is followed by empty ones."""
    reader = TableReader()
    reader.feed(DECLARATION.sub("", text))
    reader.close()
    rows = [[part for cell, columns in row for part in (cell, *[""] * (columns - 1))] for row in reader.rows]
    return clean_line(reader.caption), markdown_table(rows, clean)
