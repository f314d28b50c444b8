"""Fitting a paper to a budget of tokens."""

import asyncio

import pytest

from offline_coder.core.errors import BadInput
from offline_coder.papers.fit import Fitted, Purpose, fit
from offline_coder.papers.paper import Block, Paper, Section
from offline_coder.papers.render import render


class Counter:
    """Counts words, with a chat template's overhead, and remembers how often it was asked."""

    def __init__(self, overhead: int = 0) -> None:
        self.overhead = overhead
        self.calls = 0

    async def __call__(self, text: str) -> int:
        """Words of `text` and the overhead."""
        self.calls += 1
        return self.overhead + len(text.split())


def section(number: str, title: str, *texts: str, level: int = 1) -> Section:
    """A section of paragraphs."""
    blocks = tuple(Block(kind="paragraph", text=text) for text in texts)
    return Section(id=f"s{number}", number=number, title=title, level=level, blocks=blocks)


WORDS = "word " * 50
PAPER = Paper(
    title="T",
    abstract="The abstract.",
    sections=(
        section("1", "Introduction", WORDS),
        section("2", "Related Work", WORDS),
        section("2.1", "On Words", WORDS, level=2),
        section("3", "Method", WORDS, "The learning rate is 0.1 " + WORDS),
        section("4", "Results", WORDS, WORDS),
        section("5", "Conclusion", WORDS),
        section("6", "Acknowledgements", WORDS),
        section("A", "Hyperparameters", "batch size 32 " + WORDS),
        section("B", "More Pictures", WORDS),
    ),
    references=("[1] " + WORDS,),
    source_format="markdown",
)

ORDER = [*(part.id for part in PAPER.sections), "references"]


def fitted(
    budget: int, overhead: int = 0, purpose: Purpose = "plan", paper: Paper = PAPER
) -> tuple[Fitted, Counter]:
    """`paper` in `budget` words."""
    counter = Counter(overhead)
    return asyncio.run(fit(paper, budget, counter, purpose)), counter


def test_a_judge_gets_a_paper_that_fits_whole_and_it_is_counted_once() -> None:
    result, counter = fitted(5000, purpose="judge")
    assert result.text == render(PAPER)
    assert result.left_out == ()
    assert counter.calls == 1


@pytest.mark.parametrize("purpose", ["plan", "code"])
def test_references_and_acknowledgements_never_cost_a_plan_anything(purpose: Purpose) -> None:
    result, counter = fitted(5000, 40, purpose)
    assert [(part.section_id, part.title, part.tokens) for part in result.left_out] == [
        ("s6", "Acknowledgements", 54),
        ("references", "References", 54),
    ]
    assert "[1]" not in result.text
    assert "[Left out: [s6] 6 Acknowledgements]" in result.text
    assert result.text.endswith("[Left out: References]\n")
    assert counter.calls == 4


def test_subsections_of_what_is_not_needed_go_with_it() -> None:
    paper = Paper(
        title="T",
        sections=(
            section("1", "Acknowledgements and Funding", WORDS),
            section("2", "NeurIPS Paper Checklist", WORDS),
            section("2.1", "Experiments", WORDS, level=2),
            section("3", "Method", WORDS),
        ),
        source_format="markdown",
    )
    result, _ = fitted(5000, paper=paper)
    assert [part.section_id for part in result.left_out] == ["s1", "s2", "s2.1"]


def test_a_paper_of_nothing_else_keeps_its_text() -> None:
    paper = Paper(title="T", sections=(section("1", "Funding", WORDS),), source_format="markdown")
    result, _ = fitted(5000, paper=paper)
    assert result.text == render(paper)
    assert result.left_out == ()


@pytest.mark.parametrize(
    ("budget", "gone"),
    [
        (630, ["s6"]),
        (580, ["s6", "references"]),
        (470, ["s2", "s2.1", "s6", "references"]),
        (420, ["s2", "s2.1", "s5", "s6", "references"]),
        (370, ["s1", "s2", "s2.1", "s5", "s6", "references"]),
        (320, ["s1", "s2", "s2.1", "s5", "s6", "sB", "references"]),
    ],
)
def test_what_matters_least_goes_first(budget: int, gone: list[str]) -> None:
    purposes: tuple[Purpose, ...] = ("plan", "judge")
    for purpose in purposes:
        result, _ = fitted(budget, purpose=purpose)
        never = ["s6", "references"] if purpose == "plan" else []
        assert [part.section_id for part in result.left_out] == sorted({*gone, *never}, key=ORDER.index)
        assert result.tokens <= budget
        assert result.tokens == len(result.text.split())


@pytest.mark.parametrize("overhead", [0, 40])
def test_every_budget_is_kept_with_few_calls(overhead: int) -> None:
    for budget in range(120 + overhead, 660, 20):
        result, counter = fitted(budget, overhead)
        assert result.tokens <= budget
        assert counter.calls <= 3 + 1 + 1 + len(PAPER.sections) + 1 + 5
        assert "[Left out: " in result.text


def test_settings_and_method_stay_longest() -> None:
    result, _ = fitted(130)
    assert "learning rate is 0.1" in result.text
    assert result.text.startswith("# T\n\n## Abstract\n\nThe abstract.\n")
    assert "[Left out: 1 block]" in result.text


def test_the_same_twice() -> None:
    assert fitted(300)[0] == fitted(300)[0]


def test_too_small_a_budget_is_an_error() -> None:
    with pytest.raises(BadInput, match="does not fit") as caught:
        fitted(5)
    assert caught.value.hint
