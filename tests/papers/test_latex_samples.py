"""Two LaTeX papers of our own with what papers' authors write: nothing of them is lost, nothing stops."""

import re
from collections import Counter
from pathlib import Path

import pytest

from offline_coder.papers.agreement import numbers_of
from offline_coder.papers.paper import Paper
from offline_coder.papers.read import read_paper

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="module")
def odd() -> Paper:
    return read_paper(SAMPLES / "odd_macros")


def text_of(paper: Paper) -> str:
    return "\n".join(block.text for section in paper.sections for block in section.blocks)


@pytest.mark.parametrize(
    "words",
    [
        "use $\\lVert x \\rVert_{1}$ and $\\lVert x \\rVert_{2}$ with $\\langle a, b \\rangle$",
        "the loss is $\\mathbb{E}_{p}\\left[\\operatorname{ReLU}(\\mathbf{w}^\\top x)\\right]$",
        "[knuth84] and others [lamport86, knuth84; see p. 7]",
        "20000 steps at 3e-4 and 80 GB, 1–5 h, angle 45°",
        "Input without braces has 17 words.",
        "The subfile holds 18.",
        "The import holds 19. The deepest holds 20.",
        "Hypothesis 1 (Width). Width 512 suffices.",
        "Remark. It holds for 3 seeds.",
        "Note. Keep 7 checkpoints.",
        "Step one. Use `lr=0.1`",
        "% not a comment: 77\n\\section{Not a section}",
        "See Algorithm 1 and Table 2, Hypothesis 1 and Section 1; Figure 1a.",
        "| Odd | 12.5 | 13.5 |\n| | 14.5 | 15.5 |",
        "Table 2: Long settings.\n\n| Name | Value |\n| --- | --- |\n| rate | 0.001 |\n| steps | 30 000 |",
        "Figure 1: Both. (a) Left 1. (b) Right 2.",
        "for $t \\leftarrow 1$ to $100$ do\n  sample a batch of 64\n  if $t > 10$ then",
        "kept text 42 more 43 and 44",
        "as in Appendix A.",
    ],
)
def test_odd_macros_keep_their_text(odd: Paper, words: str) -> None:
    assert words in text_of(odd)


def test_what_is_switched_off_or_about_the_authors_is_gone(odd: Paper) -> None:
    text = text_of(odd)
    assert not re.search(r"\b(?:111|222|4711|2020|ada@)", text)
    assert odd.title == "OddNet: Training with Odd Macros"
    assert odd.abstract == "OddNet reaches 93.5% at 0.25 s a batch."
    assert odd.authors == ("Ada Lovelace", "Charles Babbage")
    assert "fontsize" not in text
    assert "x = 0.5 % 3" in text


def test_each_odd_macro_is_reported_once_and_no_known_one(odd: Paper) -> None:
    assert [warning.what for warning in odd.warnings] == [
        "unknown LaTeX command \\unknowncmd (1 times); its text is kept",
        "unknown LaTeX command \\anothermacro (1 times); its text is kept",
    ]


def test_sections_and_references_of_the_odd_paper(odd: Paper) -> None:
    assert [section.id for section in odd.sections] == ["s1", "s1.1", "s2", "sA"]
    assert odd.references == (
        "[knuth84] Donald E. Knuth. The TeXbook. Addison-Wesley, 1984.",
        "[lamport86] Leslie Lamport. LaTeX. AW, 1986.",
    )


def test_an_appendix_behind_the_references_is_read() -> None:
    paper = read_paper(SAMPLES / "rank_adapters")
    assert [section.number for section in paper.sections][-3:] == ["A", "A.1", "B"]
    assert len(paper.references) == 4
    assert Counter(numbers_of(paper))["0.074"] == 1
    kinds = Counter(block.kind for section in paper.sections for block in section.blocks)
    assert (kinds["table"], kinds["equation"], kinds["algorithm"], kinds["figure"]) == (3, 4, 1, 2)
