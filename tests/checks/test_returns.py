"""A function gives as many values as it announces."""

import ast

import pytest

from offline_coder.checks.returns import check_returns, with_last_value


def messages(text: str) -> list[str]:
    return [each.message for each in check_returns({"data.py": text})]


def test_nothing_where_a_value_is_announced_is_found() -> None:
    text = "def f(x) -> torch.utils.data.Dataset:\n    # Load\n    if x:\n        return\n    return None\n"
    assert messages(text) == ["f announces torch.utils.data.Dataset and returns None"]


def test_a_function_that_does_nothing_is_found_where_a_value_is_announced() -> None:
    assert messages('def f(x) -> int:\n    """Loads."""\n    # Load\n    pass\n') == [
        "f does nothing, but it announces int"
    ]
    nothing = "def f() -> None:\n    pass\n\n\n@marked\ndef g() -> int: ...\n"
    assert messages(f"{nothing}\n\ndef h() -> int:\n    raise NotImplementedError\n") == []
    assert messages("class A(Protocol):\n    def f(self) -> int: ...\n") == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("model.eval()", True),
        ("x = [x]\n    for y in x:\n        y.f()", True),
        ("x = 1\n    def g():\n        return x", False),
        ("x = 1\n    yield x", False),
        ("x.f()\n    raise ValueError(x)", False),
        ("while True:\n        x.f()", False),
        ("with x:\n        return 1", False),
    ],
)
def test_a_function_that_works_and_gives_nothing_is_found_where_a_value_is_announced(
    body: str, found: bool
) -> None:
    told = ["f returns nothing, but it announces float"] if found else []
    assert messages(f"def f(model, x) -> float:\n    {body}\n") == told
    assert messages(f"def f(model, x) -> float | None:\n    {body}\n") == []


@pytest.mark.parametrize(
    ("body", "mended"),
    [
        ("x = net(x)\n    y = x + 1", "x = net(x)\n    y = x + 1\n    return y"),
        ("x = net(x)\n    # Apply the feed", None),
        ("x, y = net(x)", None),
        ("for y in x:\n        z = y", None),
    ],
)
def test_the_value_that_a_function_ends_with_is_returned(body: str, mended: str | None) -> None:
    head = "def f(net, x) -> torch.Tensor:\n    "
    text = f"{head}{body}\n"
    found = with_last_value(text, ast.parse(text), 1)
    assert found == (None if mended is None else f"{head}{mended}\n")
    two = text.replace("torch.Tensor", "tuple[int, int]")
    assert with_last_value(two, ast.parse(two), 1) is None


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (
            "def f(x) -> tuple[DataLoader, DataLoader]:\n    return torch.utils.data.DataLoader(x)\n",
            "1 of the 2",
        ),
        (
            "def f(x) -> tuple[int, int, int]:\n    if x:\n        return 1, 2\n    return 1, 2, 3\n",
            "2 of the 3",
        ),
        ("class A:\n    def f(self) -> typing.Tuple[int, int]:\n        return (1, 2, 3)\n", "3 of the 2"),
    ],
)
def test_another_number_of_values_than_announced_is_found(text: str, given: str) -> None:
    (message,) = messages(text)
    assert message == f"f returns {given} values that it announces"


@pytest.mark.parametrize(
    "text",
    [
        "def f(x) -> tuple[int, int]:\n    return 1, 2\n",
        "def f(x) -> tuple[int, int]:\n    return x\n",
        "def f(x) -> tuple[int, int]:\n    return make(x)\n",
        "def f(x) -> tuple[int, int]:\n    return *x, 1, 2\n",
        "def f(x) -> tuple[int, ...]:\n    return 1, 2, 3\n",
        "def f(x) -> list[int]:\n    return 1, 2, 3\n",
        "def f(x) -> tuple[int, int]:\n    def g() -> int:\n        return 1, 2, 3\n    return 1, g\n",
        "def f(x):\n    return 1, 2\n",
        "def f(x) -> int | None:\n    return None\n",
        "def f(x) -> None:\n    return\n",
        "def f(x) -> int:\n    if x:\n        return None\n    return 1\n",
        "def f(x) -> Iterator[int]:\n    if x:\n        return\n    yield 1\n",
        "def f(x) -> int:\n    raise NotImplementedError\n",
    ],
)
def test_what_may_be_right_is_left(text: str) -> None:
    assert messages(text) == []
