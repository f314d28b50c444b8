"""Markdown to Paper: as people write it, as converters write it, and as `render` writes it.

Our own rendering is recognised by its headings and read back without repairs, so that
`render(read_markdown(render(paper))) == render(paper)`.
"""

import re
from collections.abc import Iterator

from offline_coder.core.errors import BadInput
from offline_coder.papers.markdown_captions import References, mended, with_captions
from offline_coder.papers.markdown_front import LOST, LOST_COMMENT, Front, taken_apart
from offline_coder.papers.markdown_inline import heading_text, plain
from offline_coder.papers.markdown_lines import ITEM, Raw, cut
from offline_coder.papers.markdown_own import ESCAPED, OWN_HEADING, own_pieces
from offline_coder.papers.markdown_repair import with_lost_headings
from offline_coder.papers.outline import (
    NOTICE,
    TOP_LEVEL,
    Draft,
    Numbering,
    refuse_too_many,
    sections_of,
    split_number,
)
from offline_coder.papers.paper import Block, BlockKind, Certainty, Paper, Place, ReadingWarning, SourceFormat
from offline_coder.papers.render import ALGORITHM_FENCE
from offline_coder.papers.tables import CAPTION, DELIMITER, captioned, html_table, markdown_table, split_row
from offline_coder.papers.text import blank_head, clean_line, clean_lines

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
REFERENCE_START = re.compile(r"(?=\[\d{1,3}\]\s)")
NOTE_USE = re.compile(r"\s?\[\^([^\[\]\s]{1,60})\]|\s?\^\[([^\[\]]{1,2000})\]")
# marker sets a footnote as a paragraph that begins with its raised mark.
SET_NOTE = re.compile(
    r"\s*(?:<span[^<>]{0,200}>\s*</span>\s*)*<sup>\s*(\d{1,2}|[∗*†‡])\.?\s*</sup>\.?\s*(?=\S)"
)
NO_NAME = re.compile(r"@|\d|universit|institut|department|school|research|laborator", re.IGNORECASE)
# What converters write for a picture that has no caption.
NO_CAPTION = re.compile(
    r"(?:image|img|figure|picture|refer to caption|alt text|.*\.(?:png|jpe?g|pdf|svg))?", re.IGNORECASE
)
HTML_CAPTION = re.compile(r"<figcaption[^<>]{0,200}>(.{0,2000}?)</figcaption>", re.IGNORECASE | re.DOTALL)
FIGURE_NAME = re.compile(r"[{\s]#([^\s{}]{1,200})|\bid=\"([^\"]{1,200})\"")
CAPTION_NAME = re.compile(r"\s{0,9}\{\s*#([^\s{}]{1,200})[^{}]{0,300}\}\s*$")
AUTHORS_LONGEST = 300
NUMBERED_ITEM = re.compile(r"(\d{1,2})[.)]\s+(?=[A-Z])")
NOTICE_WITHIN = 200
MATH_COMMENT = re.compile(r"(?<!\\)%[^\n]*(?:\n|$)")
ALIGNED = ("align", "eqnarray", "flalign")
MATH_AROUND = re.compile(
    r"\s*\\begin\{(align|eqnarray|flalign|equation|gather|multline|displaymath|math)\*?\}(.*)\\end\{\1\*?\}\s*",
    re.DOTALL,
)
MISSING_EQUATION = r"\text{(equation missing in the source)}"


def read_markdown(text: str, source: SourceFormat = "markdown") -> Paper:
    """The paper that a Markdown text holds.

    Raises:
        BadInput: it is empty, or has no text beside headings and references.
    """
    lines = clean_lines(text).split("\n")
    before = blank_head(text)
    own = own_pieces(lines, before)
    if own is not None:
        reader: Reader = OwnReader(Front(lines), "")
        pieces = own
    else:
        front = taken_apart(lines)
        reader = Reader(front, "\n".join(lines))
        reader.before = before
        if front.unread:
            what = "the head is no YAML that can be read; only its title is kept"
            reader.warn(what, reader.lines(0, front.unread))
        pieces = with_lost_headings(cut(front.lines, before))
    if not pieces:
        raise BadInput("the Markdown file is empty", "give a file that holds the paper's text")
    refuse_too_many(sum(piece.kind == "heading" for piece in pieces))
    for piece in pieces:
        reader.take(piece)
    return reader.paper(source)


