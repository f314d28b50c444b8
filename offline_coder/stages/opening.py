"""How a file begins: its docstring and the imports that the plan implies. The answer of the model goes on
from there, so that even a small one starts with names that exist. What stays unused is removed later."""

import keyword
from collections.abc import Iterable, Mapping

from offline_coder.checks.known_names import KNOWN_IMPORTS, USUAL_IMPORTS
from offline_coder.checks.modules import dotted_name, modules_of
from offline_coder.checks.names import check_names
from offline_coder.checks.skeleton import docstring
from offline_coder.checks.syntax import parses
from offline_coder.core.packages import DISTRIBUTIONS, installed
from offline_coder.core.plan import DATA, ENTRY_POINT, Module, Plan
from offline_coder.stages.prompting import render_prompt

MAX_UNPLANNED = 8
LATE_ANNOTATIONS = "from __future__ import annotations"
"""Types are not evaluated: one that does not exist is a finding, and no reason why a module cannot be
imported."""
ENTRY_IMPORTS = ("import argparse", "import yaml")
HEAD_NAMES = frozenset({"read_arguments", "read_config"})
SMALLEST = {
    "training.epochs": 1,
    "training.steps": 2,
    "training.warmup_steps": 1,
    "training.patience": 1,
    "training.batch_size": 8,
    "data.samples": 128,
    "data.train_size": 64,
    "data.validation_size": 32,
    "data.test_size": 32,
    "data.sequence_length": 32,
    "evaluation.beam_size": 2,
}
"""Settings that decide how long a run takes, and what is enough to see it run. The splits add up to the
samples, so that a file which takes them from so many finds enough."""


def opening(plan: Plan, module: Module, dependencies: Mapping[str, str]) -> str:
    """The first lines of `module`'s file: valid Python that ends in one line end.

    Imports what its contract names, the plan's packages that are installed here, in the usual way, and
    from each of `dependencies` (path -> text) the planned names that its text really defines; where it
    defines none of them, its other public names. data.py also imports what gives data of the paper, and the
    entry point gets its command line.
    """
    outside = [*usual_imports(plan), *contract_imports(module)]
    if module.path == ENTRY_POINT:
        outside += ENTRY_IMPORTS
    if module.path == DATA:
        outside += data_imports(plan)
    groups = [
        docstring([f"{module.path}: {module.purpose}"], ""),
        [LATE_ANNOTATIONS],
        sorted(dict.fromkeys(outside), key=lambda line: (line.startswith("from"), line)),
        list(local_imports(plan, module, dependencies)),
    ]
    if module.path == ENTRY_POINT and not HEAD_NAMES & set(module.names()):
        groups.append(["", program_head(plan)])
    text = "\n\n".join("\n".join(group) for group in groups if group) + "\n"
    return text if parses(module.path, text) else ""


def program_head(plan: Plan) -> str:
    """The command line and the settings of a program, with the settings of `plan` that a smoke run
    makes smaller."""
    smallest: dict[str, dict[str, int]] = {}
    for entry in plan.config:
        section, _, name = entry.key.partition(".")
        limit = SMALLEST.get(entry.key)
        if limit is not None and isinstance(entry.value, int | float) and entry.value > limit:
            smallest.setdefault(section, {})[name] = limit
    return render_prompt("coding/entry.py.j2", smallest=smallest)


def contract(module: Module) -> str:
    """The module's classes and functions as Python heads."""
    lines: list[str] = []
    for planned in module.classes:
        bases = f"({', '.join(planned.bases)})" if planned.bases else ""
        lines.append(f"class {planned.name}{bases}:  # {planned.purpose}")
        lines += [f"    {method.signature(method=True)}: ..." for method in planned.methods] or ["    ..."]
    for function in module.functions:
        said = f"  # {function.purpose}" if function.purpose else ""
        lines.append(f"{function.signature()}: ...{said}")
    return "\n".join(lines) or "# no fixed names: define what the purpose needs"


def usual_imports(plan: Plan) -> list[str]:
    """The usual imports of the plan's packages, of those that are installed."""
    planned = {package.name for package in plan.build_order.packages}
    names = [name for name, distribution in DISTRIBUTIONS.items() if distribution in planned]
    return [line for name in names if installed(name) for line in USUAL_IMPORTS.get(name, ())]


def data_imports(plan: Plan) -> list[str]:
    """Imports of the functions of installed libraries that give data of the paper."""
    found = [resource.library.rpartition(".") for resource in plan.resources if resource.library]
    return [f"from {home} import {name}" for home, _, name in found if installed(home.partition(".")[0])]


def contract_imports(module: Module) -> list[str]:
    """Imports of the well-known names that the contract uses as bases and types."""
    undefined = [f.subject for f in check_names(module.path, contract(module)) if f.rule == "undefined-name"]
    return [KNOWN_IMPORTS[name] for name in undefined if name in KNOWN_IMPORTS]


def local_imports(plan: Plan, module: Module, dependencies: Mapping[str, str]) -> Iterable[str]:
    """One import line for each dependency that defines something; no name twice, none of the module's own."""
    local = modules_of(dependencies).local
    taken = set(module.names())
    for path in dependencies:
        dotted = dotted_name(path)
        found = local[dotted].names - local[dotted].imported
        planned = [name for name in plan.architecture.module(path).names() if name in found]
        others = sorted(name for name in found if not name.startswith("_"))[:MAX_UNPLANNED]
        names = [name for name in planned or others if name not in taken]
        taken.update(names)
        if names and not any(map(keyword.iskeyword, dotted.split("."))):
            yield f"from {dotted} import {', '.join(names)}"
