"""Prove the constraints of planning: random logits until the end token, with each backend, no model.

    python scripts/constraints.py --walks 1000     whole plans; every one must be valid and consistent
    python scripts/constraints.py --compile        seconds and MiB that each constraint takes to compile

A plan walks through every artefact's constraint once. Ten plans have the same requirements and settings, so
that the constraint of the architecture, which is slow to compile, is compiled once for them; those two, whose
answers are enumerated, are walked through by themselves as well. outlines_core builds an automaton of the
whole constraint, so it walks only through these.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from offline_coder.checks.plan import check_plan
from offline_coder.core.constraint import Constraint, constraint_form, constraint_of
from offline_coder.core.errors import MissingPrerequisite, OfflineCoderError
from offline_coder.core.plan import Plan
from offline_coder.core.request import Completion, Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.backends import BACKENDS, Backend
from offline_coder.engines.random_walk import RandomWalkEngine, mask_of, walk
from offline_coder.papers.paper import Paper
from offline_coder.papers.read import read_paper
from offline_coder.stages.planning import make_plan
from offline_coder.stages.planning.config import texts_of
from offline_coder.stages.prompting import Context

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "noisepair" / "paper.md"
ENUMERATED = frozenset({"requirements", "config"})
DRAFTS = 10
MOST_BYTES = 100_000
MIBIBYTE_IN_KIB = 1024


class Recording(RandomWalkEngine):
    """A random walk that keeps the constraint of each artefact: the first of its purpose."""

    def __init__(self, backend: Backend = "llguidance") -> None:
        super().__init__(backend=backend)
        self.constraints: dict[str, Constraint] = {}

    async def complete(self, request: Request) -> Completion:
        """Keep the constraint and answer."""
        if request.constraint is not None:
            self.constraints.setdefault(request.purpose.split(":")[1], request.constraint)
        return await super().complete(request)


class Drafting(RandomWalkEngine):
    """A random walk that gives ten plans the same requirements and settings."""

    async def complete(self, request: Request) -> Completion:
        """The answer, to what is enumerated the same for ten seeds."""
        if request.purpose.split(":")[1] in ENUMERATED:
            request = replace(request, seed=request.seed // DRAFTS)
        return await super().complete(request)


def plan_by_walk(engine: RandomWalkEngine, paper: Paper, seed: int) -> Plan:
    """A plan of random answers. The budgets are the walk's: it writes more than a model does."""
    settings = StageSettings(
        seed=seed, architecture_tokens=6000, overview_tokens=6000, build_order_tokens=4000
    )
    return asyncio.run(make_plan(engine, paper, Context("the paper"), settings, lambda name: None))


def walk_plans(backend: Backend, paper: Paper, walks: int) -> int:
    """The number of plans, of `walks`, in which something does not hold; the first ones are printed."""
    engine, sections, bad = Drafting(backend=backend), texts_of(paper), 0
    for seed in range(walks):
        found = [f for f in check_plan(plan_by_walk(engine, paper, seed), sections) if f.severity == "error"]
        bad += bool(found)
        for finding in found[:3]:
            print(f"  seed {seed}: {finding.file}: {finding.message}")
    return bad


def walk_enumerated(constraints: dict[str, Constraint], backend: Backend, walks: int) -> int:
    """The number of walks, of `walks` an artefact, that did not end in what the constraint names."""
    bad = 0
    for name in sorted(ENUMERATED & set(constraints)):
        properties = json.loads(constraint_form(constraints[name])["json_schema"])["properties"]
        for seed in range(walks):
            text, ended = walk(constraints[name], seed, MOST_BYTES, backend)
            answer = json.loads(text) if ended else {}
            bad += answer.keys() != properties.keys() or any(
                answer[key] not in properties[key]["enum"] for key in properties
            )
    return bad


def measure_compilation(constraints: dict[str, Constraint]) -> None:
    """Print seconds and memory of each constraint with each backend, each in a process of its own."""
    print(f"{'artefact':<14}{'backend':<15}{'seconds':>9}{'MiB':>9}")
    for name, constraint in constraints.items():
        for backend in BACKENDS:
            if backend == "outlines_core" and name not in ENUMERATED:
                continue
            command = [sys.executable, __file__, "--one", backend]
            form = json.dumps(constraint_form(constraint))
            done = subprocess.run(command, input=form, capture_output=True, text=True, check=False)
            shown = done.stdout.strip() or done.stderr.strip().splitlines()[-1][:80]
            print(f"{name:<14}{backend:<15}{shown}")


def compile_one(backend: Backend) -> None:
    """Compile the constraint on standard input and print seconds and MiB."""
    constraint = constraint_of(json.load(sys.stdin))
    if constraint is None:
        sys.exit("constraints: no constraint on standard input")
    mask_of(constraint_of({"json_schema": '{"enum": ["a"]}'}) or constraint, backend)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    mask_of(constraint, backend)
    seconds = time.monotonic() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / MIBIBYTE_IN_KIB
    print(f"{seconds:>9.3f}{grown:>9.1f}")


def main() -> None:
    """Read the command line and walk or measure."""
    parser = argparse.ArgumentParser(description="Random walks through every constraint of planning.")
    parser.add_argument("--walks", type=int, default=1000, help="plans a backend")
    parser.add_argument("--backend", choices=BACKENDS, action="append", help="these alone")
    parser.add_argument("--compile", action="store_true", help="measure compilation instead")
    parser.add_argument("--one", choices=BACKENDS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        compile_one(arguments.one)
        return
    paper, recording = read_paper(EXAMPLE), Recording()
    plan_by_walk(recording, paper, 0)
    if arguments.compile:
        measure_compilation(recording.constraints)
        return
    wrong = 0
    for backend in arguments.backend or BACKENDS:
        began = time.monotonic()
        try:
            bad = walk_enumerated(recording.constraints, backend, arguments.walks)
            if backend != "outlines_core":
                bad += walk_plans(backend, paper, arguments.walks)
        except MissingPrerequisite as error:
            print(f"{backend}: {error}")
            continue
        except OfflineCoderError as error:
            sys.exit(f"{backend}: {error}")
        wrong += bad
        print(f"{backend}: {arguments.walks} walks, {bad} wrong, {time.monotonic() - began:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
