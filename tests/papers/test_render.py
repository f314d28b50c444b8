"""The canonical Markdown: stable, and read back as it was."""

import unicodedata
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.paper import Block, Paper, Section
from offline_coder.papers.render import render
from offline_coder.papers.tables import markdown_table

# Pieces that mean something to Markdown, HTML, LaTeX or our own rendering, among ordinary words.
PIECES = st.sampled_from(
    ["word", "Über", "x_1", "#", "##", "```", "~~~", "$", "$$", "|", "---", "===", "-", "1.", "*", "**b**",
     "`c`", "<b>", "<table>", "</table>", "[s1]", "[Left out", "\\", "\\(", "![a](b)", "[l](#p)", "References",
     "Abstract", "Table 1:", "Figure 2: x", "{{ a }}", "{% b %}", "&amp;", "\u202e", "\u0301", "é", "\u00a0",
     "A.", "3.2", "\\begin{equation}"]
)  # fmt: skip
LINES = st.lists(PIECES, min_size=1, max_size=6).map(" ".join)
WORDY = LINES.map(lambda line: f"w {line}")
TABLES = st.lists(st.lists(LINES, min_size=1, max_size=4), min_size=1, max_size=4).map(markdown_table)


def block(kind: str, text: str) -> Block:
    """A block of this kind."""
    return Block.model_validate({"kind": kind, "text": text})


BLOCKS = st.one_of(
    LINES.map(lambda text: block("paragraph", text)),
    LINES.map(lambda text: block("equation", text)),
    st.lists(LINES, min_size=1, max_size=3).map(lambda lines: block("code", "\n".join(lines))),
    st.lists(LINES, min_size=1, max_size=3).map(lambda lines: block("algorithm", "\n".join(lines))),
    st.lists(WORDY, min_size=1, max_size=3).map(
        lambda items: block("list", "\n".join(f"- {i}" for i in items))
    ),
    TABLES.map(lambda table: block("table", f"Table 1: words\n\n{table}")),
    WORDY.map(lambda text: block("figure", f"Figure 1: {text}")),
)


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    """Papers with every kind of block and hostile words in every place."""
    sections = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        found = draw(st.lists(BLOCKS, min_size=1, max_size=4))
        numbered = draw(st.booleans())
        sections.append(
            Section(
                id=f"s{number}",
                number=str(number) if numbered else "",
                title=draw(LINES),
                level=draw(st.integers(1, 6)),
                blocks=(block("paragraph", "text"), *found),
            )
        )
    return Paper(
        title=draw(LINES),
        abstract=draw(LINES),
        sections=tuple(sections),
        references=tuple(draw(st.lists(WORDY, max_size=3))),
        source_format="markdown",
    )


@settings(max_examples=120, deadline=None)
@given(papers())
def test_rendering_reads_back_to_the_same_bytes(paper: Paper) -> None:
    text = render(paper)
    again = read_markdown(text)
    assert render(again) == text
    assert [section.id for section in again.sections] == [section.id for section in paper.sections]


@settings(max_examples=60, deadline=None)
@given(papers())
def test_form(paper: Paper) -> None:
    text = render(paper)
    assert text == render(paper)
    assert unicodedata.normalize("NFC", text) == text
    assert "\r" not in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(line == line.rstrip() for line in text.split("\n"))


def test_headings_carry_ids(tmp_path: Path) -> None:
    paper = Paper(
        title="T",
        sections=(
            Section(id="s3.2", number="3.2", title="Method", level=2, blocks=(block("paragraph", "x"),)),
        ),
        references=("[1] A.",),
        source_format="latex",
    )
    assert render(paper) == "# T\n\n### [s3.2] 3.2 Method\n\nx\n\n## References\n\n- [1] A.\n"
    assert paper.section_text("s3.2") == "### [s3.2] 3.2 Method\n\nx"
