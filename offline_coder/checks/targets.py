"""Which lines a finding is about: the smallest definition that would have to be written again.

An edit is a range of existing lines and the text that replaces them, so it always applies.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from offline_coder.checks.edits import Definition, ImportNode, bound_name, used_names
from offline_coder.checks.source import Function, is_network, parse_python
from offline_coder.core.finding import Finding
from offline_coder.core.packages import is_torch_module
from offline_coder.core.plan import ClassPlan, Module, Routine

Block = Definition | ast.If | ast.For | ast.While | ast.With | ast.Try
WRONG = "# WRONG:"
"""Begins a finding that is shown beside the line that it is about."""
_MARK = re.compile(rf"^[ \t]*{WRONG}.*\n?|[ \t]*{WRONG}.*$", re.MULTILINE)
_HEAD = re.compile(r"Write `((?:async )?def .*:)`")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$")
_MISSING = frozenset({"missing-class", "missing-function", "missing-method"})


@dataclass(frozen=True, slots=True)
class Target:
    """A place in a file that is to be written again, or where something is to be added.

    The lines from `first` to `last`, counted from 1, are replaced; nothing is when `last` is before
    `first`. `head` is how the new text begins, in whole lines and without `indent`, which stands before
    each line in the file. `shown` is the text as it is now, with the findings beside their lines; "" for
    something new. `name` says what it is: "Net.forward".
    """

    file: str
    name: str
    first: int
    last: int
    indent: str
    head: str
    shown: str
    findings: tuple[Finding, ...]

    def applied(self, text: str, new: str) -> str:
        """`text`, the file as it was, with `new` at this place."""
        lines = text.split("\n")
        block = [f"{self.indent}{line}" if line.strip() else "" for line in new.rstrip().split("\n")]
        if self.last < self.first:
            gap = [""] if self.indent else ["", ""]
            rest = lines[self.first - 1 :]
            block = [*gap, *block, *(gap if any(line.strip() for line in rest) else [])]
        return "\n".join([*lines[: self.first - 1], *block, *lines[self.last :]]).rstrip() + "\n"


def targets(text: str, module: Module | None, findings: Sequence[Finding]) -> list[Target]:
    """The targets of `findings`, all of one file with `text`, in their order; those that lead to none are
    left out. A part of a network that nobody defines leads to that, then to where it is used. `module` is
    the file's contract, which says how something missing begins."""
    tree = parse_python(text)
    if tree is None:
        return []
    found: list[Target] = []
    for finding in findings:
        for target in (_missing_part(text, tree, finding), _target(text, tree, module, finding, findings)):
            if target is not None and all(target.name != other.name for other in found):
                found.append(target)
    return found


def first_line(node: ast.stmt) -> int:
    """The line where `node` begins, its decorators included."""
    marks = node.decorator_list if isinstance(node, Definition) else []
    return min([node.lineno, *(mark.lineno for mark in marks)])


def _is_docstring(node: Block) -> bool:
    first = node.body[0]
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return said and isinstance(node, Definition) and len(node.body) > 1


def _target(
    text: str, tree: ast.Module, module: Module | None, finding: Finding, others: Sequence[Finding]
) -> Target | None:
    if finding.rule in _MISSING:
        return _addition(text, tree, module, finding)
    block = _enclosing(tree, finding.line) or _user(tree, finding)
    if block is None:
        return None
    node, name = block
    first = first_line(node)
    last = node.end_lineno or node.lineno
    lines = text.split("\n")
    body = node.body[0]
    if body.lineno == node.lineno or "\t" in lines[first - 1]:
        return None  # `def f(): return 1` has no head of its own line
    # The docstring says what it is for, so it stays.
    head_end = (body.end_lineno or body.lineno) if _is_docstring(node) else body.lineno - 1
    about = [
        other for other in others if first <= other.line <= last or (other is finding and not other.line)
    ]
    if finding not in about:
        about.append(finding)
    notes: dict[int, list[str]] = {}
    for other in about:
        line = other.line if first <= other.line <= last else node.lineno
        notes.setdefault(line, []).append(f"{other.message}. {other.advice}".strip())
    shown = with_marks([line[node.col_offset :] for line in lines[first - 1 : last]], notes, first)
    kept = [line[node.col_offset :] for line in lines[first - 1 : head_end]]
    planned = [_HEAD.search(other.advice) for other in about if other.rule == "signature"]
    if planned and planned[0] and isinstance(node, Function):
        kept = [*kept[: node.lineno - first], planned[0].group(1)]
    head = "\n".join(kept) + "\n"
    return Target(
        finding.file, name, first, last, " " * node.col_offset, head, "\n".join(shown), tuple(about)
    )


