"""What the model says that passages are about: groups of one section, each group one request."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import RootModel

from offline_coder.core.engine import Engine
from offline_coder.core.request import Message
from offline_coder.core.stage_settings import StageSettings
from offline_coder.papers.paper import Paper
from offline_coder.papers.render import render_heading
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.distilling.passages import Passage
from offline_coder.stages.grammar import grammar
from offline_coder.stages.prompting import render_prompt, without_quotation_marks, without_special_tokens

Topic = Literal["method", "data", "training", "evaluation", "background"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
OnGroup = Callable[[str], None]
"""Called with one line for each answer."""


class Topics(RootModel[dict[str, Topic]]):
    """Passage id -> what it is about, as decoded."""


@dataclass(frozen=True, slots=True)
class Group:
    """Passages of one section that are asked about together; those by right stand between them."""

    purpose: str
    heading: str
    passages: tuple[Passage, ...]

    @property
    def asked(self) -> list[Passage]:
        """Those that the model decides on."""
        return [passage for passage in self.passages if passage.asked]


@dataclass(frozen=True, slots=True)
class Line:
    """A passage as the prompt shows it, behind "p3" or "*"."""

    label: str
    text: str


def groups_of(paper: Paper, found: tuple[Passage, ...], size: int) -> list[Group]:
    """The groups, each with at most `size` passages to decide on."""
    groups = []
    for number, section in enumerate(paper.sections):
        here = [passage for passage in found if passage.section == number]
        runs: list[list[Passage]] = [[]]
        for passage in here:
            if sum(other.asked for other in runs[-1]) == size:
                runs.append([])
            runs[-1].append(passage)
        for place, run in enumerate(runs, start=1):
            if any(passage.asked for passage in run):
                name = f"distilling:{section.id}" + (f":{place}" if len(runs) > 1 else "")
                groups.append(Group(name, render_heading(section), tuple(run)))
    return groups


async def topics_of(
    engine: Engine, groups: list[Group], settings: StageSettings, done: OnGroup
) -> dict[Passage, Topic]:
    """What each passage that is asked about is about. Raises what `ask_shape` raises."""
    answers = await asyncio.gather(*(ask(engine, group, settings, done) for group in groups))
    return {passage: topic for answer in answers for passage, topic in answer.items()}


async def ask(engine: Engine, group: Group, settings: StageSettings, done: OnGroup) -> dict[Passage, Topic]:
    """What each passage of `group` that is asked about is about."""
    ids = {passage: f"p{number}" for number, passage in enumerate(group.asked, start=1)}
    answer = await ask_shape(
        engine,
        group.purpose,
        messages_of(group, ids),
        grammar(
            "distilling",
            passages=list(ids.values()),
            topics={name: {"enum": TOPICS} for name in ids.values()},
        ),
        Topics,
        settings.sampling(settings.distilling_tokens, constrained=True),
        settings.seed,
    )
    topics = {passage: answer.root[name] for passage, name in ids.items()}
    background = sum(topic == "background" for topic in topics.values())
    done(f"{group.purpose.partition(':')[2]}: {background} of {len(topics)} passages are background")
    return topics


def messages_of(group: Group, ids: dict[Passage, str]) -> tuple[Message, ...]:
    """The prompt of a group. What all prompts share comes first."""
    lines = [
        Line(ids.get(passage, "*"), without_quotation_marks(" ".join(passage.text.split())))
        for passage in group.passages
    ]
    text = render_prompt("distilling/section.md.j2", heading=group.heading, passages=lines, numbered=len(ids))
    return (
        Message(role="system", content=render_prompt("system.md.j2")),
        Message(role="user", content=without_special_tokens(text)),
    )
