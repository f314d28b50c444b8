"""Code out of a model's answer, however the model wrapped it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.checks.fences import code_of

CODE = "import os\n\n\ndef f():\n    return os.sep\n"

ANSWERS = {
    "prefilled and stopped": CODE,
    "prefilled, closed": f"{CODE}```\n",
    "prefilled, closed, then prose": f"{CODE}```\nThis module does the job.\n",
    "prefilled, closed, then an example": f"{CODE}```\nUse it so:\n```python\nf()\n```\n",
    "prefilled, closed, prose, cut example": f"{CODE}```\nUse it so:\n```python\nf(",
    "prefilled, closed, untagged example": f"{CODE}```\nOutput:\n```\n/\n```\n",
    "fence repeated": f"```python\n{CODE}```\n",
    "fence repeated, cut": f"```python\n{CODE}",
    "tag repeated": f"python\n{CODE}",
    "short tag": f"```py\n{CODE}```",
    "prose around": f"Sure! Here is the code:\n\n```python\n{CODE}```\n\nI hope it helps.",
    "prose and untagged fence": f"Sure! Here is the code:\n\n```\n{CODE}```\n\nI hope it helps.",
    "other blocks too": f"Install:\n```bash\npip install -r requirements.txt --upgrade --no-cache-dir\n```\n"
    f"```python\n{CODE}```",
    "tildes": f"~~~python\n{CODE}~~~",
    "longer fence": f"````python\n{CODE}````",
    "attributes": f"```python title=main.py\n{CODE}```",
    "indented fence": "  ```python\n" + "".join(f"  {line}\n" for line in CODE.split("\n")) + "  ```",
    "windows line ends": f"```python\n{CODE}```\n".replace("\n", "\r\n"),
    "blank lines around": f"\n\n```python\n\n\n{CODE}\n\n```\n",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_code_is_found(name: str) -> None:
    assert code_of(ANSWERS[name], "python") == CODE


@pytest.mark.parametrize("answer", ["", "\n \n", "```python\n```", "```python\n", "Sorry.\n```\n```"])
def test_an_answer_without_code_is_empty(answer: str) -> None:
    assert code_of(answer, "python") in ("", "Sorry.\n")


def test_prose_is_never_code_when_a_fence_exists() -> None:
    assert code_of("I cannot do that.\n```python\n\n```\nSorry.", "python") == ""


def test_a_fence_inside_an_indented_docstring_stays() -> None:
    code = 'def f():\n    """Use:\n\n    ```\n    f()\n    ```\n    """\n'
    assert code_of(code, "python") == code
    assert code_of(f"```python\n{code}```", "python") == code


def test_markdown_keeps_its_own_fences() -> None:
    readme = "# Title\n\n```bash\nbash reproduce.sh\n```\n\nEnd.\n"
    assert code_of(readme, "markdown") == readme
    assert code_of(f"```markdown\n{readme}```\n", "markdown") == readme
    assert code_of(f"````md\n{readme}````", "markdown") == readme


def test_yaml_and_shell() -> None:
    assert code_of("Here is the config:\n```yaml\na: 1\n```\n", "yaml") == "a: 1\n"
    assert code_of("a: 1\n```\nThat is it.", "yaml") == "a: 1\n"
    assert code_of("```sh\necho hi\n```", "bash") == "echo hi\n"


@given(
    st.lists(st.sampled_from(["```", "```python", "~~~", "x = 1", "prose here", "", "  ```", "python", "\r"]))
)
def test_any_answer_gives_text_made_of_its_lines(lines: list[str]) -> None:
    code = code_of("\n".join(lines), "python")
    assert code == "" or code.endswith("\n")
    assert all(line.strip() in "\n".join(lines) for line in code.split("\n"))


@given(st.text(max_size=500), st.sampled_from(["python", "yaml", "markdown", "other"]))
def test_arbitrary_text_never_raises(answer: str, language: str) -> None:
    assert isinstance(code_of(answer, language), str)
