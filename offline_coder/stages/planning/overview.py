"""The overall plan: what has to be built, in a few sentences under fixed headings.

Requirements and config hold the details with their quotes, so this is short: about 300 tokens.
"""

import re

from offline_coder.core.engine import Engine
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.prompting import Context, render_prompt

STEPS = 4
LIMITS = {"goals": 120, "method": 110, "data": 120, "experiments": 120, "metrics": 90, "unclear": 120}
"""The most characters of each field after its beginning; of `method`, of each of its steps. xgrammar
refuses more than 127."""
STEP_VERBS = (
    "Add Apply Build Combine Compute Draw Embed Encode Feed Initialise Minimise Normalise Predict Repeat "
    "Sample Scale Select Split Take Train Update Weight"
)
BEGINNINGS = {
    "goals": "A reproduction should show that ",
    "method": f"({'|'.join(STEP_VERBS.split())}) ",
    "data": "The experiments use ",
    "experiments": "(Train|Compare|Evaluate|Measure|Vary) ",
    "metrics": "The paper reports ",
    "unclear": "The paper does not say ",
}
"""How each field begins. Small models answer a free field with the question or the prompt's own words."""
PLAIN = r"[ !#-\[\]-~\u00a1-\u03ff\u2010-\u22ff]"
"""A character that stands in JSON as it is: of English, Greek and mathematics, with accents."""
SENTENCE_ENDS = (". ", "! ", "? ", "; ")


class Overview(Value):
    """The decoded answer; every field is plain text."""

    goals: str
    method: tuple[str, ...]
    data: str
    experiments: str
    metrics: str
    unclear: str

    def markdown(self) -> str:
        """The fields under second-level headings, in this order; the method as a numbered list."""
        steps = [ended(step, limit_of("method", step)) for step in self.method]
        parts = {name: ended(text, limit_of(name, text)) for name, text in self if isinstance(text, str)}
        parts["method"] = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
        return "\n\n".join(f"## {name.capitalize()}\n\n{parts[name]}" for name in LIMITS)


def limit_of(name: str, text: str) -> int:
    """The most characters that field `name` can have with the beginning of `text`."""
    begun = re.match(BEGINNINGS[name], text)
    return LIMITS[name] + (begun.end() if begun else 0)


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


async def write_overview(engine: Engine, context: Context, settings: StageSettings) -> str:
    """overview.md as Markdown. Raises what `ask_shape` raises."""
    answer = await ask_shape(
        engine,
        "planning:overview",
        context.messages(render_prompt("planning/overview.md.j2", steps=STEPS)),
        grammar("overview", steps=STEPS, **patterns()),
        Overview,
        settings.sampling(settings.overview_tokens, constrained=True),
        settings.seed,
    )
    return answer.markdown()
