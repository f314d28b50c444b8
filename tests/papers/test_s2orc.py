"""S2ORC JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from offline_coder.core.errors import BadInput
from offline_coder.papers.paper import Paper
from offline_coder.papers.read import read_paper

GOOD: dict[str, Any] = {
    "title": "Provided proper attribution is provided, we permit copying. The Real Title",
    "authors": [{"first": "Ada", "middle": ["K."], "last": "Lovelace"}],
    "abstract": "Short.",
    "pdf_parse": {
        "body_text": [
            {"text": "Hello.", "section": "Introduction", "sec_num": "1"},
            {
                "text": "As EQUATION_0 shows",
                "section": "Method",
                "sec_num": "2",
                "eq_spans": [{"raw_str": "a = b", "eq_num": "(1)"}],
            },
            {"text": "We see Table 1 and Figure 2.", "section": "Deep", "sec_num": "2.1"},
            {"text": "• first of the points", "section": "Deep", "sec_num": "2.1"},
            {"text": "• second of the points", "section": "Deep", "sec_num": "2.1"},
            {"text": "Smoothing text.", "section": "Smoothing", "sec_num": None},
            {"text": "3 Results", "section": "Smoothing", "sec_num": None},
            {"text": "Good.", "section": "Proofs", "sec_num": "A.1"},
        ],
        "back_matter": [{"text": "Thanks.", "section": "acknowledgement", "sec_num": None}],
        "ref_entries": {
            "TABREF0": {
                "text": "Values.",
                "type_str": "table",
                "html": None,
                "content": "<table><tr><td>a</td><td/></tr><tr><td>1</td><td>2</td></tr></table>",
            },
            "FIGREF1": {"text": "Figure 2: A plot.", "type_str": "figure", "fig_num": "2"},
        },
        "bib_entries": {
            "BIBREF0": {"title": "Notes", "authors": [{"first": "A", "last": "L"}], "year": 1843}
        },
    },
}


def read(folder: Path, data: object) -> Paper:
    """The paper in this JSON."""
    path = folder / "paper.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return read_paper(path)


def test_everything_is_there(tmp_path: Path) -> None:
    paper = read(tmp_path, GOOD)
    assert paper.title == "The Real Title"
    assert paper.authors == ("Ada K. Lovelace",)
    assert [(s.id, s.title) for s in paper.sections] == [
        ("s1", "Introduction"),
        ("s2", "Method"),
        ("s2.1", "Deep"),
        ("s3", "Results"),
        ("sA.1", "Proofs"),
        ("su1", "Acknowledgement"),
    ]
    assert [(b.kind, b.text) for b in paper.sections[1].blocks] == [
        ("paragraph", "As"),
        ("equation", r"a = b \tag{1}"),
        ("paragraph", "shows"),
    ]
    assert [b.kind for b in paper.sections[2].blocks] == ["paragraph", "table", "figure", "list", "paragraph"]
    assert paper.sections[2].blocks[4].text == "Smoothing. Smoothing text."
    assert paper.sections[2].blocks[1].text == "Table 1: Values.\n\n| a | |\n| --- | --- |\n| 1 | 2 |"
    assert paper.sections[2].blocks[2].text == "Figure 2: A plot."
    assert paper.references == ("[BIBREF0] A L. Notes. 1843",)


def test_latex_parse_is_read_too(tmp_path: Path) -> None:
    data = {"title": "T", "abstract": [{"text": "A."}], "latex_parse": GOOD["pdf_parse"]}
    paper = read(tmp_path, data)
    assert paper.abstract == "A."
    assert paper.sections[0].title == "Introduction"


def test_an_equation_the_file_lacks_is_marked_and_reported(tmp_path: Path) -> None:
    body = [{"text": "EQUATION", "section": "M", "sec_num": "1", "eq_spans": []}]
    paper = read(tmp_path, {"title": "T", "pdf_parse": {"body_text": body}})
    assert "missing" in paper.sections[0].blocks[0].text
    assert any("equation" in str(warning) for warning in paper.warnings)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"title": "T"}, "no key 'pdf_parse'"),
        ({"pdf_parse": {"abstract": []}}, "no list 'body_text'"),
        ({"pdf_parse": {"body_text": "x"}}, "no list 'body_text'"),
        ({"pdf_parse": {"body_text": []}}, "empty 'body_text'"),
        ({"pdf_parse": {"body_text": [{"text": ""}]}}, "empty 'body_text'"),
        ([1, 2], "holds a list"),
        ("x", "holds a str"),
    ],
)
def test_other_shapes_are_named(tmp_path: Path, data: object, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        read(tmp_path, data)
    assert "doc2json" in caught.value.hint
