"""Compare designs of the planning prompts by the plans that were made with each, a line a design and model.

    python scripts/plan_designs.py NAME=FOLDER ... [--output docs/plans.md]

Each FOLDER holds plans of scripts/plan_sweep.py, all designs of the same papers with the same seeds. The
first design is the one that the others may have gone on from, with --since.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plan_tables import WORD, again, answers, names_of_the_paper, put_between, table

from offline_coder.checks.plan.defaults import namesakes
from offline_coder.cli.check import checked_plan
from offline_coder.core.plan import ClassPlan, Plan
from offline_coder.runs.folder import JOURNAL, RunFolder
from offline_coder.stages.planning.architecture import GIVEN_PATHS
from offline_coder.stages.planning.constructors import CONSTRUCTOR, is_network

BEGIN, END = "<!-- designs -->", "<!-- end of designs -->"
HEADS = (
    *("design", "model", "plans", "plan problems", "invalid answers", "cut and asked again"),
    *("names of the paper", "components", "networks that take something", "parameters that a setting gives"),
    *(
        "types of the plan that are dependencies",
        "modules that another uses",
        "calls that name what is called",
    ),
    "output tokens of a plan",
)


@dataclass
class Share:
    """So many of so many."""

    part: int = 0
    whole: int = 0

    def add(self, part: int, whole: int) -> None:
        """Count more."""
        self.part += part
        self.whole += whole

    def __str__(self) -> str:
        return f"{self.part}/{self.whole}"


@dataclass
class Shares:
    """What is counted of the plans of one design by one model, in the order of the columns."""

    names: Share
    components: int
    networks: Share
    settings: Share
    dependencies: Share
    used: Share
    calls: Share


def count(plan: Plan, paper: str, shares: Shares) -> None:
    """Add one plan."""
    shares.names.add(*names_of_the_paper(plan, paper))
    modules = plan.architecture.modules
    shares.components += len(modules) - len(GIVEN_PATHS)
    networks = [planned for module in modules for planned in module.classes if is_network(planned)]
    shares.networks.add(sum(map(takes_something, networks)), len(networks))
    plain = [
        parameter
        for module in modules
        for routine in module.routines()
        for parameter in routine.parameters
        if parameter.type in ("int", "float", "str", "bool")
    ]
    shares.settings.add(sum(bool(namesakes(parameter, plan.config)) for parameter in plain), len(plain))
    wanted = [*typed_dependencies(plan)]
    order = plan.build_order.depends_on
    shares.dependencies.add(sum(other in order[path] for path, other in wanted), len(wanted))
    used = {other for others in order.values() for other in others}
    shares.used.add(len(used), len(modules) - 1)
    named = [
        set(WORD.findall(call.purpose)) & set(plan.architecture.module(call.callee).names())
        for call in plan.architecture.calls
    ]
    shares.calls.add(sum(map(bool, named)), len(named))


def takes_something(planned: ClassPlan) -> bool:
    """Whether the constructor has parameters."""
    return any(method.name == CONSTRUCTOR and method.parameters for method in planned.methods)


def typed_dependencies(plan: Plan) -> Iterator[tuple[str, str]]:
    """A module and one before it, of which a class stands in a signature of the first."""
    homes: dict[str, str] = {}
    for module in plan.architecture.modules:
        types = " ".join(
            text
            for each in module.routines()
            for text in (each.returns, *(one.type for one in each.parameters))
        )
        others = {homes[word] for word in WORD.findall(types) if word in homes}
        yield from ((module.path, other) for other in sorted(others))
        homes |= {planned.name: module.path for planned in module.classes}


def rows_of(design: str, folder: Path, first: Path | None) -> Iterator[list[str]]:
    """The lines of one design, which may have gone on from that in `first`."""
    by_model: dict[str, list[Path]] = {}
    for path in sorted(each for each in folder.iterdir() if each.is_dir()):
        manifest = RunFolder(path).manifest()
        if manifest is not None:
            by_model.setdefault(manifest.model, []).append(path)
    for model, paths in by_model.items():
        shares = Shares(Share(), 0, *(Share() for _ in range(5)))
        problems = invalid = cut = tokens = 0
        for path in paths:
            read = checked_plan(path)
            problems += len(read.errors)
            asked = answers(path / JOURNAL)
            old = answers(first / path.name / JOURNAL) if first and (first / path.name).is_dir() else {}
            # What the first design asked otherwise is no part of this one.
            purposes = {purpose for purpose, _, _ in asked.keys() - old.keys()}
            asked = {key: asked[key] for key in asked if key not in old or key[0] not in purposes}
            cut, invalid = cut + again(asked)[0], invalid + again(asked)[1]
            tokens += sum(one.output_tokens for given in asked.values() for one in given)
            if read.plan is not None:
                count(read.plan, (path / "paper.md").read_text("utf-8"), shares)
        counted = (str(getattr(shares, name)) for name in vars(shares))
        yield [
            *(design, model, str(len(paths)), str(problems), str(invalid), str(cut)),
            *counted,
            f"{tokens / len(paths):,.0f}",
        ]


def main() -> None:
    """Print the table, or put it between the marks of a file."""
    parser = argparse.ArgumentParser(description="Designs of the planning prompts, compared.")
    parser.add_argument("designs", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    rows: list[list[str]] = []
    first = None
    for design in given.designs:
        name, _, folder = design.partition("=")
        if not Path(folder).is_dir():
            sys.exit(f"plan_designs: {folder!r} is no folder of plans; write NAME=FOLDER")
        rows += rows_of(name, Path(folder), first)
        first = first or Path(folder)
    put_between(table(HEADS, rows), BEGIN, END, given.output)


if __name__ == "__main__":
    main()
