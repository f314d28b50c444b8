"""Data that is loaded beside what is given, and of which nothing is used."""

import pytest

from offline_coder.checks.idle_loads import check_idle_loads
from offline_coder.checks.mend import mend

DATA = '"""Data."""\n\n\ndef load_data(path):\n    """Two parts."""\n    return path, path\n'


def measured(parameters: str, statement: str) -> dict[str, str]:
    body = f'    """Measures."""\n    {statement}\n    return [batch for batch in test_loader]\n'
    head = f'"""Metrics."""\n\nfrom data import load_data\n\n\ndef evaluate({parameters}):\n'
    return {"data.py": DATA, "evaluation.py": head + body}


@pytest.mark.parametrize(
    "statement", ["test_data, _ = load_data('a')", "x = load_data('a')", "load_data('a')"]
)
def test_what_is_loaded_for_nothing_is_not_loaded(statement: str) -> None:
    files = measured("model, test_loader", statement)
    assert [(f.rule, f.line, f.severity) for f in check_idle_loads(files)] == [("idle-load", 8, "error")]
    done = mend(files, check_idle_loads)
    assert done.files["evaluation.py"] == files["evaluation.py"].replace(f"    {statement}\n", "")


@pytest.mark.parametrize(
    ("parameters", "statement"),
    [
        ("model", "test_loader, _ = load_data('a')"),
        ("test_loader", "test_loader, _ = load_data('a')"),
        ("test_loader", "x = other('a')"),
        ("model", "x = load_data('a')"),
    ],
)
def test_what_is_used_or_wanted_stays(parameters: str, statement: str) -> None:
    assert check_idle_loads(measured(parameters, statement)) == ()
