"""A paper as every later stage sees it, whatever it was read from."""

from typing import Literal

from offline_coder.core.values import Value

BlockKind = Literal["paragraph", "equation", "algorithm", "table", "figure", "list", "code"]
SourceFormat = Literal["s2orc", "latex", "markdown", "pdf", "marker"]
ABSTRACT_ID = "abstract"


class Block(Value):
    """One piece of a section. `text` by kind:

    - paragraph: one line, mathematics as LaTeX between dollar signs where the source has it;
    - equation: LaTeX without delimiters (from a PDF: the characters that are there);
    - algorithm, code: lines as they stand, a caption first where there is one;
    - table: an optional caption line, an empty line, a Markdown table;
    - figure: its caption on one line; list: one item a line, nested by two spaces.
    """

    kind: BlockKind
    text: str


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
    """Something the reader lost or could not be sure of. `where` is a file, a section or ""."""

    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


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
