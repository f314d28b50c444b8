"""Every block leads back to its source, whatever it was read from."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_coder.papers.paper import Block, Paper, Place, ReadingWarning
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render
from tests.papers.pdf_writer import Page, pdf

MAIN = r"""
% A comment before everything.
\documentclass{article}
\newcommand{\many}[1]{many
  #1}
\title{T}
\begin{document}
\begin{abstract}
Short.
\end{abstract}
\section{One}
First words % and a comment
go on here.

\input{part}
\begin{table}
\caption{Sizes of \ref{sec:two}}
\begin{tabular}{ll} name & size \\ small & \ref{sec:two}
\end{tabular}
\end{table}

\paragraph{Aside}
Aside text.
\begin{verbatim}
code = 1
])
\end{verbatim}
Equation \[ a
= b \] and after.
\iffalse
gone
\fi
\begin{itemize}
\item \many{leaves}
\end{itemize}
\end{document}
"""
PART = "\n\nPart text\nof two lines.\n\n\\section{Two}\\label{sec:two}\nLast words.\n"


def blocks(paper: Paper) -> Iterator[Block]:
    """All blocks in order."""
    return (block for section in paper.sections for block in section.blocks)


def test_latex_lines_through_inputs_comments_and_macros(tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_text(MAIN)
    (tmp_path / "part.tex").write_text(PART)
    paper = read_paper(tmp_path)
    assert [(block.text.strip()[:10], [str(place) for place in block.places]) for block in blocks(paper)] == [
        ("First word", ["main.tex:12-13"]),
        ("Part text ", ["part.tex:3-4"]),
        ("Last words", ["part.tex:6-7"]),
        ("Table 1: S", ["main.tex:16-20"]),
        ("Aside. Asi", ["main.tex:22-23"]),
        ("code = 1\n]", ["main.tex:24-27"]),
        ("Equation", ["main.tex:28"]),
        ("a = b", ["main.tex:28-29"]),
        ("and after.", ["main.tex:29"]),
        ("- many lea", ["main.tex:33-35"]),
    ]
    table = next(block for block in blocks(paper) if block.kind == "table")
    assert table.text == "Table 1: Sizes of 2\n\n| name | size |\n| --- | --- |\n| small | 2 |"


def test_marks_of_places_never_show(tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_text(MAIN)
    (tmp_path / "part.tex").write_text(PART)
    assert not re.search("[\ufdd0-\ufdef\ufffd]", read_paper(tmp_path).model_dump_json())


def test_pdf_pages_and_boxes(tmp_path: Path) -> None:
    first = Page().text(72, 720, "A Paper on Two Pages", 17, "bold").text(72, 690, "1 Method", 12, "bold")
    first.lines(
        72, 670, ["We count the leaves of many trees, one after the other, and add them up until all"]
    )
    second = Page()
    second.lines(
        72,
        720,
        [
            "of them are counted. This is all that there is to it, as far as anybody knows and told us. So be it."
        ],
    )
    path = tmp_path / "p.pdf"
    path.write_bytes(pdf([first, second]))
    found = [block for block in blocks(read_paper(path, "text")) if block.kind == "paragraph"]
    assert [place.page for place in found[0].places] == [1, 2]
    for place in found[0].places:
        left, bottom, right, top = place.box or (0, 0, 0, 0)
        assert left == pytest.approx(72, abs=1)
        assert 0 < bottom < top <= 792
        assert 300 < right <= 612


def test_places_are_no_part_of_the_rendering(shared_papers: Path) -> None:
    paper = read_paper(shared_papers / "transformer" / "latex")
    bare = [
        s.model_copy(update={"blocks": tuple(b.model_copy(update={"places": ()}) for b in s.blocks)})
        for s in paper.sections
    ]
    assert render(paper.model_copy(update={"sections": tuple(bare)})) == render(paper)


@pytest.mark.parametrize("form", ["transformer/latex", "multi_style_adapter/paper.tex"])
def test_the_words_of_a_block_stand_in_its_lines(shared_papers: Path, form: str) -> None:
    path = shared_papers / form
    folder = path if path.is_dir() else path.parent
    for block in blocks(read_paper(path)):
        assert block.places, block
        lines = ""
        for place in block.places:
            first, last = place.lines or (1, 0)
            lines += "\n".join((folder / place.file).read_text().split("\n")[first - 1 : last])
        words = set(re.findall(r"[a-z]{5,}", block.text)) - {"aligned", "begin", "footnote"}
        assert len([word for word in words if word not in lines]) <= len(words) * 0.1, (block, lines)


def test_every_paper_leads_back(shared_papers: Path) -> None:
    for path in sorted([*shared_papers.glob("*/paper.*"), *shared_papers.glob("*/latex")]):
        paper = read_paper(path, "text")
        assert all(block.places for block in blocks(paper)), path
        assert all(str(place) for block in blocks(paper) for place in block.places), path


def test_a_place_reads_well_and_survives_json() -> None:
    shown = {
        "a.tex:3-4": Place(file="a.tex", lines=(3, 4)),
        "line 3": Place(lines=(3, 3)),
        "page 2": Place(page=2, box=(1, 2, 3, 4)),
        "/content/text#char=5,9": Place(pointer="/content/text", chars=(5, 9)),
        "b.tex": Place(file="b.tex"),
    }
    for words, place in shown.items():
        assert str(place) == words
        assert Place.model_validate_json(place.model_dump_json()) == place
    doubt = ReadingWarning(what="lost", where=Place(page=2), certainty="possible")
    assert str(doubt) == "page 2: lost (possible)"


def test_warnings_of_latex_say_where(tmp_path: Path) -> None:
    text = "\\documentclass{a}\n\\begin{document}\n\\section{A}\nText.\n\nMore \\oddone{kept} and \\ref{none}.\n\n"
    text += "\\begin{oddity}\nInside.\n\\end{oddity}\n\\begin{tikzpicture}\nx\n\\end{tikzpicture}\n\\end{document}\n"
    path = tmp_path / "main.tex"
    path.write_text(text)
    found = {warning.what.split(" (")[0]: warning for warning in read_paper(path).warnings}
    assert {what: (str(w.where), w.certainty) for what, w in found.items() if w.where} == {
        "unknown LaTeX command \\oddone": ("main.tex:6", "possible"),
        "unknown LaTeX environment oddity; its text is kept": ("main.tex:8", "possible"),
        "a drawing or data in tikzpicture is left out": ("main.tex:11-13", "certain"),
        "references to labels that do not exist: none": ("main.tex:6", "certain"),
    }
