"""What a repository defines twice: the same code in two modules, be it under another name, or a name in the
wrong one."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from offline_coder.checks.modules import dotted_name
from offline_coder.checks.skeleton import UNDEFINED
from offline_coder.checks.source import REMEMBERED, Function, parse_python
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Architecture

Definition = Function | ast.ClassDef
OWN_IN_EACH = frozenset({"main", "parse_args", UNDEFINED})
COPIED_STATEMENTS = 5
"""Statements of a function from which on the very same ones elsewhere are a copy and no coincidence."""


class Defined(NamedTuple):
    """A class or function at the top of a file, with its code in a form that can be compared."""

    path: str
    name: str
    line: int
    form: str


def check_duplicates(
    files: Mapping[str, str], architecture: Architecture | None = None
) -> tuple[Finding, ...]:
    """Classes and functions at the top of the Python `files` that another module defines too (warnings).

    Rules: "duplicate-definition": the very same code, found in the later of the two files;
    "defined-elsewhere": different code under a name that the plan puts into the other module alone;
    "copied-code": a function or method with the statements, five or more, of one that has another name or
    another class. The order is that of `architecture`, else that of the paths. `subject` is the name,
    `advice` says where it belongs. Every module may have a `main`, a `parse_args` and stand-ins of its own.
    """
    modules = architecture.modules if architecture else ()
    ranks = {module.path: rank for rank, module in enumerate(modules)}
    planned = {name: [m.path for m in modules if name in m.names()] for m in modules for name in m.names()}
    defined = [item for path, text in sorted(files.items()) for item in _definitions(path, text)]
    by_name: dict[str, list[Defined]] = {}
    for item in sorted(defined, key=lambda item: (ranks.get(item.path, len(ranks)), item.path)):
        by_name.setdefault(item.name, []).append(item)
    findings = []
    for name, items in by_name.items():
        owners = planned.get(name, [])
        home = next((item for item in items if item.path in owners), items[0])
        for item in items:
            if item.path == home.path or item.path in owners:
                continue
            if item.form == home.form:
                rule, said = "duplicate-definition", f"{name} is the same code as in {home.path}"
            elif owners == [home.path]:
                rule, said = "defined-elsewhere", f"{name} belongs into {home.path}, which defines it too"
            else:
                continue
            findings.append(
                Finding(
                    file=item.path,
                    line=item.line,
                    rule=rule,
                    message=said,
                    severity="warning",
                    advice=f"Write `from {dotted_name(home.path)} import {name}` instead.",
                    subject=name,
                )
            )
    findings += _copies(files, ranks)
    return tuple(sorted(findings, key=lambda finding: (finding.file, finding.line)))


def _copies(files: Mapping[str, str], ranks: Mapping[str, int]) -> Iterator[Finding]:
    """The copies, each laid to the later of the two files."""
    first: dict[str, Defined] = {}
    for path in sorted(files, key=lambda path: (ranks.get(path, len(ranks)), path)):
        for item in _bodies(path, files[path]):
            home = first.setdefault(item.form, item)
            if home.path == path or home.name == item.name:
                continue
            yield Finding(
                file=path,
                line=item.line,
                rule="copied-code",
                message=f"{item.name} is the code of {home.name} in {home.path}",
                severity="warning",
                advice=f"Write what {item.name} itself is for; what {home.name} does can be called.",
                subject=item.name,
            )


@lru_cache(maxsize=REMEMBERED)
def _bodies(path: str, text: str) -> tuple[Defined, ...]:
    """The functions and methods of a file with five statements or more."""
    tree = parse_python(text) if path.endswith(".py") else None
    top = tree.body if tree else []
    classes = [node for node in top if isinstance(node, ast.ClassDef)]
    owners = [("", top), *((f"{node.name}.", node.body) for node in classes)]
    found = []
    for prefix, body in owners:
        for node in body:
            if not isinstance(node, ast.FunctionDef) or node.name in OWN_IN_EACH:
                continue
            code = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if _statements(code) >= COPIED_STATEMENTS:
                form = ast.dump(ast.Module(code, []))
                found.append(Defined(path, f"{prefix}{node.name}", node.lineno, form))
    return tuple(found)


def _statements(code: Sequence[ast.stmt]) -> int:
    return sum(isinstance(each, ast.stmt) for part in code for each in ast.walk(part))


@lru_cache(maxsize=REMEMBERED)
def _definitions(path: str, text: str) -> tuple[Defined, ...]:
    return tuple(_defined(path, text))


def _defined(path: str, text: str) -> Iterator[Defined]:
    tree = parse_python(text) if path.endswith(".py") else None
    for node in tree.body if tree else ():
        if isinstance(node, Definition) and node.name not in OWN_IN_EACH:
            yield Defined(path, node.name, node.lineno, ast.dump(node))
