"""One good plan as files, and ways to break it: each flaw changes one thing."""

import json
from collections.abc import Callable
from typing import Any

from offline_coder.core.plan import (
    Architecture,
    BuildOrder,
    Call,
    ClassPlan,
    ConfigEntry,
    Module,
    Package,
    Parameter,
    Plan,
    Requirement,
    Routine,
)
from offline_coder.stages.planning.artefacts import plan_files

SECTIONS = {
    "abstract": "A small network learns quickly.",
    "s1": "The network has 3 layers of width $d_{\\text{model}} = 128$ and uses ReLU.",
    "s2": "We train with Adam and a batch size of 4,096 for 20 epochs.",
}
WIDTH = "The network has 3 layers of width $d_{\\text{model}} = 128$"
TRAINED = "We train with Adam and a batch size of 4,096 for 20 epochs."

GOOD = Plan(
    overview="## Goals\n\nA small network.",
    requirements=(
        Requirement(id="r1", kind="model", statement="Three layers.", section="s1", quote=WIDTH),
        Requirement(id="r2", kind="hyperparameter", statement="Adam, 4096.", section="s2", quote=TRAINED),
    ),
    architecture=Architecture(
        approach="Plain PyTorch.",
        modules=(
            Module(
                path="model.py",
                purpose="the network",
                requirements=("r1",),
                classes=(
                    ClassPlan(
                        name="Base",
                        bases=("nn.Module",),
                        methods=(
                            Routine(
                                name="forward",
                                parameters=(
                                    Parameter(name="x", type="Tensor"),
                                    Parameter(name="mask", type="Tensor | None", default="None"),
                                ),
                                returns="Tensor",
                            ),
                        ),
                    ),
                    ClassPlan(name="Net", bases=("Base",)),
                ),
            ),
            Module(
                path="training.py",
                purpose="the training",
                requirements=("r2",),
                classes=(ClassPlan(name="Wide", bases=("Net",)),),
                functions=(Routine(name="train", parameters=(Parameter(name="epochs"),)),),
            ),
            Module(path="main.py", purpose="the entry", functions=(Routine(name="main", returns="None"),)),
        ),
        calls=(Call(caller="main.py", callee="training.py", purpose="to train"),),
    ),
    build_order=BuildOrder(
        order=("model.py", "training.py", "main.py"),
        depends_on={"model.py": (), "training.py": ("model.py",), "main.py": ("training.py",)},
        packages=(Package(name="torch", why="tensors"),),
    ),
    config=(
        ConfigEntry(
            key="training.batch_size",
            value=4096,
            source="paper",
            section="s2",
            quote=TRAINED,
            requirement="r2",
        ),
        ConfigEntry(key="training.seed", value=0, source="assumption", reason="the paper names none"),
    ),
)

Edit = Callable[[Any], None]


def good_files() -> dict[str, str]:
    """The files of the good plan."""
    return plan_files(GOOD)


def edited(name: str, edit: Edit) -> dict[str, str]:
    """The good files, one JSON file changed in place by `edit`."""
    files = good_files()
    data = json.loads(files[name])
    edit(data)
    return files | {name: json.dumps(data)}


def setting(path: str, value: Any) -> Edit:
    """An edit that puts `value` at a path of keys and indices, "modules.0.path"."""

    def edit(data: Any) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        for part in parents:
            data = data[part]
        data[last] = value

    return edit


def adding(path: str, value: Any) -> Edit:
    """An edit that appends `value` to the list at `path`."""

    def edit(data: Any) -> None:
        for part in filter(None, path.split("/")):
            data = data[int(part) if part.isdigit() else part]
        data.append(value)

    return edit
