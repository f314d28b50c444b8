"""S2ORC JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from offline_coder.core.errors import BadInput
from offline_coder.papers.paper import Paper
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render

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


LATEX_PARSE: dict[str, Any] = {
    "metadata": {"title": "From LaTeX", "authors": [{"first": "Bob", "middle": [], "last": "Fern", "suffix": "Jr."}]},
    "abstract": ["We count INLINEFORM0.", "Well."],
    "latex_parse": {
        "body_text": [
            {
                "text": "As BIBREF0 says, INLINEFORM0 holds by DISPLAYFORM0 (see EQREF3, Table TABREF1, section SECREF2)FOOTREF4 .",
                "section": "Method::Loss",
                "sec_num": "2.1",
                "cite_spans": [{"start": 3, "end": 10, "text": None, "ref_id": "BIBREF0"}],
                "eq_spans": [
                    {"start": 17, "end": 28, "text": "x", "latex": "x_1", "ref_id": "INLINEFORM0"},
                    {"start": 38, "end": 50, "text": "", "latex": "a = b \\tag{3}", "ref_id": "DISPLAYFORM0"},
                ],
            }
        ],
        "back_matter": [
            {"text": "Acknowledgements We thank all.", "section": "acknowledgement", "sec_num": None},
            {"text": "More rows.", "section": "A.1 More Rows", "sec_num": None},
        ],
        "ref_entries": {
            "EQREF3": {"text": "", "latex": "a = b", "num": "3", "type": "equation"},
            "TABREF1": {"text": "Sizes", "num": "4", "type": "table", "html": "<table><tr><td>1<sup>2</sup></td></tr></table>"},
            "SECREF2": {"text": "Other", "num": "5.1", "type": "section"},
            "FOOTREF4": {"text": "A note.", "num": "1", "type": "footnote"},
        },
        "bib_entries": {
            "BIBREF0": {
                "title": "Leaves", "authors": [{"first": "Ada", "middle": ["K."], "last": "Moss"}], "venue": "Trees", "volume": "3",
                "issue": "2", "pages": "1--9", "year": 2021, "other_ids": {"DOI": ["10.1/x"]}, "urls": ["https://x.example"],
            }
        },
    },
}  # fmt: skip


def test_marks_of_latex_parse_are_resolved(tmp_path: Path) -> None:
    paper = read(tmp_path, LATEX_PARSE)
    assert (paper.title, paper.authors, paper.abstract) == (
        "From LaTeX", ("Bob Fern Jr.",), "We count INLINEFORM0.\n\nWell."
    )  # fmt: skip
    assert [(s.id, s.title) for s in paper.sections] == [
        ("s2.1", "Loss"), ("su1", "Acknowledgements"), ("sA.1", "More Rows")
    ]  # fmt: skip
    assert [(b.kind, b.text) for b in paper.sections[0].blocks] == [
        ("paragraph", "As [BIBREF0] says, $x_1$ holds by"),
        ("equation", r"a = b \tag{3}"),
        ("paragraph", "(see (3), Table 4, section 5.1) (footnote: A note.) ."),
        ("table", "Table 4: Sizes\n\n| 1^2 |\n| --- |"),
    ]
    assert paper.sections[1].blocks[0].text == "We thank all."
    assert paper.references == (
        "[BIBREF0] Ada K. Moss. Leaves. Trees 3(2):1–9. 2021. 10.1/x. https://x.example",
    )


def test_an_equation_mark_is_resolved_through_the_entries(tmp_path: Path) -> None:
    span = {"start": 0, "end": 8, "text": "EQUATION", "ref_id": "EQREF0", "eq_num": None}
    body = [{"text": "EQUATION", "section": "M", "sec_num": "1", "eq_spans": [span]}]
    entries = {"EQREF0": {"latex": "c = d", "num": 7, "type_str": "equation"}}
    paper = read(tmp_path, {"title": "T", "pdf_parse": {"body_text": body, "ref_entries": entries}})
    assert paper.sections[0].blocks[0].text == r"c = d \tag{7}"


def test_references_carry_the_mark_that_the_text_prints(tmp_path: Path) -> None:
    spans = [{"text": "[13]", "ref_id": "b0"}, {"text": "[2]", "ref_id": "b1"}]
    body = [{"text": "As [13] and [2] say.", "section": "M", "sec_num": "1", "cite_spans": spans}]
    parse = {"body_text": body, "bib_entries": {"b0": {"raw_text": "One."}, "b1": {"raw_text": "Two."}}}
    assert read(tmp_path, {"title": "T", "pdf_parse": parse}).references == ("[13] One.", "[2] Two.")


def test_cells_that_ran_together_are_parted_at_their_numbers(tmp_path: Path) -> None:
    rows = (
        "<tr><td colspan='2'>base 6</td><td>512</td><td>1.0 • 10 20</td></tr>"
        "<tr><td>(A)</td><td/><td>1 2</td><td>5.0 6.0</td></tr><tr><td colspan='2'>two words here</td><td>1 2</td></tr>"
    )
    body = [{"text": "We see Table 1.", "section": "M", "sec_num": "1"}]
    entries = {"TABREF0": {"text": "Sizes.", "html": f"<table>{rows}</table>"}}
    paper = read(tmp_path, {"title": "T", "pdf_parse": {"body_text": body, "ref_entries": entries}})
    assert paper.sections[0].blocks[1].text.split("\n")[2:] == [
        r"| base | 6 | 512 | $1.0 \cdot 10^{20}$ |", "| --- | --- | --- | --- |", "| (A) | | 1 | 5.0 |", "| | | 2 | 6.0 |",
        "| two words here | | 1 2 | |",
    ]  # fmt: skip
    doubt = [warning for warning in paper.warnings if "parted" in warning.what]
    assert [(str(warning.where), warning.certainty) for warning in doubt] == [
        ("/pdf_parse/ref_entries/TABREF0", "likely")
    ]


def test_every_block_points_to_where_it_stands(tmp_path: Path) -> None:
    for data in (GOOD, LATEX_PARSE):
        for section in read(tmp_path, data).sections:
            for block in section.blocks:
                for place in block.places:
                    found: Any = data
                    for step in place.pointer.split("/")[1:]:
                        found = found[int(step)] if isinstance(found, list) else found[step]
                    assert found
                assert block.places


def content(text: str, **spans: list[str]) -> dict[str, Any]:
    """A record of the newer S2ORC in which these pieces of `text` are marked."""
    marked: dict[str, str | None] = {"venue": None}
    for kind, pieces in spans.items():
        found = []
        for piece in pieces:
            number, _, words = piece.rpartition("|")
            at = text.index(words)
            mark: dict[str, Any] = {"start": at, "end": str(at + len(words))}
            found.append({**mark, "attributes": {"n": number}} if number else mark)
        marked[kind] = json.dumps(found)
    return {"corpusid": 1, "content": {"source": {}, "text": text, "annotations": marked}}


def test_the_newer_form_with_annotations_is_read(tmp_path: Path) -> None:
    text = "Leaves\nAda Moss\nWe count.\nMethod\nWe use a tree of Figure 1.\na = b\nIt works.\nFigure 1: A tree.\n[1] Bob Fern. Forests."
    data = content(
        text,
        title=["Leaves"],
        author=["Ada Moss"],
        abstract=["We count."],
        sectionheader=["2|Method"],
        paragraph=["We count.", "We use a tree of Figure 1.", "It works."],
        formula=["a = b"],
        figurecaption=["Figure 1: A tree."],
        bibentry=["[1] Bob Fern. Forests."],
    )
    paper = read(tmp_path, data)
    assert (paper.title, paper.abstract, paper.authors) == ("Leaves", "We count.", ("Ada Moss",))
    assert [(s.id, s.title) for s in paper.sections] == [("s2", "Method")]
    blocks = paper.sections[0].blocks
    assert [(b.kind, b.text) for b in blocks] == [
        ("paragraph", "We use a tree of Figure 1."), ("figure", "Figure 1: A tree."), ("equation", "a = b"),
        ("paragraph", "It works."),
    ]  # fmt: skip
    start, end = blocks[0].places[0].chars or (0, 0)
    assert text[start:end] == blocks[0].text
    assert paper.references == ("[b0] [1] Bob Fern. Forests.",)


@pytest.mark.parametrize(
    "notes", [None, {}, {"paragraph": "[["}, {"paragraph": [{"start": -4, "end": 10**30}]}]
)
def test_annotations_that_mark_nothing_are_an_error(tmp_path: Path, notes: object) -> None:
    with pytest.raises(BadInput, match="marks no paragraph"):
        read(tmp_path, {"content": {"text": "Words.", "annotations": notes}})


def test_a_hundred_thousand_digits_are_read_once(tmp_path: Path) -> None:
    text = "Text EQUATION" + "9" * 100_000 + " and so on."
    path = tmp_path / "paper.json"
    path.write_text(
        json.dumps({"title": "A", "pdf_parse": {"body_text": [{"text": text, "section": "One"}]}})
    )
    assert "and so on" in render(read_paper(path))
