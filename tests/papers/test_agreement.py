"""How far two readings agree: the measures on papers of a few words, and on real ones."""

from pathlib import Path

import pytest

from offline_coder.papers.agreement import compare
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.read import read_paper

ONE = """# T

## 1 Method

We use $d_{\\text{model}} = 512$ and a rate of $10^{-9}$ [ada1984].

Table 1: Runs

| Name | Rate |
| --- | --- |
| small | 0.1 |
| large | $1{,}000 \\pm 2$ |

## 2 Results

Eight words stand here and none of them moves.

## References

- [ada1984] Ada. Notes.
"""


def test_a_reading_agrees_with_itself() -> None:
    paper = read_markdown(ONE)
    found = compare(paper, paper)
    assert (found.precision, found.recall, found.order, found.similarity) == (1, 1, 1, 1)
    assert (found.numbers_kept, found.cells_kept) == (1, 1)
    assert [(t.name, t.cells, t.kept) for t in found.tables] == [("table 1", 6, 6)]


def test_how_mathematics_and_citations_are_written_is_no_difference() -> None:
    other = ONE.replace("$d_{\\text{model}} = 512$", "d_{model} = 512").replace(
        "[ada1984].", "(Ada et al., 1984)."
    )
    other = other.replace("$10^{-9}$", "10^{-9}").replace("$1{,}000 \\pm 2$", "1,000 ± 2")
    found = compare(read_markdown(ONE), read_markdown(other))
    assert found.similarity == 1
    assert found.missing_numbers == ()
    assert found.cells_kept == 1


def test_what_is_missing_is_named() -> None:
    other = ONE.replace("## 2 Results", "## 2 Outcome").replace("512", "513").replace("| small | 0.1 |\n", "")
    found = compare(read_markdown(ONE), read_markdown(other))
    assert found.missing_headings == ("2 results",)
    assert found.extra_headings == ("2 outcome",)
    assert found.recall == found.precision == 0.5
    assert found.missing_numbers == ("512", "0.1")
    assert [(t.cells, t.kept) for t in found.tables] == [(6, 4)]
    assert [(s.id, s.similarity) for s in found.sections] == [("s1", 1), ("s2", 0)]
    assert found.similarity < 1


def test_sections_out_of_order() -> None:
    parts = ONE.split("## ")
    other = "## ".join([parts[0], parts[2], parts[1], parts[3]])
    found = compare(read_markdown(ONE), read_markdown(other))
    assert found.recall == 1
    assert found.order == 0.5


@pytest.mark.parametrize(
    "name", ["transformer", "adaptive_dual_scale_denoising", "layerwise_lr_grokking", "multi_style_adapter"]
)
def test_the_text_layer_agrees_with_the_source(shared_papers: Path, name: str) -> None:
    folder = shared_papers / name
    latex = folder / "latex" if (folder / "latex").is_dir() else folder / "paper.tex"
    found = compare(read_paper(latex), read_paper(folder / "paper.pdf", "text"))
    assert (found.missing_headings, found.extra_headings, found.order) == ((), (), 1)
    assert found.similarity >= 0.97
    assert found.numbers_kept >= 0.99
    assert found.cells_kept >= 0.97
