"""Do local imports and attributes resolve inside the repository?

The repository's root is where programs are started, so `model/net.py` is `model.net`. Folders are
packages with or without an `__init__.py`.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from offline_coder.checks.source import parse_python
from offline_coder.core.finding import Finding, Severity

_MODULE_ATTRIBUTES = frozenset(
    {"__name__", "__file__", "__doc__", "__path__", "__package__", "__dict__", "__all__"}
)


@dataclass(slots=True)
class _LocalModule:
    """What a module of the repository offers. `open_ended`: it may offer more than can be read."""

    path: str
    names: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class _Import:
    """One import statement's target: module `target`, and `name` of it when the form is `from`."""

    target: str
    name: str | None
    bound_as: str
    line: int
    guarded: bool
    climbs_out: bool = False


def check_imports(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Imports in `files` (path -> text) of modules and names that the repository does not have.

    Rules: "missing-module", "missing-name" (imported, or used as an attribute of a local module),
    "relative-import" (climbs above the repository). Severity "error", or "warning" when a try or a
    TYPE_CHECKING test stands guard. Files that do not parse are taken to offer anything.
    """
    trees = _trees(files)
    imports = {path: tuple(_imports(path, tree)) for path, tree in trees.items()}
    modules = _local_modules(files, trees, imports)
    findings: list[Finding] = []
    for path, tree in trees.items():
        aliases: dict[str, str] = {}
        for found in imports[path]:
            finding = _judge(path, found, modules)
            if finding is not None:
                findings.append(finding)
            elif found.name is None and _is_local(found.target, modules):
                bound = found.bound_as or found.target.split(".")[0]
                aliases[bound] = found.target if found.bound_as else bound
            elif found.name and f"{found.target}.{found.name}" in modules:
                aliases[found.bound_as or found.name] = f"{found.target}.{found.name}"
        findings += _attributes(path, tree, aliases, modules)
    return tuple(findings)


def external_imports(files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Top-level packages that `files` import and that are neither local nor of the standard library.

    Each with the files that import it; both sorted.
    """
    trees = _trees(files)
    imports = {path: tuple(_imports(path, tree)) for path, tree in trees.items()}
    modules = _local_modules(files, trees, imports)
    found: dict[str, set[str]] = {}
    for path, items in imports.items():
        for item in items:
            top = item.target.split(".")[0]
            known = not top or item.climbs_out or top in sys.stdlib_module_names or _is_local(top, modules)
            if not known and not _meant(item, modules):
                found.setdefault(top, set()).add(path)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


def _trees(files: Mapping[str, str]) -> dict[str, ast.Module]:
    parsed = {path: parse_python(text) for path, text in files.items() if path.endswith(".py")}
    return {path: tree for path, tree in parsed.items() if tree is not None}


def _dotted(path: str) -> str:
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _local_modules(
    files: Mapping[str, str], trees: Mapping[str, ast.Module], imports: Mapping[str, tuple[_Import, ...]]
) -> dict[str, _LocalModule]:
    """Every module and package of the repository by its dotted name."""
    modules: dict[str, _LocalModule] = {}
    for path in files:
        if not path.endswith(".py"):
            continue
        dotted = _dotted(path)
        module = modules.setdefault(dotted, _LocalModule(path))
        module.path = path
        tree = trees.get(path)
        if tree is None:
            module.open_ended = True
        else:
            module.imported = {found.bound_as or found.name or found.target for found in imports[path]}
            module.names |= _defined(tree)
            module.open_ended = "__getattr__" in module.names
        while "." in dotted:
            dotted, _, child = dotted.rpartition(".")
            modules.setdefault(dotted, _LocalModule(f"{dotted.replace('.', '/')}/")).names.add(child)
    modules.pop("", None)
    _follow_stars(modules, imports)
    return modules


def _defined(tree: ast.Module) -> set[str]:
    """Names that running the module binds in it: everything outside functions and classes."""
    names: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            names.update(
                name for child in ast.walk(node) if isinstance(child, ast.Global) for name in child.names
            )
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        waiting.extend(ast.iter_child_nodes(node))
    return names


def _follow_stars(modules: dict[str, _LocalModule], imports: Mapping[str, tuple[_Import, ...]]) -> None:
    """Add what `from x import *` brings: the names of a local module, or anything from outside."""
    stars = [
        (modules[_dotted(path)], found)
        for path, items in imports.items()
        if _dotted(path) in modules
        for found in items
        if found.name == "*"
    ]
    for _ in stars:  # each round carries names one star further
        for module, found in stars:
            source = modules.get(found.target)
            module.open_ended |= source is None or source.open_ended
            if source is not None:
                module.names |= source.names


def _imports(path: str, tree: ast.Module) -> Iterator[_Import]:
    guarded = _guarded_lines(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _Import(alias.name, None, alias.asname or "", node.lineno, node.lineno in guarded)
        elif isinstance(node, ast.ImportFrom):
            target, climbs_out = _target(path, node)
            for alias in node.names:
                yield _Import(
                    target, alias.name, alias.asname or "", node.lineno, node.lineno in guarded, climbs_out
                )


def _target(path: str, node: ast.ImportFrom) -> tuple[str, bool]:
    """The absolute dotted name that a `from` import reads, and whether it climbs above the root."""
    if not node.level:
        return node.module or "", False
    package = path.split("/")[:-1]
    # A file in the root has no package, so even one dot climbs out of it.
    climbs_out = node.level > len(package)
    kept = package[: len(package) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])]), climbs_out


def _guarded_lines(tree: ast.Module) -> set[int]:
    """Lines inside a try with handlers, or below `if TYPE_CHECKING`."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        type_checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)[:200]
        if type_checking or (isinstance(node, ast.Try) and node.handlers):
            assert isinstance(node, ast.If | ast.Try)
            for statement in node.body:
                lines.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return lines


def _is_local(dotted: str, modules: Mapping[str, _LocalModule]) -> bool:
    return dotted.split(".")[0] in modules


def _elsewhere(name: str, modules: Mapping[str, _LocalModule]) -> list[str]:
    """Dotted names of local modules that end in `name` but live in a folder."""
    return sorted(dotted for dotted in modules if dotted.endswith(f".{name}"))


def _meant(found: _Import, modules: Mapping[str, _LocalModule]) -> list[str]:
    """Local modules in folders that an import by their bare name means: those that have the name it takes.

    A plain `import gguf` may as well mean a package from outside, so it means none of them.
    """
    near = _elsewhere(found.target, modules) if found.name else []
    return [dotted for dotted in near if modules[dotted].open_ended or found.name in modules[dotted].names]


def _judge(path: str, found: _Import, modules: Mapping[str, _LocalModule]) -> Finding | None:
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
        )
    top = found.target.split(".")[0]
    if not _is_local(found.target, modules):
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
        file=path, line=found.line, rule="missing-name", message=message, severity=severity, advice=advice
    )


def _missing_module(path: str, found: _Import, near: list[str], severity: Severity) -> Finding:
    advice = (
        f"The repository has {near[0]}; import that." if near else "Import a module that the repository has."
    )
    message = f"no module {found.target!r} in the repository"
    return Finding(
        file=path, line=found.line, rule="missing-module", message=message, severity=severity, advice=advice
    )


def _attributes(
    path: str, tree: ast.Module, aliases: Mapping[str, str], modules: Mapping[str, _LocalModule]
) -> Iterator[Finding]:
    """Uses like `net.Nett` of a local module that has no such name."""
    rebound = {
        *(
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
        ),
        *(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)),
    }
    for node in ast.walk(tree):
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
