"""What of a long paper goes into the prompts, when the model has said what it would keep."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from offline_coder.papers.fit import (
    CORRECTIONS,
    GOES,
    REFERENCES_ID,
    Count,
    Fitted,
    LeftOut,
    Piece,
    Purpose,
    assemble,
    block_worth,
    choose,
    fit,
    is_appendix,
    record,
    sizes_of,
    unneeded,
)
from offline_coder.papers.paper import Paper
from offline_coder.papers.render import render_section
from offline_coder.stages.distilling.passages import Passage, without
from offline_coder.stages.distilling.verdicts import Topic

PLANNED: Mapping[Topic, int] = {"background": 0, "evaluation": 1, "data": 1, "training": 1, "method": 1}
CODED: Mapping[Topic, int] = {"background": 0, "evaluation": 1, "data": 2, "training": 2, "method": 2}
NEED: Mapping[Purpose, Mapping[Topic, int]] = {"plan": PLANNED, "judge": PLANNED, "code": CODED}
"""How much each purpose needs what is about a topic."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may go, its estimated cost in tokens, and its rank: the lowest goes first."""

    passage: Passage
    tokens: int
    rank: tuple[int, ...]


async def distilled(
    paper: Paper,
    found: tuple[Passage, ...],
    topics: Mapping[Passage, Topic],
    budget_tokens: int,
    count: Count,
    purpose: Purpose,
) -> Fitted:
    """The passages `found` in `paper` in at most `budget_tokens`: those by right, and of the rest,
    by their `topics`, what there is room for. The same arguments give the same bytes.

    Raises:
        BadInput: not even the title, the abstract and one block fit.
    """
    base = await unneeded(paper, count, purpose)
    never = {piece.section for piece in base}
    sizes = await sizes_of([render_section(section) for section in paper.sections], count)
    order = [
        candidate
        for candidate in candidates_of(paper, found, topics, sizes, purpose)
        if candidate.passage.section not in never
    ]
    surplus = await count(assemble(paper, base)) - budget_tokens
    for attempt in range(CORRECTIONS):
        gone = choose(order, surplus)
        shorter = without(paper, found, {candidate.passage for candidate in gone})
        text = assemble(shorter, base | emptied(paper, shorter))
        tokens = await count(text)
        if tokens <= budget_tokens:
            parts = (*record(paper, base), *parts_of(paper, gone))
            return Fitted(text=text, left_out=summed(paper, parts), tokens=tokens)
        if len(gone) == len(order):
            break
        surplus += max(tokens - budget_tokens, 8) * (attempt + 1)
    shorter = without(paper, found, {candidate.passage for candidate in order})
    fitted = await fit(without_empty_blocks(shorter), budget_tokens, count, purpose)
    left_out = summed(paper, (*parts_of(paper, order), *fitted.left_out))
    return fitted.model_copy(update={"left_out": left_out})


def candidates_of(
    paper: Paper,
    found: tuple[Passage, ...],
    topics: Mapping[Passage, Topic],
    section_tokens: list[int],
    purpose: Purpose,
) -> list[Candidate]:
    """The passages that are not kept by right, in the order in which they go."""
    characters = [max(len(render_section(section)), 1) for section in paper.sections]
    candidates = []
    for passage in found:
        if passage.by_right:
            continue
        at = passage.section
        section = paper.sections[at]
        if passage.asked:
            block = section.blocks[passage.block]
            worth = block_worth(passage.kind, block, is_appendix(section), purpose)
            usefulness = (NEED[purpose][topics[passage]], worth)
        else:
            usefulness = (-1, GOES[passage.kind])
        tokens = max(1, section_tokens[at] * len(passage.text) // characters[at])
        candidates.append(Candidate(passage, tokens, (*usefulness, -at, -passage.block, -passage.at)))
    return sorted(candidates, key=lambda candidate: candidate.rank)


def emptied(paper: Paper, shorter: Paper) -> set[Piece]:
    """The blocks of `paper` of which `shorter` has nothing."""
    return {
        Piece(at, number, 0, ())
        for at, (section, rest) in enumerate(zip(paper.sections, shorter.sections, strict=True))
        for number, (block, left) in enumerate(zip(section.blocks, rest.blocks, strict=True))
        if block.text and not left.text
    }


def without_empty_blocks(paper: Paper) -> Paper:
    """`paper` with only those blocks that hold something."""
    sections = tuple(
        section.model_copy(update={"blocks": tuple(block for block in section.blocks if block.text)})
        for section in paper.sections
    )
    return paper.model_copy(update={"sections": sections})


def parts_of(paper: Paper, gone: Collection[Candidate]) -> list[LeftOut]:
    """What is `gone`, one entry a passage."""
    parts = []
    for candidate in gone:
        section = paper.sections[candidate.passage.section]
        part = LeftOut(section_id=section.id, title=section.title, tokens=candidate.tokens, passages=1)
        parts.append(part)
    return parts


def summed(paper: Paper, parts: Collection[LeftOut]) -> tuple[LeftOut, ...]:
    """`parts` with those of one section added up, in the paper's order, the references last."""
    sums: dict[str, LeftOut] = {}
    for part in parts:
        before = sums.get(part.section_id)
        if before is not None:
            more = {"tokens": before.tokens + part.tokens, "passages": before.passages + part.passages}
            part = part.model_copy(update=more)
        sums[part.section_id] = part
    order = [*(section.id for section in paper.sections), REFERENCES_ID]
    return tuple(sums[name] for name in order if name in sums)
