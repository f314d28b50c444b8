"""Markdown to Paper: as people write it, as converters write it, and as `render` writes it.

Our own rendering is recognised by its headings and read back without repairs, so that
`render(read_markdown(render(paper))) == render(paper)`.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest

from offline_coder.core.errors import BadInput
from offline_coder.papers.markdown_inline import heading_text, plain
from offline_coder.papers.markdown_lines import ITEM, Raw, cut
from offline_coder.papers.markdown_own import ESCAPED, OWN_HEADING, own_pieces
from offline_coder.papers.outline import TOP_LEVEL, Draft, Numbering, sections_of, split_number
from offline_coder.papers.paper import Block, BlockKind, Paper, ReadingWarning, SourceFormat
from offline_coder.papers.render import ALGORITHM_FENCE
from offline_coder.papers.tables import CAPTION, DELIMITER, captioned, html_table, markdown_table, split_row
from offline_coder.papers.text import clean_line, clean_lines

ABSTRACT = re.compile(r"(?:\d[.\s]*)?abstract\W*", re.IGNORECASE)
RUN_IN_ABSTRACT = re.compile(r"\W{0,3}abstract\W{1,5}(?=\w)", re.IGNORECASE)
CONTENTS = re.compile(r"(?:table of )?contents\W*", re.IGNORECASE)
REFERENCES = re.compile(
    r"(?:\d{1,2}[.\s]*)?(?:references(?: and notes)?|bibliography|works cited|literature cited)\W*",
    re.IGNORECASE,
)
CODE_LIKE = re.compile(
    r"\w\([^)]*=|^[a-z_ ]+\s=\s|^(?:if|for|while|else|def|return|import|class)\b.*[:)]?$|[;{}]\s*$|^.{200,}$"
)
FRONT_TITLE = re.compile(r"title:\s*[\"']?(.+?)[\"']?\s*$")
REFERENCE_START = re.compile(r"(?=\[\d{1,3}\]\s)")


def read_markdown(text: str, source: SourceFormat = "markdown") -> Paper:
    """The paper that a Markdown text holds.

    Raises:
        BadInput: it is empty, or has no text beside headings and references.
    """
    lines = clean_lines(text).split("\n")
    title, lines = front_matter(lines)
    own = own_pieces(lines)
    pieces = cut(lines) if own is None else own
    if not pieces:
        raise BadInput("the Markdown file is empty", "give a file that holds the paper's text")
    reader = Reader() if own is None else OwnReader()
    reader.title = title
    for piece in pieces:
        reader.take(piece)
    return reader.paper(source)


def front_matter(lines: list[str]) -> tuple[str, list[str]]:
    """The title in a YAML head as pandoc writes it, and the lines after the head."""
    if lines[0] != "---" or "---" not in lines[1:60]:
        return "", lines
    end = lines.index("---", 1)
    titles = [match[1] for line in lines[1:end] if (match := FRONT_TITLE.match(line))]
    return (titles[0], lines[end + 1 :]) if titles else ("", lines)


class Reader:
    """Builds a paper from pieces in order, repairing what converters do to headings."""

    captions_behind = True

    def __init__(self) -> None:
        self.title = ""
        self.authors: list[str] = []
        self.front: list[Block] = []
        self.abstract: list[str] = []
        self.references: list[str] = []
        self.drafts: list[Draft] = []
        self.warnings: list[ReadingWarning] = []
        self.numbering = Numbering()
        self.place = "front"
        self.headings = 0

    def take(self, piece: Raw) -> None:
        """Add one piece."""
        if piece.kind == "unclosed":
            self.warnings.append(ReadingWarning(what=f"a fence is never closed: {piece.lines[0][:40]}"))
        elif piece.kind == "heading":
            self.heading(piece)
        else:
            for block in self.blocks(piece):
                self.place_block(block)

    def heading(self, piece: Raw) -> None:
        """A heading opens the abstract, the references or a section, or is the title, or none at all."""
        words = heading_text(piece.lines[0])
        self.headings += 1
        if not words:
            return
        if ABSTRACT.fullmatch(words):
            self.enter_abstract()
        elif REFERENCES.fullmatch(words):
            self.place = "references"
        elif CONTENTS.fullmatch(words):
            self.place = "contents"
        elif (
            not self.title
            and self.place == "front"
            and not split_number(words)[0]
            and not TOP_LEVEL.fullmatch(words)
        ):
            self.title = words
        elif self.headings > 1 and CODE_LIKE.search(words):
            self.place_block(Block(kind="paragraph", text=words))
        else:
            number, title = self.numbering.split(words)
            self.place = "section"
            self.drafts.append(Draft(title=title, number=number, level=piece.level))

    def enter_abstract(self) -> None:
        """What stood between title and abstract are the authors, unless it is as long as text."""
        self.place = "abstract"
        for draft in self.drafts:
            self.authors += [draft.title, *(block.text for block in draft.blocks)]
        self.authors += [block.text for block in self.front]
        self.authors = [author for author in self.authors if len(author) <= 300]
        self.front, self.drafts = [], []
        self.numbering = Numbering()

    def place_block(self, block: Block) -> None:
        """Put a block where reading stands."""
        match self.place:
            case "abstract":
                self.abstract.append(block.text)
            case "references":
                self.references += split_references(block)
            case "contents":
                pass
            case "section":
                self.drafts[-1].blocks.append(block)
            case _:
                if block.kind == "paragraph" and (match := RUN_IN_ABSTRACT.match(block.text)):
                    self.enter_abstract()
                    self.abstract.append(block.text[match.end() :])
                    self.place = "front"
                else:
                    self.front.append(block)

    def blocks(self, piece: Raw) -> Iterator[Block]:
        """The cleaned blocks of one piece."""
        match piece.kind:
            case "code":
                kinds: dict[str, BlockKind] = {ALGORITHM_FENCE: "algorithm", "math": "equation"}
                kind = kinds.get(piece.info, "code")
                yield from some(kind, "\n".join(piece.lines))
            case "math":
                yield from some("equation", bare_math("\n".join(piece.lines)))
            case "table":
                rows = [line for line in piece.lines if not DELIMITER.fullmatch(line)]
                table = markdown_table([[plain(cell) for cell in split_row(row)] for row in rows])
                yield from some("table", table)
            case "html table":
                caption, table = html_table("\n".join(piece.lines))
                yield from some("table", captioned(caption, table))
            case "list":
                yield from some("list", normal_list(piece.lines))
            case "image":
                yield from some("figure", plain(piece.lines[0]))
            case _:
                words = plain(" ".join(line.strip() for line in piece.lines))
                yield from some(kind_of_text(words), words)

    def paper(self, source: SourceFormat) -> Paper:
        """The finished paper. Raises BadInput when it has no body text."""
        if self.front:
            self.drafts.insert(0, Draft(title="", blocks=self.front))
        for draft in self.drafts:
            draft.blocks = with_captions(draft.blocks, self.captions_behind)
        if not any(draft.blocks for draft in self.drafts):
            raise BadInput(
                "the Markdown file has no text beside headings", "give a file with the paper's body"
            )
        if not self.title:
            self.warnings.append(ReadingWarning(what="the paper has no title"))
        return Paper(
            title=clean_line(self.title),
            abstract="\n\n".join(self.abstract),
            authors=tuple(self.authors),
            sections=sections_of(self.drafts),
            references=tuple(self.references),
            warnings=tuple(self.warnings),
            source_format=source,
        )


class OwnReader(Reader):
    """Reads what `render` wrote: nothing is repaired, so nothing changes."""

    captions_behind = False

    def heading(self, piece: Raw) -> None:
        """Title, Abstract, References, or `[id] number title`."""
        words = piece.lines[0]
        self.headings += 1
        if self.headings == 1:
            self.title = words
        elif match := OWN_HEADING.match(words):
            number, _, title = (match[2] or "").partition(" ")
            if match[1] != f"s{number}" and not match[1].startswith(f"s{number}-"):
                number, title = "", match[2] or ""
            self.place = "section"
            self.drafts.append(Draft(title=title, number=number, level=piece.level - 1, wanted_id=match[1]))
        else:
            self.place = words.lower()

    def blocks(self, piece: Raw) -> Iterator[Block]:
        """The blocks byte for byte, without the backslash that `render` put before structure."""
        match piece.kind:
            case "code":
                yield from super().blocks(piece)
            case "math":
                yield from some("equation", "\n".join(piece.lines))
            case "table":
                yield from some("table", "\n".join(piece.lines))
            case "list":
                yield from some("list", "\n".join(piece.lines))
            case _:
                words = piece.lines[0]
                if ESCAPED.match(words):
                    words = words[1:]
                yield from some(kind_of_text(words), words)


def some(kind: BlockKind, text: str) -> Iterator[Block]:
    """A block, unless it would be empty."""
    if text.strip():
        yield Block(kind=kind, text=text)


def kind_of_text(words: str) -> BlockKind:
    """A line that begins "Figure 3:" is a figure's caption; any other is a paragraph."""
    match = CAPTION.match(words)
    return "figure" if match and match["what"].lower().startswith("fig") else "paragraph"


