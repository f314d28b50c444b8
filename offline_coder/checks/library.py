"""Does what code takes from PyTorch, NumPy, SciPy, scikit-learn, some of Python's modules exist there?

Small models call functions that no version ever had. The names of those libraries are those of
the versions in requirements/, written by scripts/library_names.py, so that a check does not import them.
"""

import ast
import importlib
import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path

from offline_coder.checks.modules import Import, in_each_module
from offline_coder.checks.source import REMEMBERED, Function, nodes_of
from offline_coder.core.finding import Finding

NAMES = Path(__file__).with_name("library_names.json")
USUAL = {"nn": "torch.nn", "F": "torch.nn.functional", "np": "numpy"}
"""How modules are usually called."""
STANDARD = ("copy", "csv", "functools", "itertools", "json", "math", "pickle", "random", "statistics", "time")
"""Modules of Python's library that have the same names on every system."""
LIKE_IT = 3
"""Names shown that are like the one that does not exist."""


@cache
def library_names() -> Mapping[str, frozenset[str]]:
    """Dotted name of a module -> the public names in it."""
    modules = json.loads(NAMES.read_text(encoding="utf-8"))["modules"]
    shipped = {module: frozenset(names.split()) for module, names in modules.items()}
    return shipped | {module: frozenset(dir(importlib.import_module(module))) for module in STANDARD}


def may_exist(dotted: str) -> bool:
    """False when `dotted` ("torch.utils.dataLoader", "nn.Tensor") names something in a known library that is
    not there; what lies deeper than the known modules may exist."""
    root, _, rest = dotted.partition(".")
    module = USUAL.get(root, root)
    for name in rest.split(".") if rest else ():
        names = library_names().get(module)
        if names is None:
            return True
        if name not in names:
            return False
        module = f"{module}.{name}"
    return True


def may_be_class(dotted: str) -> bool:
    """Whether `dotted` may exist and is none of the known modules, from which no class can be made."""
    root, dot, rest = dotted.partition(".")
    return may_exist(dotted) and f"{USUAL.get(root, root)}{dot}{rest}" not in library_names()


def check_library(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "missing-library-name" in `files` (path -> text): an import from a known
    module, or an attribute of one, that it does not have. One for a file and a name, where it is first used.

    Passed over are modules that are not known, private names, names that also stand in the file as a
    string, what a try with handlers surrounds, annotations that stay text, and variables that hide a module.
    """
    return in_each_module(files, _findings_of)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module, imports: tuple[Import, ...]) -> tuple[Finding, ...]:
    """The findings of one file, of several with one subject the first."""
    by_subject: dict[str, Finding] = {}
    for finding in sorted(_missing(path, tree, imports), key=lambda finding: finding.line):
        by_subject.setdefault(finding.subject, finding)
    return tuple(by_subject.values())


def _missing(path: str, tree: ast.Module, imports: tuple[Import, ...]) -> Iterator[Finding]:
    known = library_names()
    nodes = nodes_of(tree)
    said = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    guarded = {
        inner
        for node in nodes
        if isinstance(node, ast.Try) and node.handlers
        for statement in node.body
        for inner in ast.walk(statement)
    } | _never_evaluated(tree, nodes)
    for found in imports:
        if found.name is not None and found.target in known:
            exists = found.name in known[found.target] or found.name == "*"
            if not exists and not found.guarded and found.name not in said:
                yield _finding(path, found.line, found.target, found.name)
    aliases = bound_to(nodes, imports)
    for node in nodes:
        if isinstance(node, ast.Attribute) and node not in guarded:
            module = _module_of(node.value, aliases, known)
            private = node.attr.startswith("_") or node.attr in said
            if module and isinstance(node.ctx, ast.Load) and not private and node.attr not in known[module]:
                yield _finding(path, node.lineno, module, node.attr)


def bound_to(nodes: tuple[ast.AST, ...], imports: tuple[Import, ...]) -> dict[str, str]:
    """What the imported names of a file with these `nodes` stand for ("np": "numpy"), modules and what is
    taken from known ones; without those that something else in the file hides."""
    aliases: dict[str, str] = {}
    for found in imports:
        if found.name is None:
            bound, target = (found.bound_as, found.target) if found.bound_as else _root(found.target)
            aliases[bound] = target
        elif found.target in library_names():
            aliases[found.bound_as or found.name] = f"{found.target}.{found.name}"
    for name in hidden_names(nodes):
        aliases.pop(name, None)
    return aliases


def _never_evaluated(tree: ast.Module, nodes: tuple[ast.AST, ...]) -> set[ast.AST]:
    """What stands in annotations that stay text."""
    late = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    annotations = [
        getattr(node, field, None)
        for node in nodes
        if late and isinstance(node, ast.arg | ast.AnnAssign | Function)
        for field in ("annotation", "returns")
    ]
    return {inner for found in annotations if found is not None for inner in ast.walk(found)}


def _root(dotted: str) -> tuple[str, str]:
    """What `import a.b.c` binds, and to which module."""
    root = dotted.partition(".")[0]
    return root, root


def hidden_names(nodes: tuple[ast.AST, ...]) -> Iterator[str]:
    """Names that are bound otherwise than by an import, somewhere in the file."""
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, Function | ast.ClassDef):
            yield node.name


def _module_of(node: ast.expr, aliases: Mapping[str, str], known: Mapping[str, frozenset[str]]) -> str | None:
    """The known module that an expression stands for."""
    if isinstance(node, ast.Name):
        dotted = aliases.get(node.id)
    elif isinstance(node, ast.Attribute):
        above = _module_of(node.value, aliases, known)
        dotted = f"{above}.{node.attr}" if above else None
    else:
        return None
    return dotted if dotted in known else None


def _finding(path: str, line: int, module: str, name: str) -> Finding:
    like = get_close_matches(name, library_names()[module], LIKE_IT)
    return Finding(
        file=path,
        line=line,
        rule="missing-library-name",
        message=f"{module} has no {name}",
        advice=f"It has {', '.join(like)}." if like else f"Use what {module} has, or write it.",
        subject=f"{module}.{name}",
    )
