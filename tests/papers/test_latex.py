"""LaTeX papers, read through the public face."""

from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput
from offline_coder.papers.latex_places import last_mark
from offline_coder.papers.paper import Block, Paper
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render

MAIN = r"""
\documentclass{article}
\usepackage{amsmath} % \section{Not this one}
\begin{filecontents}{refs.bib}
@article{ada1843, author={Lovelace, Ada and Menabrea, Luigi}, title={Notes on the {Engine}},
  journal={Taylor's Memoirs}, year={1843}}
@book{unused, title={Never cited}, year=1900}
\end{filecontents}
\newcommand{\model}{d_{\text{model}}}
\newcommand{\norm}[2][2]{\lVert #2 \rVert_{#1}}
\def\pair#1#2{\langle #1, #2 \rangle}
\DeclareMathOperator*{\argmin}{arg\,min}
\newcommand{\ours}{GrokNet\xspace}
\newtheorem{lem}{Lemma}
\title{A Small \\ Paper\thanks{Paid for by nobody.}}
\author{Ada Lovelace\thanks{Equal contribution, and more.} \\ Analytical Society \And Charles Babbage \\ London}
\begin{document}
\maketitle
\begin{abstract}
We do a thing with \ours at 100\% cost.
\end{abstract}
\section{Introduction}\label{sec:intro}
\input{intro}
\iffalse
\section{Hidden} never shown
\fi
\section{Method}
\subsection{Loss \texorpdfstring{$L$}{L}}\label{sec:loss}
We minimise $\argmin_\theta \norm{x} + \norm[1]{\pair{a}{b}}$ with $\model=512$, see \eqref{eq:loss}
and Table~\ref{tab:hyper}. % a comment with 123456789
\begin{equation}\label{eq:loss}
L = \norm{y - f(x)}^2
\end{equation}
\begin{align}
a &= b \label{eq:a} \\
c &= d \nonumber
\end{align}
\paragraph{Details} Runs in G{\"o}teborg by {\L}ukasz\footnote{Who knows \emph{why}.} and \oddmacro{kept words}.
\begin{lem}[Small] Every thing is small. \end{lem}
\begin{enumerate}
  \item First
  \begin{itemize} \item inner $x$ \end{itemize}
  \item[Rate:] second
\end{enumerate}
\begin{table}
\caption{Settings of \ours.}\label{tab:hyper}
\begin{tabular}{l|c@{\hskip 3pt}r}
\toprule
Name & \multicolumn{2}{c}{Value} \\ \midrule
rate \& decay & $10^{-3}$ & 0.5 \\
a|b & 7 & \\
\bottomrule
\end{tabular}
\end{table}
\begin{figure}\includegraphics{x.png}\caption{A picture.}\label{fig:p}\end{figure}
\begin{algorithm}
\caption{Train}\label{alg:t}
\begin{algorithmic}[1]
\Require data $D$
\For{$i \in D$}
  \If{$i > 0$} \State step $i$ \Comment{slow} \EndIf
\EndFor
\State \Return $\theta$
\end{algorithmic}
\end{algorithm}
\begin{verbatim}
x = 1  % not a comment
\section{Not a section}
\end{verbatim}
\appendix
\section{Proofs}\label{app:p}
Figure~\ref{fig:p}, Algorithm~\ref{alg:t}, Section~\ref{sec:loss}, \cref{app:p}, \ref{none}; \citep[see][]{ada1843}.
\subsection{More} Text.
\bibliography{refs}
\end{document}
"""


