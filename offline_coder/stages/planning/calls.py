"""The program's flow: what each module asks of those it builds on."""

from pydantic import RootModel

from offline_coder.core.engine import Engine
from offline_coder.core.plan import Architecture, BuildOrder, Call
from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.planning.architecture import tidy
from offline_coder.stages.prompting import Context, render_prompt

CALLS_LIMIT = 12
ARROW = " -> "


class Purposes(RootModel[dict[str, str]]):
    """Edge ("main.py -> model.py") -> what is asked, as decoded."""


async def call_flow(
    engine: Engine,
    context: Context,
    architecture: Architecture,
    order: BuildOrder,
    settings: StageSettings,
) -> tuple[Call, ...]:
    """At most twelve calls, the entry point's first. There is one for each dependency and none besides,
    for the edges are given and only their purposes are decoded; each is shown with the names that the callee
    defines. Raises what `ask_shape` raises."""
    edges = [
        f"{caller}{ARROW}{callee}" for caller in reversed(order.order) for callee in order.depends_on[caller]
    ]
    edges = edges[:CALLS_LIMIT]
    if not edges:
        return ()
    shown = [f"{edge} ({', '.join(architecture.module(edge.partition(ARROW)[2]).names())})" for edge in edges]
    answer = await ask_shape(
        engine,
        "planning:calls",
        context.messages(render_prompt("planning/calls.md.j2", edges=shown)),
        grammar("calls", edges=edges, purposes={edge: {"$ref": "#/$defs/purpose"} for edge in edges}),
        Purposes,
        settings.sampling(settings.build_order_tokens, constrained=True),
        settings.seed,
    )
    calls: list[Call] = []
    for edge in edges:
        caller, _, callee = edge.partition(ARROW)
        calls.append(Call(caller=caller, callee=callee, purpose=tidy(answer.root[edge])))
    return tuple(calls)
