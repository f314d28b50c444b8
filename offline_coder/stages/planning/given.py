"""What the libraries give is used, not planned: an optimizer of PyTorch's, a layer under PyTorch's name.

Small models plan a class AdamW because the paper trains with it, and write it wrong.
"""

from collections.abc import Sequence

from offline_coder.checks.library import library_names
from offline_coder.core.plan import ClassPlan, Module

OPTIMIZERS = "torch.optim"


def without_given(modules: Sequence[Module], title: str) -> tuple[Module, ...]:
    """`modules` without classes that a library has, unless the paper with this `title` is about one of that
    name. A module that would be left with nothing stays as it is."""
    own = {word.strip(".,:;()").lower() for word in title.split()}
    found = []
    for module in modules:
        kept = tuple(
            planned for planned in module.classes if planned.name.lower() in own or not is_given(planned)
        )
        if kept or module.functions:
            module = module.model_copy(update={"classes": kept})
        found.append(module)
    return tuple(found)


def is_given(planned: ClassPlan) -> bool:
    """Whether a class has the name of its base, or is an optimizer of PyTorch's."""
    bases = {base.rpartition(".")[2] for base in planned.bases}
    optimizer = planned.name in library_names()[OPTIMIZERS] and "Optimizer" in bases
    return planned.name in bases or optimizer
