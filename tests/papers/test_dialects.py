"""Markdown as marker, MinerU, docling and pandoc write it: one paper of our own in the habits of each."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.core.errors import OfflineCoderError
from offline_coder.papers.agreement import compare
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.paper import Paper
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render

FOLDER = Path(__file__).parent / "dialects"
DIALECTS = ["marker", "mineru", "docling", "pandoc"]


def read(name: str) -> Paper:
    """The paper in a dialect."""
    return read_paper(FOLDER / f"{name}.md")


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Kind and text of the blocks of a section with this text."""
    paper = read_markdown(f"# T\n\n## 1 A\n\nFirst.\n\n{text}\n")
    return [(block.kind, block.text) for section in paper.sections for block in section.blocks][1:]


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_tells_the_same_paper(name: str) -> None:
    plain, paper = read("plain"), read(name)
    found = compare(plain, paper)
    assert (found.precision, found.recall, found.order) == (1.0, 1.0, 1.0)
    assert {s.id: s.similarity for s in found.sections if s.similarity < 0.98} == {}
    assert found.missing_numbers == ()
    assert found.cells_kept == 1.0
    assert [s.level for s in paper.sections] == [s.level for s in plain.sections]
    assert (paper.title, paper.abstract, paper.references) == (plain.title, plain.abstract, plain.references)
    assert any("Ada Moss" in author for author in paper.authors)


@pytest.mark.parametrize("name", DIALECTS)
def test_blocks_are_those_of_the_plain_text(name: str) -> None:
    """Byte for byte, but for the paragraph with a footnote, which each tool sets elsewhere, and for the head
    over two columns, which docling repeats."""
    plain, paper = read("plain"), read(name)
    for one, two in zip(plain.sections[1:], paper.sections[1:], strict=True):
        texts = [block.text.replace("Orchard | Orchard |", "Orchard | |") for block in two.blocks]
        assert texts == [block.text for block in one.blocks]
        assert [block.kind for block in two.blocks] == [block.kind for block in one.blocks]


@pytest.mark.parametrize("name", [*DIALECTS, "plain"])
def test_every_block_knows_its_lines(name: str) -> None:
    lines = (FOLDER / f"{name}.md").read_text(encoding="utf-8").split("\n")
    for section in read(name).sections:
        for block in section.blocks:
            assert block.places, block
            source = "\n".join(
                "\n".join(lines[first - 1 : last])
                for place in block.places
                for first, last in [place.lines or (1, 0)]
            )
            for word in ("holds", "17", "0.003", "91.5", "depth", "leaves.", "suffice", "rule"):
                assert (word in source) >= (word in block.text), (block, source)


def test_what_docling_could_not_write_is_a_warning_with_its_line() -> None:
    paper = read_markdown("## T\n\n## 1 A\n\nAs\n\n<!-- formula-not-decoded -->\n\nsays.\n\n<!-- image -->\n")
    assert [block.kind for block in paper.sections[0].blocks] == ["paragraph", "equation", "paragraph"]
    assert [str(warning) for warning in paper.warnings] == [
        "line 7: an equation was lost when the Markdown was made"
    ]


def test_headings_that_are_only_paragraphs_are_found() -> None:
    text = "Abstract\n\nWe.\n\n1 Introduction\n\nText.\n\n1.1 Our Aim\n\nText.\n\n3 apples fell.\n\n**2 Method**\n\nText.\n"
    paper = read_markdown(f"# T\n\n{text}\n\n**Data.** More text here.\n\nReferences\n\n- A. 2001.\n")
    assert [(s.id, s.title) for s in paper.sections] == [
        ("s1", "Introduction"), ("s1.1", "Our Aim"), ("s2", "Method")
    ]  # fmt: skip


def test_a_bold_line_in_a_paper_with_headings_stays_text() -> None:
    assert blocks_of("**Note well**\n\nMore.")[0] == ("paragraph", "Note well")


def test_headings_on_one_level_get_the_level_of_their_number() -> None:
    names = ["1 One", "2 Two", "2.1 Deep", "Some note", "Conclusion", "A. Proofs"]
    paper = read_markdown("# T\n\n" + "\n\n".join(f"# {name}\n\nText." for name in names))
    assert [(s.id, s.level) for s in paper.sections] == [
        ("s1", 1), ("s2", 1), ("s2.1", 2), ("s2.1.u1", 3), ("su1", 1), ("sA", 1)
    ]  # fmt: skip


def test_headings_that_skip_a_level_stay_sisters() -> None:
    paper = read_markdown("# T\n\n# One\n\nA.\n\n#### Deep\n\nB.\n\n#### Other\n\nC.\n\n# Two\n\nD.\n")
    assert [s.id for s in paper.sections] == ["s1", "s1.1", "s1.2", "s2"]


def test_spans_of_html_tables_keep_the_columns() -> None:
    table = (
        "<table><tr><th rowspan=2>m</th><th colspan=2>a</th></tr><tr><td>b</td><td>c</td></tr>"
        '<tr><td>1</td><td rowspan="2" colspan="2">10<sup>5</sup></td></tr><tr><td>2</td></tr></table>'
    )
    assert blocks_of(table) == [
        ("table", "| m | a | |\n| --- | --- | --- |\n| | b | c |\n| 1 | 10^5 | |\n| 2 | | |")
    ]


