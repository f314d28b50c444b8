"""Methods that stand in no class."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.stray_methods import check_stray_methods

PLANNED = "def load(path: str) -> int:\n    return len(path)\n"
STRAY = "\ndef split(self, share):\n    return self.pad(self.config.data.size * share)\n"
OTHER = "\ndef pad(self, rows):\n    return rows\n"


def subjects(**files: str) -> list[str]:
    """What is found in modules."""
    return [
        each.subject for each in check_stray_methods({f"{name}.py": text for name, text in files.items()})
    ]


def test_a_method_of_no_class_that_nothing_calls_is_a_finding() -> None:
    assert subjects(data=PLANNED + STRAY) == ["split"]
    assert subjects(data=PLANNED + STRAY + OTHER) == ["split", "pad"]


@pytest.mark.parametrize(
    "more",
    [
        "\nclass Data:\n    split = split\n",
        "\nclass Data:\n    pass\n\n\nData.split = split\n",
        '\nclass Data:\n    pass\n\n\nsetattr(Data, "split", globals()["split"])\n',
        "\nsplit(1, 2)\n",
    ],
)
def test_one_that_is_used_is_none_nor_what_it_uses(more: str) -> None:
    assert subjects(data=PLANNED + STRAY + OTHER + more) == []
    assert subjects(data=PLANNED + STRAY + OTHER, other="from data import split\n") == []


@pytest.mark.parametrize(
    "code",
    [
        "class Data:\n    def split(self):\n        return 1\n",
        "@wrapped\ndef split(self):\n    return 1\n",
        "def split(rows, self):\n    return 1\n",
        "def split(*, self):\n    return 1\n",
    ],
)
def test_what_may_be_called_otherwise_is_none(code: str) -> None:
    assert subjects(data=code) == []


def test_methods_of_no_class_are_left_out() -> None:
    done = mend({"data.py": PLANNED + "\n" + STRAY + "\n" + OTHER}, check_repository, ("data.py",))
    assert done.files["data.py"].strip() == PLANNED.strip()
    assert [attempt.kept for attempt in done.attempts] == [True, True]
