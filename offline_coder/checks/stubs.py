"""Code that is only pretended: empty bodies, NotImplementedError, TODO comments."""

import ast
import re
from functools import lru_cache

from offline_coder.checks.skeleton import UNDEFINED, is_stub
from offline_coder.checks.source import REMEMBERED, Function, nodes_of, parse_python
from offline_coder.core.finding import Finding

_UNFINISHED = re.compile(
    r"#.*?\b(TODO|FIXME|XXX|placeholder|your code here|implement (?:this|here|me)|rest of the code|"
    r"simplified version|for (?:simplicity|demonstration))\b",
    re.IGNORECASE,
)
STAND_IN = "stand-in"
"""The rule of a use of `undefined`, which stands for a name that nothing defines."""
PLAIN = "plain-body"
"""The rule of a function whose body stands in for what was written for it and failed."""
PLAIN_BODY = "STAND-IN of offline-coder"
"""What the docstring of such a function says."""
ONLY_DOCSTRING = "has only a docstring"
_ABSTRACT = ("abstractmethod", "abstractproperty", "overload")


@lru_cache(maxsize=REMEMBERED)
def check_stubs(path: str, text: str) -> tuple[Finding, ...]:
    """Places of a Python file where something is missing, by line; rule "stub", severity "warning".

    A module made by `skeleton` gives one finding for the whole file. Abstract methods, protocols,
    overloads and classes that only name an exception are no stubs. Empty when `text` does not parse.
    """
    tree = parse_python(text)
    if tree is None:
        return ()
    if is_stub(text):
        return (_stub(path, 0, "the whole module is a stub made from the plan"),)
    found: list[Finding] = []
    protocols = {
        child
        for node in nodes_of(tree)
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.dump(base)[:500] for base in node.bases)
        for child in node.body
    }
    for node in nodes_of(tree):
        if isinstance(node, Function):
            marks = " ".join(ast.dump(mark)[:200] for mark in node.decorator_list)
            if node in protocols or any(word in marks for word in _ABSTRACT):
                continue
            if node.name == UNDEFINED:
                continue  # each place that calls it is a finding
            if has_plain_body(node):
                found.append(_plain(path, node))
            why = does_nothing(node.body)
            # A decorator may be the whole work, as for a group of commands.
            if why and not (why == ONLY_DOCSTRING and node.decorator_list):
                found.append(_stub(path, node.lineno, f"{node.name} {why}", node.name))
        elif isinstance(node, ast.ClassDef) and not (node.bases or node.decorator_list):
            why = does_nothing(node.body)
            if why and why != ONLY_DOCSTRING:
                found.append(_stub(path, node.lineno, f"{node.name} {why}", node.name))
    found += _stand_ins(path, tree)
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _UNFINISHED.search(line[:500]):
            found.append(_stub(path, number, f"unfinished, as the comment says: {match.group(1)}"))
    return tuple(sorted(found, key=lambda finding: finding.line))


def has_plain_body(function: Function) -> bool:
    """Whether a function says that its body stands in for what was written for it."""
    return PLAIN_BODY in (ast.get_docstring(function) or "")


def _stand_ins(path: str, tree: ast.Module) -> list[Finding]:
    """One finding for each use of a stand-in for a name that nothing defines."""
    return [
        Finding(
            file=path,
            line=node.lineno,
            rule=STAND_IN,
            message=f"uses {node.args[0].value!s}, which nothing defines",
            severity="warning",
            advice="Define it, or use what is meant.",
            subject=str(node.args[0].value),
        )
        for node in nodes_of(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == UNDEFINED
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ]


def does_nothing(body: list[ast.stmt]) -> str:
    """What a body that does nothing consists of; "" when it does something."""
    first = body[0]
    documented = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    rest = body[1:] if documented else body
    if not rest:
        return ONLY_DOCSTRING
    if len(rest) > 1:
        return ""
    only = rest[0]
    if isinstance(only, ast.Pass):
        return "does nothing (pass)"
    if isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant) and only.value.value is ...:
        return "does nothing (...)"
    if isinstance(only, ast.Raise) and only.exc is not None and "NotImplemented" in ast.dump(only.exc)[:200]:
        return "raises NotImplementedError"
    return ""


def _plain(path: str, node: Function) -> Finding:
    return Finding(
        file=path,
        line=node.lineno,
        rule=PLAIN,
        message=f"{node.name} has a plain body of offline-coder: what was written for it failed",
        severity="warning",
        advice="Put right what was written for it, which is kept beside the code.",
        subject=node.name,
    )


def _stub(path: str, line: int, message: str, subject: str = "") -> Finding:
    return Finding(
        file=path,
        line=line,
        rule="stub",
        message=message,
        severity="warning",
        advice="Write the real body.",
        subject=subject,
    )
