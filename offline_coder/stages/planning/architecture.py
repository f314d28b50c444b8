"""The architecture: the modules in the order of writing, and what each of them defines."""

from collections.abc import Sequence

from offline_coder.checks.library import may_be_class
from offline_coder.core.engine import Engine
from offline_coder.core.errors import BadInput
from offline_coder.core.files import safe_relative_path
from offline_coder.core.packages import is_torch_module, known_base, taken_module_names
from offline_coder.core.plan import (
    DATA,
    ENTRY_POINT,
    EVALUATION,
    GIVEN_PATHS,
    MODEL,
    TRAINING,
    Architecture,
    ClassPlan,
    Module,
    Requirement,
    Routine,
)
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.planning.data_contract import with_data_contract
from offline_coder.stages.planning.given import without_given
from offline_coder.stages.planning.left_open import MOST, left_open, told
from offline_coder.stages.planning.networks import FORWARD, of_a_network, with_networks
from offline_coder.stages.planning.requirements import describe_requirements, owner_of
from offline_coder.stages.planning.roles import with_roles
from offline_coder.stages.planning.sentences import whole_sentence
from offline_coder.stages.planning.signatures import (
    python_name,
    routines_of,
    snake_case,
    with_known_types,
)
from offline_coder.stages.prompting import Context, render_prompt

MOST_OF_APPROACH = len("The method of this paper ") + 120
"""Characters, as the grammar has it."""
OFFERED_KINDS = frozenset({"model", "training"})
WARMER, OTHER_SEED = 0.7, 10
"""How an answer is asked for that was no design at first: likeliest words would be the same again."""
MOST_CLAIMED = 6
SHOWN_STATEMENT = 90
OF_NETWORKS = frozenset({FORWARD.name, "load_state_dict", "parameters", "state_dict", "zero_grad"})
"""Methods of every network, which are no functions of a module."""
COPIED = 6
"""Words in a row by which a purpose is known as one of the prompt's."""
OUR_WORDS = frozenset({"component", "components", "module", "modules", "part", "parts", "path"})
"""Words of the prompt, which say nothing of the paper as the name of a file or a class."""
PARTS = frozenset({"data", "model", "network", "training", "evaluation"})
"""What a class of a component is not: each has a module of its own."""
OUR_FIELDS = frozenset({"classes", "components", "functions", "methods", "purpose", "requirements"})
"""Fields of the answer: a constructor that takes one was copied from the prompt."""


class DraftClass(Value):
    """A class as decoded: methods are signatures, `parameters` are the constructor's as in one."""

    name: str
    base: str
    purpose: str
    parameters: str
    methods: tuple[str, ...]


class DraftPart(Value):
    """A module whose path is given by what it is for."""

    purpose: str
    classes: tuple[DraftClass, ...]
    functions: tuple[str, ...]


class DraftModule(DraftPart):
    """A module with a path of its own, and the ids of what it implements."""

    path: str
    requirements: tuple[str, ...]


class Draft(Value):
    """The architecture as decoded. What every experiment has, data, a model, training and evaluation,
    has its place and its path; further parts of the method stand in `components`."""

    approach: str
    data: DraftPart
    components: tuple[DraftModule, ...]
    model: DraftPart
    training: DraftPart
    evaluation: DraftPart

    def signatures(self) -> tuple[str, ...]:
        """Those of all functions and methods."""
        parts = (self.data, *self.components, self.model, self.training, self.evaluation)
        methods = (method for part in parts for planned in part.classes for method in planned.methods)
        return (*methods, *(function for part in parts for function in part.functions))


async def design(
    engine: Engine,
    context: Context,
    title: str,
    requirements: tuple[Requirement, ...],
    settings: StageSettings,
) -> Architecture:
    """The architecture, without its calls, for the paper with this `title`. Its last module is main.py, and
    each requirement has a module that answers for it. A form that was given back unfilled is asked for
    once more, warmer, and the fuller of the two counts. Raises what `ask_shape` raises."""
    offered = [requirement for requirement in requirements if requirement.kind in OFFERED_KINDS]
    offered = offered[: settings.offered_requirements]
    task = render_prompt(
        "planning/architecture.md.j2",
        limit=settings.max_components,
        requirements=describe_requirements(offered, SHOWN_STATEMENT),
    )
    constraint = grammar(
        "architecture",
        max_components=settings.max_components,
        requirements=some_of([requirement.id for requirement in offered]),
    )
    messages = context.messages(task)

    async def drafted(settings: StageSettings, seed: int) -> Draft:
        sampling = settings.sampling(settings.architecture_tokens, constrained=True)
        return await ask_shape(engine, "planning:architecture", messages, constraint, Draft, sampling, seed)

    draft = await drafted(settings, settings.seed)
    if left_open(draft.signatures()) > MOST:
        other = await drafted(settings.warmer(WARMER), settings.seed + OTHER_SEED)
        draft = min(draft, other, key=lambda each: left_open(each.signatures()))
    return with_owners(architecture_of(in_own_words(draft, task), title), requirements)


