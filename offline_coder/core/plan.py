"""The plan: what the repository will hold, decided before a line of it is written.

The artefacts follow PaperCoder (arXiv 2504.17192, section 3): overall plan, architecture, logic
design (here: build order) and configuration.
"""

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from offline_coder.core.values import Value

ENTRY_POINT = "main.py"
"""The path of the one module that a user starts."""
DATA, MODEL, TRAINING, EVALUATION = "data.py", "model.py", "training.py", "evaluation.py"
"""The paths of modules whose work is known."""
GIVEN_PATHS = frozenset({DATA, MODEL, TRAINING, EVALUATION, ENTRY_POINT})
"""The paths that every plan has; all others are of components."""

ConfigValue = bool | int | float | str | list[int] | list[float] | list[str]
RequirementKind = Literal["data", "model", "training", "evaluation", "hyperparameter", "ablation"]

ResourceKind = Literal["dataset", "model"]


class Parameter(Value):
    """One parameter of a routine. `default` is Python source, None when there is none."""

    name: str
    type: str = ""
    default: str | None = None


class Routine(Value):
    """A function or a method: the typed signature that code is checked against.

    `parameters` leaves out `self` and `cls`. `returns` is Python source of a type, "" when not said.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    purpose: str = ""

    def signature(self, *, method: bool = False) -> str:
        """Python source of the head without the colon: `def train(steps: int = 10) -> float`."""
        shown = ["self"] if method else []
        for parameter in self.parameters:
            text = parameter.name
            text += f": {parameter.type}" if parameter.type else ""
            if parameter.default is not None:
                text += f" = {parameter.default}" if parameter.type else f"={parameter.default}"
            shown.append(text)
        arrow = f" -> {self.returns}" if self.returns else ""
        return f"def {self.name}({', '.join(shown)}){arrow}"


class ClassPlan(Value):
    """A class with its methods. `bases` are names as written in Python source."""

    name: str
    bases: tuple[str, ...] = ()
    purpose: str = ""
    methods: tuple[Routine, ...] = ()


class Module(Value):
    """One Python file of the repository: its path relative to the repository, and its contract.

    `requirements` are the ids of what it has to fulfil.
    """

    path: str
    purpose: str
    requirements: tuple[str, ...] = ()
    classes: tuple[ClassPlan, ...] = ()
    functions: tuple[Routine, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Public names the module defines, classes first."""
        return tuple(c.name for c in self.classes) + tuple(f.name for f in self.functions)

    def routines(self) -> tuple[Routine, ...]:
        """The functions, then the methods of all classes."""
        return (*self.functions, *(method for planned in self.classes for method in planned.methods))

    def with_routines(self, change: Callable[[Routine], Routine]) -> "Module":
        """This module with `change` made to each function and method."""
        classes = tuple(
            planned.model_copy(update={"methods": tuple(map(change, planned.methods))})
            for planned in self.classes
        )
        return self.model_copy(update={"functions": tuple(map(change, self.functions)), "classes": classes})


class Requirement(Value):
    """One thing the paper asks of a reproduction.

    `id` is "r1", "r2", ... `quote` is a passage of section `section`; None when no
    passage says so, and then the requirement is an assumption.
    """

    id: str
    kind: RequirementKind
    statement: str
    section: str | None
    quote: str | None


class Call(Value):
    """One step of the program's flow: module `caller` uses module `callee`, in order of time."""

    caller: str
    callee: str
    purpose: str


class Architecture(Value):
    """All modules and how they call each other. Paths and names are unique."""

    approach: str
    modules: tuple[Module, ...]
    calls: tuple[Call, ...] = ()

    def module(self, path: str) -> Module:
        """The module at `path`. Raises KeyError when there is none."""
        for module in self.modules:
            if module.path == path:
                return module
        raise KeyError(path)


class Package(Value):
    """A package from outside that the repository imports."""

    name: str
    why: str


class BuildOrder(Value):
    """The order of writing. `order` is a permutation of the modules' paths; a module depends only on
    modules placed before it, so there is no cycle."""

    order: tuple[str, ...]
    depends_on: dict[str, tuple[str, ...]]
    packages: tuple[Package, ...] = ()


class ConfigEntry(Value):
    """One setting.

    `key` is a dotted path ("training.batch_size"). `quote` is a verbatim passage of section
    `section` that holds the value; both are None exactly when `source` is "assumption". `requirement`
    is the id of the requirement that it fulfils.
    """

    key: str
    value: ConfigValue
    source: Literal["paper", "assumption"]
    section: str | None = None
    quote: str | None = None
    requirement: str | None = None
    reason: str = ""


class Resource(Value):
    """A data set or a pre-trained model that the paper names in `quote`.

    `local` is its name in the lab's registry and `path` where it lies; both None when no registry has it.
    `library` is the function of an installed library that gives it, "sklearn.datasets.load_digits".
    """

    kind: ResourceKind
    name: str
    section: str
    quote: str
    local: str | None = None
    path: str | None = None
    library: str | None = None

    @property
    def at_hand(self) -> bool:
        """Whether the lab's registry or a library has it."""
        return self.path is not None or self.library is not None


class Plan(Value):
    """Everything decided before analysis and coding."""

    overview: str = Field(min_length=1)
    requirements: tuple[Requirement, ...] = ()
    architecture: Architecture
    build_order: BuildOrder
    config: tuple[ConfigEntry, ...]
    resources: tuple[Resource, ...] = ()
