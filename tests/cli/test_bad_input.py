"""Bad input: one line, a hint, the stated exit code, and nothing half-written."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

PDF_WITHOUT_TEXT = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
"""


def refused(cli: Cli, *arguments: str | Path, code: int, says: str) -> None:
    """The command ends with `code`, one line that contains `says`, a hint, and no run folder."""
    result = cli(*arguments)
    assert result.code == code, result.err
    lines = result.err.strip().splitlines()
    errors = [line for line in lines if line.startswith("offline-coder: ")]
    assert len(errors) == 1
    assert says in errors[0]
    assert "Traceback" not in result.err
    assert lines[-1].startswith("  hint: ")
    assert not (Path.cwd() / "out" / "repo").exists()
    assert not (Path.cwd() / "out" / "manifest.json").exists()


def test_no_such_file(cli: Cli) -> None:
    refused(cli, "run", "nothing.pdf", "-o", "out", code=2, says="nothing.pdf")


def test_folder_without_a_main_tex(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "latex").mkdir()
    (tmp_path / "latex" / "notes.txt").write_text("no paper")
    refused(cli, "run", tmp_path / "latex", "-o", "out", code=2, says="latex")


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("random.pdf", bytes(range(256)) * 8, 2, "PDF"),
        ("scanned.pdf", PDF_WITHOUT_TEXT, 3, "text"),
        ("other.json", json.dumps({"title": "x", "pages": []}).encode(), 2, "body_text"),
        ("broken.json", b'{"title": ', 2, "JSON"),
        ("empty.md", b"", 2, "empty"),
        ("blank.md", b"  \n\n", 2, "empty"),
    ],
)
def test_unreadable_papers(cli: Cli, tmp_path: Path, name: str, content: bytes, code: int, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    refused(cli, "run", path, "-o", "out", code=code, says=says)


def test_unknown_model(cli: Cli, paper_file: Path) -> None:
    refused(cli, "run", paper_file, "--model", "qwen-of-oz", "-o", "out", code=2, says="qwen-of-oz")


def test_missing_weights(cli: Cli, paper_file: Path) -> None:
    refused(
        cli,
        "run",
        paper_file,
        "--model",
        "qwen2.5-coder-0.5b",
        "-o",
        "out",
        code=3,
        says="qwen2.5-coder-0.5b",
    )


def test_endpoint_that_is_down(cli: Cli, paper_file: Path) -> None:
    refused(
        cli, "run", paper_file, "--endpoint", "http://127.0.0.1:9/v1", "-o", "out", code=4, says="127.0.0.1:9"
    )


def test_missing_script(cli: Cli, paper_file: Path) -> None:
    refused(cli, "run", paper_file, "--model", "scripted:none.jsonl", "-o", "out", code=2, says="none.jsonl")


def test_output_that_is_a_file(cli: Cli, paper_file: Path) -> None:
    Path("out").write_text("mine")
    refused(cli, "run", paper_file, "--model", "random-walk", "-o", "out", code=2, says="out")
    assert Path("out").read_text() == "mine"


def test_output_that_holds_other_things(cli: Cli, paper_file: Path) -> None:
    Path("out").mkdir()
    Path("out/thesis.tex").write_text("mine")
    refused(cli, "run", paper_file, "--model", "random-walk", "-o", "out", code=2, says="not empty")
    assert [path.name for path in Path("out").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    "arguments", [("run",), ("run", "x.md", "--seed", "-1"), ("fly",), ("write", "nowhere")]
)
def test_bad_usage(cli: Cli, arguments: tuple[str, ...]) -> None:
    refused(cli, *arguments, code=2, says="")