def _missing_part(text: str, tree: ast.Module, finding: Finding) -> Target | None:
    """The class of which a network of the file makes a part and that nothing defines, as an answer that was
    cut leaves it: a class with the base of that network."""
    if finding.rule != "undefined-name" or not _CLASS.match(finding.subject):
        return None
    for network in filter(is_network, tree.body):
        made = [
            ast.unparse(call)
            for call in ast.walk(network)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == finding.subject
        ]
        if made and isinstance(network, ast.ClassDef):
            base = next(base for base in map(ast.unparse, network.bases) if is_torch_module(base))
            end = _before_guard(tree, text.rstrip().split("\n"))
            told = finding.model_copy(
                update={"message": f"{finding.message}, of which {network.name} is made: {made[0]}"}
            )
            head = f"class {finding.subject}({base}):\n"
            return Target(finding.file, finding.subject, end + 1, end, "", head, "", (told,))
    return None


def _enclosing(tree: ast.Module, line: int) -> tuple[Block, str] | None:
    """The method or function around `line`, else the class or block; all as the file's top level has them."""
    best: tuple[Block, str] | None = None
    for node in tree.body:
        if not (isinstance(node, Block) and _covers(node, line)):
            continue
        best = node, node.name if isinstance(node, Definition) else "the block at the end of the file"
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(inner, Function) and _covers(inner, line):
                best = inner, f"{node.name}.{inner.name}" if isinstance(node, ast.ClassDef) else inner.name
    return best


def _covers(node: Block, line: int) -> bool:
    return first_line(node) <= line <= (node.end_lineno or node.lineno)


def _user(tree: ast.Module, finding: Finding) -> tuple[Block, str] | None:
    """The first definition that uses what a wrong import brings; `main` for what is wrong with the
    program as a whole."""
    if finding.rule == "entry-arguments":
        names = {"main", "parse_args", "get_args"}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in names:
                return node, node.name
        return None
    brought = {
        bound_name(alias)
        for node in ast.walk(tree)
        if isinstance(node, ImportNode) and node.lineno == finding.line
        for alias in node.names
    }
    for use in used_names(tree):
        if use.id in brought and (block := _enclosing(tree, use.lineno)) is not None:
            return block
    return None


def _addition(text: str, tree: ast.Module, module: Module | None, finding: Finding) -> Target | None:
    """What the contract wants and the file lacks: at the end of the file, or of its class."""
    owner, _, method = finding.subject.rpartition(".")
    lines = text.rstrip().split("\n")
    if module is None:
        return None
    if finding.rule == "missing-class":
        planned = next((c for c in module.classes if c.name == finding.subject), None)
        head = _class_head(planned) if planned else ""
    elif finding.rule == "missing-function":
        head = _head(module.functions, finding.subject, method=False)
    else:
        node = next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == owner), None)
        cls = next((c for c in module.classes if c.name == owner), None)
        head = _head(cls.methods, method, method=True) if cls else ""
        if node is None or not head or node.body[0].lineno == node.lineno:
            return None
        end = node.end_lineno or node.lineno
        indent = " " * node.body[0].col_offset
        return Target(finding.file, finding.subject, end + 1, end, indent, head, "", (finding,))
    if not head:
        return None
    end = _before_guard(tree, lines)
    return Target(finding.file, finding.subject, end + 1, end, "", head, "", (finding,))


def _before_guard(tree: ast.Module, lines: list[str]) -> int:
    """The line after which a new definition stands: the last, or the one before the program starts."""
    if tree.body and isinstance(tree.body[-1], ast.If):
        at = tree.body[-1].lineno - 1
        while at and not lines[at - 1].strip():
            at -= 1
        return at
    return len(lines)


def _head(routines: Sequence[Routine], name: str, *, method: bool) -> str:
    planned = next((routine for routine in routines if routine.name == name), None)
    return f"{planned.signature(method=method)}:\n" if planned else ""


def _class_head(planned: ClassPlan) -> str:
    bases = f"({', '.join(planned.bases)})" if planned.bases else ""
    return f"class {planned.name}{bases}:\n"


def with_marks(lines: Sequence[str], notes: Mapping[int, Sequence[str]], first: int = 1) -> list[str]:
    """`lines`, the first of which has the number `first`, with what `notes` has for their numbers beside
    them."""
    return [
        line + (f"  {WRONG} {' '.join(notes[number])}" if number in notes else "")
        for number, line in enumerate(lines, start=first)
    ]


def without_marks(code: str) -> str:
    """`code` of a model without the findings that it copied from what it was shown."""
    return _MARK.sub("", code)
