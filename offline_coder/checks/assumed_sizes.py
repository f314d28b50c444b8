"""Sizes that a network takes for granted and nothing says: assumed, and marked as such.

Small models write `nn.Linear(hidden_size, num_classes)` where no setting says how many classes there are. A
number below the imports, marked as an assumption, can be seen and set; README.md and `check` name it.
"""

import ast
import re
from collections.abc import Iterator

from offline_coder.checks.edits import add_import
from offline_coder.checks.rules import Edit, Repository
from offline_coder.core.finding import Finding
from offline_coder.core.packages import is_torch_module

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
    """A size that a network uses and nothing defines: a usual number, marked."""
    name = finding.subject
    words = name.lower().split("_")
    value = next((number for word, number in SIZES.items() if word in words), None)
    inside = any(
        isinstance(node, ast.ClassDef)
        and any(is_torch_module(ast.unparse(base)) for base in node.bases)
        and node.lineno <= finding.line <= (node.end_lineno or node.lineno)
        for node in tree.body
    )
    if value is not None and inside:
        text = add_import(repository.files[finding.file], f"\n{name} = {value}  {MARK}")
        yield Edit(finding.file, text, f"assumed {name} = {value}, which nothing says")


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
