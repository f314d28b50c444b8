"""A function gives as many values as it announces."""

import pytest

from offline_coder.checks.returns import check_returns


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
