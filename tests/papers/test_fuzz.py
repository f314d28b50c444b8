"""Hostile input gives a paper with text or one of our errors, and ends."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.core.errors import OfflineCoderError
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render
from tests.papers.pdf_writer import Page, pdf
from tests.papers.test_latex import MAIN
from tests.papers.test_markdown import MARKER
from tests.papers.test_s2orc import GOOD

SUFFIXES = st.sampled_from([".pdf", ".md", ".tex", ".json", ".txt", ""])
SEEDS = {
    ".tex": MAIN.encode(),
    ".md": MARKER.encode(),
    ".json": repr(GOOD).replace("'", '"').replace("None", "null").encode(),
    ".pdf": pdf([Page().text(72, 700, "1 Introduction", 14, "bold").text(72, 680, "text " * 60)]),
}
SCRAPS = st.sampled_from(
    [b"{", b"}", b"\\", b"$", b"\\begin{table}", b"\\end{tabular}", b"\\def\\x{\\x}", b"\\x", b"|", b"\n\n",
     b"```", b"#", b"<table>", b"<td colspan=99999>", b"[", b"]", b'"', b",", b"null", b"\x00", b"\xff",
     b"\xe2\x80\xae", b"obj", b"stream", b"\\input{main}", b"%", b"\\fi", b"\\iffalse", b"&", b"\\\\", b"\\item",
     b"- ", b"=====", b"&#x0;", b"999999999"]
)  # fmt: skip


def attempt(raw: bytes, suffix: str) -> None:
    """Read `raw`; a paper must hold text and be renderable."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"main{suffix}"
        path.write_bytes(raw)
        try:
            paper = read_paper(path, "text")
        except OfflineCoderError:
            return
        assert any(section.blocks for section in paper.sections)
        assert render(paper).strip()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), SUFFIXES)
def test_random_bytes(raw: bytes, suffix: str) -> None:
    attempt(raw, suffix)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(SEEDS)),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.3), SCRAPS), max_size=8),
)
def test_mutated_papers(suffix: str, cuts: list[tuple[float, float, bytes]]) -> None:
    raw = SEEDS[suffix]
    for place, length, scrap in cuts:
        at = int(len(raw) * place)
        raw = raw[:at] + scrap + raw[at + int(len(raw) * length * length) :]
    attempt(raw, suffix)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([".tex", ".md", ".json"]), SCRAPS, SCRAPS, st.integers(1000, 30_000))
def test_repeated_scraps(suffix: str, one: bytes, two: bytes, times: int) -> None:
    attempt(SEEDS[suffix] + (one + two) * times, suffix)
    attempt((one + two) * times, suffix)
