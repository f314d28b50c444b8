"""A paper as every later stage sees it, whatever it was read from."""

from typing import Literal

from pydantic import model_serializer

from offline_coder.core.values import Value

BlockKind = Literal["paragraph", "equation", "algorithm", "table", "figure", "list", "code"]
SourceFormat = Literal["s2orc", "latex", "markdown", "pdf", "marker"]
Certainty = Literal["certain", "likely", "possible"]
ABSTRACT_ID = "abstract"


class Place(Value):
    """A stretch of the source.

    Attributes:
        file: relative to the folder or archive that was read; "" when the source is one file.
        lines: first and last line, counted from 1; None when the source has no lines.
        page: of a PDF, counted from 1; 0 elsewhere.
        box: on that page, in points from its lower left corner: left, bottom, right, top.
        pointer: into JSON, as RFC 6901 writes it ("/pdf_parse/body_text/3").
        chars: of the text that the pointer names: the first character, counted from 0, and the one after
            the last; None for all of it.
    """

    file: str = ""
    lines: tuple[int, int] | None = None
    page: int = 0
    box: tuple[float, float, float, float] | None = None
    pointer: str = ""
    chars: tuple[int, int] | None = None

    @model_serializer
    def said(self) -> dict[str, object]:
        """What is known of it, as JSON shows it."""
        return {name: value for name, value in self if value}

    def __str__(self) -> str:
        if self.lines is None:
            chars = f"#char={self.chars[0]},{self.chars[1]}" if self.chars else ""
            return self.pointer + chars or (f"page {self.page}" if self.page else self.file)
        first, last = self.lines
        many = f"{first}-{last}" if last > first else str(first)
        return f"{self.file}:{many}" if self.file else f"line{'s' if last > first else ''} {many}"


class Block(Value):
    """One piece of a section. `places` are where it stands in the source, more than one when it was put
    together: a paragraph over two pages, a table and its caption. `text` by kind:

    - paragraph: one line, mathematics as LaTeX between dollar signs where the source has it;
    - equation: LaTeX without delimiters (from a PDF: the characters that are there);
    - algorithm, code: lines as they stand, a caption first where there is one;
    - table: an optional caption line, an empty line, a Markdown table;
    - figure: its caption on one line; list: one item a line, nested by two spaces.
    """

    kind: BlockKind
    text: str
    places: tuple[Place, ...] = ()


class Section(Value):
    """A numbered part of the paper.

    Attributes:
        id: stable and unique in the paper: "s3.2", "sA.1" in an appendix; counted where the source
            has no numbers.
        number: as printed ("3.2", "A.1"), "" when the source has none.
        title: one line, "" for text that stands before the first heading.
        level: 1 for a section, 2 for a subsection, at most 6.
    """

    id: str
    number: str
    title: str
    level: int
    blocks: tuple[Block, ...] = ()


class ReadingWarning(Value):
    """Something that the reader lost, left out or could not be sure of: `what`, in which stretch of the
    source (None: all of it, or unknown), and how sure it is that this is a fault of the reading and not
    the paper as it is."""

    what: str
    where: Place | None = None
    certainty: Certainty = "certain"

    def __str__(self) -> str:
        doubt = "" if self.certainty == "certain" else f" ({self.certainty})"
        return f"{self.where}: {self.what}{doubt}" if self.where else f"{self.what}{doubt}"


class Paper(Value):
    """A paper with a body: at least one section holds text.

    `abstract` may have several paragraphs, separated by an empty line. `references` are one line each,
    with the key or number in brackets first where the source has one.
    """

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    sections: tuple[Section, ...]
    references: tuple[str, ...] = ()
    warnings: tuple[ReadingWarning, ...] = ()
    source_format: SourceFormat

    def section_ids(self) -> tuple[str, ...]:
        """Every id that can be cited, in order of reading: "abstract" when there is one, then the
        sections'."""
        first = (ABSTRACT_ID,) if self.abstract else ()
        return first + tuple(section.id for section in self.sections)

    def section_text(self, section_id: str) -> str:
        """The text of one section as rendered, heading included, subsections not.

        Raises:
            KeyError: there is no such section.
        """
        from offline_coder.papers.render import render_section

        if section_id == ABSTRACT_ID and self.abstract:
            return self.abstract
        for section in self.sections:
            if section.id == section_id:
                return render_section(section)
        raise KeyError(section_id)
