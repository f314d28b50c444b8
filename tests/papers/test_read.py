"""The one door: what is read as what, bad input, digests, and the command."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from offline_coder.cli.convert import convert
from offline_coder.core.errors import BadInput
from offline_coder.papers import read
from offline_coder.papers.read import paper_digest, read_paper

MARKDOWN = "# Title\n\n## 1 Intro\n\nText.\n"
LATEX = r"\documentclass{a}\title{T}\begin{document}\section{A} Text \odd. \end{document}"


def test_content_decides_over_suffix(tmp_path: Path) -> None:
    plain = tmp_path / "paper.txt"
    plain.write_text(LATEX)
    assert read_paper(plain).source_format == "latex"
    plain.write_text(MARKDOWN)
    assert read_paper(plain).source_format == "markdown"
    plain.write_text(
        json.dumps({"title": "T", "pdf_parse": {"body_text": [{"text": "x y", "section": "A"}]}})
    )
    assert read_paper(plain).source_format == "s2orc"


def test_encodings(tmp_path: Path) -> None:
    path = tmp_path / "paper.md"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        path.write_bytes("# Café\r\n\r\n## 1 A\r\n\r\nÜber.\r\n".encode(encoding))
        assert read_paper(path).title == "Café"


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.md", b"", "is empty"),
        ("a.md", b" \n\t\n", "is empty"),
        ("a.md", b"\x89PNG\x00\x01\x02binary", "not text"),
        ("a.json", b"{not json", "not JSON"),
        ("a.json", b"[" * 100_000, "not JSON"),
        ("a.json", b'{"a": ' + b"9" * 10_000 + b"}", "not JSON"),
        ("a.tex", b"\x00\x01\x02", "not text"),
    ],
)
def test_bad_files_are_one_line_with_a_hint(tmp_path: Path, name: str, raw: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(BadInput, match=said) as caught:
        read_paper(path)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_missing_large_and_odd_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_paper(tmp_path / "none.md")
    with pytest.raises(BadInput, match="no such file"):
        paper_digest(tmp_path / "none.md")
    with pytest.raises(BadInput):
        read_paper(Path("nul\0name.md"))
    with pytest.raises(BadInput, match="unknown reader"):
        read_paper(tmp_path, "best")
    path = tmp_path / "a.md"
    path.write_text(MARKDOWN)
    monkeypatch.setattr(read, "LARGEST_FILE", 4)
    with pytest.raises(BadInput, match="limit"):
        read_paper(path)


def test_digests_change_with_content_and_names(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    for folder in (first, second):
        folder.mkdir()
        (folder / "main.tex").write_text(LATEX)
    assert paper_digest(first) == paper_digest(second)
    assert len(paper_digest(first / "main.tex")) == 64
    (second / ".hidden").write_text("x")
    assert paper_digest(first) == paper_digest(second)
    (second / "more.tex").write_text("x")
    assert paper_digest(first) != paper_digest(second)


def test_convert_prints_markdown_and_warnings_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.tex"
    path.write_text(LATEX)
    result = CliRunner().invoke(convert, [str(path)], catch_exceptions=False)
    assert result.stdout == "# T\n\n## [s1] 1 A\n\nText.\n"
    assert "odd" in result.stderr
    shown = CliRunner().invoke(convert, [str(path), "--json"], catch_exceptions=False)
    assert json.loads(shown.stdout)["sections"][0]["id"] == "s1"
    out = tmp_path / "out" / "a.md"
    CliRunner().invoke(convert, [str(path), "-o", str(out)], catch_exceptions=False)
    assert out.read_text() == result.stdout


def test_convert_shows_where_blocks_stand_and_how_sure_warnings_are(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("## T\n\n## 1 A\n\nWords.\n\n<!-- formula-not-decoded -->\n")
    result = CliRunner().invoke(convert, [str(path), "--json"], catch_exceptions=False)
    shown = json.loads(result.stdout)
    places = [block["places"] for block in shown["sections"][0]["blocks"]]
    assert places == [[{"lines": [5, 5]}], [{"lines": [7, 7]}]]
    assert [(w["where"], w["certainty"]) for w in shown["warnings"]] == [({"lines": [7, 7]}, "certain")]
    assert result.stderr == "warning: line 7: an equation was lost when the Markdown was made\n"


def test_convert_lets_errors_through(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        CliRunner().invoke(convert, [str(tmp_path / "none.pdf")], catch_exceptions=False)


def test_convert_counts_words_where_there_is_no_tokenizer(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(MARKDOWN)
    folder = str(tmp_path / "model")
    result = CliRunner().invoke(convert, [str(path), "--stats", "--model", folder], catch_exceptions=False)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("words (no tokenizer of ")
    assert lines[1].split() == ["2", "abstract", "Title", "and", "abstract"]
    assert lines[2].split() == ["5", "s1", "1", "Intro"]
    assert lines[3].split() == ["7", "total"]


def test_convert_counts_the_tokens_of_a_model(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"#": 0, "?": 1}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Punctuation()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    path = tmp_path / "a.md"
    path.write_text(MARKDOWN)
    arguments = [str(path), "--stats", "--json", "--model", str(tmp_path)]
    shown = json.loads(CliRunner().invoke(convert, arguments, catch_exceptions=False).stdout)
    assert shown["unit"] == f"tokens of {tmp_path}"
    assert shown["parts"][0] == {"id": "abstract", "title": "Title and abstract", "size": 2}


def test_convert_compares_two_readings(tmp_path: Path) -> None:
    one, two = tmp_path / "a.md", tmp_path / "b.tex"
    one.write_text(MARKDOWN + "\nThe rate is 0.1 here.\n")
    two.write_text(LATEX)
    result = CliRunner().invoke(convert, [str(one), "--compare", str(two)], catch_exceptions=False)
    assert "headings    precision 0.000  recall 0.000" in result.stdout
    assert "only in PAPER: heading 1 intro\nonly in OTHER: heading 1 a\n" in result.stdout
    assert "only in PAPER: numbers 0.1\n" in result.stdout
    same = CliRunner().invoke(convert, [str(one), "--compare", str(one), "--json"], catch_exceptions=False)
    assert json.loads(same.stdout)["missing_numbers"] == []
    with pytest.raises(BadInput, match="different things"):
        CliRunner().invoke(convert, [str(one), "--compare", str(two), "--stats"], catch_exceptions=False)
