"""What of a paper goes into a prompt.

What a purpose never needs stays out even where there is room: planning and coding do without the list of
references, acknowledgements and checklists. When the rest does not fit, whole sections and whole blocks are
left out, least useful for writing code first, and a line says where. The order: statements at the end;
references; related work; conclusion and discussion; the introduction and background; appendices without
settings; then single blocks, those that carry neither equations nor settings first, from sections that
describe neither method nor experiments first, from the end of the paper backwards. Whoever analyses a
module or writes its code does without results sooner than whoever plans; a judge is also shown what the
others never need, as long as there is room. All files share one choice: a choice a file would have the
engine read the paper anew for each.

A paper that loses more than statements, references and related work is too long; it is distilled first
(stages/distilling), and what is left is fitted here.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from offline_coder.core.errors import BadInput
from offline_coder.core.values import Value
from offline_coder.papers.paper import Block, Paper, Section
from offline_coder.papers.render import (
    render_block,
    render_front,
    render_heading,
    render_references,
    render_section,
)

Count = Callable[[str], Awaitable[int]]
Purpose = Literal["plan", "code", "judge"]

REFERENCES_ID = "references"
CORRECTIONS = 12

ENDINGS = re.compile(
    r"acknowledge?ments?|ethic|broader impact|societal impact|impact statement|reproducibility statement"
    r"|checklist|author contribution|contributions?$|funding|data availability|conflicts? of interest",
    re.IGNORECASE,
)
# Of the endings, those that say nothing about the work itself.
NEVER_NEEDED = re.compile(
    r"acknowledge?ments?\b|[\w ]{0,30}checklist$|author contributions?$|funding$|conflicts? of interest"
    r"|(?:competing|declaration of) interests?",
    re.IGNORECASE,
)
RELATED = re.compile(r"related work|prior work|previous work|literature", re.IGNORECASE)
CLOSING = re.compile(r"conclu|discussion|future work|limitation|outlook|summary$", re.IGNORECASE)
OPENING = re.compile(r"introduction|background|motivation|preliminar|overview of the paper", re.IGNORECASE)
METHOD = re.compile(
    r"method|model|architect|approach|algorithm|framework|network|attention|loss|objective|formulation"
    r"|implementation|pseudo|detail",
    re.IGNORECASE,
)
SETUP = re.compile(
    r"experiment|training|setup|set-up|setting|hyper-?parameter|data|optimi[sz]|regulari[sz]|evaluation"
    r"|schedule|hardware|technique",
    re.IGNORECASE,
)
SETTINGS = re.compile(
    r"learning.rate|batch.?size|hyper-?parameter|dropout|optimi[sz]er|adam|\bsgd\b|weight.decay|warm-?up|epochs?\b"
    r"|iterations?\b|\bsteps\b|layers?\b|dimension|hidden|\bseed|momentum|initiali[sz]|embedding|vocabulary"
    r"|beam|temperature|schedule|\bheads\b",
    re.IGNORECASE,
)
DIGIT = re.compile(r"\d")

# The stages in which whole sections go, and those of them that no paper is too long for.
SPARE = frozenset({"ending", "related"})
GOES = {"ending": 0, "references": 1, "related": 2, "closing": 3, "opening": 4, "plain appendix": 5}


class LeftOut(Value):
    """A part of the paper that is not in the text. `tokens` is what it would have cost, estimated for
    parts of a section. `section_id` is "references" for the list of references. `passages` counts the
    passages that were left out of a section by distilling, 0 where whole blocks went."""

    section_id: str
    title: str
    tokens: int
    passages: int = 0


class Fitted(Value):
    """What goes into the prompt. `tokens` is the counted size of `text`."""

    text: str
    left_out: tuple[LeftOut, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole section, one of its blocks, or the references: what can be left out at once.

    `block` is None for a whole section, and `section` None for the references. Pieces with the lowest
    `rank` go first.
    """

    section: int | None
    block: int | None
    tokens: int
    rank: tuple[int, ...]


def kind_of(section: Section, ancestors: tuple[Section, ...]) -> str:
    """What a section is for, read from its title and, when that says nothing, from those above it. All of
    related work is related."""
    if any(RELATED.search(above.title) for above in ancestors):
        return "related"
    for titled in (section, *reversed(ancestors)):
        for name, pattern in (
            ("ending", ENDINGS),
            ("related", RELATED),
            ("setup", SETUP),
            ("method", METHOD),
            ("closing", CLOSING),
            ("opening", OPENING),
        ):
            if pattern.search(titled.title):
                return name
    return "other"


def is_appendix(section: Section) -> bool:
    """Whether the section's number is a letter."""
    return section.number[:1].isalpha()


