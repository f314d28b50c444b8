"""The configuration: settings whose values stand in the paper, each with its section and its quote.

The model is shown the candidates (candidates.py) whose names are in doubt and names those that are settings
of the main experiment. A value cannot be invented, for it is not the model that writes it.
"""

import yaml
from pydantic import RootModel

from offline_coder.core.engine import Engine
from offline_coder.core.plan import ConfigEntry, ConfigValue
from offline_coder.core.stage_settings import StageSettings
from offline_coder.papers.paper import ABSTRACT_ID, Paper
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.planning.candidates import Candidate, candidates
from offline_coder.stages.planning.naming import entries_of
from offline_coder.stages.prompting import Context, render_prompt


class Names(RootModel[dict[str, str]]):
    """Candidate id -> name of the setting, "" for none, as decoded."""


async def choose_config(
    engine: Engine, context: Context, paper: Paper, settings: StageSettings
) -> tuple[ConfigEntry, ...]:
    """The settings, in the order of their names; the model is asked only for those whose names are in
    doubt. Raises what `ask_shape` raises."""
    found = candidates(paper, settings.config_candidates)
    asked = tuple(candidate for candidate in found if not candidate.settled)
    answers = iter(await ask_names(engine, context, asked, settings))
    return entries_of(found, [one.names[0] if one.settled else next(answers) for one in found])


async def ask_names(
    engine: Engine, context: Context, asked: tuple[Candidate, ...], settings: StageSettings
) -> list[str]:
    """The name of each of `asked`, "" for what is no setting. Raises what `ask_shape` raises."""
    if not asked:
        return []
    ids = [f"c{number}" for number in range(1, len(asked) + 1)]
    answer = await ask_shape(
        engine,
        "planning:config",
        context.messages(render_prompt("planning/config.md.j2", candidates=asked)),
        grammar("config", candidates=ids, names=dict(zip(ids, map(choices, asked), strict=True))),
        Names,
        settings.sampling(settings.config_tokens, constrained=True),
        settings.seed,
    )
    return [answer.root.get(name, "") for name in ids]


def choices(candidate: Candidate) -> dict[str, list[str]]:
    """What a candidate may be answered with: its likely names, and "" unless it is a setting for sure."""
    return {"enum": [*candidate.names, *([] if candidate.sure else [""])]}


def texts_of(paper: Paper) -> dict[str, str]:
    """Section id -> its text without the heading, whose number is no setting."""
    texts = {section.id: "\n".join(block.text for block in section.blocks) for section in paper.sections}
    return {ABSTRACT_ID: paper.abstract, **texts} if paper.abstract else texts


def config_tree(config: tuple[ConfigEntry, ...]) -> dict[str, dict[str, ConfigValue]]:
    """The settings as config.yaml nests them: group, then name."""
    tree: dict[str, dict[str, ConfigValue]] = {}
    for entry in config:
        group, _, name = entry.key.partition(".")
        tree.setdefault(group, {})[name] = entry.value
    return tree


def config_yaml(config: tuple[ConfigEntry, ...]) -> str:
    """config.yaml: every line with its section as a comment, or the word assumption.

    Scalars are written by PyYAML (YAML 1.1), which code that reads the file is expected to use.
    """
    sources = {entry.key: entry.section or "assumption" for entry in config}
    lines: list[str] = []
    for group, names in config_tree(config).items():
        lines.append(f"{group}:")
        for name, value in names.items():
            # A list on one line, so that its comment stands beside it.
            style = False if not isinstance(value, list) else None
            line = yaml.safe_dump(
                {name: value}, width=10_000, allow_unicode=True, default_flow_style=style
            ).strip()
            lines.append(f"  {line}  # {sources[f'{group}.{name}']}")
    return "\n".join(lines) + "\n" if lines else "{}\n"
