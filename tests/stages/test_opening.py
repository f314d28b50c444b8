"""The first lines of a file: imports that the plan implies and that work."""

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.syntax import parses
from offline_coder.core.plan import (
    Architecture,
    BuildOrder,
    ClassPlan,
    Module,
    Package,
    Parameter,
    Plan,
    Resource,
    Routine,
)
from offline_coder.stages.opening import opening

LOAD = Routine(name="load_data", parameters=(Parameter(name="n", type="int"),), returns="Tensor")
MODULES = (
    Module(path="data.py", purpose='Makes """data"""\\', functions=(LOAD,)),
    Module(
        path="model.py",
        purpose="The network.",
        classes=(
            ClassPlan(
                name="Net",
                bases=("nn.Module",),
                methods=(
                    Routine(name="forward", parameters=(Parameter(name="x", type="Optional[Tensor]"),)),
                ),
            ),
        ),
    ),
    Module(path="main.py", purpose="Runs.", functions=(Routine(name="main"),)),
)
PLAN = Plan(
    overview="x",
    architecture=Architecture(approach="", modules=MODULES),
    build_order=BuildOrder(
        order=("data.py", "model.py", "main.py"),
        depends_on={"data.py": (), "model.py": (), "main.py": ("data.py", "model.py")},
        packages=(Package(name="numpy", why="x"), Package(name="xgboost", why="not installed here")),
    ),
    config=(),
)
DATA = "import os\n\n\ndef load_data(n):\n    return n\n\n\ndef _own():\n    return 1\n"


def test_bases_and_types_of_the_contract_are_imported() -> None:
    text = opening(PLAN, MODULES[1], {})
    assert text == (
        '"""model.py: The network."""\n\nfrom __future__ import annotations\n\n'
        "import numpy as np\nfrom torch import Tensor\nfrom torch import nn\nfrom typing import Optional\n"
    )


def test_data_py_imports_what_gives_data_of_the_paper() -> None:
    digits = Resource(
        kind="dataset", name="digits", section="s1", quote="x", library="sklearn.datasets.load_digits"
    )
    plan = PLAN.model_copy(update={"resources": (digits,)})
    assert "\nfrom sklearn.datasets import load_digits\n" in opening(plan, MODULES[0], {})
    assert "sklearn" not in opening(plan, MODULES[1], {})


def test_dependencies_are_imported_as_they_were_written() -> None:
    text = opening(PLAN, MODULES[2], {"data.py": DATA, "model.py": "class Model:\n    x = 1\n"})
    assert "import argparse\n" in text
    assert "\nfrom data import load_data\nfrom model import Model\n" in text
    assert "def read_arguments()" in text
    files = {"data.py": DATA, "model.py": "class Model:\n    x = 1\n", "main.py": text}
    rules = {f.rule for f in check_repository(files) if f.file == "main.py"}
    assert rules - {"no-entry-point", "entry-arguments"} == {"unused-import"}


def test_no_purpose_ends_the_docstring_and_nothing_is_imported_twice() -> None:
    assert parses("data.py", opening(PLAN, MODULES[0], {}))
    twice = opening(PLAN, MODULES[2], {"data.py": DATA, "model.py": DATA})
    assert twice.count("load_data") == 1
    assert (
        "main"
        not in opening(PLAN, MODULES[2], {"data.py": "def main():\n    return 1\n"}).split("import ")[-1]
    )
