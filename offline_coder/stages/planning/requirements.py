"""Requirements: what the paper asks of a reproduction, each a verbatim passage of one of its sections.

Passages are found without a model (passages.py). Where their words leave a doubt, the model chooses
among the kinds they speak of, or none: some seven tokens a passage, in independent requests. Settings
that were chosen for config.yaml are requirements by right.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from offline_coder.checks.provenance import normalised
from offline_coder.core.engine import Engine
from offline_coder.core.plan import (
    DATA,
    EVALUATION,
    MODEL,
    TRAINING,
    ConfigEntry,
    Requirement,
    RequirementKind,
)
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.papers.paper import Paper
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.planning.candidates import in_passage
from offline_coder.stages.planning.passages import Passage, one_line, passages
from offline_coder.stages.prompting import alone, render_prompt

NOTHING = "nothing"
SAME_WORDS = 0.8
SHARED_WORDS = 0.5
FEW_WORDS = 5
WORD = re.compile(r"[^\W\d_]{3,}")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
GROUP_OWNERS = {
    "data": DATA,
    "model": MODEL,
    "training": TRAINING,
    "evaluation": EVALUATION,
}
KIND_OWNERS: dict[RequirementKind, str] = {
    "data": DATA,
    "model": MODEL,
    "training": TRAINING,
    "hyperparameter": TRAINING,
    "evaluation": EVALUATION,
    "ablation": EVALUATION,
}


class Kind(Value):
    """The kind of a passage, "nothing" where it asks for nothing, as decoded."""

    kind: str


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that ask for something, each with one kind, in the paper's order. `unasked` is the
    number of doubtful passages that the budget left out."""

    passages: tuple[Passage, ...]
    unasked: int


async def find_requirements(engine: Engine, paper: Paper, settings: StageSettings) -> Found:
    """What the paper asks for. Doubtful passages are put to the model, those of most worth first, as many
    as the settings allow; the rest is left out. Raises what `ask_shape` raises."""
    everything = passages(paper)
    doubtful = [number for number, passage in enumerate(everything) if not passage.sure]
    limit = settings.requirement_requests
    asked = sorted(sorted(doubtful, key=lambda number: -everything[number].worth)[:limit])
    titles = {section.id: section.title for section in paper.sections}
    answers = await asyncio.gather(
        *(
            ask_kind(engine, everything[number], titles.get(everything[number].section, "abstract"), settings)
            for number in asked
        )
    )
    kinds = dict(zip(asked, answers, strict=True))
    kept: list[Passage] = []
    for number, passage in enumerate(everything):
        kind = passage.kinds[0] if passage.sure else kinds.get(number)
        if kind is not None:
            kept.append(replace(passage, kinds=(kind,), sure=True))
    return Found(tuple(kept), len(doubtful) - len(asked))


async def ask_kind(
    engine: Engine, passage: Passage, title: str, settings: StageSettings
) -> RequirementKind | None:
    """The kind of `passage` of the section `title`, None where it asks for nothing. Asked alone, because
    small models that are shown a list give the whole list one answer; and below sentences of no paper with
    their answers, of which nothing can be copied but a kind."""
    answer = await ask_shape(
        engine,
        f"planning:requirements:{passage.section}",
        alone(render_prompt("planning/requirements.md.j2", passage=passage, title=title)),
        grammar("requirements", kinds=[*passage.kinds, NOTHING]),
        Kind,
        settings.sampling(settings.requirement_tokens, constrained=True),
        settings.seed,
    )
    return next((kind for kind in passage.kinds if kind == answer.kind), None)


def settle(
    found: Iterable[Passage], config: tuple[ConfigEntry, ...]
) -> tuple[tuple[Requirement, ...], tuple[ConfigEntry, ...]]:
    """The requirements, duplicates merged, and the settings, each citing the requirement of its quote. A
    setting whose quote is no requirement yet becomes one."""
    kept: list[Passage] = []
    merged: dict[tuple[str, str], int] = {}
    for passage in (*found, *map(passage_of, traced(config))):
        key = (passage.section, normalised(passage.quote))
        if key in merged:
            continue
        same = next((at for at, other in enumerate(kept) if says_the_same(passage, other)), None)
        merged[key] = len(kept) if same is None else same
        if same is None:
            kept.append(passage)
    requirements = tuple(
        Requirement(
            id=f"r{number}",
            kind=passage.kinds[0],
            statement=passage.statement,
            section=passage.section,
            quote=passage.quote,
        )
        for number, passage in enumerate(kept, start=1)
    )
    return requirements, tuple(cited(entry, requirements, merged) for entry in config)


def traced(config: tuple[ConfigEntry, ...]) -> list[tuple[str, str]]:
    """Section and quote of each setting that comes from the paper."""
    return [
        (entry.section, entry.quote)
        for entry in config
        if entry.section is not None and entry.quote is not None
    ]


def passage_of(place: tuple[str, str]) -> Passage:
    """A setting's quote as a requirement."""
    section, quote = place
    return Passage(section, quote, one_line(quote), ("hyperparameter",), True, 0)


def cited(
    entry: ConfigEntry, requirements: tuple[Requirement, ...], merged: Mapping[tuple[str, str], int]
) -> ConfigEntry:
    """`entry` with the id of the requirement that its quote is, or says the same as."""
    if entry.section is None or entry.quote is None:
        return entry
    at = merged[(entry.section, normalised(entry.quote))]
    return entry.model_copy(update={"requirement": requirements[at].id})


def says_the_same(one: Passage, other: Passage) -> bool:
    """Whether two passages hold the same numbers, half of all their words in common, and of the shorter
    one, where it has five words, four fifths; of rows of tables, only equal ones do."""
    if one.quote.startswith("|") or other.quote.startswith("|"):
        return one.quote == other.quote and one.section == other.section
    if set(NUMBER.findall(one.quote)) != set(NUMBER.findall(other.quote)):
        return False
    words, others = (set(WORD.findall(text.quote.lower())) for text in (one, other))
    if min(len(words), len(others)) < FEW_WORDS:
        return words == others and normalised(one.quote) == normalised(other.quote)
    common = len(words & others)
    return common >= SHARED_WORDS * len(words | others) and common >= SAME_WORDS * min(
        len(words), len(others)
    )


def owner_of(requirement: Requirement) -> str:
    """The module that answers for a requirement which no component claims: by its kind, for a setting by
    the group it is likeliest to be configured in."""
    if requirement.kind == "hyperparameter" and requirement.quote is not None:
        settings = in_passage(requirement.section or "", requirement.quote)
        if settings:
            group = max(settings, key=lambda candidate: candidate.score).names[0].partition(".")[0]
            return GROUP_OWNERS[group]
    return KIND_OWNERS[requirement.kind]


def describe_requirements(requirements: Iterable[Requirement], longest: int) -> str:
    """The requirements as prompts show them: `r3 (s2.1): ...`, one a line, each statement cut to
    `longest` characters."""
    return "\n".join(
        f"{requirement.id} ({requirement.section}): {shortened(requirement.statement, longest)}"
        for requirement in requirements
    )


def shortened(text: str, longest: int) -> str:
    """`text` in at most `longest` characters, cut at a word."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - 4].rpartition(' ')[0] or text[: longest - 4]} ..."
