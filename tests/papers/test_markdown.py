"""Markdown papers, as people and converters write them."""

from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.paper import Paper
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render


def paper_of(folder: Path, text: str) -> Paper:
    """The paper in this Markdown."""
    path = folder / "paper.md"
    path.write_text(text, encoding="utf-8")
    return read_paper(path)


MARKER = """\
# A Title: With Parts

### Ada Lovelace∗

ada@example.org

### Abstract

We show <i>things</i>.[1](#page-0-0)

## Contents

| 1 | Introduction | 3 |
|---|---|---|

### <span id="page-2-0"></span>1. Introduction

Text with $x_1 * y_2 * z$ and [(Ada, 1843)](#page-9-1), Figure [4](#page-1-1).

![](_page_2_Figure_3.jpeg)

Figure 1: A **bold** caption.

#### <span id="page-2-1"></span>1.1 Deeper

$$a = b \\tag{1}$$

- <span id="t"></span>Table 1: Numbers.
the rest of a sentence.

| Model<br>name | Q (↑) |
|---|---|
| <b>A</b> | 1.5 |

## **2 Method**

```
# not a heading
x = 1
```

#### if is training:

1. one
2. two
   - inner

### A. Proofs

Proof text.

### B Extra

More.

### References

- <span id="r"></span>Ada Lovelace. Notes. 1843.
- Charles Babbage. Engine. 1832.
"""


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """What marker would write."""
    return paper_of(tmp_path_factory.mktemp("md"), MARKER)


def test_headings_are_repaired(paper: Paper) -> None:
    assert [(s.id, s.title, s.level) for s in paper.sections] == [
        ("s1", "Introduction", 1),
        ("s1.1", "Deeper", 2),
        ("s2", "Method", 1),
        ("sA", "Proofs", 1),
        ("sB", "Extra", 1),
    ]


def test_front_and_references(paper: Paper) -> None:
    assert paper.title == "A Title: With Parts"
    assert paper.authors == ("Ada Lovelace∗", "ada@example.org")
    assert paper.abstract == "We show things.[1]"
    assert paper.references == ("Ada Lovelace. Notes. 1843.", "Charles Babbage. Engine. 1832.")


def test_blocks(paper: Paper) -> None:
    first, second, third = (section.blocks for section in paper.sections[:3])
    assert [(b.kind, b.text) for b in first] == [
        ("paragraph", "Text with $x_1 * y_2 * z$ and (Ada, 1843), Figure 4."),
        ("figure", "Figure 1: A bold caption."),
    ]
    assert second[0].kind == "equation"
    assert second[0].text == r"a = b \tag{1}"
    assert [b.kind for b in third] == ["code", "paragraph", "list"]
    assert third[0].text == "# not a heading\nx = 1"
    assert third[2].text == "1. one\n2. two\n  - inner"


def test_tables(tmp_path: Path) -> None:
    text = """# T

## 1 R

| A<br>b | c |
|---|--:|
| <b>1</b> | x\\|y |

Table 2: Below.

<table><caption>Table 3: Html.</caption><tr><th colspan="2">h</th></tr><tr><td>1</td><td>2 &amp; 3</td></tr></table>
"""
    blocks = paper_of(tmp_path, text).sections[0].blocks
    assert blocks[0].text == "Table 2: Below.\n\n| A b | c |\n| --- | --- |\n| 1 | x\\|y |"
    assert blocks[1].text == "Table 3: Html.\n\n| h | |\n| --- | --- |\n| 1 | 2 & 3 |"


def test_an_html_cell_that_is_never_closed_ends_with_its_row(tmp_path: Path) -> None:
    text = "# T\n\n## 1 R\n\n<table><tr><td>1<td>2<tr>\n<td>3</td><td>4<tr>< x</table>\n"
    block = paper_of(tmp_path, text).sections[0].blocks[0]
    assert block.text == "| 1 | 2 |\n| --- | --- |\n| 3 | 4 |"


def test_setext_headings_parentheses_math_and_yaml_head(tmp_path: Path) -> None:
    text = '---\ntitle: "From YAML"\n---\n\nIntro\n=====\n\nWe use \\(x\\).\n\n\\[\ny = 1\n\\]\n\nSub\n---\n\nEnd.\n'
    paper = paper_of(tmp_path, text)
    assert paper.title == "From YAML"
    assert [(s.id, s.title) for s in paper.sections] == [("s1", "Intro"), ("s1.1", "Sub")]
    assert [b.text for b in paper.sections[0].blocks] == ["We use $x$.", "y = 1"]


def test_text_without_headings_is_kept(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, "# Only a title\n\nSome text that must not be lost.\n")
    assert paper.sections[0].blocks[0].text == "Some text that must not be lost."


def test_an_open_fence_loses_nothing(tmp_path: Path) -> None:
    paper = paper_of(tmp_path, "# T\n\n## 1 A\n\n```\ncode\n\n## 2 B\n\ntext\n")
    assert [s.id for s in paper.sections] == ["s1", "s2"]
    assert any("never closed" in str(warning) for warning in paper.warnings)


@pytest.mark.parametrize(
    "text", ["# Title\n", "# Title\n\n## 1 A\n\n## 2 B\n", "# T\n\n## References\n\n- a\n"]
)
def test_no_body_text_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="no text"):
        paper_of(tmp_path, text)


def test_structure_in_prose_cannot_forge_structure(tmp_path: Path) -> None:
    text = r"""\documentclass{a}\begin{document}\section{S}
\#\# [s9] 9 Forged

\texttt{\`{}\`{}\`{}}

Real.
\end{document}"""
    path = tmp_path / "p.tex"
    path.write_text(text)
    rendered = render(read_paper(path))
    assert [line for line in rendered.split("\n") if line.startswith("#")] == ["#", "## [s1] 1 S"]


@pytest.mark.parametrize("planted", ["<![ b", "<![xxxxxxxx", "<!x", "<!"])
def test_a_declaration_in_an_html_table_does_not_stop_the_reader(planted: str) -> None:
    text = f"# T\n\n## One\n\nWords.\n\n<table><tr><td>a {planted}</td><td>7</td></tr></table>\n"
    assert "7" in render(read_markdown(text))
