"""The build order: which module builds on which, and what is needed from outside."""

import re
from collections.abc import Sequence

from offline_coder.core.engine import Engine
from offline_coder.core.packages import DISTRIBUTIONS
from offline_coder.core.plan import (
    ENTRY_POINT,
    EVALUATION,
    TRAINING,
    Architecture,
    BuildOrder,
    Package,
    Resource,
)
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.prompting import Context, render_prompt

NEVER_ALONE = frozenset({TRAINING, EVALUATION, ENTRY_POINT})
IMPLIED = {
    "torch": "torch",
    "nn": "torch",
    "Tensor": "torch",
    "np": "numpy",
    "numpy": "numpy",
    "pd": "pandas",
}
ROOT = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
OTHER_FRAMEWORKS = frozenset({"tensorflow", "jax", "flax", "optax"})


class Draft(Value):
    """The build order as decoded."""

    depends_on: dict[str, tuple[str, ...]]
    packages: tuple[Package, ...]


def named_in(architecture: Architecture) -> list[str]:
    """The packages that types and base classes name: torch for `nn.Module`, numpy for `np.ndarray`."""
    texts: list[str] = []
    for module in architecture.modules:
        routines = module.routines()
        texts += [base for cls in module.classes for base in cls.bases]
        texts += [routine.returns for routine in routines]
        texts += [parameter.type for routine in routines for parameter in routine.parameters]
    roots = {root for text in texts for root in ROOT.findall(text)}
    return sorted({IMPLIED[root] for root in roots if root in IMPLIED})


def rivals(architecture: Architecture) -> frozenset[str]:
    """The frameworks that a plan in PyTorch does not need."""
    return OTHER_FRAMEWORKS if "torch" in named_in(architecture) else frozenset()


async def order_modules(
    engine: Engine, context: Context, architecture: Architecture, settings: StageSettings
) -> BuildOrder:
    """The architecture's own order, with dependencies that were decoded from what stands before.

    The grammar offers each module only the modules before it, so a cycle or a dangling name cannot be
    written. Raises what `ask_shape` raises.
    """
    order = [module.path for module in architecture.modules]
    earlier = {path: offered(path, order[:index]) for index, path in enumerate(order) if index}
    properties = {
        path: {"type": "array", "items": {"enum": names}, "maxItems": len(names)}
        for path, names in earlier.items()
    }
    draft = await ask_shape(
        engine,
        "planning:build_order",
        context.messages(render_prompt("planning/build_order.md.j2", order=order)),
        grammar(
            "build_order",
            depends_on=properties,
            dependents=list(properties),
            packages=sorted(set(DISTRIBUTIONS.values()) - rivals(architecture)),
        ),
        Draft,
        settings.sampling(settings.build_order_tokens, constrained=True),
        settings.seed,
    )
    return build_order_of(architecture, draft)


def with_packages_of(resources: Sequence[Resource], order: BuildOrder) -> BuildOrder:
    """`order` with the package of each library that gives data of the paper."""
    packages = {package.name: package for package in order.packages}
    for resource in resources:
        if resource.library is not None:
            distribution = DISTRIBUTIONS[resource.library.partition(".")[0]]
            packages.setdefault(distribution, Package(name=distribution, why=f"its data set {resource.name}"))
    return order.model_copy(update={"packages": tuple(packages[name] for name in sorted(packages))})


def offered(path: str, before: list[str]) -> list[str]:
    """What the module at `path` may build on of those `before` it. What evaluates a model needs none of the
    code that trained it, so both can be written together."""
    return [name for name in before if path != EVALUATION or name != TRAINING]


def build_order_of(architecture: Architecture, draft: Draft) -> BuildOrder:
    """The draft with repeated names taken out, dependencies in the order of writing, the homes of base
    classes among them, and the packages that the architecture itself names. What trains, evaluates or is
    the entry point and names no dependency builds on all before it, because it can do nothing alone."""
    order = [module.path for module in architecture.modules]
    homes = {cls.name: module.path for module in reversed(architecture.modules) for cls in module.classes}
    depends_on: dict[str, tuple[str, ...]] = {}
    for index, path in enumerate(order):
        bases = {base for cls in architecture.modules[index].classes for base in cls.bases}
        chosen = {*draft.depends_on.get(path, ()), *(homes[base] for base in bases if base in homes)}
        depends_on[path] = tuple(name for name in order[:index] if name in chosen)
        if path in NEVER_ALONE and not depends_on[path]:
            depends_on[path] = tuple(offered(path, order[:index]))
    named = [Package(name=name, why="types and base classes of the plan") for name in named_in(architecture)]
    packages = {package.name: package for package in (*named, *reversed(draft.packages))}
    return BuildOrder(
        order=tuple(order), depends_on=depends_on, packages=tuple(packages[name] for name in sorted(packages))
    )