class Reader:
    """Builds a paper from pieces in order, repairing what converters do to headings."""

    captions_behind = True
    repairs = True

    def __init__(self, front: Front, text: str) -> None:
        self.title = plain(NOTE_USE.sub("", front.title))
        self.authors = authors_of(front.authors)
        self.notes = front.notes
        self.used = set(NOTE_USE.findall(" ".join([front.title, *front.authors])))
        self.before = 0
        self.front: list[Block] = []
        self.abstract = [words for part in front.abstract.split("\n\n") if (words := plain(part))]
        self.references: list[str] = []
        self.drafts: list[Draft] = []
        self.aside: list[Block] = []
        self.warnings: list[ReadingWarning] = []
        self.numbering = Numbering()
        self.links = References(text)
        self.place = "front"
        self.headings = 0
        # LaTeX's \\paragraph, which begins a line of text, is a heading of the fourth level to pandoc.
        self.run_in = bool(front.title or front.authors or front.abstract)
        self.head: Block | None = None

    def take(self, piece: Raw) -> None:
        """Add one piece."""
        if piece.kind == "unclosed":
            words = f"a fence is never closed: {piece.lines[0][:40]}"
            self.warn(words, place_of(piece)[0])
        elif piece.kind == "anchor":
            self.links.anchor = piece.lines[0]
        elif piece.kind == "heading":
            self.heading(piece)
        else:
            for block in self.blocks(piece):
                # A footnote in the piece has brought its own place.
                self.place_block(block.model_copy(update={"places": (*place_of(piece), *block.places)}))

    def warn(self, what: str, where: Place | None = None, certainty: Certainty = "certain") -> None:
        """Keep a warning."""
        self.warnings.append(ReadingWarning(what=what, where=where, certainty=certainty))

    def heading(self, piece: Raw) -> None:
        """A heading opens the abstract, the references or a section, or is the title, or none at all."""
        words = heading_text(NOTE_USE.sub("", piece.lines[0]))
        self.headings += 1
        if not words:
            return
        self.used |= set(NOTE_USE.findall(piece.lines[0]))
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
            self.place_block(Block(kind="paragraph", text=words, places=place_of(piece)))
        else:
            if self.run_in and piece.level > 3 and self.place == "section":
                self.flush_head()
                self.head = Block(kind="paragraph", text=words, places=place_of(piece))
                return
            number, title = self.numbering.split(words)
            self.flush_head()
            self.place = "section"
            self.drafts.append(Draft(title=title, number=number, level=piece.level, blocks=self.aside))
            self.aside = []

    def enter_abstract(self) -> None:
        """What stood between title and abstract are the authors, unless it is as long as text."""
        self.place = "abstract"
        if any(draft.number for draft in self.drafts):
            return
        for draft in self.drafts:
            self.authors += [draft.title, *(block.text for block in draft.blocks)]
        self.authors += [block.text for block in self.front]
        texts = [block for draft in self.drafts for block in draft.blocks] + self.front
        self.front = [block for block in texts if len(block.text) > AUTHORS_LONGEST]
        self.authors = [author for author in self.authors if len(author) <= AUTHORS_LONGEST]
        self.drafts = []
        self.numbering = Numbering()

    def flush_head(self) -> None:
        """A run-in heading without text of its own."""
        head, self.head = self.head, None
        if head is not None and self.drafts:
            self.drafts[-1].blocks.append(head)

    def place_block(self, block: Block) -> None:
        """Put a block where reading stands, behind the run-in heading that waits for it."""
        if self.head is not None and block.kind == "paragraph":
            stop = "" if self.head.text.endswith((".", ":", "?", "!")) else "."
            words = f"{self.head.text}{stop} {block.text}"
            block = Block(kind="paragraph", text=words, places=(*self.head.places, *block.places))
            self.head = None
        self.flush_head()
        match self.place:
            case "abstract" if block.text.startswith("(footnote "):
                self.aside.append(block)
            case "abstract" if block.text.startswith("©"):
                self.warn("a notice of copyright is left out of the abstract", block.places[0], "likely")
            case "abstract":
                self.abstract.append(block.text)
            case "references":
                found = [part for part in split_references(block) if not part.isdigit()]
                self.references += self.links.keyed(found)
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
        """The cleaned blocks of one piece; the only places they have are those of their footnotes."""
        match piece.kind:
            case "code":
                kinds: dict[str, BlockKind] = {ALGORITHM_FENCE: "algorithm", "math": "equation"}
                kind = kinds.get(piece.info, "code")
                yield from some(kind, "\n".join(piece.lines))
            case "math":
                yield from some("equation", bare_math("\n".join(piece.lines)))
            case "table":
                rows = [line for line in piece.lines if not DELIMITER.fullmatch(line)]
                yield from self.table("", [split_row(row) for row in rows], piece)
            case "drawn table":
                yield from self.table("", [list(row) for row in piece.rows], piece)
            case "html table":
                text, places = self.noted("\n".join(piece.lines))
                caption, table = html_table(text)
                self.links.name(place_of(piece)[0], "")
                yield from some("table", captioned(plain(caption), table), places)
            case "list":
                text, places = self.noted("\n".join(piece.lines))
                yield from some("list", normal_list(text.split("\n")), places)
            case "image" | "html figure":
                yield from self.figure(piece)
            case _:
                yield from self.paragraph(piece)

    def table(self, caption: str, rows: list[list[str]], piece: Raw) -> Iterator[Block]:
        """A table whose cells are Markdown."""
        self.links.name(place_of(piece)[0], "")
        places: list[Place] = []
        cells = []
        for row in rows:
            noted = [self.noted(cell) for cell in row]
            places += [place for _, found in noted for place in found]
            cells.append([plain(text) for text, _ in noted])
        yield from some("table", captioned(caption, markdown_table(cells)), tuple(places))

    def figure(self, piece: Raw) -> Iterator[Block]:
        """A picture's caption. One with a name, as pandoc gives it, gets a number."""
        text, places = self.noted(" ".join(piece.lines))
        name, info = "", piece.info
        if piece.kind == "html figure":
            found = HTML_CAPTION.search(text)
            text = found[1] if found else ""
            info = piece.lines[0]
        if match := FIGURE_NAME.search(info):
            name = match[1] or match[2]
        words = plain(text)
        if NO_CAPTION.fullmatch(words):
            return
        named = bool(name or self.links.anchor)
        self.links.name(place_of(piece)[0], name)
        yield from some("figure", f"Figure: {words}" if named and not CAPTION.match(words) else words, places)

    def paragraph(self, piece: Raw) -> Iterator[Block]:
        """Running text, a caption, a footnote, or the mark of something that the converter lost."""
        where = place_of(piece)[0]
        lines = [line for line in piece.lines if not self.lost(line, where)]
        if len(lines) < len(piece.lines) and any("formula" in line for line in piece.lines):
            yield Block(kind="equation", text=MISSING_EQUATION)
        text, places = self.noted(" ".join(line.strip() for line in lines))
        if CAPTION.match(text) and (match := CAPTION_NAME.search(text)):
            self.links.name(where, match[1])
            text = text[: match.start()]
        if self.place != "front" and (match := SET_NOTE.match(text)):
            words = plain(text[match.end() :])
            yield from some("paragraph", f"(footnote {match[1]}: {words})", places)
        else:
            words = plain(text)
            yield from some(kind_of_text(words), words, places)

    def lost(self, line: str, where: Place) -> bool:
        """Whether a line is a converter's mark for what it lost, which is a warning."""
        match = LOST_COMMENT.match(line)
        if match:
            self.warn(f"{LOST[match[1]]} was lost when the Markdown was made", where)
        return match is not None

    def noted(self, text: str) -> tuple[str, tuple[Place, ...]]:
        """`text` with the words of its footnotes, each at its first mark, and where these stand."""
        if "^" not in text:
            return text, ()
        places: list[Place] = []

        def words(match: re.Match[str]) -> str:
            if match[2]:
                return f" (footnote: {match[2]})"
            note = self.notes.get(match[1])
            if note is None:
                return match[0]
            if (match[1], "") in self.used:
                return ""
            self.used.add((match[1], ""))
            places.append(self.lines(note.first, note.last))
            return f" (footnote: {NOTE_USE.sub('', note.text)})"

        return NOTE_USE.sub(words, text), tuple(places)

    def lines(self, first: int, last: int) -> Place:
        """Lines counted from 0 as a place."""
        return Place(lines=(first + self.before + 1, last + self.before + 1))

    def paper(self, source: SourceFormat) -> Paper:
        """The finished paper. Raises BadInput when it has no body text."""
        self.flush_head()
        self.front = [block for block in self.front if not NOTICE.search(block.text[:NOTICE_WITHIN])]
        if self.front or self.aside:
            self.drafts.insert(0, Draft(title="", blocks=[*self.front, *self.aside]))
        self.unused_notes()
        for draft in self.drafts:
            draft.blocks = with_captions(draft.blocks, self.captions_behind)
            if self.repairs:
                draft.blocks = mended(draft.blocks)
        self.links.number(self.drafts)
        if not any(draft.blocks for draft in self.drafts):
            raise BadInput(
                "the Markdown file has no text beside headings", "give a file with the paper's body"
            )
        if not self.title:
            self.warn("the paper has no title", certainty="likely")
        if not any(draft.title for draft in self.drafts):
            self.warn("no headings were found", certainty="likely")
        return Paper(
            title=clean_line(self.title),
            abstract="\n\n".join(self.abstract),
            authors=tuple(self.authors),
            sections=sections_of(self.drafts),
            references=tuple(self.references),
            warnings=tuple(self.warnings),
            source_format=source,
        )

    def unused_notes(self) -> None:
        """Footnotes that no text asks for, at the end; those of title and headings are left out."""
        for name, note in self.notes.items():
            where = self.lines(note.first, note.last)
            if (name, "") not in self.used and self.drafts:
                words = f"(footnote {name}: {plain(NOTE_USE.sub('', note.text))})"
                self.drafts[-1].add("paragraph", words, (where,))
            elif not any(where in block.places for draft in self.drafts for block in draft.blocks):
                self.warn(f"a note on title, authors or a heading is left out: {note.text[:80]}", where)


