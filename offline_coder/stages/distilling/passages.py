"""A paper cut into passages that are kept or dropped as they stand, and the paper of those kept.

A passage is a sentence, an item of a list, a row of a table or a whole block, or some of these in a row, up
to 300 characters. What is kept is verbatim by construction. Some passages are kept by right, whatever a
model says: those that hold a candidate setting, rows of tables of settings, and equations, algorithms and
code with the words that lead to them and explain their symbols, unless these stand in a section that is
left out first.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from offline_coder.checks.provenance import LONGEST_QUOTE, sentences
from offline_coder.papers.fit import GOES, section_kinds
from offline_coder.papers.paper import Block, Paper
from offline_coder.stages.planning.candidates import in_passage
from offline_coder.stages.planning.tables import table_of

GAP = "[...]"
GAP_ROW = f"| {GAP} |"
# A full stop behind one of these ends no sentence: what follows would stand alone, as "(2017) propose ...".
SENTENCE_BORDER = re.compile(
    r"(?<=[.!?])(?<!\bal\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bcf\.)(?<!\bvs\.)"
    r"(?<![Ff]ig\.)(?<!\b[Ee]q\.)(?<![Ss]ec\.)(?<![Tt]ab\.)\s+(?=[A-Z\[$\\(])"
)
RULE = re.compile(r"[\s|:=-]+")
FORMAL = frozenset({"equation", "algorithm", "code"})
ENDED = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the block `block` of the section `section`, both counted from 0; `at` counts the pieces
    of the block. `kind` is what the section is for (fit.py)."""

    section: int
    block: int
    at: int
    kind: str
    text: str
    by_right: bool

    @property
    def asked(self) -> bool:
        """Whether a model decides: not by right, and not in a section that is left out first."""
        return not self.by_right and self.kind not in GOES


@dataclass(frozen=True, slots=True)
class Part:
    """A passage of a block while it is cut."""

    text: str
    by_right: bool


def passages_of(paper: Paper) -> tuple[Passage, ...]:
    """All passages in the paper's order. The abstract is not cut, nor are references."""
    found: list[Passage] = []
    for number, (section, kind) in enumerate(zip(paper.sections, section_kinds(paper), strict=True)):
        neighbours = zip((None, *section.blocks), section.blocks, (*section.blocks[1:], None), strict=False)
        for place, (before, block, after) in enumerate(neighbours):
            for at, piece in enumerate(cut(block, before, after, useful=kind not in GOES)):
                found.append(Passage(number, place, at, kind, piece.text, piece.by_right))
    return tuple(found)


def cut(block: Block, before: Block | None, after: Block | None, *, useful: bool) -> list[Part]:
    """The pieces of `block`, which stands between two others; `useful` is its section."""
    if block.kind in FORMAL or block.kind == "figure":
        return [Part(block.text, (useful and block.kind in FORMAL) or holds_setting(block.text))]
    if block.kind == "table":
        return cut_table(block)
    parts = [Part(text, holds_setting(text)) for text in parts_of(block)]
    if useful and parts and block.kind == "paragraph":
        if after is not None and after.kind in FORMAL and not parts[-1].text.endswith(ENDED):
            parts[-1] = Part(parts[-1].text, by_right=True)
        if before is not None and before.kind in FORMAL and parts[0].text[:1].islower():
            parts[0] = Part(parts[0].text, by_right=True)
    return merged(parts, joint(block))


def cut_table(block: Block) -> list[Part]:
    """The pieces of a table: its caption and head, then its rows. A row is a setting's by its own words or
    by those of its columns."""
    table = table_of(block.text)
    settings = set(table.rows) if table.named_columns > 1 else set()
    parts = [Part(text, holds_setting(text) or text.strip() in settings) for text in parts_of(block)]
    return parts[:1] + merged(parts[1:], "\n")


def parts_of(block: Block) -> list[str]:
    """The smallest parts of a paragraph, a list or a table; of a table the caption and head come first,
    together."""
    if block.kind == "paragraph":
        return [part for part in SENTENCE_BORDER.split(block.text.strip()) if part]
    lines = [line for line in block.text.split("\n") if line.strip()]
    if block.kind == "list":
        return lines
    caption = [line for line in lines if not line.lstrip().startswith("|")]
    rows = [line for line in lines if line.lstrip().startswith("|")]
    head = 2 if len(rows) > 1 and RULE.fullmatch(rows[1]) else 1
    return ["\n".join((*caption, *rows[:head])), *rows[head:]]


def joint(block: Block) -> str:
    """What stands between two parts of `block`."""
    return " " if block.kind == "paragraph" else "\n"


def merged(parts: list[Part], between: str) -> list[Part]:
    """`parts` with neighbours of one kind put together up to the length of a quote."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if last and last.by_right == part.by_right and len(last.text) + len(part.text) < LONGEST_QUOTE:
            found[-1] = Part(f"{last.text}{between}{part.text}", part.by_right)
        else:
            found.append(part)
    return found


def holds_setting(text: str) -> bool:
    """Whether planning finds a candidate setting in `text`."""
    return any(in_passage("", sentence) for sentence in sentences(text))


def without(paper: Paper, found: Collection[Passage], gone: Collection[Passage]) -> Paper:
    """`paper` without the passages `gone` of those `found` in it: "[...]" stands where something is missing
    in a block, and a block that lost everything is empty."""
    touched = {(passage.section, passage.block) for passage in gone}
    whole: dict[tuple[int, int], list[Passage]] = {}
    for passage in found:
        whole.setdefault((passage.section, passage.block), []).append(passage)
    sections = []
    for number, section in enumerate(paper.sections):
        blocks = tuple(
            shortened(block, whole[number, place], gone) if (number, place) in touched else block
            for place, block in enumerate(section.blocks)
        )
        sections.append(section.model_copy(update={"blocks": blocks}))
    return paper.model_copy(update={"sections": tuple(sections)})


def shortened(block: Block, passages: list[Passage], gone: Collection[Passage]) -> Block:
    """`block`, cut into `passages`, without those `gone`, with a mark at each gap. A table keeps its head
    with any row."""
    kept = [passage not in gone for passage in passages]
    if not any(kept):
        return block.model_copy(update={"text": ""})
    if block.kind == "table":
        kept[0] = True
    mark = GAP_ROW if block.kind == "table" else GAP
    texts: list[str] = []
    for passage, stays in zip(passages, kept, strict=True):
        if stays:
            texts.append(passage.text)
        elif texts[-1:] != [mark]:
            texts.append(mark)
    return block.model_copy(update={"text": joint(block).join(texts)})