def has_settings(text: str) -> bool:
    """Whether `text` looks like it states a setting: a word for one, and a digit."""
    return bool(DIGIT.search(text) and SETTINGS.search(text))


def section_kinds(paper: Paper) -> list[str]:
    """The kind of each section. A section whose titles say nothing is a method when it and its
    subsections hold two equations or algorithms; appendices without settings are told apart."""
    kinds = []
    path: list[Section] = []
    formal = False
    for at, section in enumerate(paper.sections):
        path = [above for above in path if above.level < section.level]
        if not path:
            formal = formal_blocks(paper.sections[at:]) > 1
        kind = kind_of(section, tuple(path))
        if (
            is_appendix(section)
            and kind in ("other", "closing")
            and not has_settings(render_section(section))
        ):
            kind = "plain appendix"
        elif kind == "other" and formal:
            kind = "method"
        kinds.append(kind)
        path.append(section)
    return kinds


def formal_blocks(sections: tuple[Section, ...]) -> int:
    """Equations and algorithms in the first of `sections` and its subsections."""
    found = 0
    for at, section in enumerate(sections):
        if at and section.level <= sections[0].level:
            break
        found += sum(block.kind in ("equation", "algorithm") for block in section.blocks)
    return found


def block_worth(kind: str, block: Block, appendix: bool, purpose: Purpose = "plan") -> int:
    """How much a block is worth for `purpose`, 0 to 6."""
    other = 0 if purpose == "code" else 2
    worth = 4 if kind in ("method", "setup") else other
    if block.kind == "figure":
        worth -= 2
    elif block.kind in ("equation", "algorithm", "code") or has_settings(block.text):
        worth += 2
    return max(worth - 2 if appendix else worth, 0)