def paper_of(folder: Path, main: str, **files: str) -> Paper:
    """The paper in a folder with these files."""
    (folder / "main.tex").write_text(main, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    return read_paper(folder)


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """The paper above."""
    return paper_of(
        tmp_path_factory.mktemp("latex"), MAIN, intro="We begin.\n\n\\input{deeper}", deeper="Deep text."
    )


def blocks(paper: Paper, section: str) -> tuple[Block, ...]:
    """The blocks of a section."""
    return next(found for found in paper.sections if found.id == section).blocks


def test_sections_have_the_numbers_latex_prints(paper: Paper) -> None:
    assert [(s.id, s.number, s.title) for s in paper.sections] == [
        ("s1", "1", "Introduction"),
        ("s2", "2", "Method"),
        ("s2.1", "2.1", "Loss L"),
        ("sA", "A", "Proofs"),
        ("sA.1", "A.1", "More"),
    ]
    assert paper.section_ids() == ("abstract", "s1", "s2", "s2.1", "sA", "sA.1")


def test_title_authors_abstract(paper: Paper) -> None:
    assert paper.title == "A Small Paper"
    assert paper.authors == ("Ada Lovelace", "Charles Babbage")
    assert paper.abstract == "We do a thing with GrokNet at 100% cost."


def test_inputs_are_followed_and_comments_and_hidden_parts_dropped(paper: Paper) -> None:
    text = render(paper)
    assert [block.text for block in blocks(paper, "s1")] == ["We begin.", "Deep text."]
    for gone in ("Hidden", "123456789", "Paid for", "Not this one", "usepackage"):
        assert gone not in text


def test_macros_are_expanded_in_mathematics(paper: Paper) -> None:
    first = blocks(paper, "s2.1")[0].text
    assert (
        r"$\operatorname*{arg\,min}_\theta \lVert x \rVert_{2} + \lVert \langle a, b \rangle \rVert_{1}$"
        in first
    )
    assert r"$d_{\text{model}}=512$" in first
    assert "see (1) and Table 1." in first


def test_equations_keep_latex_and_numbers(paper: Paper) -> None:
    equations = [block.text for block in blocks(paper, "s2.1") if block.kind == "equation"]
    assert equations == [
        r"L = \lVert y - f(x) \rVert_{2}^2 \tag{1}",
        "\\begin{align}\na &= b \\tag{2} \\\\\nc &= d\n\\end{align}",
    ]


def test_text_notes_accents_and_unknown_macros(paper: Paper) -> None:
    text = next(block.text for block in blocks(paper, "s2.1") if block.text.startswith("Details"))
    assert text == "Details. Runs in Göteborg by Łukasz (footnote: Who knows why.) and kept words."
    assert any("oddmacro" in str(warning) for warning in paper.warnings)
    assert "Lemma 1 (Small). Every thing is small." in render(paper)


def test_lists_tables_figures_algorithms_code(paper: Paper) -> None:
    by_kind = {block.kind: block.text for block in blocks(paper, "s2.1")}
    assert by_kind["list"] == "1. First\n  - inner $x$\n2. Rate: second"
    assert by_kind["table"] == (
        "Table 1: Settings of GrokNet.\n\n"
        "| Name | Value | |\n| --- | --- | --- |\n| rate & decay | $10^{-3}$ | 0.5 |\n| a\\|b | 7 | |"
    )
    assert by_kind["figure"] == "Figure 1: A picture."
    assert by_kind["algorithm"] == (
        "Algorithm 1: Train\nInput: data $D$\nfor $i \\in D$ do\n  if $i > 0$ then\n    step $i$  # slow\nreturn $\\theta$"
    )
    assert "x = 1  % not a comment\n\\section{Not a section}" in by_kind["code"]


def test_references_are_resolved(paper: Paper) -> None:
    text = blocks(paper, "sA")[0].text
    assert text == "Figure 1, Algorithm 1, Section 2.1, Appendix A, ??; [ada1843; see]."
    assert paper.references == (
        "[ada1843] Lovelace, Ada; Menabrea, Luigi. Notes on the Engine. Taylor's Memoirs, 1843.",
    )
    assert any("none" in str(warning) for warning in paper.warnings)


def test_a_bbl_beside_the_main_file_wins(tmp_path: Path) -> None:
    main = (
        r"\documentclass{article}\begin{document}\section{A} Text \cite{k}.\bibliography{none}\end{document}"
    )
    (tmp_path / "main.bbl").write_text(
        r"\begin{thebibliography}{1}\bibitem[K(2020)]{k} K. \newblock A title. \end{thebibliography}"
    )
    assert paper_of(tmp_path, main).references == ("[k] K. A title.",)


def test_a_bibliography_without_entries_is_no_crash(tmp_path: Path) -> None:
    body = r"\section{S} Text.\begin{thebibliography}{1}\end{thebibliography}"
    assert (
        paper_of(tmp_path, rf"\documentclass{{a}}\begin{{document}}{body}\end{{document}}").references == ()
    )


def test_algorithm2e(tmp_path: Path) -> None:
    body = (
        r"\begin{algorithm}\KwIn{$x$} \For{$i$}{ do it\; \eIf{$c$}{yes\;}{no\;} } \caption{C}\end{algorithm}"
    )
    paper = paper_of(tmp_path, rf"\documentclass{{a}}\begin{{document}}\section{{S}}{body}\end{{document}}")
    assert paper.sections[0].blocks[0].text.split("\n") == [
        "Algorithm 1: C",
        "Input: $x$",
        "for $i$ do",
        "  do it",
        "  if $c$ then",
        "    yes",
        "  else",
        "    no",
    ]


def test_of_several_main_files_the_one_with_inputs_is_read(tmp_path: Path) -> None:
    (tmp_path / "cover.tex").write_text(r"\documentclass{letter}\begin{document}Dear editor\end{document}")
    paper = paper_of(
        tmp_path, r"\documentclass{a}\begin{document}\input{body}\end{document}", body=r"\section{Real} Text."
    )
    assert paper.sections[0].title == "Real"


def test_inputs_outside_the_folder_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.tex").write_text("SECRET")
    inner = tmp_path / "paper"
    inner.mkdir()
    (inner / "link.tex").symlink_to(tmp_path / "secret.tex")
    body = rf"\input{{../secret}} \input{{{tmp_path}/secret.tex}} \input{{link}}"
    paper = paper_of(
        inner, rf"\documentclass{{a}}\begin{{document}}\section{{S}} Text. {body}\end{{document}}"
    )
    assert "SECRET" not in render(paper)
    assert sum("not there" in str(warning) for warning in paper.warnings) == 3


@pytest.mark.parametrize(
    "definitions",
    [
        r"\newcommand{\x}{\x\x}\def\y{\z}\def\z{\y}",
        r"\def\a{\b\b\b\b\b\b\b\b}\def\b{\c\c\c\c\c\c\c\c}\def\c{\d\d\d\d\d\d\d\d}\def\d{\e\e\e\e\e\e\e\e}"
        r"\def\e{\f\f\f\f\f\f\f\f}\def\f{\g\g\g\g\g\g\g\g}\def\g{lol lol}\def\x{\a\a}\def\y{\a}",
    ],
)
def test_macros_cannot_run_away(tmp_path: Path, definitions: str) -> None:
    paper = paper_of(
        tmp_path,
        rf"\documentclass{{a}}{definitions}\begin{{document}}\section{{S}} Text \x \y.\end{{document}}",
    )
    assert any("run away" in str(warning) for warning in paper.warnings)


def test_inputs_in_circles_end(tmp_path: Path) -> None:
    paper = paper_of(
        tmp_path, r"\documentclass{a}\begin{document}\section{S} Text \input{main}\end{document}"
    )
    assert any("circles" in str(warning) for warning in paper.warnings)


@pytest.mark.parametrize(
    "opening", ["{", r"\begin{center}", r"\textbf{", "$", r"\begin{itemize}\item ", r"\footnote{"]
)
def test_deep_nesting_ends(tmp_path: Path, opening: str) -> None:
    body = opening * 20_000
    paper = paper_of(
        tmp_path, rf"\documentclass{{a}}\begin{{document}}\section{{S}} Text. {body} end\end{{document}}"
    )
    assert "Text." in render(paper)


def test_a_folder_without_main_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "part.tex").write_text(r"\section{A} text")
    with pytest.raises(BadInput, match="no main LaTeX file") as caught:
        read_paper(tmp_path)
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_a_paper_without_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no body text"):
        paper_of(tmp_path, r"\documentclass{a}\title{T}\begin{document}\maketitle\section{A}\end{document}")


def test_a_macro_that_takes_one_token_does_not_cut_a_line_mark() -> None:
    assert last_mark("a \ufdd712\ufdd8b \ufdd73") == "\ufdd712\ufdd8"
    assert last_mark("a \ufdd7") == ""
