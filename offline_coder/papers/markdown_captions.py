"""Captions of a Markdown paper: joined with their tables, and numbered where pandoc left the numbers out."""

import re
from itertools import zip_longest

from offline_coder.papers.outline import Draft
from offline_coder.papers.paper import Block, Place
from offline_coder.papers.tables import captioned, is_caption

LINK = re.compile(r"\[(\d{1,3}(?:\.\d{1,3}){0,3}|[A-Z]\.?\d{1,3})\]\(#([^()\s]{1,200})\)")
UNNUMBERED = re.compile(r"(Table|Figure): ")
SENTENCE_END = re.compile(r"[.!?:;][\"'”’)\]$]*(?:\[\d{1,2}\]|\^\S{1,5})?$")
GOES_ON = re.compile(r"[^\W\d_A-Z]|\(\d{4}\)")
MOST_NAMES = 500
# How many tables, figures and footnotes a cut paragraph may reach over.
FARTHEST = 12


class References:
    """The names of tables and figures, and the numbers that links to them show. `anchor` is a name that
    belongs to whatever comes next."""

    def __init__(self, text: str) -> None:
        self.shown = {name: number for number, name in LINK.findall(text)}
        self.anchor = ""
        self.names: dict[Place, str] = {}
        self.counts = {"Table": 0, "Figure": 0}

    def name(self, where: Place, name: str) -> None:
        """Give what stands at `where` its name, or the one that waits."""
        if found := name or self.anchor:
            self.names[where] = found
        self.anchor = ""

    def keyed(self, references: list[str]) -> list[str]:
        """References with the key that waits for the first of them, as pandoc's citeproc names it."""
        if references and self.anchor.startswith("ref-"):
            references = [f"[{self.anchor.removeprefix('ref-')}] {references[0]}", *references[1:]]
            self.anchor = ""
        return references

    def number(self, drafts: list[Draft]) -> None:
        """Put numbers into "Table: ..." and "Figure: ...": what a link to the name shows, else the next
        one; and for a name that stands in the text in brackets, its number."""
        numbered: dict[str, str] = {}
        for draft in drafts:
            draft.blocks = [self.numbered(block, numbered) for block in draft.blocks]
        if not numbered:
            return
        pattern = re.compile("|".join(re.escape(f"[{name}]") for name in list(numbered)[:MOST_NAMES]))
        for draft in drafts:
            draft.blocks = [
                block.model_copy(
                    update={"text": pattern.sub(lambda match: numbered[match[0][1:-1]], block.text)}
                )
                for block in draft.blocks
            ]

    def numbered(self, block: Block, numbered: dict[str, str]) -> Block:
        """`block`, with its number when it is a caption that lacks one."""
        match = UNNUMBERED.match(block.text)
        if match is None or block.kind not in ("table", "figure"):
            return block
        name = next((self.names[place] for place in block.places if place in self.names), "")
        kind = match[1]
        number = self.shown.get(name, str(self.counts[kind] + 1))
        self.counts[kind] = int(number) if number.isdigit() else self.counts[kind] + 1
        if name:
            numbered[name] = number
        return block.model_copy(update={"text": f"{kind} {number}: {block.text[match.end() :]}"})


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
                here = joined(here, found.pop())
            elif behind and after is not None and is_table_caption(after):
                here = joined(here, after)
                skip = True
        found.append(here)
    return found


def joined(table: Block, caption: Block) -> Block:
    """A table with its caption."""
    return Block(
        kind="table", text=captioned(caption.text, table.text), places=(*caption.places, *table.places)
    )


def is_table_caption(block: Block) -> bool:
    """Whether a paragraph is "Table 3: ..."."""
    return block.kind == "paragraph" and is_caption(block.text, "tab")


def mended(blocks: list[Block]) -> list[Block]:
    """Paragraphs that a table, a figure or a footnote stands in the middle of, put together before it; and
    list items whose end was set as a paragraph."""
    found: list[Block] = []
    for block in blocks:
        at, first = len(found) - 1, len(found) - 1 - FARTHEST
        while at >= max(first, 0) and (
            found[at].kind in ("figure", "table") or found[at].text.startswith("(footnote ")
        ):
            at -= 1
        before = found[at] if at >= max(first, 0) else None
        if before is not None and (at < len(found) - 1 or before.kind == "list") and goes_on(before, block):
            found[at] = Block(
                kind=before.kind,
                text=f"{before.text} {block.text}",
                places=(*before.places, *block.places),
            )
        else:
            found.append(block)
    return found


def goes_on(before: Block, block: Block) -> bool:
    """Whether a paragraph ends the sentence that `before` was cut in."""
    cut = before.kind in ("paragraph", "list") and not SENTENCE_END.search(before.text)
    return cut and block.kind == "paragraph" and GOES_ON.match(block.text) is not None
