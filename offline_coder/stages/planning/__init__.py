"""Planning: overview, requirements, config, architecture and build order, each constrained by those before
it."""

import asyncio
from collections.abc import Callable

from offline_coder.core.engine import Engine
from offline_coder.core.plan import Plan
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.papers.paper import Paper
from offline_coder.stages.planning.architecture import describe, design
from offline_coder.stages.planning.assumed import assumed
from offline_coder.stages.planning.build_order import order_modules, with_packages_of
from offline_coder.stages.planning.calls import call_flow
from offline_coder.stages.planning.config import choose_config
from offline_coder.stages.planning.constructors import with_settings
from offline_coder.stages.planning.data_contract import without_files
from offline_coder.stages.planning.defaults import with_traced_defaults
from offline_coder.stages.planning.overview import write_overview
from offline_coder.stages.planning.pace import with_pace
from offline_coder.stages.planning.registry import EMPTY, Registry
from offline_coder.stages.planning.requirements import find_requirements, settle
from offline_coder.stages.planning.resources import find_resources, path_entries
from offline_coder.stages.prompting import Context, render_prompt

OnArtefact = Callable[[str], None]
"""Called with the name of each artefact when it is there."""


STEPS = 4
"""How often it is called."""


async def make_plan(
    engine: Engine,
    paper: Paper,
    context: Context,
    settings: StageSettings,
    done: OnArtefact,
    registry: Registry = EMPTY,
) -> Plan:
    """The whole plan. Overview, requirements and config need only the paper and are asked together.
    Data sets and models are looked up in `registry`.

    Raises what `ask_shape` raises.
    """
    _, overview, found, chosen = await asyncio.gather(
        read_first(engine, context, settings),
        write_overview(engine, context, paper, settings),
        find_requirements(engine, paper, settings),
        choose_config(engine, context, paper, settings),
    )
    requirements, config = settle(found.passages, chosen)
    resources = find_resources(paper, registry)
    left = f"; {found.unasked} doubtful passages were not asked about" if found.unasked else ""
    done(f"overview, {len(config)} settings, {len(requirements)} requirements{left}")
    context = context.with_artefact("Overall plan", overview)
    designed = await design(engine, context, paper.title, requirements, settings)
    architecture = without_files(with_pace(with_settings(designed, config), config), resources)
    everything = sorted((*config, *assumed(config), *path_entries(resources)), key=lambda entry: entry.key)
    architecture = with_traced_defaults(architecture, everything)
    done("architecture")
    context = context.with_artefact("Architecture", describe(architecture))
    order = with_packages_of(resources, await order_modules(engine, context, architecture, settings))
    done("build order")
    calls = await call_flow(engine, context, architecture, order, settings)
    done("calls")
    return Plan(
        overview=overview,
        requirements=requirements,
        architecture=architecture.model_copy(update={"calls": calls}),
        build_order=order,
        config=tuple(everything),
        resources=resources,
    )


async def read_first(engine: Engine, context: Context, settings: StageSettings) -> None:
    """Let the engine read the paper for a request that wants one token and no constraint: it is read while
    the constraints of the others are compiled, and they find it in the cache instead of each reading it
    for itself."""
    messages = context.messages(render_prompt("planning/read.md.j2"))
    await engine.complete(Request("planning:read", messages, settings.sampling(1), settings.seed))
