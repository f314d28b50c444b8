"""A best value so far that nothing begins: `if loss < best_loss: best_loss = loss` reads it first."""

import ast

from offline_coder.checks.edits import begun_with
from offline_coder.checks.source import function_around

LARGEST, SMALLEST = 'float("inf")', 'float("-inf")'


def with_first_value(text: str, tree: ast.Module, line: int, name: str) -> str | None:
    """`text` where the function around `line` begins `name` with what every value is better than. None where
    the line is no comparison after which `name` gets the better value."""
    function = function_around(tree, line)
    if function is None:
        return None
    for node in ast.walk(function):
        if not isinstance(node, ast.If) or node.test.lineno != line:
            continue
        test = node.test
        given = {ast.unparse(t) for part in node.body if isinstance(part, ast.Assign) for t in part.targets}
        if not isinstance(test, ast.Compare) or len(test.ops) != 1 or name not in given:
            continue
        left, right = ast.unparse(test.left), ast.unparse(test.comparators[0])
        less = isinstance(test.ops[0], ast.Lt | ast.LtE)
        if name not in (left, right) or not (less or isinstance(test.ops[0], ast.Gt | ast.GtE)):
            continue
        first = LARGEST if less == (name == right) else SMALLEST
        return begun_with(text, function, f"{name} = {first}")
    return None
