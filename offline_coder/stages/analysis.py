"""Analysis: for each module, what its file has to implement, in detail (PaperCoder, section 3.2)."""

import asyncio
from collections.abc import Callable

from offline_coder.core.engine import Engine
from offline_coder.core.errors import NoRoom
from offline_coder.core.plan import Module, Plan, Requirement
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.asking import room_for_answer
from offline_coder.stages.planning.requirements import describe_requirements
from offline_coder.stages.prompting import Context, render_prompt

LAST_SENTENCE_ENDS = (".", "!", "?", ":", "\n")

NEXT_HEADINGS = ("\n# ", "\n## ")
"""Where the specification of another module begins."""
SHOWN_REQUIREMENTS = 10
SHOWN_ROWS = 2
SHOWN_STATEMENT = 160

NO_ROOM = "not analysed, the context has no room for it."

OnAnalysed = Callable[[str], None]
"""Called with the path of each module when its specification is there."""


async def analyse(
    engine: Engine, context: Context, plan: Plan, settings: StageSettings, done: OnAnalysed
) -> dict[str, str]:
    """Module path -> specification as Markdown. The modules are independent and asked for together.

    A specification that reached its budget is cut back to its last whole sentence. Raises what the
    engine raises.
    """
    modules = plan.architecture.modules

    async def analyse_one(module: Module) -> str:
        text = await analyse_module(engine, context, plan, module, settings)
        done(module.path)
        return text

    texts = await asyncio.gather(*(analyse_one(module) for module in modules))
    return {module.path: text for module, text in zip(modules, texts, strict=True)}


async def analyse_module(
    engine: Engine, context: Context, plan: Plan, module: Module, settings: StageSettings
) -> str:
    """The specification of one module; one that the context has no room for says so."""
    purpose = f"analysis:{module.path}"
    task = render_prompt(
        "analysis/module.md.j2",
        module=module,
        names=module.names(),
        dependencies=plan.build_order.depends_on[module.path],
        requirements=describe_requirements(asked_of(plan, module), SHOWN_STATEMENT),
    )
    # Begun for the model: asked for a specification, small ones tell of the paper's authors.
    begun = f"## {module.path}\n\n- `{module.names()[0]}`:" if module.names() else f"## {module.path}\n\n"
    messages = context.messages(task, prefill=begun)
    try:
        budget = await room_for_answer(engine, messages, settings.analysis_tokens, purpose)
    except NoRoom:
        return f"{begun} {NO_ROOM}"
    completion = await engine.complete(
        Request(purpose, messages, settings.sampling(budget, stop=NEXT_HEADINGS), settings.seed)
    )
    text = (begun + completion.text).strip()
    return whole_sentences(text) if completion.finish_reason == "length" else text


def asked_of(plan: Plan, module: Module) -> list[Requirement]:
    """The first requirements that `module` answers for, settings left out: config.yaml holds those. Of
    rows of tables two show what is reported; they come last."""
    asked = [
        requirement
        for requirement in plan.requirements
        if requirement.id in module.requirements and requirement.kind != "hyperparameter"
    ]
    rows = [requirement for requirement in asked if (requirement.quote or "").startswith("|")]
    said = [requirement for requirement in asked if requirement not in rows]
    return [*said, *rows[:SHOWN_ROWS]][:SHOWN_REQUIREMENTS]


def whole_sentences(text: str) -> str:
    """`text` up to its last sentence end; all of it when there is none."""
    end = max(text.rfind(mark) for mark in LAST_SENTENCE_ENDS)
    return text[: end + 1].rstrip() if end > 0 else text
