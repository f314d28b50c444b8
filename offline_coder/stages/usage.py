"""Usage: how the libraries are used for what a definition takes and gives, said where it is written.

Small models know the libraries nearly: they ask train_test_split for three parts and loaders for their
arrays. What is said is about libraries, never about a paper, and only what the heads of the definitions
call for.
"""

import re
from collections.abc import Sequence

from offline_coder.checks.library_calls import signatures
from offline_coder.core.plan import DATA, Plan, Resource
from offline_coder.core.usual_names import INPUTS, TARGETS
from offline_coder.stages.planning.constructors import is_network
from offline_coder.stages.planning.library_data import SHIPS
from offline_coder.stages.planning.networks import FORWARD
from offline_coder.stages.prompting import render_prompt

MAKES_LOADERS = re.compile(r"->[^#\n]*\bDataLoader\b")
TAKES_LOADERS = re.compile(r"\w:\s*[\w.]*\bDataLoader\b")
TRAINS = re.compile(r"\bdef \w*(?:train|fit)\w*\([^)]*\bmodel\b", re.IGNORECASE)
EVALUATES = re.compile(r"\bdef \w*(?:eval|test|measure|valid|compare)\w*\([^)]*\bmodel\b", re.IGNORECASE)
NETWORKS = re.compile(r"\bclass \w+\([^)]*\bModule\b|\bdef forward\(self\b")


def usage_of(heads: str, data: Sequence[Resource] = (), network: Sequence[str] = ()) -> str:
    """What to know for writing the definitions with these `heads` (a contract, or code), a list item each;
    "" where nothing is called for. Of `data` it is said which function of a library gives it, and how a
    network is called whose forward() takes the parameters `network`, the inputs alone when there are none."""
    functions = [(each.name, each.library) for each in data if each.library]
    return render_prompt(
        "coding/usage.md.j2",
        makes_loaders=MAKES_LOADERS.search(heads) is not None,
        takes_loaders=TAKES_LOADERS.search(heads) is not None,
        trains=TRAINS.search(heads) is not None,
        evaluates=EVALUATES.search(heads) is not None,
        networks=NETWORKS.search(heads) is not None,
        network=[given_as(name) for name in network] or ["inputs"],
        given=[(name, call_of(dotted)) for name, dotted in functions if dotted in signatures()],
    )


def usage_in(plan: Plan, path: str, heads: str) -> str:
    """What to know for writing definitions of the file `path` of `plan`, which says what gives its data and
    how its network is called."""
    return usage_of(heads, plan.resources if path == DATA else (), network_parameters(plan))


def given_as(name: str) -> str:
    """What training and evaluation have for the parameter `name` of a network: parts of a batch, else what is
    called as the parameter."""
    return "inputs" if INPUTS.fullmatch(name) else "targets" if TARGETS.fullmatch(name) else name


def call_of(dotted: str) -> str:
    """How a function that gives data is called; what makes data has sizes, so its parameters are shown. As a
    call and not as a signature: small models copy it."""
    name = dotted.rpartition(".")[2]
    parameters = signatures()[dotted].replace("*, ", "")
    return f"{name}(return_X_y=True)" if name.startswith(SHIPS) else f"{name}{parameters}"


def network_parameters(plan: Plan) -> tuple[str, ...]:
    """What forward() of the last network in the order of building takes without a default, which is made of
    those before it; nothing where not one parameter has a usual name of the inputs. Without a network, what
    forward() usually takes."""
    forwards = (
        method
        for path in reversed(plan.build_order.order)
        for planned in filter(is_network, plan.architecture.module(path).classes)
        for method in planned.methods
        if method.name == FORWARD.name
    )
    forward = next(forwards, FORWARD)
    names = tuple(each.name for each in forward.parameters if each.default is None)
    return names if sum(given_as(name) == "inputs" for name in names) == 1 else ()
