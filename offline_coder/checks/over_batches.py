"""Is what a loop adds up over all batches divided by as many as it counts? Small models divide the correct
answers of all batches by the examples of the last one, `correct / len(targets)`, an accuracy of 8,267 %; or
the sum of the batches' accuracies by all examples, `total / len(loader.dataset)`, an accuracy of 3 %."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from offline_coder.checks.edits import replace_expression
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.rules import Edit, Repository
from offline_coder.checks.source import REMEMBERED, Function, last_name, named_parameters, nodes_of
from offline_coder.core.finding import Finding

RULE = "over-batches"
MEAN_LOSSES = frozenset(
    {
        *("cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss"),
        *("binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"),
    }
)
"""Functions of torch.nn.functional that give the mean of a batch where no other reduction is asked for."""
MEANS = frozenset({"'mean'", "'batchmean'"})


@dataclass(frozen=True, slots=True)
class Quotient:
    """What a loop over a loader adds up, divided by a length that it does not count; and the right one."""

    summed: str
    length: ast.expr
    right: str


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop over a loader: the loader, and the names of a batch's parts."""

    node: ast.For
    loader: str
    parts: frozenset[str]

    def means(self) -> dict[str, bool]:
        """Name of what is added up -> whether all that is added is the mean of a batch."""
        found: dict[str, bool] = {}
        for node in ast.walk(self.node):
            match node:
                case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                    found[name] = found.get(name, True) and self._is_mean(self._made_of(value))
        return found

    def _made_of(self, value: ast.expr) -> ast.expr:
        """`value`, or what the loop gives its name to."""
        value = as_tensor(value)
        given = [
            node.value
            for node in ast.walk(self.node)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == ast.unparse(value)
        ]
        return as_tensor(given[0]) if len(given) == 1 else value

    def _is_mean(self, value: ast.expr) -> bool:
        match value:
            case ast.Call(func=ast.Attribute(attr="mean")):
                return True
            case ast.Call(func=called, keywords=keywords):
                asked = [ast.unparse(each.value) for each in keywords if each.arg == "reduction"]
                return last_name(called) in MEAN_LOSSES and set(asked) <= MEANS
            case ast.BinOp(op=ast.Div(), right=ast.Call() as length):
                return length_of(length) in self.parts
        return False


def check_over_batches(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "over-batches" in `files` (path -> text): behind a loop over a loader that a function is
    given, what the loop adds up is divided by the length of what one batch is, or a sum of means of batches
    by the number of examples."""
    return in_each_file(files, _findings_of)


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=each.length.lineno,
            rule=RULE,
            message=f"{each.summed} does not add up as many as {ast.unparse(each.length)} are",
            advice=f"Divide by {each.right}.",
            subject=each.summed,
        )
        for each in _wrong(tree)
    )


def as_many_as_were_added(repository: Repository, finding: Finding, tree: ast.Module) -> Iterator[Edit]:
    """What a loop adds up, divided by how many that were."""
    for each in _wrong(tree):
        if (each.length.lineno, each.summed) == (finding.line, finding.subject):
            text = replace_expression(repository.files[finding.file], each.length, each.right)
            said = f"{each.right} in place of {ast.unparse(each.length)} in line {finding.line}"
            yield Edit(finding.file, text, said)
            return


def _wrong(tree: ast.Module) -> Iterator[Quotient]:
    for function in nodes_of(tree):
        if isinstance(function, Function):
            for loop in _loops(function):
                yield from _wrong_behind(loop, function)


def _loops(function: Function) -> Iterator[Loop]:
    """The loops over loaders that `function` is given."""
    loaders = {each.arg for each in named_parameters(function) if "loader" in each.arg}
    for node in ast.walk(function) if loaders else ():
        match node:
            case ast.For(iter=ast.Name(id=loader)) if loader in loaders:
                parts = (each.id for each in ast.walk(node.target) if isinstance(each, ast.Name))
                yield Loop(node, loader, frozenset(parts))


def _wrong_behind(loop: Loop, function: Function) -> Iterator[Quotient]:
    means = loop.means()
    batches, examples = f"len({loop.loader})", f"len({loop.loader}.dataset)"
    for node in ast.walk(function):
        match node:
            case ast.BinOp(left=ast.Name(id=name), op=ast.Div(), right=ast.Call() as length) if (
                name in means and node.lineno > (loop.node.end_lineno or 0)
            ):
                of_last = length_of(length) in loop.parts
                if of_last or (means[name] and ast.unparse(length) == examples):
                    yield Quotient(name, length, batches if means[name] else examples)


def as_tensor(value: ast.expr) -> ast.expr:
    """What `value` is the Python number of; itself where it is nothing of that kind."""
    match value:
        case ast.Call(func=ast.Attribute(value=inner, attr="item"), args=[]):
            return inner
        case ast.Call(func=ast.Name(id="float"), args=[inner]):
            return as_tensor(inner)
    return value


def length_of(call: ast.Call) -> str:
    """The variable whose length `len(x)`, `x.size(0)` is; "" for any other call."""
    match call:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="size"), args=[ast.Constant(value=0)]):
            return name
    return ""