def pieces_of(
    paper: Paper, section_tokens: list[int], reference_tokens: int, purpose: Purpose
) -> list[Piece]:
    """Everything that can be left out, in the order in which it goes."""
    pieces = []
    if paper.references:
        pieces.append(Piece(None, None, reference_tokens, (GOES["references"], 0)))
    for at, (section, kind) in enumerate(zip(paper.sections, section_kinds(paper), strict=True)):
        if kind in GOES:
            pieces.append(Piece(at, None, section_tokens[at], (GOES[kind], -at)))
            continue
        characters = max(len(render_section(section)), 1)
        for number, block in enumerate(section.blocks):
            share = max(1, section_tokens[at] * len(render_block(block)) // characters)
            rank = (len(GOES), block_worth(kind, block, is_appendix(section), purpose), -at, -number)
            pieces.append(Piece(at, number, share, rank))
    return sorted(pieces, key=lambda piece: piece.rank)


def never_needed(paper: Paper, purpose: Purpose) -> list[int | None]:
    """The sections that `purpose` does without whatever room there is, subsections included; None stands
    for the list of references. A judge sees all of the paper. A section stays when nothing else would."""
    if purpose == "judge":
        return []
    found: list[int | None] = []
    below = 0
    for at, section in enumerate(paper.sections):
        if below and section.level > below:
            found.append(at)
            continue
        below = section.level if NEVER_NEEDED.match(section.title) else 0
        if below:
            found.append(at)
    kept = [section for at, section in enumerate(paper.sections) if at not in found]
    if not any(section.blocks for section in kept):
        found = []
    return [*found, None] if paper.references else found


class Sized(Hashable, Protocol):
    """What can be left out."""

    @property
    def tokens(self) -> int:
        """What it costs."""
        ...


Part = TypeVar("Part", bound=Sized)


def choose(pieces: Sequence[Part], surplus: int) -> set[Part]:
    """Pieces worth at least `surplus` tokens, taken in order; then those that turn out not to be needed
    are put back, the most useful first."""
    gone: list[Part] = []
    freed = 0
    for piece in pieces:
        if freed >= surplus:
            break
        gone.append(piece)
        freed += piece.tokens
    for piece in reversed(gone[:]):
        if freed - piece.tokens >= surplus:
            gone.remove(piece)
            freed -= piece.tokens
    return set(gone)


def assemble(paper: Paper, gone: set[Piece]) -> str:
    """The paper's Markdown without what is `gone`, one line at each gap."""
    sections = {piece.section for piece in gone if piece.block is None}
    blocks = {(piece.section, piece.block) for piece in gone if piece.block is not None}
    parts = [render_front(paper)]
    missing: list[str] = []
    for at, section in enumerate(paper.sections):
        dropped = [number for number in range(len(section.blocks)) if (at, number) in blocks]
        if at in sections or (dropped and len(dropped) == len(section.blocks)):
            missing.append(f"[{section.id}] {section.number} {section.title}".replace("  ", " ").strip())
            continue
        if missing:
            parts.append(gap(missing))
            missing = []
        parts.append(render_heading(section))
        run = 0
        for number, block in enumerate(section.blocks):
            if number in dropped:
                run += 1
                continue
            if run:
                parts.append(gap([counted(run)]))
                run = 0
            parts.append(render_block(block))
        if run:
            parts.append(gap([counted(run)]))
    if paper.references and None in sections:
        missing.append("References")
    if missing:
        parts.append(gap(missing))
    if paper.references and None not in sections:
        parts.append(render_references(paper))
    return "\n\n".join(part for part in parts if part) + "\n"


def counted(blocks: int) -> str:
    """ "1 block", "3 blocks"."""
    return f"{blocks} block" if blocks == 1 else f"{blocks} blocks"


def gap(names: list[str]) -> str:
    """The line that stands where something was left out."""
    return f"[Left out: {'; '.join(names)}]"


def record(paper: Paper, gone: set[Piece]) -> tuple[LeftOut, ...]:
    """What is gone, one entry a section, in the paper's order, the references last."""
    tokens: dict[int, int] = {}
    for piece in gone:
        at = len(paper.sections) if piece.section is None else piece.section
        tokens[at] = tokens.get(at, 0) + piece.tokens
    found = []
    for at in sorted(tokens):
        if at == len(paper.sections):
            found.append(LeftOut(section_id=REFERENCES_ID, title="References", tokens=tokens[at]))
        else:
            section = paper.sections[at]
            found.append(LeftOut(section_id=section.id, title=section.title, tokens=tokens[at]))
    return tuple(found)


async def fit(paper: Paper, budget_tokens: int, count: Count, purpose: Purpose = "plan") -> Fitted:
    """The paper's Markdown in at most `budget_tokens`, as `count` counts them, without what `purpose`
    never needs.

    The text is counted once, and the parts that stay out; when it is too long, each section once,
    together; then what remains, with a few corrections because the parts of a text do not add up exactly.
    A fixed overhead that `count` adds to every text (a chat template) is measured and taken off the parts.
    The same paper, budget, counter and purpose give the same bytes.

    Raises:
        BadInput: not even the title, the abstract and one block fit.
    """
    base = await unneeded(paper, count, purpose)
    never = {piece.section for piece in base}
    text = assemble(paper, base)
    tokens = await count(text)
    if tokens <= budget_tokens:
        return Fitted(text=text, left_out=record(paper, base), tokens=tokens)
    sizes = await sizes_of([part_text(paper, at) for at in (*range(len(paper.sections)), None)], count)
    pieces = [p for p in pieces_of(paper, sizes[:-1], sizes[-1], purpose) if p.section not in never]
    surplus = tokens - budget_tokens
    for attempt in range(CORRECTIONS):
        gone = choose(pieces, surplus)
        text = assemble(paper, base | gone)
        tokens = await count(text)
        if tokens <= budget_tokens and len(gone) < len(pieces):
            return Fitted(text=text, left_out=record(paper, base | gone), tokens=tokens)
        if len(gone) == len(pieces):
            break
        # The lines that stand at the gaps cost tokens too; each new attempt leaves more room for them.
        surplus += max(tokens - budget_tokens, 8) * (attempt + 1)
    raise BadInput(
        f"the paper does not fit into {budget_tokens} tokens even without most of its sections",
        "use a model or a --context with room for more tokens",
    )


async def unneeded(paper: Paper, count: Count, purpose: Purpose) -> set[Piece]:
    """What `purpose` never needs, with its size."""
    never = never_needed(paper, purpose)
    sizes = await sizes_of([part_text(paper, at) for at in never], count)
    return {Piece(at, None, size, (-1,)) for at, size in zip(never, sizes, strict=True)}


def is_too_long(paper: Paper, fitted: Fitted) -> bool:
    """Whether more had to go than statements at the end, references and related work."""
    never = never_needed(paper, "plan")
    spare = {REFERENCES_ID}
    for at, (section, kind) in enumerate(zip(paper.sections, section_kinds(paper), strict=True)):
        if at in never or kind in SPARE:
            spare.add(section.id)
    return any(part.section_id not in spare for part in fitted.left_out)


def part_text(paper: Paper, at: int | None) -> str:
    """The text of the section `at`, of the references when it is None."""
    return render_references(paper) if at is None else render_section(paper.sections[at])


async def sizes_of(parts: list[str], count: Count) -> list[int]:
    """The tokens of each text, at least 1, without the overhead that `count` adds to every text."""
    if not parts:
        return []
    empty, *sizes = await asyncio.gather(count(""), *(count(part) for part in parts))
    return [max(size - empty, 1) for size in sizes]
