"""Real papers beside the checkout, where there are any."""

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest

from offline_coder.papers.fit import fit
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render

TRANSFORMER = [
    "1 Introduction", "2 Background", "3 Model Architecture", "3.1 Encoder and Decoder Stacks", "3.2 Attention",
    "3.2.1 Scaled Dot-Product Attention", "3.2.2 Multi-Head Attention", "3.2.3 Applications of Attention in our Model",
    "3.3 Position-wise Feed-Forward Networks", "3.4 Embeddings and Softmax", "3.5 Positional Encoding",
    "4 Why Self-Attention", "5 Training", "5.1 Training Data and Batching", "5.2 Hardware and Schedule", "5.3 Optimizer",
    "5.4 Regularization", "6 Results", "6.1 Machine Translation", "6.2 Model Variations",
    "6.3 English Constituency Parsing", "7 Conclusion",
]  # fmt: skip
GENERATED = ["adaptive_dual_scale_denoising", "layerwise_lr_grokking", "multi_style_adapter"]


def words(path: Path) -> Counter[str]:
    """Words and numbers of the prose of a paper, mathematics and references left out."""
    text = render(read_paper(path, "text")).split("\n## References")[0]
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " ", text, flags=re.DOTALL)
    return Counter(re.findall(r"[a-z]{3,}", text.lower()))


@pytest.mark.parametrize("form", ["latex", "paper.pdf", "paper.s2orc.json"])
def test_transformer(shared_papers: Path, form: str) -> None:
    paper = read_paper(shared_papers / "transformer" / form, "text")
    assert paper.title == "Attention Is All You Need"
    assert [f"{s.number} {s.title}" for s in paper.sections if s.number] == TRANSFORMER
    assert "warmup_steps" in paper.section_text("s5.3").replace("\\", "")
    assert "41.8" in render(paper)
    table = next(b.text for s in paper.sections for b in s.blocks if b.text.startswith("Table 3:"))
    assert "4.33" in table


@pytest.mark.parametrize("name", GENERATED)
def test_pdf_agrees_with_latex(shared_papers: Path, name: str) -> None:
    latex, printed = (
        read_paper(shared_papers / name / f"paper.{suffix}", "text") for suffix in ("tex", "pdf")
    )
    assert [s.id for s in latex.sections] == [s.id for s in printed.sections]
    assert [s.title.lower() for s in latex.sections] == [s.title.lower() for s in printed.sections]
    assert latex.title.lower() == printed.title.lower()
    one, two = (words(shared_papers / name / f"paper.{suffix}") for suffix in ("tex", "pdf"))
    assert sum((one - two).values()) < 0.01 * sum(one.values())


def test_switch_transformers_is_read_and_fits(shared_papers: Path) -> None:
    paper = read_paper(shared_papers / "switch_transformers" / "paper.md")
    ids = paper.section_ids()
    assert {"s2.1", "s2.4", "s5.6", "s9", "sA", "sF"} <= set(ids)
    assert not any("=" in section.title for section in paper.sections)
    assert len(paper.references) > 50

    async def count(text: str) -> int:
        return len(text) // 3

    fitted = asyncio.run(fit(paper, 9000, count))
    assert 8000 < fitted.tokens <= 9000
    assert r"\text{loss} = \alpha \cdot N" in fitted.text


def test_renderings_read_back(shared_papers: Path) -> None:
    for path in sorted(shared_papers.glob("*/paper.*")):
        text = render(read_paper(path, "text"))
        assert render(read_markdown(text)) == text, path