def in_own_words(draft: Draft, task: str) -> Draft:
    """The draft, where a component whose purpose repeats the `task` is told by what it defines."""
    return draft.model_copy(
        update={
            "components": tuple(
                component.model_copy(update={"purpose": f"Defines {listed(names)}."})
                if repeats(component.purpose, task) and (names := names_in(component))
                else component
                for component in draft.components
            )
        }
    )


def names_in(part: DraftPart) -> list[str]:
    """What a drafted module defines."""
    classes = [python_name(draft.name) for draft in part.classes]
    return classes + [routine.name for routine in routines_of(part.functions)]


def repeats(text: str, task: str) -> bool:
    """Whether words of the `task` stand in `text`, as many in a row as no sentence has by chance."""
    words = text.split()
    runs = (" ".join(words[at : at + COPIED]) for at in range(len(words) - COPIED + 1))
    return any(run in task for run in runs)


def listed(names: Sequence[str]) -> str:
    """`names` as a sentence has them: A, B and C."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def some_of(ids: list[str]) -> dict[str, object]:
    """The schema of a list of at most six of `ids`; an empty list where there are none."""
    return {
        "type": "array",
        "items": {"enum": ids or [""]},
        "minItems": 0,
        "maxItems": min(len(ids), MOST_CLAIMED),
    }


def with_owners(architecture: Architecture, requirements: tuple[Requirement, ...]) -> Architecture:
    """The architecture in which each requirement belongs to one module: the first component that claims
    it, else the module for its kind."""
    claimed: dict[str, str] = {}
    for module in architecture.modules:
        for name in module.requirements:
            claimed.setdefault(name, module.path)
    owned: dict[str, list[str]] = {}
    for requirement in requirements:
        owned.setdefault(claimed.get(requirement.id) or owner_of(requirement), []).append(requirement.id)
    modules = tuple(
        module.model_copy(update={"requirements": tuple(owned.get(module.path, ()))})
        for module in architecture.modules
    )
    return architecture.model_copy(update={"modules": modules})


def architecture_of(draft: Draft, title: str) -> Architecture:
    """The draft as modules in the order of writing: each path once, none that hides a library, main.py
    last and alone in being the entry point, each base a class that is defined before or comes from
    outside, no class that a library has."""
    modules = {DATA: module_of(DATA, without_networks(draft.data))}
    for drafted in filter(says_something, draft.components):
        path = importable_path(telling_path(drafted))
        if path not in GIVEN_PATHS:
            modules.setdefault(path, module_of(path, without_parts(drafted), drafted.requirements))
    for path, part in ((MODEL, draft.model), (TRAINING, draft.training), (EVALUATION, draft.evaluation)):
        modules[path] = module_of(path, part)
    entry = Module(
        path=ENTRY_POINT,
        purpose="The entry point: reads config.yaml, builds the parts, trains, evaluates, prints metrics.",
        functions=(Routine(name="main", returns="None"),),
    )
    planned = without_given(defined_once((*modules.values(), entry)), title)
    return Architecture(
        approach=whole_sentence(draft.approach, MOST_OF_APPROACH),
        modules=with_data_contract(with_roles(with_networks(typed(with_known_bases(planned))))),
    )


def without_networks(part: DraftPart) -> DraftPart:
    """`part` with classes that are no networks: data has no parameters to train."""
    classes = tuple(
        planned.model_copy(update={"base": ""}) if is_torch_module(planned.base) else planned
        for planned in part.classes
    )
    return part.model_copy(update={"classes": classes})


def defined_once(modules: tuple[Module, ...]) -> tuple[Module, ...]:
    """`modules`, where a name is defined in the first that has it; but no component takes all classes of
    another module. A component that would be left with nothing is left out; any other module keeps its
    functions."""
    taken: set[str] = set()
    found: list[Module] = []
    owned = owned_classes(modules)
    for module in modules:
        given = module.path in GIVEN_PATHS
        classes = tuple(
            planned
            for planned in module.classes
            if planned.name not in taken and (given or planned.name not in owned)
        )
        functions = tuple(routine for routine in module.functions if routine.name not in taken)
        if module.names() and not (classes or functions or given):
            continue
        kept = module.model_copy(
            update={"classes": classes, "functions": functions if classes or functions else module.functions}
        )
        taken.update(kept.names())
        found.append(kept)
    return tuple(found)


def owned_classes(modules: tuple[Module, ...]) -> set[str]:
    """The classes of modules whose every class stands in a component too."""
    repeated = {c.name for module in modules if module.path not in GIVEN_PATHS for c in module.classes}
    owned: set[str] = set()
    for module in modules:
        names = {planned.name for planned in module.classes}
        if module.path in GIVEN_PATHS and names <= repeated:
            owned |= names
    return owned


def typed(modules: tuple[Module, ...]) -> tuple[Module, ...]:
    """`modules` without types that name nothing that the plan or a well-known package has."""
    classes = {planned.name for module in modules for planned in module.classes}
    return tuple(
        module.with_routines(lambda routine: with_known_types(routine, classes)) for module in modules
    )


def with_known_bases(modules: tuple[Module, ...]) -> tuple[Module, ...]:
    """`modules`, where a base stays that is a class written before or one of a known package."""
    written: set[str] = set()
    found: list[Module] = []
    for module in modules:
        classes: list[ClassPlan] = []
        for planned in module.classes:
            bases = tuple(
                base for base in planned.bases if base in written or (known_base(base) and may_be_class(base))
            )
            classes.append(planned.model_copy(update={"bases": bases}))
            written.add(planned.name)
        found.append(module.model_copy(update={"classes": tuple(classes)}))
    return tuple(found)


def module_of(path: str, part: DraftPart, requirements: tuple[str, ...] = ()) -> Module:
    """The part as a module at `path` that claims `requirements`."""
    functions = routines_of(told(part.functions))
    return Module(
        path=path,
        purpose=tidy(part.purpose),
        requirements=requirements,
        classes=classes_of(part.classes),
        functions=without_methods_of_networks(functions) if part.classes else functions,
    )


def without_methods_of_networks(functions: tuple[Routine, ...]) -> tuple[Routine, ...]:
    """`functions` without forward() and others that only a network has."""
    return tuple(each for each in functions if each.name not in OF_NETWORKS)


def classes_of(drafts: tuple[DraftClass, ...]) -> tuple[ClassPlan, ...]:
    """The classes, the first of each name."""
    found: dict[str, ClassPlan] = {}
    for draft in drafts:
        name = python_name(draft.name)
        base = ".".join(python_name(part) for part in draft.base.split(".")) if draft.base else ""
        bases = (base,) if base and base != name else ()
        found.setdefault(
            name,
            ClassPlan(name=name, bases=bases, purpose=tidy(draft.purpose), methods=methods_of(draft)),
        )
    return tuple(found.values())


def methods_of(draft: DraftClass) -> tuple[Routine, ...]:
    """The constructor and the methods, of a network those that one has."""
    made, *others = routines_of((f"__init__({draft.parameters}) -> None", *told(draft.methods)))
    if any(parameter.name in OUR_FIELDS for parameter in made.parameters):
        made = made.model_copy(update={"parameters": ()})
    methods = (made, *others)
    return of_a_network(methods) if is_torch_module(draft.base) else methods


def says_something(drafted: DraftModule) -> bool:
    """Whether a component is more than the form that was given back: of its classes one at least has a name
    that is no word of ours, or it has functions alone."""
    names = {python_name(draft.name).lower() for draft in drafted.classes}
    return not names or not names <= OUR_WORDS


def without_parts(drafted: DraftModule) -> DraftModule:
    """A component without classes named as the parts of the whole, Model beside Router and SwitchLayer;
    with all of them where no other is left."""
    own = tuple(each for each in drafted.classes if python_name(each.name).lower() not in PARTS)
    return drafted.model_copy(update={"classes": own or drafted.classes})


def telling_path(drafted: DraftModule) -> str:
    """The path of a component; where it is a word of ours, one after the first thing that it defines."""
    names = names_in(drafted)
    if drafted.path.removesuffix(".py") not in OUR_WORDS or not names:
        return drafted.path
    return snake_case(names[0]).strip("_") + ".py"


def importable_path(path: str) -> str:
    """`path`, renamed when the module would hide one of the standard library or of a known package, or
    when a system or a tool treats the name specially. The grammar lets only plain names through."""
    stem = path.removesuffix(".py")
    try:
        safe_relative_path(path)
    except BadInput:
        return f"{stem}_module.py"
    return f"{stem}_module.py" if stem in taken_module_names() else path


def tidy(text: str) -> str:
    """One line, single spaces."""
    return " ".join(text.split())


def describe(architecture: Architecture) -> str:
    """The architecture as prompts show it: headings by path, signatures as Python writes them."""
    lines = [architecture.approach]
    for module in architecture.modules:
        lines += ["", f"## {module.path}", "", module.purpose, ""]
        for planned in module.classes:
            bases = f"({', '.join(planned.bases)})" if planned.bases else ""
            lines.append(f"- class {planned.name}{bases}: {planned.purpose}")
            lines += [f"  - {method.signature(method=True)}" for method in planned.methods]
        lines += [f"- {function.signature()}" for function in module.functions]
    return "\n".join(lines)
