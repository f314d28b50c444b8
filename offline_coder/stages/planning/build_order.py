"""The build order: which module builds on which, and what is needed from outside."""

from offline_coder.core.engine import Engine
from offline_coder.core.packages import DISTRIBUTIONS
from offline_coder.core.plan import Architecture, BuildOrder, Package
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.stages.asking import ask_shape
from offline_coder.stages.grammar import grammar
from offline_coder.stages.prompting import Context, render_prompt


class Draft(Value):
    """The build order as decoded."""

    depends_on: dict[str, tuple[str, ...]]
    packages: tuple[Package, ...]


async def order_modules(
    engine: Engine, context: Context, architecture: Architecture, settings: StageSettings
) -> BuildOrder:
    """The architecture's own order, with dependencies that were decoded from what stands before.

    The grammar offers each module only the modules before it, so a cycle or a dangling name cannot be
    written. Raises what `ask_shape` raises.
    """
    order = [module.path for module in architecture.modules]
    earlier = {path: order[:index] for index, path in enumerate(order) if index}
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
            packages=sorted(set(DISTRIBUTIONS.values())),
        ),
        Draft,
        settings.sampling(settings.build_order_tokens, constrained=True),
        settings.seed,
    )
    return build_order_of(architecture, draft)


def build_order_of(architecture: Architecture, draft: Draft) -> BuildOrder:
    """The draft with repeated names taken out, dependencies in the order of writing, the homes of base
    classes among them. The last module is the entry point; when it names no dependency it builds on all,
    because nothing else can run them."""
    order = [module.path for module in architecture.modules]
    homes = {cls.name: module.path for module in reversed(architecture.modules) for cls in module.classes}
    depends_on: dict[str, tuple[str, ...]] = {}
    for index, path in enumerate(order):
        bases = {base for cls in architecture.modules[index].classes for base in cls.bases}
        chosen = {*draft.depends_on.get(path, ()), *(homes[base] for base in bases if base in homes)}
        depends_on[path] = tuple(name for name in order[:index] if name in chosen)
    if not depends_on[order[-1]]:
        depends_on[order[-1]] = tuple(order[:-1])
    packages = {package.name: package for package in reversed(draft.packages)}
    return BuildOrder(
        order=tuple(order), depends_on=depends_on, packages=tuple(packages[name] for name in sorted(packages))
    )
