"""The plan read back from its files, as a person may have changed them, and what does not hold in it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from offline_coder.checks.plan import check_plan
from offline_coder.checks.plan.problem import FOLDER, problem
from offline_coder.checks.trees import MAX_BYTES
from offline_coder.core.errors import BadInput
from offline_coder.core.finding import Finding
from offline_coder.core.plan import (
    Architecture,
    BuildOrder,
    ConfigEntry,
    ConfigValue,
    Plan,
    Requirement,
    Resource,
)
from offline_coder.stages.planning.artefacts import DIAGRAMS, plan_files

NAMES = (
    "overview.md",
    "requirements.json",
    "architecture.json",
    "build_order.json",
    "config.yaml",
    "config_sources.json",
    "resources.json",
)
BY_HAND = "set by hand in config.yaml"

Shape = TypeVar("Shape")
REQUIREMENTS = TypeAdapter(tuple[Requirement, ...])
ARCHITECTURE = TypeAdapter(Architecture)
BUILD_ORDER = TypeAdapter(BuildOrder)
RESOURCES = TypeAdapter(tuple[Resource, ...])
SOURCES = TypeAdapter(tuple[ConfigEntry, ...])
VALUE: TypeAdapter[ConfigValue] = TypeAdapter(ConfigValue)


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """`plan` is None when a file is missing or has another shape; `findings` say which."""

    plan: Plan | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the plan from being written from."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


def read_plan(files: Mapping[str, str], sections: Mapping[str, str]) -> ReadPlan:
    """The plan that `files` (name -> text) hold, checked against the paper's `sections` (id -> text).

    config.yaml says which settings there are and their values, config_sources.json where they come from:
    a value that was changed by hand becomes an assumption that says so.

    Rules besides those of check_plan: "missing-file", "shape" (no JSON or YAML, unknown or missing
    fields), "out-of-date" (a diagram that does not show the architecture, a warning).
    """
    found = [
        problem(name, "", "missing-file", "it is missing", "Put it back, or plan again in a new folder.")
        for name in NAMES
        if name not in files
    ]
    if found:
        return ReadPlan(None, tuple(found))
    requirements = _shaped("requirements.json", files, REQUIREMENTS, found)
    architecture = _shaped("architecture.json", files, ARCHITECTURE, found)
    build_order = _shaped("build_order.json", files, BUILD_ORDER, found)
    sources = _shaped("config_sources.json", files, SOURCES, found)
    resources = _shaped("resources.json", files, RESOURCES, found)
    settings = _settings(files["config.yaml"], found)
    overview = files["overview.md"].strip()
    if not overview:
        found.append(problem("overview.md", "", "shape", "it is empty", "Say what has to be built."))
    if requirements is None or architecture is None or build_order is None:
        return ReadPlan(None, tuple(found))
    if found or sources is None or resources is None:
        return ReadPlan(None, tuple(found))
    plan = Plan(
        overview=overview,
        requirements=requirements,
        architecture=architecture,
        build_order=build_order,
        config=merged(settings, sources),
        resources=resources,
    )
    return ReadPlan(plan, (*check_plan(plan, sections), *_stale_diagrams(plan, files)))


def read_plan_folder(folder: Path, sections: Mapping[str, str]) -> ReadPlan:
    """The plan in `folder`, a run folder's plan/. A file over 256 KiB or not in UTF-8 is refused.

    Raises:
        BadInput: a file cannot be read.
    """
    files: dict[str, str] = {}
    for name in (*NAMES, *DIAGRAMS):
        try:
            with (folder / name).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise BadInput(f"{folder / name} is over {MAX_BYTES // 1024} KiB", "shorten it")
            files[name] = data.decode("utf-8")
        except FileNotFoundError:
            continue
        except UnicodeDecodeError as error:
            raise BadInput(f"{folder / name} is not UTF-8 text", "save it as UTF-8") from error
        except OSError as error:
            raise BadInput(f"cannot read {folder / name}: {error.strerror}", "check the file") from error
    return read_plan(files, sections)


def plan_on_disk(folder: Path, sections: Mapping[str, str], changed: Collection[str]) -> Plan | None:
    """The whole plan that lies in the run folder `folder`; None when there is none, or one whose writing
    was stopped half-way. `changed` are the run's files that are not as it left them ("plan/overview.md").

    Raises:
        BadInput: the plan does not hold, or a file is missing while others were changed.
    """
    if not (folder / FOLDER).is_dir():
        return None
    read = read_plan_folder(folder / FOLDER, sections)
    by_hand = any(name.startswith(f"{FOLDER}/") for name in changed)
    if read.errors and all(error.rule == "missing-file" for error in read.errors) and not by_hand:
        return None
    if read.errors:
        first, *others = read.errors
        more = f" (and {len(others)} more)" if others else ""
        raise BadInput(f"{folder}/{first.file}: {first.message}{more}", f"offline-coder check {folder}")
    return read.plan


def merged(settings: Mapping[str, ConfigValue], sources: tuple[ConfigEntry, ...]) -> tuple[ConfigEntry, ...]:
    """An entry for each of `settings`: its source where that has the same value, else an assumption.
    Sources that come twice stay, so that the checks see them."""
    by_key: dict[str, list[ConfigEntry]] = {}
    for entry in sources:
        by_key.setdefault(entry.key, []).append(entry)
    entries: list[ConfigEntry] = []
    for key, value in settings.items():
        known = [entry for entry in by_key.get(key, []) if _same(entry.value, value)]
        entries += known or [ConfigEntry(key=key, value=value, source="assumption", reason=BY_HAND)]
    return tuple(entries)


def _same(one: ConfigValue, other: ConfigValue) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _shaped(
    name: str, files: Mapping[str, str], shape: TypeAdapter[Shape], found: list[Finding]
) -> Shape | None:
    try:
        return shape.validate_json(files[name])
    except ValidationError as error:
        for wrong in error.errors(include_url=False)[:5]:
            key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in wrong["loc"])
            advice = "Undo the change, or write what the message asks for."
            found.append(problem(name, key.removeprefix("."), "shape", wrong["msg"], advice))
    return None


def _settings(text: str, found: list[Finding]) -> dict[str, ConfigValue]:
    """Key ("group.name") -> value of config.yaml."""
    advice = "Write groups of names, as in `training:` and below it `  epochs: 20`."
    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found.append(problem("config.yaml", "", "shape", f"no YAML: {' '.join(str(error).split())}", advice))
        return {}
    if not isinstance(tree, dict) or not all(isinstance(names, dict) for names in tree.values()):
        found.append(problem("config.yaml", "", "shape", "it is no tree of groups and names", advice))
        return {}
    settings: dict[str, ConfigValue] = {}
    for group, names in tree.items():
        for name, value in names.items():
            try:
                settings[f"{group}.{name}"] = VALUE.validate_json(json.dumps(value))
            except (ValidationError, TypeError, ValueError):
                message = f"{value!r} is no number, word or list of them"[:200]
                found.append(problem("config.yaml", f"{group}.{name}", "shape", message, advice))
    return settings


def _stale_diagrams(plan: Plan, files: Mapping[str, str]) -> list[Finding]:
    wanted = plan_files(plan)
    return [
        problem(
            name,
            "",
            "out-of-date",
            "the diagram does not show architecture.json",
            "`offline-coder write DIR` draws it again.",
            "warning",
        )
        for name in DIAGRAMS
        if files.get(name) != wanted[name]
    ]