def test_words_around_an_html_table_are_kept() -> None:
    found = blocks_of("<p>Table 3: Sizes.</p> <table><tr><td>1</td></tr></table> (sizes in GB)")
    assert found == [("table", "Table 3: Sizes.\n\n| 1 |\n| --- |"), ("paragraph", "(sizes in GB)")]


GRID = """\
+-------+---------------+
| Model | Scores        |
|       +-------+-------+
|       | small | large |
+=======+=======+=======+
| Tree  | 1.5   | 2.5   |
| (old) |       |       |
+-------+-------+-------+
| none          | 3     |
+---------------+-------+
"""
MULTILINE = """\
-----------------------------
 Model      Score     Words
 name
---------- ------- ----------
 Tree        1.5   one two
                   three

 ÄÖ中文      2.5   four
-----------------------------

: Sizes.
"""


def test_drawn_tables_of_pandoc() -> None:
    assert blocks_of(GRID)[0][1].split("\n") == [
        "| Model | Scores | |", "| --- | --- | --- |", "| | small | large |", "| Tree (old) | 1.5 | 2.5 |",
        "| none | | 3 |",
    ]  # fmt: skip
    assert blocks_of(MULTILINE)[0][1].split("\n") == [
        "Table 1: Sizes.", "", "| Model name | Score | Words |", "| --- | --- | --- |",
        "| Tree | 1.5 | one two three |", "| ÄÖ中文 | 2.5 | four |",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"Cost \$5, a\_b, \[1\] and 3\*4.", "Cost $5, a_b, [1] and 3*4."),
        ("By [@a1; see @b2, p. 3] and @moss21.", "By [a1, b2; see p. 3] and [moss21]."),
        ("See [the site](https://x.example/a_(b)){.uri}, <https://y.example>.", "See the site, https://y.example."),
        ("[Small]{.smallcaps} x^2^, H~2~O, 10<sup>-3</sup>, 1<sup>st</sup>.", "Small x^2, H_2O, 10^{-3}, 1st."),
        ("Mail a@b.org or pass@1.", "Mail a@b.org or pass@1."),
        ("Pages 3--7 --- and --seed.", "Pages 3–7 --- and --seed."),
        ("Inline $`a_1`$ and ^[A note.] here.", "Inline $a_1$ and (footnote: A note.) here."),
        ("Code `a\\_b` and $a\\_b$ stay.", "Code `a\\_b` and $a\\_b$ stay."),
    ],
)  # fmt: skip
def test_the_inside_of_lines(text: str, plain: str) -> None:
    assert blocks_of(text) == [("paragraph", plain)]


def test_display_mathematics_in_every_form() -> None:
    forms = [
        "$$\na = b\n$$",
        "\\[a = b\\]",
        "```math\na = b\n```",
        "\\begin{equation}\na = b\n\\end{equation}",
    ]
    for form in forms:
        assert blocks_of(form) == [("equation", "a = b")], form
    assert blocks_of("$$\\begin{align}\na &= b % why\n\\\\ c &= d\n\\end{align}$$")[0][1] == (
        "\\begin{aligned}\na &= b \\\\ c &= d\n\\end{aligned}"
    )


def test_figures_of_html_and_footnotes_that_nothing_names() -> None:
    figure = '<figure id="fig:a">\n<img src="a.png" />\n<figcaption>A <b>tree</b>.</figcaption>\n</figure>'
    found = blocks_of(f"{figure}\n\nAs [\\[fig:a\\]](#fig:a) shows.\n\n[^7]: Lost and found.")
    assert found == [
        ("figure", "Figure 1: A tree."), ("paragraph", "As 1 shows."), ("paragraph", "(footnote 7: Lost and found.)")
    ]  # fmt: skip


# What the dialects are made of, to be put together at random.
SCRAPS = st.sampled_from(
    ["---", "title: x", "...", "::: {#tab:a}", ":::", "::: abstract", "[^1]: note", "text[^1] more", ": Caption {#t}",
     "  A   B", "  --- ---", "  1   2", "------------", "+---+---+", "| a | b |", "|---|---|", "<table><tr><td>1", "</table>",
     "<!-- image -->", "<!-- open", "-->", "![c](a.png){#fig:x}", "<figure>", "</figure>", "**1 Bold**", "2 Plain Heading",
     "# 3 Heading {#h}", "[@key1; @key2]", "$$", "\\[", "\\]", "```{.python}", "```", "<sup>1</sup> note", "- item", "",
     "{3}-----------", "<span id=\"p\"></span>", "[1](#a){reference-type=\"ref\"}", "> quote", "Table: x", "10^-3^"]
)  # fmt: skip


def test_a_heading_below_a_number_met_twice_is_read_back() -> None:
    text = render(read_markdown("words\n\n# 3 Heading\n\n# 3 Heading\n\n## below\n\nmore"))
    assert "[s3-2.u1] below" in text
    assert render(read_markdown(text)) == text


@settings(max_examples=150, deadline=None)
@given(st.lists(SCRAPS, min_size=1, max_size=25))
def test_any_mixture_is_read_and_its_rendering_read_back(lines: list[str]) -> None:
    try:
        paper = read_markdown("\n".join(lines))
    except OfflineCoderError:
        return
    text = render(paper)
    assert render(read_markdown(text)) == text
    assert all(block.places for section in paper.sections for block in section.blocks)
