"""Do local imports and attributes resolve inside the repository?"""

import ast
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from offline_coder.checks.modules import Import, LocalModule, Modules, is_local, modules_of
from offline_coder.checks.source import nodes_of
from offline_coder.core.finding import Finding, Severity
from offline_coder.core.packages import is_known

_MODULE_ATTRIBUTES = frozenset(
    {"__name__", "__file__", "__doc__", "__path__", "__package__", "__dict__", "__all__"}
)


class Place(NamedTuple):
    """Where a package is imported. `guarded`: a try or a TYPE_CHECKING test stands around it."""

    path: str
    line: int
    guarded: bool


def check_imports(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Imports in `files` (path -> text) of modules and names that the repository does not have.

    Rules: "missing-module", "missing-name" (imported, or used as an attribute of a local module),
    "relative-import" (climbs above the repository), "circular-import". Severity "error", or "warning" when a
    try or a TYPE_CHECKING test stands guard. Files that do not parse are taken to offer anything.
    """
    seen = modules_of(files)
    modules = seen.local
    findings: list[Finding] = []
    for path, tree in seen.trees.items():
        aliases: dict[str, str] = {}
        for found in seen.imports[path]:
            finding = _judge(path, found, modules)
            if finding is not None:
                findings.append(finding)
            elif found.name is None and is_local(found.target, modules):
                bound = found.bound_as or found.target.split(".")[0]
                aliases[bound] = found.target if found.bound_as else bound
            elif found.name and f"{found.target}.{found.name}" in modules:
                aliases[found.bound_as or found.name] = f"{found.target}.{found.name}"
        findings += _attributes(path, tree, aliases, modules)
    return (*findings, *_circles(seen))


def _circles(seen: Modules) -> Iterator[Finding]:
    """Top-level imports of a module that builds on this one, or is it: one of the two finds the other half
    made. Imports inside functions come later and close no circle."""
    early = {
        path: {
            (found.line, found.target, seen.local[found.target].path)
            for found in seen.imports[path]
            if found.target in seen.local and found.line in _top_lines(tree)
        }
        for path, tree in seen.trees.items()
    }
    for path, found in early.items():
        for line, target, other in sorted(found):
            reached, waiting = {other}, [other]
            while waiting:
                new = {below for _, _, below in early.get(waiting.pop(), ())} - reached
                reached |= new
                waiting += new
            if path in reached:
                yield Finding(
                    file=path,
                    line=line,
                    rule="circular-import",
                    message=f"{target} is imported here and builds on {path} itself",
                    advice="Take this import out, and what needs it.",
                    subject=target,
                )


def _top_lines(tree: ast.Module) -> set[int]:
    """The lines on which the imports at the top level begin."""
    return {node.lineno for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)}


def external_imports(files: Mapping[str, str]) -> dict[str, tuple[Place, ...]]:
    """Top-level packages that `files` import and that are neither local nor of the standard library.

    Each with the first import of it in every file; both sorted.
    """
    seen = modules_of(files)
    found: dict[str, dict[str, Place]] = {}
    for path, items in sorted(seen.imports.items()):
        for item in items:
            top = item.target.split(".")[0]
            known = not top or item.climbs_out or top in sys.stdlib_module_names
            if not known and not is_local(top, seen.local) and not _meant(item, seen.local):
                found.setdefault(top, {}).setdefault(path, Place(path, item.line, item.guarded))
    return {name: tuple(found[name].values()) for name in sorted(found)}


def _elsewhere(name: str, modules: Mapping[str, LocalModule]) -> list[str]:
    """Dotted names of local modules that end in `name` but live in a folder."""
    return sorted(dotted for dotted in modules if dotted.endswith(f".{name}"))


def _meant(found: Import, modules: Mapping[str, LocalModule]) -> list[str]:
    """Local modules that an import of something not there means: those that have the name it takes and
    lie in a folder that it leaves out, or the one below a folder that it makes up (`src.model`).

    A plain `import gguf` may as well mean a package from outside, so it means none of them; neither does
    an import from a package that is known or installed.
    """
    near = _elsewhere(found.target, modules) if found.name else []
    near = [name for name in near if modules[name].open_ended or found.name in modules[name].names]
    top, _, last = found.target.rpartition(".")
    made_up = last if top else found.name
    if made_up and made_up in modules and not is_known(found.target.split(".")[0]):
        near.append(made_up)
    return near


def _judge(path: str, found: Import, modules: Mapping[str, LocalModule]) -> Finding | None:
    severity: Severity = "warning" if found.guarded else "error"
    if found.climbs_out:
        message = "a relative import cannot climb above the repository's root"
        advice = f"Write the full name: `from {found.target or '<module>'} import {found.name}`."
        return Finding(
            file=path,
            line=found.line,
            rule="relative-import",
            message=message,
            severity=severity,
            advice=advice,
            subject=found.target,
        )
    top = found.target.split(".")[0]
    if not is_local(found.target, modules):
        near = [] if top in sys.stdlib_module_names else _meant(found, modules)
        if not near:
            return None
        return _missing_module(path, found, near, severity)
    if found.target not in modules:
        last = found.target.rpartition(".")[2]
        return _missing_module(path, found, _elsewhere(last, modules), severity)
    module = modules[found.target]
    if found.name in (None, "*") or module.open_ended or found.name in module.names:
        return None
    owners = sorted(
        (dotted for dotted, other in modules.items() if found.name in other.names),
        key=lambda dotted: (found.name in modules[dotted].imported, dotted),
    )
    if owners:
        advice = f"It is in {owners[0]}: `from {owners[0]} import {found.name}`."
    else:
        advice = f"Define it in {module.path}, or use one of: {_some(module.names)}."
    message = f"{found.target} has no name {found.name!r}"
    return Finding(
        file=path,
        line=found.line,
        rule="missing-name",
        message=message,
        severity=severity,
        advice=advice,
        subject=found.name or "",
    )


def _missing_module(path: str, found: Import, near: list[str], severity: Severity) -> Finding:
    advice = (
        f"The repository has {near[0]}; import that." if near else "Import a module that the repository has."
    )
    message = f"no module {found.target!r} in the repository"
    return Finding(
        file=path,
        line=found.line,
        rule="missing-module",
        message=message,
        severity=severity,
        advice=advice,
        subject=found.target,
    )


def _attributes(
    path: str, tree: ast.Module, aliases: Mapping[str, str], modules: Mapping[str, LocalModule]
) -> Iterator[Finding]:
    """Uses like `net.Nett` of a local module that has no such name."""
    rebound = {
        *(
            node.id
            for node in nodes_of(tree)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        ),
        *(node.arg for node in nodes_of(tree) if isinstance(node, ast.arg)),
    }
    for node in nodes_of(tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)):
            continue
        dotted = _module_of(node.value, aliases, rebound)
        module = modules.get(dotted or "")
        if module is None or module.open_ended or node.attr in module.names | _MODULE_ATTRIBUTES:
            continue
        yield Finding(
            file=path,
            line=node.lineno,
            rule="missing-name",
            message=f"{dotted} has no name {node.attr!r}",
            advice=f"Use one of: {_some(module.names)}.",
            subject=node.attr,
        )


def _module_of(node: ast.expr, aliases: Mapping[str, str], rebound: set[str]) -> str | None:
    """The dotted name of the local module that `node` stands for, when that is plain."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in aliases or node.id in rebound:
        return None
    return ".".join([aliases[node.id], *reversed(parts)])


def _some(names: set[str]) -> str:
    public = sorted(name for name in names if not name.startswith("_"))
    return ", ".join(public[:8]) or "nothing, it is empty"
