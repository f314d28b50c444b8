"""Measure the whole ladder of checks on a repository of ten files, contracts and configuration included.

    python scripts/bench_checks.py [FOLDER]

FOLDER is a repository with a config.yaml; without it the example's own, with files repeated under other
names until there are ten. The plan is read off the code, so that every contract is compared. Prints one
line and exits with 1 when the median is a second or more. Nothing else should run beside it.
"""

import argparse
import ast
import statistics
import sys
import time
from pathlib import Path

import yaml

from offline_coder.checks.ladder import CONFIG_FILE, check_repository, read_repository
from offline_coder.core.plan import Architecture, ClassPlan, Module, Parameter, Routine

EXAMPLE = Path(__file__).parents[1] / "examples" / "noisepair" / "reference"
FILES = 10
TARGET_SECONDS = 1.0


def ten_files(folder: Path) -> dict[str, str]:
    """The text files of `folder`, its Python files repeated until there are ten."""
    files, _ = read_repository(folder)
    sources = {path: text for path, text in files.items() if path.endswith(".py")}
    if not sources:
        sys.exit(f"{folder} has no Python files")
    copies = 0
    while len(sources) + copies < FILES:
        path, text = sorted(sources.items())[copies % len(sources)]
        copies += 1
        files[f"{Path(path).stem}_{copies}.py"] = text
    return files


def routine(node: ast.FunctionDef) -> Routine:
    """The signature of a function as a plan has it; of a method without `self`."""
    names = [argument.arg for argument in node.args.args if argument.arg not in {"self", "cls"}]
    return Routine(name=node.name, parameters=tuple(Parameter(name=name) for name in names))


def planned(files: dict[str, str]) -> Architecture:
    """A plan that asks for each class and function of `files`."""
    modules = []
    for path, text in files.items():
        if not path.endswith(".py"):
            continue
        body = ast.parse(text).body
        classes = tuple(
            ClassPlan(
                name=node.name,
                methods=tuple(routine(part) for part in node.body if isinstance(part, ast.FunctionDef)),
            )
            for node in body
            if isinstance(node, ast.ClassDef)
        )
        functions = tuple(routine(node) for node in body if isinstance(node, ast.FunctionDef))
        modules.append(Module(path=path, purpose="", classes=classes, functions=functions))
    return Architecture(approach="", modules=tuple(modules))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=EXAMPLE, metavar="FOLDER")
    parser.add_argument("--repeat", type=int, default=5, help="times; the median counts")
    arguments = parser.parse_args()
    files = ten_files(arguments.folder)
    architecture = planned(files)
    config = yaml.safe_load(files.get(CONFIG_FILE, "{}"))
    taken = []
    for _ in range(arguments.repeat):
        started = time.perf_counter()
        findings = check_repository(files, architecture, config, packages=["torch", "numpy", "pyyaml"])
        taken.append(time.perf_counter() - started)
    sources = [text for path, text in files.items() if path.endswith(".py")]
    median = statistics.median(taken)
    print(
        f"ladder of checks: {len(sources)} files, {sum(text.count(chr(10)) for text in sources)} lines, "
        f"{len(findings)} findings: first {taken[0]:.2f} s, median {median:.2f} s of {len(taken)} "
        f"(target: under {TARGET_SECONDS:g} s)"
    )
    return 0 if median < TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
