"""Tables as Markdown: rows in, canonical text out; HTML tables too."""

import re
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
CELL_END = re.compile(r"(?<!\\)\|")


def markdown_table(rows: list[list[str]]) -> str:
    """`rows` as a Markdown table whose first row is the head; "" when no cell holds anything.

    Short rows are filled up; columns that are empty in every row go; cells beyond column 64 are joined
    into it; rows beyond 2,000 are dropped.
    """
    cleaned = [
        [clean_line(cell).replace("|", r"\|").replace(r"\\|", r"\|") for cell in row]
        for row in rows[:TALLEST]
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
    """Collects the rows of every table it is fed; a cell that spans columns is followed by empty ones."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.caption = ""
        self.inside = ""
        self.span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a row, a cell or the caption; a cell that is still open ends first."""
        if tag in ("tr", "td", "th", "caption"):
            self.handle_endtag("td")
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            if not self.rows:
                self.rows.append([])
            self.rows[-1].append("")
            span = dict(attrs).get("colspan") or "1"
            self.span = min(int(span), WIDEST) if span.isascii() and span.isdigit() and len(span) < 6 else 1
            self.inside = "cell"
        elif tag == "caption":
            self.inside = "caption"
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        """Close a cell or the caption."""
        if tag in ("td", "th") and self.inside == "cell":
            self.rows[-1].extend([""] * (self.span - 1))
            self.inside = ""
        elif tag == "caption":
            self.inside = ""

    def handle_data(self, data: str) -> None:
        """Text of the open cell or caption."""
        if self.inside == "cell":
            self.rows[-1][-1] += data
        elif self.inside == "caption":
            self.caption += data


def html_table(text: str) -> tuple[str, str]:
    """Caption and Markdown of the tables in a piece of HTML; ("", "") when there is none."""
    reader = TableReader()
    reader.feed(text)
    reader.close()
    return clean_line(reader.caption), markdown_table(reader.rows)
