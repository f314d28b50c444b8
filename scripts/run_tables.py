"""What runs made, as Markdown tables: one line a run folder, counted by the checks and not by hand.

    python scripts/run_tables.py runs/one runs/two [--output docs/runs.md]

The code in repo/ is checked again; what ran in the sandbox is read from checks.json.
"""

import argparse
import ast
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from offline_coder.checks.config_keys import config_reads
from offline_coder.checks.ladder import check_folder, read_repository
from offline_coder.checks.stubs import PLAIN
from offline_coder.core.errors import BadInput
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Architecture, Module
from offline_coder.runs.checks import Checks
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.manifest import Manifest

CONTRACT = ("missing-file", "missing-class", "missing-function", "missing-method", "signature")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        return f"{self.part}/{self.whole}"


def local_imports(files: dict[str, str]) -> int:
    """Names that the files import from each other; a module imported as a whole counts as one."""
    modules = {path.removesuffix(".py") for path in files if path.endswith(".py")}
    found = 0
    for path, text in files.items():
        for node in ast.walk(ast.parse(text)) if path.endswith(".py") else ():
            if isinstance(node, ast.ImportFrom) and node.module in modules:
                found += len(node.names)
            elif isinstance(node, ast.Import):
                found += sum(alias.name in modules for alias in node.names)
    return found


def pretended(modules: Sequence[Module], findings: Iterable[Finding]) -> int:
    """How much of what the plan promises stands there and does nothing. A helper that nobody planned is not
    counted here."""
    names = {
        (module.path, name)
        for module in modules
        for name in (*module.names(), *(m.name for cls in module.classes for m in cls.methods))
    }
    return sum(
        each.rule == "stub" and (not each.line or (each.file, each.subject) in names) for each in findings
    )


def with_stand_ins(number: object, others: int, what: str) -> str:
    """A number, and how many of it only hold a place."""
    return f"{number} ({what}: {others})" if others else str(number)


def planned(modules: Sequence[Module]) -> int:
    """Classes, methods and functions that the plan promises."""
    methods = sum(len(cls.methods) for module in modules for cls in module.classes)
    return methods + sum(len(module.names()) for module in modules)


def outcome(folder: Path, manifest: Manifest) -> list[str]:
    """The cells of one run in the table of code."""
    repo = folder / "repo"
    files, _ = read_repository(repo)
    architecture = Architecture.model_validate_json(
        (folder / "plan" / "architecture.json").read_text("utf-8")
    )
    checks = Checks.model_validate_json((folder / "checks.json").read_text("utf-8"))
    findings = check_folder(repo, architecture)
    rules = Counter(finding.rule for finding in findings)
    python = [path for path in files if path.endswith(".py")]
    imports = local_imports(files)
    promised = planned(architecture.modules)
    reads = sum(len(list(config_reads(ast.parse(files[path])))) for path in python)
    modules = len(architecture.modules) - 1
    failed = sum(step.startswith("import ") for step in checks.smoke.failures)
    called = Share(len(checks.smoke.called), len(checks.smoke.called) + len(checks.smoke.uncalled))
    agree = sorted(python) == sorted(
        json.loads((folder / "plan" / "build_order.json").read_text("utf-8"))["order"]
    )
    loads = isinstance(yaml.safe_load(files["config.yaml"]), dict)
    verdicts = Counter(file.verdict for file in checks.files)
    ends = [end for file in checks.files for end in file.ends]
    return [
        folder.name,
        manifest.engine.model,
        str(Share(len(files) - rules["syntax"], len(files))),
        "yes" if agree and loads else "no",
        f"{verdicts['repaired']}, {verdicts['stub']}",
        f"{len(ends)}: {sum(end.kept for end in ends)} + {sum(end.spared for end in ends)}",
        str(Share(imports - rules["missing-module"] - rules["missing-name"], imports)),
        with_stand_ins(
            Share(max(promised - sum(rules[rule] for rule in CONTRACT), 0), promised),
            pretended(architecture.modules, findings),
            "stubs",
        ),
        with_stand_ins(rules["undefined-name"], rules["stand-in"], "stand-ins"),
        str(Share(reads - rules["config-key"], reads)),
        str(Share(modules - min(failed, modules), modules))
        if checks.smoke.status != "not run"
        else "not run",
        checks.smoke.status,
        with_stand_ins(called, rules[PLAIN], "plain"),
        "yes" if checks.smoke.wired else "no",
    ]


def costs(folder: Path, manifest: Manifest) -> list[list[str]]:
    """The rows of one run in the table of costs: a line a stage."""
    rows = [[folder.name, "engine start", f"{manifest.engine_start_seconds:.0f}", *[""] * 5]]
    for stage in manifest.stages:
        numbers = (stage.requests, stage.prompt_tokens, stage.cached_tokens, stage.output_tokens)
        rate = f"{stage.tokens_per_second:.1f}"
        rows.append(["", stage.name, f"{stage.seconds:.0f}", *(f"{number:,}" for number in numbers), rate])
    return [*rows, ["", "all", f"{manifest.seconds:.0f}", *[""] * 5]]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


CODE_HEADS = (
    *("run", "model", "files that parse", "plan, files and config agree", "repaired, stubs"),
    "answers ended early: tokens kept + spared",
    *("local imports that resolve", "planned names with their parameters", "undefined names"),
    *(
        "config keys read that exist",
        "modules that import",
        "smoke run",
        "planned names called",
        "main wired",
    ),
)
COST_HEADS = (
    "run",
    "stage",
    "seconds",
    "requests",
    "prompt tokens",
    "of them cached",
    "output tokens",
    "tokens/s",
)


def tables(folders: Sequence[Path]) -> str:
    """Both tables. A folder without a finished run of this version is a line that says so."""
    code: list[list[str]] = []
    cost: list[list[str]] = []
    for folder in folders:
        try:
            manifest = RunFolder(folder).manifest()
        except BadInput as error:
            code.append([folder.name, str(error), *[""] * (len(CODE_HEADS) - 2)])
            continue
        if manifest is None or manifest.status != "finished":
            code.append(
                [folder.name, manifest.status if manifest else "no run", *[""] * (len(CODE_HEADS) - 2)]
            )
            continue
        code.append(outcome(folder, manifest))
        cost += costs(folder, manifest)
    return f"{table(CODE_HEADS, code)}\n\n{table(COST_HEADS, cost)}\n"


def main() -> None:
    """Print the tables, or put them behind `<!-- tables -->` in a file."""
    parser = argparse.ArgumentParser(description="Tables of what runs made.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    made = tables(arguments.folders)
    if arguments.output is None:
        print(made)
        return
    before, mark, _ = arguments.output.read_text("utf-8").partition("<!-- tables -->")
    arguments.output.write_text(f"{before}{mark}\n\n{made}", encoding="utf-8")


if __name__ == "__main__":
    main()