class OwnReader(Reader):
    """Reads what `render` wrote: nothing is repaired, so nothing changes."""

    captions_behind = False
    repairs = False

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


def place_of(piece: Raw) -> tuple[Place, ...]:
    """Where a piece stands."""
    return (Place(lines=(piece.first, piece.last)),)


def authors_of(entries: list[str]) -> list[str]:
    """The names among the lines of a YAML head's authors."""
    lines = [plain(NOTE_USE.sub("", line)) for entry in entries for line in entry.split("\n")]
    return [line for line in lines if line and len(line.split()) < 7 and not NO_NAME.search(line)]


def some(kind: BlockKind, text: str, places: tuple[Place, ...] = ()) -> Iterator[Block]:
    """A block, unless it would be empty."""
    if text.strip():
        yield Block(kind=kind, text=text, places=places)


def kind_of_text(words: str) -> BlockKind:
    """A line that begins "Figure 3:" is a figure's caption; any other is a paragraph."""
    match = CAPTION.match(words)
    return "figure" if match and match["what"].lower().startswith("fig") else "paragraph"


def normal_list(lines: list[str]) -> str:
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
        mark, words = match[2], match[3]
        if mark[0].isdigit():
            mark = mark.replace(")", ".")
        elif numbered := NUMBERED_ITEM.match(words):
            # marker and docling put a bullet before the number.
            mark, words = f"{numbered[1]}.", words[numbered.end() :]
        else:
            mark = "-"
        found.append(f"{'  ' * min(len(indents) - 1, 6)}{mark} {plain(words)}".rstrip())
    return "\n".join(found)


def bare_math(text: str) -> str:
    r"""An equation without the environment around it; rows of an `align` stay aligned."""
    text = MATH_COMMENT.sub("", text) if "%" in text else text
    match = MATH_AROUND.fullmatch(text)
    if not match:
        return text.strip()
    inner = match[2].strip()
    return f"\\begin{{aligned}}\n{inner}\n\\end{{aligned}}" if match[1] in ALIGNED else inner


def split_references(block: Block) -> list[str]:
    """The references of one block: the items of a list, or "[1] ... [2] ..." apart."""
    if block.kind == "list":
        return [re.sub(r"^\s*(?:-|\d{1,3}\.)\s+", "", line) for line in block.text.split("\n")]
    return [part.strip() for part in REFERENCE_START.split(block.text) if part.strip()]
