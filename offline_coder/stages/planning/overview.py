"""The overall plan: what has to be built, in free text under fixed headings."""

from offline_coder.core.engine import Engine
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.prompting import Context, render_prompt


class Overview(Value):
    """The decoded answer; every field is plain text."""

    goals: str
    method: str
    data: str
    training: str
    evaluation: str
    unclear: str

    def markdown(self) -> str:
        """The fields under second-level headings, in this order."""
        fields = self.model_dump()
        return "\n\n".join(
            f"## {name.capitalize()}\n\n{' '.join(text.split())}" for name, text in fields.items()
        )


async def write_overview(engine: Engine, context: Context, settings: StageSettings) -> str:
    """overview.md as Markdown. Raises what `ask_shape` raises."""
    answer = await ask_shape(
        engine,
        "planning:overview",
        context.messages(render_prompt("planning/overview.md.j2")),
        grammar("overview"),
        Overview,
        settings.sampling(settings.overview_tokens, constrained=True),
        settings.seed,
    )
    return answer.markdown()
