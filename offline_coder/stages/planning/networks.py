"""A plan that computes with PyTorch has a network, and model.py is where it stands.

Small models plan a class with forward() and without a base, put the network beside the data, or plan a
class that only makes networks; what is written then has nothing to train. Or they plan a function beside
the network that makes it of a file of settings; main.py makes it of config.yaml.
"""

import re
from collections.abc import Collection, Sequence

from offline_coder.core.packages import is_torch_module
from offline_coder.core.plan import DATA, MODEL, ClassPlan, Module, Routine
from offline_coder.stages.planning.constructors import CONSTRUCTOR, is_network
from offline_coder.stages.planning.roles import is_network_type, networks_of
from offline_coder.stages.planning.signatures import routine_of, without

BASE = "nn.Module"
FORWARD = routine_of("forward(x: torch.Tensor) -> torch.Tensor")
BUILDING = ("build", "construct", "create", "define", "make", "setup")
MAKING = (*BUILDING, "get", "init")
"""How functions begin that make a network."""
WHOLE = frozenset({"model", "network", "net"})
MAKING_WHOLE = re.compile(
    rf"(?:{'|'.join(BUILDING)})_(?:the_)?(?:{'|'.join(sorted(WHOLE))})(?:_(?:with|without|from)_\w+)?"
)
"""Names of functions that make the whole network, whatever they say that they give."""
INPUT_WORDS, TARGET_WORDS = ("images", "inputs", "data"), ("labels", "targets")
LAYERS = ("nn.", "torch.nn.")
PAIRS = (("x", "y"), *((one, other) for one in INPUT_WORDS for other in TARGET_WORDS))
"""What stands in the name of the inputs, and in that of their targets."""
CONDITIONED = re.compile("cond|discriminator|generator|class|loss|energy", re.IGNORECASE)
"""Names of networks that may take targets."""
UNNAMED = "Network"
"""The network of a plan that names no class in model.py."""
PYTORCH_OWN = frozenset(
    (
        *("apply", "backward", "buffers", "children", "compile", "cpu", "cuda", "double", "eval", "float"),
        *("half", "load_state_dict", "modules", "named_parameters", "parameters", "requires_grad_"),
        *("state_dict", "to", "train", "type", "zero_grad"),
    )
)
"""Methods that would replace what PyTorch has."""
TENSOR = "Tensor"
SPEAKS_OF_PYTORCH = (TENSOR, BASE)


def with_networks(modules: Sequence[Module]) -> tuple[Module, ...]:
    """`modules`, where every class with forward() is a network and those of data.py stand in model.py; and
    where no class is a network though the plan speaks of PyTorch's types, the first of model.py is one.
    What only makes a network goes, and so do layers and targets that nobody hands in."""
    based = [
        module.model_copy(update={"classes": tuple(map(based_on, module.classes))}) for module in modules
    ]
    moved = [planned for module in based for planned in leaving(module)]
    placed = [placing(module, moved) for module in based]
    known = any(computes(planned) for module in placed for planned in module.classes)
    if not known and speaks_of_pytorch(placed):
        placed = [with_first_network(module) if module.path == MODEL else module for module in placed]
    networks = networks_of(placed)
    return tuple(of_settings_and_inputs(without_makers(module, networks)) for module in placed)


def of_settings_and_inputs(module: Module) -> Module:
    """`module`, whose networks are made of settings and not of layers, which nobody makes for them, nor of
    the tensors that they compute from, and compute from inputs without their targets."""
    classes = tuple(
        made_of_settings(telling(planned)) if is_network(planned) else planned for planned in module.classes
    )
    return module.model_copy(update={"classes": classes})


def made_of_settings(planned: ClassPlan) -> ClassPlan:
    """A network whose constructor does not take the tensors that forward() takes."""
    inputs = {
        each.name
        for method in planned.methods
        for each in method.parameters
        if method.name == FORWARD.name and TENSOR in each.type
    }
    methods = tuple(
        without(method, lambda each: each.name in inputs) if method.name == CONSTRUCTOR else method
        for method in planned.methods
    )
    return planned.model_copy(update={"methods": methods})


def telling(planned: ClassPlan) -> ClassPlan:
    """A network without layers and targets that nobody hands in; one that may take targets as it is."""
    if CONDITIONED.search(planned.name):
        return planned
    return planned.model_copy(update={"methods": tuple(map(telling_method, planned.methods))})


