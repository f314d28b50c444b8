"""Planning: overview, architecture, build order and config, each constrained by those before it."""

import asyncio
from collections.abc import Callable

from offline_coder.core.engine import Engine
from offline_coder.core.plan import BuildOrder, Call, Plan
from offline_coder.core.stage_settings import StageSettings
from offline_coder.papers.paper import Paper
from offline_coder.stages.planning.architecture import describe, design
from offline_coder.stages.planning.build_order import order_modules
from offline_coder.stages.planning.calls import call_flow
from offline_coder.stages.planning.config import choose_config
from offline_coder.stages.planning.overview import write_overview
from offline_coder.stages.prompting import Context

OnArtefact = Callable[[str], None]
"""Called with the name of each artefact when it is there."""


async def make_plan(
    engine: Engine, paper: Paper, context: Context, settings: StageSettings, done: OnArtefact
) -> Plan:
    """The whole plan. Build order and config need only the architecture and are asked together.

    Raises what `ask_shape` raises.
    """
    overview = await write_overview(engine, context, settings)
    done("overview")
    context = context.with_artefact("Overall plan", overview)
    architecture = await design(engine, context, settings)
    done("architecture")
    context = context.with_artefact("Architecture", describe(architecture))

    async def order_and_calls() -> tuple[BuildOrder, tuple[Call, ...]]:
        order = await order_modules(engine, context, architecture, settings)
        return order, await call_flow(engine, context, order, settings)

    (order, calls), config = await asyncio.gather(
        order_and_calls(), choose_config(engine, context, paper, settings)
    )
    done("build order and config")
    return Plan(
        overview=overview,
        architecture=architecture.model_copy(update={"calls": calls}),
        build_order=order,
        config=config,
    )
