"""The overall plan: what has to be built, in a few sentences under fixed headings.

Requirements and config hold the details with their quotes, so this is short: about 300 tokens.
"""

import re
from collections import Counter
from collections.abc import Iterable

from offline_coder.core.engine import Engine
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.papers.fit import section_kinds
from offline_coder.papers.paper import ABSTRACT_ID, Paper
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.planning.passages import passages
from offline_coder.stages.prompting import Context, render_prompt

MOST_PARTS = 6
AROUND = ("opening", "closing")
LIMITS = {"goals": 120, "method": 110, "data": 120, "experiments": 120, "metrics": 90, "unclear": 120}
"""The most characters of each field after its beginning; of `method`, of each of its parts. xgrammar
refuses more than 127."""
STEP_VERBS = (
    "Apply Build Combine Compute Draw Embed Encode Feed Initialise Minimise Normalise Predict Repeat "
    "Sample Scale Select Split Take Train Update Weight"
)
BEGINNINGS = {
    "goals": "A reproduction should show that ",
    "method": f"({'|'.join(STEP_VERBS.split())}) ",
    "data": "The experiments use ",
    "experiments": "(Train|Compare|Evaluate|Measure|Vary) ",
    "metrics": "The paper reports ",
    "unclear": "How (many|much|large|often|is|are|does) ",
}
"""How each field begins. Small models answer a free field with the question or the prompt's own words."""
PLAIN = r"[ !#-\[\]-~\u00a1-\u03ff\u2010-\u22ff]"
"""A character that stands in JSON as it is: of English, Greek and mathematics, with accents."""
UNSAID = "Apply what was not said: the answer was cut."
"""What stands for a part of the method of which a cut answer says nothing."""
SENTENCE_ENDS = (". ", "! ", "? ", "; ")


class Overview(Value):
    """The decoded answer; every field is plain text, that of `method` a sentence a section."""

    goals: str
    method: dict[str, str]
    data: str
    experiments: str
    metrics: str
    unclear: str

    def markdown(self, titles: dict[str, str]) -> str:
        """The fields under second-level headings, in this order; the method as a numbered list, each part
        with its title of `titles` (section id -> title). Sections of which the same is said are one part."""
        parts = {
            name: begun_once(name, ended(text, limit_of(name, text)))
            for name, text in self
            if isinstance(text, str)
        }
        said: dict[str, list[str]] = {}
        for section, text in self.method.items():
            said.setdefault(ended(text, limit_of("method", text)), []).append(
                f"{titles[section]} ({section})"
            )
        parts["method"] = "\n".join(
            f"{number}. {'; '.join(sections)}: {text}"
            for number, (text, sections) in enumerate(said.items(), start=1)
        )
        return "\n\n".join(f"## {name.capitalize()}\n\n{parts[name]}" for name in LIMITS)


def parts_of(paper: Paper) -> dict[str, str]:
    """Id -> title of the sections that say what the method is, at most six, in the paper's order: those
    with most passages that are about the model or its training; where there are none, those that call
    themselves the method, and else the first ones. Small models that are asked for steps of their own
    write the first one again and again."""
    found = Counter(
        passage.section
        for passage in passages(paper)
        if passage.sure and passage.kinds[0] in ("model", "training") and passage.section != ABSTRACT_ID
    )
    kinds = dict(zip((section.id for section in paper.sections), section_kinds(paper), strict=True))
    told = Counter({section: count for section, count in found.items() if kinds[section] not in AROUND})
    best = {section for section, _ in told.most_common(MOST_PARTS)}
    chosen = (
        [section for section in paper.sections if section.id in best]
        or [section for section in paper.sections if kinds[section.id] in ("method", "setup")]
        or list(paper.sections)
    )
    titles = {section.id: section.title or section.id for section in chosen[:MOST_PARTS]}
    return titles or {ABSTRACT_ID: "Abstract"}


def limit_of(name: str, text: str) -> int:
    """The most characters that field `name` can have with the beginning of `text`."""
    begun = re.match(BEGINNINGS[name], text)
    return LIMITS[name] + (begun.end() if begun else 0)


def begun_once(name: str, text: str) -> str:
    """`text` without the beginning of field `name` where the model began again with the same words."""
    beginning = BEGINNINGS[name]
    again = beginning.removesuffix("that ").lower()
    while text.startswith(beginning) and text[len(beginning) :].lower().startswith(again):
        rest = text[len(beginning) :]
        text = rest[0].upper() + rest[1:]
    return text


def ended(text: str, limit: int) -> str:
    """`text` on one line. When it was stopped by `limit`, it is cut back to its last whole sentence or,
    where that would lose more than half, to its last whole word."""
    line = " ".join(text.split())
    if len(text) < limit or line.endswith((".", "!", "?")):
        return line
    end = max(line.rfind(mark) for mark in SENTENCE_ENDS)
    if end >= limit // 2:
        return line[: end + 1]
    return f"{line.rpartition(' ')[0] or line} ..."


def patterns() -> dict[str, str]:
    """Field -> the regular expression of its text: its beginning, then what its limit allows."""
    return {name: f"^{beginning}{PLAIN}{{5,{LIMITS[name]}}}$" for name, beginning in BEGINNINGS.items()}


def overview_values(parts: Iterable[str]) -> dict[str, object]:
    """What fills the constraint: a sentence for each of `parts`, ids of sections, and one for each other
    field."""
    texts = patterns()
    part = {"type": "string", "pattern": texts.pop("method"), "default": UNSAID}
    ids = list(parts)
    return {"parts": dict.fromkeys(ids, part), "ids": ids, **texts}


async def write_overview(engine: Engine, context: Context, paper: Paper, settings: StageSettings) -> str:
    """overview.md as Markdown. Raises what `ask_shape` raises."""
    parts = parts_of(paper)
    answer = await ask_shape(
        engine,
        "planning:overview",
        context.messages(render_prompt("planning/overview.md.j2", parts=parts)),
        grammar("overview", **overview_values(parts)),
        Overview,
        settings.sampling(settings.overview_tokens, constrained=True),
        settings.seed,
    )
    return answer.markdown(parts)
