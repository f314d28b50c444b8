"""The program's flow: what each module asks of those it builds on."""

from collections.abc import Sequence

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
    for the edges are given and only their purposes are decoded; each begins with a name that the callee
    defines. Raises what `ask_shape` raises."""
    edges = [
        f"{caller}{ARROW}{callee}" for caller in reversed(order.order) for callee in order.depends_on[caller]
    ]
    edges = edges[:CALLS_LIMIT]
    if not edges:
        return ()
    names = {edge: architecture.module(edge.partition(ARROW)[2]).names() for edge in edges}
    shown = [f"{edge} ({', '.join(names[edge])})" for edge in edges]
    answer = await ask_shape(
        engine,
        "planning:calls",
        context.messages(render_prompt("planning/calls.md.j2", edges=shown)),
        grammar("calls", edges=edges, purposes={edge: purpose_of(names[edge]) for edge in edges}),
        Purposes,
        settings.sampling(settings.build_order_tokens, constrained=True),
        settings.seed,
    )
    calls: list[Call] = []
    for edge in edges:
        caller, _, callee = edge.partition(ARROW)
        calls.append(Call(caller=caller, callee=callee, purpose=tidy(answer.root[edge])))
    return tuple(calls)


def purpose_of(names: Sequence[str]) -> dict[str, object]:
    """The schema of what is asked of a module that defines `names`: one of them, where there is one, and what
    for, in plain words: small models answer with names again, and no number would have a source."""
    beginning = f"({'|'.join(names)}) to " if names else ""
    first = f"{names[0]} to " if names else ""
    return {
        "type": "string",
        "pattern": rf"^{beginning}[a-z]{{2,12}} [a-z][a-z ]{{6,80}}$",
        "default": f"{first}do what was not said",
    }
