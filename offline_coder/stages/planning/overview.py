"""The overall plan: what has to be built, in a few sentences under fixed headings.

Requirements and config hold the details with their quotes, so this is short: about 300 tokens.
"""

from offline_coder.core.engine import Engine
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.prompting import Context, render_prompt

STEPS = 4
LIMITS = {"goals": 200, "method": 140, "data": 180, "experiments": 220, "metrics": 100, "unclear": 160}
"""The most characters of each field; of `method`, of each of its steps."""
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
        steps = [ended(step, LIMITS["method"]) for step in self.method]
        parts = {name: ended(text, LIMITS[name]) for name, text in self if isinstance(text, str)}
        parts["method"] = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
        return "\n\n".join(f"## {name.capitalize()}\n\n{parts[name]}" for name in LIMITS)


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


async def write_overview(engine: Engine, context: Context, settings: StageSettings) -> str:
    """overview.md as Markdown. Raises what `ask_shape` raises."""
    answer = await ask_shape(
        engine,
        "planning:overview",
        context.messages(render_prompt("planning/overview.md.j2", steps=STEPS)),
        grammar("overview", steps=STEPS, **LIMITS),
        Overview,
        settings.sampling(settings.overview_tokens, constrained=True),
        settings.seed,
    )
    return answer.markdown()
