"""What data.py gives is what training and evaluation take.

Small models plan a function that gives data sets, training that takes a loader and evaluation that takes
four tensors. Where the types of a plan do not meet, all three speak of loaders, whose batches are inputs and
targets; where they do, they stay as they are. One function has its data from no other, and none that loads
data takes settings of training. What is given the network and the data is not told where they lie as well.
"""

import re
from collections.abc import Callable, Collection, Sequence

from offline_coder.core.plan import DATA, EVALUATION, Architecture, Module, Parameter, Resource, Routine
from offline_coder.core.type_names import tuple_elements
from offline_coder.core.usual_names import TARGETS, TEST, TRAIN, VALIDATION, splits_of
from offline_coder.stages.planning.roles import (
    DATA_TYPES,
    PLAIN,
    STARTS,
    is_data,
    network_of,
    networks_of,
)
from offline_coder.stages.planning.signatures import well_ordered, without

LOADER = "torch.utils.data.DataLoader"
LOADS = ("load", "get", "read", "make", "create")
"""How functions begin that have the data from nowhere."""
LOADING = (*LOADS, "prepare", "split")
"""How functions begin that are other ways to the data, or parts of one."""
GIVES_NOTHING = ("", "None")
SPLITS = (TRAIN, VALIDATION, TEST)
TWO_SPLITS = (TRAIN, TEST)
OWN_SETTINGS = re.compile(
    r"(?:^|_)(?:epochs?|shuffle|lr|learning_rate|momentum|decay|optimi[sz]er|dropout|adam|betas?|warmup|loss)(?:$|_)"
)
"""Parameters of no use where data is loaded."""
ONE_SPLIT = re.compile(
    r"(?:data_?(?:set_?)?)?(?:split|subset|partition|phase|mode)(?:_(?:name|type))?"
    r"|(?:is_|only_|use_)?(?:train(?:ing)?|val(?:id(?:ation)?)?|dev|test)(?:_only)?"
)
"""Names of parameters that say which split is meant, of no use where all are given."""
TENSOR = "Tensor"
PAIRS = (4, 6)
"""As many tensors as the inputs and targets of two or three sets of data are."""
SETS = ("DataLoader", "Dataset", "TensorDataset", "Subset")
PATH = re.compile(r"(?:^|_)(?:path|paths|dir|directory|folder|root|file|filename|url)$")
CHOOSING = ("str", "bool", "")
"""Types of parameters that say which split is meant."""
WRITTEN = re.compile(r"(?:^|_)(?:saved?|out|outputs?|logs?|results?|plots?|figures?)(?:$|_)")
"""In the names of paths that are written."""
OF_THE_NETWORK = re.compile(r"(?:^|_)(?:model|checkpoints?|weights|state)(?:$|_)")
"""In the names of paths that training writes and evaluation reads."""


def with_data_contract(modules: Sequence[Module]) -> tuple[Module, ...]:
    """`modules`, where training and evaluation take what data.py gives. The types are unchanged where no
    function of data.py gives data without being given some."""
    networks = networks_of(modules)
    modules = [without_places(of_all_splits(with_a_source(module)), networks) for module in modules]
    source = next((each for module in modules if module.path == DATA for each in sources(module)), None)
    working = [each for module in modules for each in workers(module, networks)]
    if source is None or agree(modules, working):
        return tuple(modules)
    names = [each.name for routine in (source, *working) for each in routine.parameters]
    three = any(VALIDATION in splits_of(name) for name in names) or sets_in(source.returns) > 2
    splits = SPLITS if three else TWO_SPLITS
    return tuple(with_loaders(module, source, working, splits) for module in modules)


def without_files(architecture: Architecture, resources: Sequence[Resource]) -> Architecture:
    """`architecture`, whose data.py takes no path where libraries give all data sets of the paper."""
    sets = [each for each in resources if each.kind == "dataset"]
    if not sets or any(each.library is None for each in sets):
        return architecture
    modules = tuple(map(without_paths, architecture.modules))
    return architecture.model_copy(update={"modules": modules})


def without_paths(module: Module) -> Module:
    """`module`; the functions of data.py take no path."""
    return of_data(module, lambda each: without(each, lambda one: PATH.search(one.name) is not None))


def with_a_source(module: Module) -> Module:
    """`module`; where all functions of data.py take data, the first that begins like one that loads it takes
    none. None of them takes settings of training."""
    if module.path != DATA:
        return module
    functions = [
        without(each, lambda one: OWN_SETTINGS.search(one.name) is not None) for each in module.functions
    ]
    first = next(
        (each for each in functions if each.name.startswith(LOADS) and each.returns not in GIVES_NOTHING),
        None,
    )
    if first is not None and not sources(module):
        made = without(first, takes_data)
        functions = [made if each is first else each for each in functions]
    return module.model_copy(update={"functions": tuple(functions)})


def takes_data(parameter: Parameter) -> bool:
    """Whether a parameter is data, or the targets of it."""
    return is_data(parameter) or (TARGETS.search(parameter.name) is not None and parameter.type not in PLAIN)


def without_places(module: Module, networks: Collection[str]) -> Module:
    """`module`, whose functions that are given a network and data take no path to them. Training may take one
    to write the network to."""

    def told(parameter: Parameter) -> bool:
        path = PATH.search(parameter.name) is not None and WRITTEN.search(parameter.name) is None
        return path and (module.path == EVALUATION or OF_THE_NETWORK.search(parameter.name) is None)

    working = workers(module, networks)
    functions = tuple(
        without(each, told) if each in working and any(map(is_data, each.parameters)) else each
        for each in module.functions
    )
    return module.model_copy(update={"functions": functions})


