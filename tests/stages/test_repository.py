"""The files beside the modules: what is not the model's work is said where a reader begins."""

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.skeleton import UNDEFINED_STUB
from offline_coder.checks.stubs import PLAIN_BODY
from offline_coder.core.plan import Module
from offline_coder.papers.paper import Paper
from offline_coder.stages.repair import Written
from offline_coder.stages.repository import readme
from tests.stages.conftest import plan_of_two

PLAN = plan_of_two((Module(path="model.py", purpose="The net."), Module(path="main.py", purpose="Starts.")))
MODEL = f'''"""The net."""


{UNDEFINED_STUB}

WIDTH = undefined("width")
DEPTH = undefined("width") + undefined("depth") + undefined("</code><script>")
'''
WRITTEN = {
    "model.py": Written("model.py", MODEL, "first answer"),
    "main.py": Written("main.py", "import model\n", "stub"),
}


def readme_of(paper: Paper, model: str, *, wired: bool) -> str:
    findings = check_repository({"model.py": model, "main.py": "import model\n"}, PLAN.architecture)
    return readme(paper, PLAN, WRITTEN, findings, wired=wired)


def test_the_readme_says_what_is_missing(paper: Paper) -> None:
    text = readme_of(paper, MODEL, wired=False)
    assert "- `model.py`: `depth`, `width`\n" in text
    assert "script" not in text
    assert "**(stub" in text
    assert "wired" not in text


def test_the_readme_says_that_the_entry_point_was_wired(paper: Paper) -> None:
    text = readme_of(paper, '"""The net."""\n', wired=True)
    assert "did not run" in text
    assert "wired from the plan" in text
    assert "**(stub" not in text
    assert "What is missing" not in text
    assert "\n\n\n" not in text


def test_the_readme_says_where_a_plain_body_stands_in(paper: Paper) -> None:
    plain = f'def evaluate():\n    """Scores.\n\n    {PLAIN_BODY}; it measures."""\n    return 1\n'
    text = readme_of(paper, plain, wired=False)
    assert "- `model.py: evaluate`; what was written stands in `as_written/model.py.txt`\n" in text
    assert "What is plain" not in readme_of(paper, MODEL, wired=False)
