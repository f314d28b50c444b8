"""Places: the definitions that had a part in a failure, and how the model is made to write them otherwise.

A small model that is shown code copies it, with what is wrong in it. So a definition is mostly written
again without being shown: from the line that failed on, after what ran, or from its head; a comment, which
is taken out afterwards, says which line failed.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from offline_coder.checks.skeleton import UNDEFINED
from offline_coder.checks.source import parse_python
from offline_coder.checks.targets import Target, targets
from offline_coder.core.finding import Finding
from offline_coder.stages.tracebacks import Frame, Traceback

CALLED = re.compile(r"([A-Za-z_]\w*)\(")
CALLED_THROUGH = re.compile(r"\.([A-Za-z_]\w*)\(")
MARK = "# Failed:"
MAX_COMMENT = 240


@dataclass(frozen=True, slots=True)
class Place:
    """A definition, `target`, and the `line` of its file that has a part in the failure, for `reason`."""

    target: Target
    line: int
    reason: str

    @property
    def at_head(self) -> bool:
        """Whether the line is in the head of the definition: then nothing in it is known to have failed."""
        return self.line < self.target.first + len(self.target.head.rstrip("\n").split("\n"))

    def failed(self, text: str) -> str:
        """The first line of the statement that failed; `text` is the whole file."""
        lines = text.split("\n")
        return lines[max(_statement(text, self.line), 1) - 1]

    def begun(self, text: str, *, keep: bool) -> Target:
        """The definition with a head that ends where it is to be gone on with: before the statement that
        failed with `keep`, else at its own beginning; then the comment. `text` is the whole file."""
        lines = text.split("\n")
        head = self.target.head.rstrip("\n").split("\n")
        body = self.target.first + len(head)
        at = max(_statement(text, self.line), body) if keep and not self.at_head else body
        width = len(self.target.indent)
        kept = [line[width:] for line in lines[body - 1 : at - 1]]
        spaces = re.match(" *", lines[at - 1][width:] if at <= len(lines) else "")
        depth = max(4, len(spaces.group())) if spaces else 4
        comment = f"{' ' * depth}{self.comment(lines)}"
        return replace(self.target, head="\n".join([*head, *kept, comment]) + "\n")

    def comment(self, lines: list[str]) -> str:
        """What the model reads before it goes on."""
        code = " ".join(lines[self.line - 1].split())
        said = self.reason if code.startswith(("def ", "class ")) else f"`{code}`, {self.reason}"
        return f"{MARK} {said[:MAX_COMMENT]}. So this is done in another way:"


def without_comment(new: str) -> str:
    """A definition without the comment that went before its new part."""
    return "\n".join(line for line in new.split("\n") if not line.lstrip().startswith(MARK))


def places_of(files: Mapping[str, str], traceback: Traceback, *, but: str = "") -> list[Place]:
    """The definitions that had a part in the failure, nearest first, without those in the file `but`."""
    found: list[Place] = []
    for finding in _blamed(files, traceback):
        if finding.file == but:
            continue
        for target in targets(files[finding.file], None, [finding]):
            place = Place(target, finding.line, finding.message)
            if all((target.file, target.name) != (p.target.file, p.target.name) for p in found):
                found.append(place)
    return found


def _blamed(files: Mapping[str, str], traceback: Traceback) -> Iterator[Finding]:
    """The line that failed, the definitions that it calls, and the lines of the calls that led there."""
    if not traceback.own:
        return
    *outer, last = traceback.own
    yield _blame(last, traceback.error)
    for path, node in _called_in(files, last):
        message = f"`{last.code}` in {last.path}, which uses this, {traceback.error}"
        yield Finding(file=path, line=node.lineno, rule="run", message=_one_line(message))
    for frame in reversed(outer):
        yield _blame(frame, f"which leads to `{last.code}`, {traceback.error}")


def _blame(frame: Frame, message: str) -> Finding:
    return Finding(file=frame.path, line=frame.line, rule="run", message=_one_line(message))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _called_in(files: Mapping[str, str], last: Frame) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions, constructors and methods of the repository that have the name of something called in
    the `last` line, but not what that line stands in, nor what marks a name that nothing defines."""
    through = set(CALLED_THROUGH.findall(last.code))
    plain = set(CALLED.findall(last.code)) - through - {UNDEFINED}
    for path, text in files.items():
        tree = parse_python(text) if path.endswith(".py") else None
        for node in tree.body if tree else ():
            inside = path == last.path and node.lineno <= last.line <= (node.end_lineno or 0)
            if isinstance(node, ast.FunctionDef) and node.name in plain and not inside:
                yield path, node
            for each in node.body if isinstance(node, ast.ClassDef) else ():
                wanted = through | (
                    {"__init__"} if isinstance(node, ast.ClassDef) and node.name in plain else set()
                )
                inside = path == last.path and each.lineno <= last.line <= (each.end_lineno or 0)
                if isinstance(each, ast.FunctionDef) and each.name in wanted and not inside:
                    yield path, each


def _statement(text: str, line: int) -> int:
    """The line where the innermost statement around `line` begins; 0 where there is none."""
    tree = parse_python(text)
    around = [
        node.lineno
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(around, default=0)