def of_all_splits(module: Module) -> Module:
    """`module`, of whose functions those of data.py that give all splits are not asked for one."""
    return of_data(module, lambda each: without(each, chooses_split) if of_several(each.returns) else each)


def of_data(module: Module, change: Callable[[Routine], Routine]) -> Module:
    """`module`; where it is data.py with each of its functions as `change` makes it."""
    if module.path != DATA:
        return module
    return module.model_copy(update={"functions": tuple(map(change, module.functions))})


def of_several(type_: str) -> bool:
    """Whether a type is that of several sets of data: not inputs and targets of one."""
    given = [last_part(one) for one in tuple_elements(type_)]
    return len(given) > 1 and (len(given) > 2 or all(one in SETS for one in given))


def sets_in(type_: str) -> int:
    """How many sets of data a tuple has; an even number of tensors is inputs and targets of each."""
    given = [last_part(one) for one in tuple_elements(type_)]
    pairs = set(given) == {TENSOR} and len(given) % 2 == 0
    return len(given) // 2 if pairs else len(given)


def chooses_split(parameter: Parameter) -> bool:
    """Whether a parameter says which split is meant."""
    return parameter.type in CHOOSING and ONE_SPLIT.fullmatch(parameter.name) is not None


def sources(module: Module) -> list[Routine]:
    """The functions that may give data and take none."""
    return [
        each
        for each in module.functions
        if each.returns not in GIVES_NOTHING and not any(map(takes_data, each.parameters))
    ]


def agree(modules: Sequence[Module], working: Sequence[Routine]) -> bool:
    """Whether each type of data that training and evaluation take is one that data.py gives, of one set of
    data, and as many tensors of it as they take: not one, where there are inputs and targets of several sets.
    """
    given = {
        one
        for module in modules
        if module.path == DATA
        for routine in module.functions
        for one in (last_part(routine.returns), *map(last_part, tuple_elements(routine.returns)))
    }
    given |= {planned.name for module in modules if module.path == DATA for planned in module.classes}
    most = max(
        (tensors_of(each) for module in modules if module.path == DATA for each in module.functions),
        default=0,
    )
    taken = [[last_part(each.type) for each in routine.parameters if is_data(each)] for routine in working]
    return all(
        all(one and one in given and not of_several(one) for one in types)
        and types.count(TENSOR) <= max(most, 1)
        and not (types.count(TENSOR) == 1 and most in PAIRS)
        for types in taken
    )


def tensors_of(routine: Routine) -> int:
    """How many tensors a function gives."""
    return [last_part(one) for one in (routine.returns, *tuple_elements(routine.returns))].count(TENSOR)


def workers(module: Module, networks: Collection[str]) -> list[Routine]:
    """The functions of training and evaluation that work with a network."""
    return [
        each
        for each in module.functions
        if each.name.startswith(STARTS.get(module.path, ())) and network_of(each, networks) is not None
    ]


def last_part(type_: str) -> str:
    """A type's name without its package, `torch.Tensor` is `Tensor`; a tuple's or dict's as it stands."""
    return type_.rpartition(".")[2] if "[" not in type_ else type_


def with_loaders(
    module: Module, source: Routine, working: Sequence[Routine], splits: Sequence[str]
) -> Module:
    """`module`, where `source` gives loaders, as the only function that loads data, and those of `working`
    take them."""
    own = [split for split in splits if (split == "test") == (module.path == EVALUATION)]
    functions = tuple(
        giving(each, splits) if each is source else taking(each, own) if each in working else each
        for each in module.functions
        if each is source or not (module.path == DATA and loads(each))
    )
    return module.model_copy(update={"functions": functions})


def loads(routine: Routine) -> bool:
    """Whether a function loads data or makes it into splits."""
    gives = any(word in routine.returns for word in (*DATA_TYPES, "dict", "Dict"))
    return gives and routine.name.startswith(LOADING)


def giving(routine: Routine, splits: Sequence[str]) -> Routine:
    """`routine` that gives a loader for each of `splits`."""
    kept = list(without(routine, chooses_split).parameters)
    if not any(each.name == "batch_size" for each in kept):
        kept.append(Parameter(name="batch_size", type="int"))
    twice = ", split twice," if splits == SPLITS else ""
    what = f"gives loaders for {', '.join(splits)}{twice} whose batches are tensors of inputs and targets"
    purpose = f"{routine.purpose.rstrip('.')}; {what}." if routine.purpose else f"{what.capitalize()}."
    returns = f"tuple[{', '.join(LOADER for _ in splits)}]"
    return routine.model_copy(
        update={"parameters": well_ordered(kept), "returns": returns, "purpose": purpose}
    )


def taking(routine: Routine, splits: Sequence[str]) -> Routine:
    """`routine` that takes a loader for each of `splits` in place of other data, behind its first
    parameter."""
    loaders = [Parameter(name=f"{split}_loader", type=LOADER) for split in splits]
    others = [each for each in routine.parameters if not is_data(each)]
    return routine.model_copy(update={"parameters": well_ordered([*others[:1], *loaders, *others[1:]])})
