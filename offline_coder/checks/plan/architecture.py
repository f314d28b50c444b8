"""Is the architecture one that can be written: paths, names, types, bases, calls, one entry point?"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from offline_coder.checks.library import may_be_class
from offline_coder.checks.plan.problem import problem, repeated
from offline_coder.checks.plan.signatures import check_name, check_routines
from offline_coder.core.errors import BadInput
from offline_coder.core.files import safe_relative_path
from offline_coder.core.finding import Finding
from offline_coder.core.packages import known_base, taken_module_names
from offline_coder.core.plan import ENTRY_POINT, Architecture, Module

FILE = "architecture.json"
ENTRY_STEMS = frozenset({"main", "__main__"})


def check_architecture(architecture: Architecture) -> tuple[Finding, ...]:
    """What does not hold in architecture.json.

    Rules: "unsafe-path", "not-importable", "hides-library", "path-collision", "entry-point",
    "not-a-name", "keyword", "duplicate-name", "bad-type", "bad-default", "bad-signature", "unknown-base",
    "base-cycle", "unknown-module", "duplicate-call".
    """
    findings = [*_paths(architecture), *_entry_points(architecture)]
    for number, module in enumerate(architecture.modules):
        findings += _names(f"modules[{number}]", module)
    return (*findings, *_bases(architecture), *_calls(architecture))


def _paths(architecture: Architecture) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for number, module in enumerate(architecture.modules):
        key = f"modules[{number}].path"
        path = PurePosixPath(module.path)
        try:
            safe_relative_path(module.path)
        except BadInput as error:
            yield problem(FILE, key, "unsafe-path", error.message, "Use a plain name such as losses.py.")
            continue
        parts = [*path.parts[:-1], path.stem]
        if path.suffix != ".py" or not all(part.isidentifier() for part in parts):
            message = f"{module.path!r} cannot be imported as a Python module"
            yield problem(FILE, key, "not-importable", message, "Use letters, digits, _ and the end .py.")
        if parts[0] in taken_module_names():
            message = f"{module.path!r} would hide the library {parts[0]!r}"
            yield problem(FILE, key, "hides-library", message, f"Call it {parts[0]}_module.py.")
        # models.py beside models/ is one name for two things, as Net.py is beside net.py on some systems.
        for name in (module.path.removesuffix(".py"), *map(str, path.parents[:-1])):
            other = seen.setdefault(name.casefold(), module.path)
            folder = name != module.path.removesuffix(".py")
            if other != module.path and not (folder and other.startswith(f"{name}/")):
                message = f"{module.path!r} collides with {other!r}"
                yield problem(FILE, key, "path-collision", message, "Rename one of them.")
                break
    for path_twice in repeated(module.path for module in architecture.modules):
        yield problem(FILE, "modules", "path-collision", f"{path_twice!r} is planned twice", "Remove one.")


def _entry_points(architecture: Architecture) -> Iterator[Finding]:
    found = [m.path for m in architecture.modules if PurePosixPath(m.path).stem.casefold() in ENTRY_STEMS]
    advice = f"Plan exactly one entry point, {ENTRY_POINT}."
    if ENTRY_POINT not in found:
        yield problem(FILE, "modules", "entry-point", f"there is no {ENTRY_POINT}", advice)
    elif len(found) > 1:
        message = f"more than one entry point: {', '.join(found)}"
        yield problem(FILE, "modules", "entry-point", message, advice)


def _names(key: str, module: Module) -> Iterator[Finding]:
    for name in repeated(module.names()):
        yield problem(FILE, key, "duplicate-name", f"{name!r} is defined twice", "Rename one of them.")
    for number, planned in enumerate(module.classes):
        place = f"{key}.classes[{number}]"
        yield from check_name(f"{place}.name", planned.name)
        yield from check_routines(f"{place}.methods", planned.methods)
    yield from check_routines(f"{key}.functions", module.functions)


def _bases(architecture: Architecture) -> Iterator[Finding]:
    planned = {cls.name for module in architecture.modules for cls in module.classes}
    written: set[str] = set()
    for number, module in enumerate(architecture.modules):
        for index, cls in enumerate(module.classes):
            key = f"modules[{number}].classes[{index}].bases"
            for base in cls.bases:
                if base in written or (known_base(base) and may_be_class(base) and base != cls.name):
                    continue
                if base in planned:
                    message = f"{cls.name} derives from {base}, which is not defined before it"
                    yield problem(FILE, key, "base-cycle", message, "Move the base before it, or drop it.")
                else:
                    message = f"{cls.name} derives from {base!r}, which nothing defines"
                    advice = "Name a class of the plan or of a known package, such as nn.Module."
                    yield problem(FILE, key, "unknown-base", message, advice)
            written.add(cls.name)


def _calls(architecture: Architecture) -> Iterator[Finding]:
    paths = {module.path for module in architecture.modules}
    for number, call in enumerate(architecture.calls):
        key = f"calls[{number}]"
        for role, path in (("caller", call.caller), ("callee", call.callee)):
            if path not in paths:
                message = f"{path!r} is no module of the plan"
                yield problem(FILE, f"{key}.{role}", "unknown-module", message, "Name a planned module.")
        if call.caller == call.callee:
            yield problem(FILE, key, "duplicate-call", f"{call.caller!r} calls itself", "Drop the call.")
    for edge in repeated(f"{call.caller} -> {call.callee}" for call in architecture.calls):
        yield problem(FILE, "calls", "duplicate-call", f"{edge} comes twice", "Drop one.")
