"""The modules of a repository as imports see them: what each one offers, and what it imports.

The repository's root is where programs are started, so `model/net.py` is `model.net`. Folders are
packages with or without an `__init__.py`.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from offline_coder.checks.source import REMEMBERED, Function, nodes_of, parse_python
from offline_coder.core.finding import Finding


@dataclass(slots=True)
class LocalModule:
    """What a module of the repository offers.

    `names` are all it binds, `imported` those of them that it only passes on. `open_ended`: it may offer
    more than can be read.
    """

    path: str
    names: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement's target: module `target`, and `name` of it when the form is `from`."""

    target: str
    name: str | None
    bound_as: str
    line: int
    guarded: bool
    climbs_out: bool = False


@dataclass(frozen=True, slots=True)
class Modules:
    """All that imports can be judged by: the trees of the files that parse, what each imports, and the
    modules by dotted name."""

    trees: Mapping[str, ast.Module]
    imports: Mapping[str, tuple[Import, ...]]
    local: Mapping[str, LocalModule]

    def owners(self, name: str) -> list[str]:
        """Dotted names of the modules that define `name` themselves, sorted."""
        return sorted(
            dotted
            for dotted, module in self.local.items()
            if name in module.names - module.imported and module.path.endswith(".py")
        )

    def builds_on(self, path: str, other: str) -> bool:
        """Whether the file `path` imports the file `other`, directly or through others, or is it."""
        seen, waiting = {path}, [path]
        while waiting:
            for found in self.imports.get(waiting.pop(), ()):
                for dotted in (found.target, f"{found.target}.{found.name}"):
                    module = self.local.get(dotted)
                    if module is not None and module.path not in seen:
                        seen.add(module.path)
                        waiting.append(module.path)
        return other in seen


def modules_of(files: Mapping[str, str]) -> Modules:
    """The modules of `files` (path -> text)."""
    trees = _trees_of(files)
    imports = {path: _imports_of(path, tree) for path, tree in trees.items()}
    return Modules(trees, imports, _local_modules(files, trees, imports))


def in_each_file(
    files: Mapping[str, str], findings_of: Callable[[str, ast.Module], Iterable[Finding]]
) -> tuple[Finding, ...]:
    """What `findings_of` finds in each of the Python files that parse, given its path and its tree."""
    return tuple(finding for path, tree in _trees_of(files).items() for finding in findings_of(path, tree))


def in_each_module(
    files: Mapping[str, str],
    findings_of: Callable[[str, ast.Module, tuple[Import, ...]], Iterable[Finding]],
) -> tuple[Finding, ...]:
    """What `findings_of` finds in each of the Python files that parse, given what it imports too."""
    modules = modules_of(files)
    return tuple(
        finding
        for path, tree in modules.trees.items()
        for finding in findings_of(path, tree, modules.imports[path])
    )


def _trees_of(files: Mapping[str, str]) -> dict[str, ast.Module]:
    """The trees of the Python files that parse, by path."""
    parsed = {path: parse_python(text) for path, text in files.items() if path.endswith(".py")}
    return {path: tree for path, tree in parsed.items() if tree is not None}


def dotted_name(path: str) -> str:
    """The name that an import statement uses for the file at `path`; "" for the root's `__init__.py`."""
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _local_modules(
    files: Mapping[str, str], trees: Mapping[str, ast.Module], imports: Mapping[str, tuple[Import, ...]]
) -> dict[str, LocalModule]:
    """Every module and package of the repository by its dotted name."""
    modules: dict[str, LocalModule] = {}
    for path in files:
        if not path.endswith(".py"):
            continue
        dotted = dotted_name(path)
        module = modules.setdefault(dotted, LocalModule(path))
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
            modules.setdefault(dotted, LocalModule(f"{dotted.replace('.', '/')}/")).names.add(child)
    modules.pop("", None)
    _follow_stars(modules, imports)
    return modules


@lru_cache(maxsize=REMEMBERED)
def _imports_of(path: str, tree: ast.Module) -> tuple[Import, ...]:
    return tuple(_imports_in(path, tree))


@lru_cache(maxsize=REMEMBERED)
def _defined(tree: ast.Module) -> frozenset[str]:
    """Names that running the module binds in it: everything outside functions and classes."""
    names: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.ClassDef):
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
    return frozenset(names)


def _follow_stars(modules: dict[str, LocalModule], imports: Mapping[str, tuple[Import, ...]]) -> None:
    """Add what `from x import *` brings: the names of a local module, or anything from outside."""
    stars = [
        (modules[dotted_name(path)], found)
        for path, items in imports.items()
        if dotted_name(path) in modules
        for found in items
        if found.name == "*"
    ]
    for _ in stars:  # each round carries names one star further
        for module, found in stars:
            source = modules.get(found.target)
            module.open_ended |= source is None or source.open_ended
            if source is not None:
                module.names |= source.names


def _imports_in(path: str, tree: ast.Module) -> Iterator[Import]:
    """Each name that the file at `path` imports, wherever in it."""
    guarded = _guarded_lines(tree)
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, None, alias.asname or "", node.lineno, node.lineno in guarded)
        elif isinstance(node, ast.ImportFrom):
            target, climbs_out = _target(path, node)
            for alias in node.names:
                yield Import(
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
    for node in nodes_of(tree):
        type_checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)[:200]
        if type_checking or (isinstance(node, ast.Try) and node.handlers):
            assert isinstance(node, ast.If | ast.Try)
            for statement in node.body:
                lines.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return lines


def is_local(dotted: str, modules: Mapping[str, LocalModule]) -> bool:
    """Whether an import of `dotted` looks into the repository."""
    return dotted.split(".")[0] in modules
