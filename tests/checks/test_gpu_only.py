"""Code that needs a GPU runs without one too."""

import pytest

from offline_coder.checks.gpu_only import check_gpu_only
from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend

HEAD = '"""Code."""\n\nimport torch\n\n\n'
EITHER = '"cuda" if torch.cuda.is_available() else "cpu"'
TIMED = f"""{HEAD}def timed(model, x):
    \"\"\"Milliseconds.\"\"\"
    start = torch.cuda.Event(enable_timing=True)
    end = torch.cuda.Event(enable_timing=True)
    start.record()
    model(x)
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end)
"""


def mended(body: str) -> str:
    """The body of a function after what a machine can mend; it has no errors any more."""
    code = f'{HEAD}def f(x, model):\n    """Something."""\n    {body}\n'
    done = mend({"f.py": code}, check_repository)
    assert [each for each in done.findings if each.rule == "gpu-only"] == []
    return done.files["f.py"].partition('Something."""\n    ')[2].rstrip()


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("return x.cuda(), model", f"return x.to({EITHER}), model"),
        ("return (x + 1).cuda(), model", f"return (x + 1).to({EITHER}), model"),
        ("return x.to('cuda'), model", f"return x.to({EITHER}), model"),
        ("return torch.device('cuda:0'), x, model", f"return torch.device({EITHER}), x, model"),
        ("return torch.ones(2, device='cuda'), x, model", f"return torch.ones(2, device={EITHER}), x, model"),
    ],
)
def test_a_gpu_is_taken_where_there_is_one(body: str, after: str) -> None:
    assert mended(body) == after


def test_times_are_taken_without_a_gpu() -> None:
    done = mend({"f.py": TIMED}, check_repository)
    assert [each for each in done.findings if each.severity == "error"] == []
    scope: dict[str, object] = {}
    exec(done.files["f.py"], scope)
    timed = scope["timed"]
    assert callable(timed)
    assert 0 <= timed(lambda x: x, 1) < 1e6


@pytest.mark.parametrize(
    "body",
    [
        f"return x.to({EITHER}), model",
        "return x.cuda() if torch.cuda.is_available() else x, model",
        "return x.to('cpu'), x.to(model), model.say('cuda')",
    ],
)
def test_what_asks_or_needs_none_is_no_finding(body: str) -> None:
    code = f'{HEAD}def f(x, model):\n    """Something."""\n    {body}\n'
    assert check_gpu_only({"f.py": code}) == ()
