"""Calls with arguments that a definition of the repository does not take: those stay whose names say where
they belong.

Small models write `Layer(self.hidden_dim, self.hidden_dim, self.num_styles)` for a layer of two sizes, and
`train(model, epochs=5)` for one that takes `num_epochs`.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from operator import itemgetter

from offline_coder.checks.edits import replace_expression
from offline_coder.checks.rules import Edit, Repository
from offline_coder.checks.source import last_name, nodes_of
from offline_coder.core.finding import Finding

TOO_MANY = re.compile(r" takes (?P<taken>\d+) arguments by position, not (?P<given>\d+)$")
STRANGE = re.compile(r" has no parameter (?P<names>'\w+'(?:, '\w+')*)$")
CALLED_AS = re.compile(r"^Call it as [\w.]+\((?P<parameters>[^()]*)\)\.$")
MOST = 8
"""More arguments are left to the model: every choice of them is looked at."""


def without_surplus(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """The call with those of its arguments, in their order, that are most like the parameters by their names.
    Only where each of them is a name that shares a word with its parameter."""
    said, called = TOO_MANY.search(finding.message), CALLED_AS.match(finding.advice)
    if said is None or called is None or int(said["given"]) > MOST:
        return
    parameters = [name.partition("=")[0] for name in called["parameters"].split(", ")][: int(said["taken"])]
    for call in nodes_of(tree):
        if not isinstance(call, ast.Call) or call.lineno != finding.line or call.keywords:
            continue
        if len(call.args) != int(said["given"]) or last_name(call.func) != finding.subject:
            continue
        kept = likest(call.args, parameters)
        if kept is not None:
            new = ast.Call(call.func, kept, [])
            yield _called(repository, finding, call, new, "as many arguments as it takes")


def renamed(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """The call whose keyword is the one parameter that shares a word with it and that nothing else gives."""
    for call, strange, parameters in _strange(finding, tree):
        given = {keyword.arg for keyword in call.keywords}
        free = [name for name in parameters[len(call.args) :] if name not in given]
        like = {
            name: [each for each in free if not words_of(each).isdisjoint(words_of(name))] for name in strange
        }
        if all(len(names) == 1 for names in like.values()):
            keywords = [
                ast.keyword(like[each.arg][0] if each.arg in like else each.arg, each.value)
                for each in call.keywords
            ]
            new = ast.Call(call.func, call.args, keywords)
            yield _called(repository, finding, call, new, "the parameters that it has")


def without_strange(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """The call without the keywords that are no parameters."""
    for call, strange, _ in _strange(finding, tree):
        keywords = [each for each in call.keywords if each.arg not in strange]
        new = ast.Call(call.func, call.args, keywords)
        yield _called(repository, finding, call, new, f"without {', '.join(strange)}, which it does not take")


def _strange(finding: Finding, tree: ast.Module) -> Iterator[tuple[ast.Call, list[str], list[str]]]:
    """The calls that a finding is about, their keywords that are no parameters, and the parameters."""
    said, called = STRANGE.search(finding.message), CALLED_AS.match(finding.advice)
    if said is None or called is None:
        return
    strange = [name.strip("'") for name in said["names"].split(", ")]
    parameters = [name.partition("=")[0] for name in called["parameters"].split(", ")]
    for call in nodes_of(tree):
        if (
            isinstance(call, ast.Call)
            and call.lineno == finding.line
            and set(strange) <= {k.arg for k in call.keywords}
        ):
            yield call, strange, parameters


def _called(repository: Repository, finding: Finding, call: ast.Call, new: ast.Call, how: str) -> Edit:
    """`new` in the place of `call`."""
    said = ast.unparse(new)
    text = replace_expression(repository.files[finding.file], call, said)
    return Edit(finding.file, text, f"`{said}`, {how}")


def likest(arguments: Sequence[ast.expr], parameters: Sequence[str]) -> list[ast.expr] | None:
    """As many of `arguments` as there are `parameters`, in their order and as like as can be; None where one
    of them shares no word with its parameter."""
    found = [
        (sum(alike), chosen)
        for chosen in combinations(arguments, len(parameters))
        if all(alike := [likeness(*pair) for pair in zip(chosen, parameters, strict=True)])
    ]
    return list(max(found, key=itemgetter(0))[1]) if found else None


def likeness(argument: ast.expr, parameter: str) -> int:
    """2 for a name or an attribute that is called as the parameter, 1 for one that shares a word with it."""
    if not isinstance(argument, ast.Name | ast.Attribute):
        return 0
    name = last_name(argument)
    return 2 if name == parameter else int(not words_of(name).isdisjoint(words_of(parameter)))


def words_of(name: str) -> set[str]:
    """The words of a name, without the ends that make them many."""
    return {word.removesuffix("s") for word in name.lower().split("_") if word not in ("", "num", "n")}
