"""What the libraries give is used, not planned: an optimizer of PyTorch's, a layer under PyTorch's name.

Small models plan a class AdamW because the paper trains with it, and write it wrong.
"""

from collections.abc import Sequence
from functools import cache

from offline_coder.checks.library import library_names
from offline_coder.core.plan import GIVEN_PATHS, ClassPlan, Module

OPTIMIZERS = "torch.optim"
LAYERS, FUNCTIONS = "torch.nn", "torch.nn.functional"


def without_given(modules: Sequence[Module], title: str) -> tuple[Module, ...]:
    """`modules` without classes that a library has, unless the paper with this `title` is about one of that
    name. A component that is left with nothing goes; any other module stays as it is then."""
    own = {word.strip(".,:;()").lower() for word in title.split()}
    found = []
    for module in modules:
        kept = tuple(
            planned for planned in module.classes if planned.name.lower() in own or not is_given(planned)
        )
        if kept or module.functions:
            found.append(module.model_copy(update={"classes": kept}))
        elif module.path in GIVEN_PATHS:
            found.append(module)
    return tuple(found)


def is_given(planned: ClassPlan) -> bool:
    """Whether a class has the name of its base, is an optimizer of PyTorch's or a layer of one operation."""
    bases = {base.rpartition(".")[2] for base in planned.bases}
    optimizer = planned.name in library_names()[OPTIMIZERS] and "Optimizer" in bases
    layer = planned.name in layers_of_one_operation() and "Module" in bases
    return planned.name in bases or optimizer or layer


@cache
def layers_of_one_operation() -> frozenset[str]:
    """Softmax, LeakyReLU, Dropout: what PyTorch has as a layer and as a function of the same name."""
    functions = {name.replace("_", "") for name in library_names()[FUNCTIONS]}
    return frozenset(
        name for name in library_names()[LAYERS] if name.lower() in functions and name[0].isupper()
    )
