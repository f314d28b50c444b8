"""What training and evaluation are about: each takes the network and data, whatever else it takes.

Small models plan `train(epochs: int)`; what is written then makes a network of its own, and the one that is
evaluated was never trained.
"""

import re
from collections.abc import Collection, Sequence

from offline_coder.core.packages import is_torch_module
from offline_coder.core.plan import DATA, EVALUATION, TRAINING, ClassPlan, Module, Parameter, Routine
from offline_coder.stages.planning.constructors import is_network
from offline_coder.stages.planning.signatures import well_ordered

STARTS = {TRAINING: ("train", "fit", "optimi"), EVALUATION: ("eval", "test", "measure", "compare")}
"""How the functions that do the work of a module are called."""
USUAL = {
    TRAINING: ("train", "train_model", "train_network", "fit"),
    EVALUATION: ("evaluate", "evaluate_model", "evaluate_network", "eval", "test", "test_model"),
}
"""Names that say no more than that; those of a module that has such a function are its own."""
NETWORK_NAMES = re.compile(r"(?:^|_)(?:model|network|net|module)(?:$|_)")
DATA_NAMES = re.compile(
    r"(?:^|_)(?:data|dataset|loader|dataloader|inputs?|images?|samples?|examples|dataloaders|loaders|datasets|batch(?:es)?(?!_size))(?:$|_)"
)
MADE_WITHIN = re.compile(r"(?:^|_)(?:optimi[sz]er|criterion|loss_fn|loss_function|scheduler)(?:$|_)")
PLAIN = ("int", "float", "bool", "str")
DATA_TYPES = ("Tensor", "DataLoader", "Dataset", "ndarray")
GENERIC = frozenset({"data", "dataset", "loader", "load", "set", "splits", "split", "module", "manager"})
"""Words of class names that say no more than data.py does."""
PAIRS = "tuple[torch.Tensor, torch.Tensor]"
"""Inputs and targets."""
PLACEHOLDER = "x"
"""The name of a tensor of which nothing is said; it is what is read anew in training and evaluation."""


def with_roles(modules: Sequence[Module]) -> tuple[Module, ...]:
    """`modules`, where the function that trains and the one that evaluates take the network and data, and no
    other module has a function of their name or of a usual one. A module without functions stays as it is."""
    data = type_of_data(modules)
    worked = tuple(with_role(module, networks_of(modules), data) for module in modules)
    theirs = {each.name for module in worked if module.path in STARTS for each in module.functions}
    theirs.update(name for module in worked if main_function(module) for name in USUAL[module.path])
    loading = {each.name for module in worked if module.path == DATA for each in module.functions}
    worked = tuple(without_loading(module, loading) for module in worked)
    return tuple(without_work(module, theirs) for module in worked)


def networks_of(modules: Sequence[Module]) -> frozenset[str]:
    """The names of the classes that are networks."""
    return frozenset(planned.name for module in modules for planned in module.classes if is_network(planned))


def with_role(module: Module, networks: Collection[str], data: str) -> Module:
    """`module`, where its main function takes the network and data of the type `data`."""
    main = main_function(module)
    if main is None:
        return module
    functions = tuple(
        taking(each, networks, data, "train_data" if module.path == TRAINING else "test_data")
        if each is main
        else each
        for each in module.functions
    )
    return module.model_copy(update={"functions": functions})


def main_function(module: Module) -> Routine | None:
    """The function that does the work of training or evaluation, None where there is none."""
    starts = STARTS.get(module.path, ())
    return next((each for each in module.functions if each.name.startswith(starts)), None)


def taking(routine: Routine, networks: Collection[str], data: str, name: str) -> Routine:
    """`routine` with parameters for the network and for data called `name`, where it has none, and without
    those for what is made within."""
    kept = [each for each in routine.parameters if each.name != PLACEHOLDER and not is_made_within(each)]
    network = network_of(routine, networks) or Parameter(name="model", type="nn.Module")
    given_data = [] if any(map(is_data, kept)) else [Parameter(name=name, type=data)]
    others = [each for each in kept if each != network]
    return routine.model_copy(update={"parameters": well_ordered([network, *given_data, *others])})


def network_of(routine: Routine, networks: Collection[str]) -> Parameter | None:
    """The parameter of `routine` that is the network, None where there is none."""
    found = [each for each in routine.parameters if not is_made_within(each) and each.type not in PLAIN]
    named = [each for each in found if NETWORK_NAMES.search(each.name)]
    typed = [each for each in found if is_network_type(each.type, networks)]
    return next(iter((*named, *typed)), None)


def is_made_within(parameter: Parameter) -> bool:
    """Whether a parameter is an object that training makes of the network and the settings, or a loss: what
    is handed in would be made where nobody says how. A name such as "adam" is a setting."""
    return MADE_WITHIN.search(parameter.name) is not None and parameter.type != "str"


def is_network_type(type_: str, networks: Collection[str]) -> bool:
    """Whether a type is a network."""
    return is_torch_module(type_) or type_ in networks


def is_data(parameter: Parameter) -> bool:
    """Whether a parameter is what a network works on."""
    named = DATA_NAMES.search(parameter.name) and parameter.type not in PLAIN
    return bool(named) or any(word in parameter.type for word in DATA_TYPES)


def type_of_data(modules: Sequence[Module]) -> str:
    """What data.py gives: loaders, data sets, or pairs of tensors."""
    given = " ".join(each.returns for module in modules if module.path == DATA for each in module.functions)
    for name in ("DataLoader", "Dataset"):
        if name in given:
            return f"torch.utils.data.{name}"
    return PAIRS


def without_loading(module: Module, loading: Collection[str]) -> Module:
    """`module` without the functions `loading`, which data.py has under the same name."""
    if module.path == DATA:
        return module
    functions = tuple(each for each in module.functions if each.name not in loading)
    return module.model_copy(update={"functions": functions}) if functions or module.classes else module


def without_work(module: Module, theirs: Collection[str]) -> Module:
    """`module` without functions that training or evaluation has under the same name, without methods of
    networks that they have, and of plain classes that it has as functions too; a plain class with nothing
    else is left out, and so is one of data.py that says nothing, where there are functions."""
    starts = tuple(start for each in STARTS.values() for start in each)
    functions = tuple(
        each
        for each in module.functions
        if module.path in STARTS or each.name not in theirs or not each.name.startswith(starts)
    )
    names = {each.name for each in functions}
    classes = [
        without_methods(planned, theirs if is_network(planned) else names) for planned in module.classes
    ]
    kept = tuple(
        planned
        for planned in classes
        if planned is not None and not (module.path == DATA and functions and says_nothing(planned))
    )
    if not functions and not kept:
        return module
    return module.model_copy(update={"functions": functions, "classes": kept})


def says_nothing(planned: ClassPlan) -> bool:
    """Whether a class is a second home of what the functions of data.py do: Data, DataLoader, without a
    base."""
    words = {word.lower() for word in re.findall("[A-Z]?[a-z]+", planned.name)}
    return not planned.bases and words <= GENERIC


def without_methods(planned: ClassPlan, names: Collection[str]) -> ClassPlan | None:
    """A class without the methods in `names`; None where only the constructor of a plain class is left."""
    methods = tuple(each for each in planned.methods if each.name not in names)
    if len(methods) == len(planned.methods):
        return planned
    if not is_network(planned) and all(each.name == "__init__" for each in methods):
        return None
    return planned.model_copy(update={"methods": methods})
