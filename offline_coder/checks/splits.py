"""Three parts of each array from one call of train_test_split, which gives two: split twice.

    X_train, X_val, X_test, y_train, y_val, y_test = train_test_split(X, y, train_size=400, test_size=1000)

Where both sizes are given, numbers of examples come out as they are asked for; a share for training is then
one of what the test leaves.
"""

import ast

from offline_coder.checks.edits import replace_statement
from offline_coder.checks.library_calls import taken_apart
from offline_coder.checks.modules import Import
from offline_coder.core.usual_names import SPLIT_WORDS, TEST, TRAIN, VALIDATION, splits_of

SIZE_OF_VALIDATION = (("", "size"), VALIDATION)
"""What `split_from` says of val_size, which the function has not."""
HALF = ast.keyword("test_size", ast.Constant(0.5))


def split_twice(text: str, tree: ast.Module, imports: tuple[Import, ...], line: int) -> str | None:
    """`text` where the split in `line` that is to give three parts is two splits; None where it is not plain
    which part is which."""
    for statement, taken, call in taken_apart(tree, imports):
        parts = parts_of([each.id for each in taken.elts if isinstance(each, ast.Name)])
        if statement.lineno != line or any(len(names) != len(call.args) for names in parts.values()):
            continue
        rest = [f"{name.id}_rest" for name in call.args if isinstance(name, ast.Name)]
        if set(parts) == {TRAIN, VALIDATION, TEST} and len(rest) == len(call.args) and not used(rest, tree):
            return replace_statement(text, statement, two_splits(parts, rest, call))
    return None


def parts_of(names: list[str]) -> dict[str, list[str]]:
    """What `names` say they are of, with those of each, in their order; {} where one does not say."""
    found: dict[str, list[str]] = {}
    for name in names:
        _, kind = split_from(name)
        if not kind:
            return {}
        found.setdefault(kind, []).append(name)
    return found


def split_from(name: str) -> tuple[tuple[str, ...], str]:
    """The words of a name but the one that says of which split it is, "" in the place of that; and the split,
    "" where none or several are said."""
    words = name.split("_")
    kinds = splits_of(name.lower())
    if len(kinds) != 1:
        return tuple(words), ""
    return tuple("" if word.lower() in SPLIT_WORDS else word for word in words), kinds[0]


def used(names: list[str], tree: ast.Module) -> bool:
    """Whether one of `names` stands in `tree`."""
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))


def two_splits(parts: dict[str, list[str]], rest: list[str], call: ast.Call) -> list[ast.stmt]:
    """The two statements: first the part whose size is given, of the test where it is, then of the `rest`.
    Validation is as large as the test where its size is not given."""
    given = {keyword.arg or "": keyword for keyword in call.keywords}
    validation = next((given[name] for name in given if split_from(name) == SIZE_OF_VALIDATION), None)
    same = [given[name] for name in ("random_state", "shuffle") if name in given]
    arrays = {ast.unparse(array): f"{ast.unparse(array)}_rest" for array in call.args}
    if "test_size" in given:
        first, second = (rest, parts[TEST]), (parts[TRAIN], parts[VALIDATION])
        size = given.get("train_size", given["test_size"])
        sizes = [given["test_size"]], [ast.keyword("test_size", validation.value) if validation else size]
    else:
        first, second = (parts[TRAIN], rest), (parts[VALIDATION], parts[TEST])
        sizes = [given["train_size"]] if "train_size" in given else [], [HALF]
    stratify = given.get("stratify")
    by = ast.unparse(stratify.value) if stratify else ""
    alike = [ast.keyword("stratify", ast.Name(arrays[by]))] if by in arrays else []
    return [
        assigned(first, call, call.args, [*sizes[0], *same, *([stratify] if stratify else [])]),
        assigned(second, call, [ast.Name(name) for name in rest], [*sizes[1], *same, *alike]),
    ]


def assigned(
    parts: tuple[list[str], list[str]], call: ast.Call, arrays: list[ast.expr], keywords: list[ast.keyword]
) -> ast.Assign:
    """`X_train, X_rest, y_train, y_rest = train_test_split(X, y, ...)`."""
    names = [ast.Name(name) for pair in zip(*parts, strict=True) for name in pair]
    value = ast.Call(call.func, arrays, keywords)
    return ast.Assign([ast.Tuple(list(names), ast.Store())], value, lineno=call.lineno)