def with_captions(blocks: list[Block], behind: bool) -> list[Block]:
    """Tables joined with the caption that stands just before them or, if captions may stand `behind`,
    just after them."""
    found: list[Block] = []
    skip = False
    for here, after in zip_longest(blocks, blocks[1:]):
        if skip:
            skip = False
            continue
        if here.kind == "table" and here.text.startswith("|"):
            if found and is_table_caption(found[-1]):
                here = Block(kind="table", text=captioned(found.pop().text, here.text))
            elif behind and after is not None and is_table_caption(after):
                here = Block(kind="table", text=captioned(after.text, here.text))
                skip = True
        found.append(here)
    return found


def is_table_caption(block: Block) -> bool:
    """Whether a paragraph is "Table 3: ..."."""
    match = CAPTION.match(block.text)
    return block.kind == "paragraph" and match is not None and match["what"].lower().startswith("tab")


def normal_list(lines: tuple[str, ...]) -> str:
    """Items with two spaces a level and "-" or the number they had."""
    indents: list[int] = []
    found = []
    for line in lines:
        match = ITEM.match(line)
        if match is None:
            continue
        indent = len(match[1])
        while indents and indents[-1] >= indent:
            indents.pop()
        indents.append(indent)
        mark = match[2].replace(")", ".") if match[2][0].isdigit() else "-"
        found.append(f"{'  ' * min(len(indents) - 1, 6)}{mark} {plain(match[3])}".rstrip())
    return "\n".join(found)


def bare_math(text: str) -> str:
    r"""An equation without the environment around it; rows of an `align` stay aligned."""
    match = re.fullmatch(r"\s*\\begin\{(\w+)\*?\}(.*)\\end\{\1\*?\}\s*", text, re.DOTALL)
    if not match:
        return text.strip()
    inner = match[2].strip()
    return f"\\begin{{aligned}}\n{inner}\n\\end{{aligned}}" if match[1] in ("align", "eqnarray") else inner


def split_references(block: Block) -> list[str]:
    """The references of one block: the items of a list, or "[1] ... [2] ..." apart."""
    if block.kind == "list":
        return [re.sub(r"^\s*(?:-|\d{1,3}\.)\s+", "", line) for line in block.text.split("\n")]
    return [part.strip() for part in REFERENCE_START.split(block.text) if part.strip()]
