"""Sizes that a network takes for granted and nothing says: assumed, and marked as such.

Small models write `nn.Linear(hidden_size, num_classes)` where no setting says how many classes there are. A
number below the imports, marked as an assumption, can be seen and set; README.md and `check` name it.
"""

import ast
import re
from collections.abc import Iterator

from offline_coder.checks.edits import add_import, replace_uses
from offline_coder.checks.rules import Edit, Repository
from offline_coder.checks.source import around, is_network
from offline_coder.core.finding import Finding

MARK = "# ASSUMPTION of offline-coder: nothing says this size"
MARKED = re.compile(rf"^(?P<name>\w+) = (?P<value>\d+)  {re.escape(MARK)}$")
RULE = "assumed-size"
SIZES = {
    **dict.fromkeys(("classes", "labels", "categories", "outputs", "output"), 10),
    **dict.fromkeys(("vocab", "vocabulary", "embeddings", "tokens"), 1000),
    **dict.fromkeys(("heads", "experts", "styles", "tasks"), 4),
    **dict.fromkeys(("layers", "blocks", "depth"), 2),
    **dict.fromkeys(("channels",), 3),
    **dict.fromkeys(("length", "len", "positions", "features", "input", "inputs"), 64),
    **dict.fromkeys(("size", "dim", "dimension", "units", "width"), 64),
}
"""A usual small number for what a name is about, the more telling words first."""


def assumed_size(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """A size that a network uses and nothing defines, or reads from itself and nothing makes: a usual number,
    marked."""
    text = repository.files[finding.file]
    name = finding.subject.rpartition(".")[2]
    value = usual_size(name)
    network = next((node for node in tree.body if is_network(node) and around(node, finding.line)), None)
    if value is None or network is None:
        return
    owned = f"self.{name}" if finding.rule == "missing-attribute" else name
    uses = [
        node
        for node in ast.walk(network)
        if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) == owned
    ]
    if not other_than_numbers(network).isdisjoint(uses):
        return
    if owned != name:
        plain = replace_uses(text, uses, owned, name)
        if plain is None or any(isinstance(node, ast.arg) and node.arg == name for node in ast.walk(network)):
            return
        text = plain
    yield Edit(
        finding.file,
        with_assumed(text, name, value),
        f"assumed {name} = {value}, which nothing says",
    )


def with_assumed(text: str, name: str, size: int) -> str:
    """`text` with the size below its imports, marked; as it is where the size stands there already."""
    if any((said := MARKED.match(line)) and said["name"] == name for line in text.split("\n")):
        return text
    return add_import(text, f"\n{name} = {size}  {MARK}")


def usual_size(name: str) -> int | None:
    """A usual small number for what a name is about; None where it does not sound like a size."""
    words = name.lower().split("_")
    return next((number for word, number in SIZES.items() if word in words), None)


def other_than_numbers(node: ast.AST) -> set[ast.expr]:
    """What is called, gone over, or has something taken of it: no size."""
    found: set[ast.expr] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            found.add(inner.func)
        elif isinstance(inner, ast.For | ast.comprehension):
            found.add(inner.iter)
        elif isinstance(inner, ast.Attribute | ast.Subscript):
            found.add(inner.value)
    return found


def check_assumed(path: str, text: str) -> tuple[Finding, ...]:
    """A warning of rule "assumed-size" for each size of a Python file that is marked as an assumption."""
    found = [
        (number, match) for number, line in enumerate(text.split("\n"), 1) if (match := MARKED.match(line))
    ]
    return tuple(
        Finding(
            file=path,
            line=number,
            rule=RULE,
            message=f"{match['name']} = {match['value']} is assumed: nothing says this size",
            severity="warning",
            advice="Set what your data needs.",
            subject=match["name"],
        )
        for number, match in found
    )