def telling_method(method: Routine) -> Routine:
    """A constructor without layers, or forward() without the targets of its inputs; another as it is."""
    kept = method.parameters
    if method.name == CONSTRUCTOR:
        kept = tuple(each for each in kept if not each.type.startswith(LAYERS) or is_torch_module(each.type))
    if method.name == FORWARD.name and len(kept) == 2:
        inputs, targets = (each.name for each in kept)
        kept = kept[:1] if any(inputs.replace(x, y) == targets for x, y in PAIRS if x in inputs) else kept
    return method.model_copy(update={"parameters": kept})


def without_makers(module: Module, networks: Collection[str]) -> Module:
    """`module` without functions that make one of `networks`, where it has one, and without methods of
    theirs that make the whole."""
    if not any(planned.name in networks for planned in module.classes):
        return module
    functions = tuple(each for each in module.functions if not makes(each, networks))
    classes = tuple(not_making_itself(planned, networks) for planned in module.classes)
    return module.model_copy(update={"functions": functions, "classes": classes})


def not_making_itself(planned: ClassPlan, networks: Collection[str]) -> ClassPlan:
    """A class without methods that make the whole network; those that make a part of it stay."""
    methods = tuple(
        each
        for each in planned.methods
        if not makes(each, networks) or WHOLE.isdisjoint(each.name.split("_"))
    )
    return planned.model_copy(update={"methods": methods})


def makes(routine: Routine, networks: Collection[str]) -> bool:
    """Whether a function makes a network, by its name and what it gives; a name that says it of the whole
    one is enough where it gives nothing."""
    if routine.returns in ("", "None") and MAKING_WHOLE.fullmatch(routine.name):
        return True
    return routine.name.startswith(MAKING) and is_network_type(routine.returns, networks)


def based_on(planned: ClassPlan) -> ClassPlan:
    """The class, a network where it has forward() and no base."""
    has_forward = any(method.name == FORWARD.name for method in planned.methods)
    return network(planned) if has_forward and not planned.bases else planned


def computes(planned: ClassPlan) -> bool:
    """Whether the class is a network, or one of PyTorch's layers with something added."""
    layers = [base for base in planned.bases if base.startswith(LAYERS) and not base.endswith("Loss")]
    return is_network(planned) or bool(layers)


def network(planned: ClassPlan) -> ClassPlan:
    """The class as a network: its methods without those of PyTorch's, and with forward()."""
    return planned.model_copy(update={"bases": (BASE,), "methods": of_a_network(planned.methods)})


def of_a_network(methods: Sequence[Routine]) -> tuple[Routine, ...]:
    """The methods that a network has: none that would replace what PyTorch has, such as train(), and always
    the one that PyTorch calls, forward(), which takes something."""
    kept = tuple(
        FORWARD if method.name == FORWARD.name and not method.parameters else method
        for method in methods
        if method.name not in PYTORCH_OWN
    )
    return kept if any(method.name == FORWARD.name for method in kept) else (*kept, FORWARD)


def leaving(module: Module) -> list[ClassPlan]:
    """The networks of data.py; none where it would be left with nothing."""
    found = [planned for planned in module.classes if is_network(planned)] if module.path == DATA else []
    return found if module.functions or len(found) < len(module.classes) else []


def placing(module: Module, moved: Sequence[ClassPlan]) -> Module:
    """`module` with or without the networks that move from data.py to model.py."""
    classes = module.classes
    if module.path == DATA:
        classes = tuple(each for each in classes if each not in moved)
    if module.path == MODEL:
        own = {planned.name for planned in classes}
        classes = (*(planned for planned in moved if planned.name not in own), *classes)
    return module.model_copy(update={"classes": classes})


def speaks_of_pytorch(modules: Sequence[Module]) -> bool:
    """Whether a type of the plan is one of PyTorch's."""
    routines = [each for module in modules for each in module.routines()]
    types = [each.returns for each in routines]
    types += [parameter.type for each in routines for parameter in each.parameters]
    return any(word in type_ for type_ in types for word in SPEAKS_OF_PYTORCH)


def with_first_network(module: Module) -> Module:
    """model.py, whose first class is a network; one without a name of the paper where it has none."""
    made = ClassPlan(
        name=UNNAMED, purpose=module.purpose, methods=(Routine(name=CONSTRUCTOR, returns="None"),)
    )
    first, *others = module.classes or (made,)
    return module.model_copy(update={"classes": (network(first), *others)})
