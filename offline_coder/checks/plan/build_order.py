"""Can the modules be written one after the other, each after all that it builds on?"""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution

from offline_coder.checks.plan.problem import problem, repeated
from offline_coder.core.finding import Finding
from offline_coder.core.packages import DISTRIBUTIONS
from offline_coder.core.plan import Architecture, BuildOrder

FILE = "build_order.json"
# The name of a distribution (PEP 508): no version, no address.
DISTRIBUTION_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")


def check_build_order(order: BuildOrder, architecture: Architecture) -> tuple[Finding, ...]:
    """What does not hold in build_order.json, and between it and the architecture.

    Rules: "not-a-permutation", "missing-dependencies", "unknown-module", "cycle", "not-before",
    "missing-dependency" (a base or a call without it), "package-name", "unknown-package".
    """
    paths = [module.path for module in architecture.modules]
    cycle = find_cycle(order.depends_on)
    findings = [*_permutation(order, paths), *_graph(order, paths, cycle)]
    if cycle:
        message = f"modules build on each other in a circle: {' -> '.join(cycle)}"
        findings.append(problem(FILE, "depends_on", "cycle", message, "Drop one of these dependencies."))
    return (*findings, *_needed(order, architecture), *_packages(order))


def find_cycle(graph: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The names of one circle, its first name again at the end; empty when there is none."""
    done: set[str] = set()
    for start in graph:
        trail: dict[str, Iterator[str]] = {start: iter(graph[start])}
        while trail:
            name, rest = next(reversed(trail.items()))
            following = next((n for n in rest if n in graph and n not in done), None)
            if following is None:
                done.add(name)
                del trail[name]
            elif following in trail:
                names = list(trail)
                return [*names[names.index(following) :], following]
            else:
                trail[following] = iter(graph[following])
    return []


def _permutation(order: BuildOrder, paths: list[str]) -> Iterator[Finding]:
    rule = "not-a-permutation"
    for path in repeated(order.order):
        yield problem(FILE, "order", rule, f"{path!r} comes twice", "Drop one.")
    for path in dict.fromkeys(order.order):
        if path not in paths:
            yield problem(FILE, "order", rule, f"{path!r} is no module of the plan", "Drop it.")
    for path in paths:
        if path not in order.order:
            yield problem(FILE, "order", rule, f"{path!r} is missing", "Add it.")


def _graph(order: BuildOrder, paths: list[str], cycle: list[str]) -> Iterator[Finding]:
    place = {path: index for index, path in enumerate(order.order)}
    for path in paths:
        if path not in order.depends_on:
            message = f"nothing is said of {path!r}"
            yield problem(FILE, "depends_on", "missing-dependencies", message, "Add it, with [] for none.")
    for path, needed in order.depends_on.items():
        key = f"depends_on.{path}"
        if path not in paths:
            yield problem(FILE, key, "unknown-module", f"{path!r} is no module of the plan", "Drop it.")
        for name in needed:
            if name not in paths:
                message = f"{name!r} is no module of the plan"
                yield problem(FILE, key, "unknown-module", message, "Name a planned module.")
            elif name in place and path in place and place[name] >= place[path] and not cycle:
                message = f"{name!r} is not placed before {path!r}"
                yield problem(FILE, key, "not-before", message, "Change the order, or drop it.")


def _needed(order: BuildOrder, architecture: Architecture) -> Iterator[Finding]:
    """Dependencies that the architecture implies."""
    homes = {cls.name: module.path for module in reversed(architecture.modules) for cls in module.classes}
    for module in architecture.modules:
        declared = order.depends_on.get(module.path)
        if declared is None:
            continue
        own = {cls.name for cls in module.classes}
        for base in dict.fromkeys(base for cls in module.classes for base in cls.bases):
            home = homes.get(base)
            if home and base not in own and home not in declared:
                message = f"{module.path!r} derives from {base} of {home!r} and does not build on it"
                yield problem(FILE, f"depends_on.{module.path}", "missing-dependency", message, "Add it.")
    for call in architecture.calls:
        if call.callee != call.caller and call.callee not in order.depends_on.get(
            call.caller, (call.callee,)
        ):
            message = f"{call.caller!r} calls {call.callee!r} and does not build on it"
            yield problem(FILE, f"depends_on.{call.caller}", "missing-dependency", message, "Add it.")


def _packages(order: BuildOrder) -> Iterator[Finding]:
    for number, package in enumerate(order.packages):
        key = f"packages[{number}].name"
        if not DISTRIBUTION_NAME.fullmatch(package.name):
            message = f"{package.name[:60]!r} is no plain name of a package"
            yield problem(FILE, key, "package-name", message, "Leave out versions and addresses.")
        elif package.name.lower() not in DISTRIBUTIONS.values() and not _installed(package.name):
            message = f"{package.name!r} is neither installed nor a known package"
            yield problem(FILE, key, "unknown-package", message, "Name a package that can be had here.")


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
