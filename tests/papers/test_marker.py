"""marker as a program, played by a small script."""

import sys
import time
from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.papers.marker import find_marker, marker_ready, read_with_marker
from offline_coder.papers.read import read_paper
from tests.papers.pdf_writer import Page, pdf

HEAD = f"#!{sys.executable}\nimport os, pathlib, sys, time\narguments = sys.argv\n"
WRITES = (
    HEAD
    + """
assert pathlib.Path(os.environ["FONT_PATH"]).name == "font.ttf"
out = pathlib.Path(arguments[arguments.index("--output_dir") + 1]) / "paper"
out.mkdir(parents=True)
flags = [word for word in arguments[arguments.index("markdown") + 1 :]]
text = "# T\\n\\n## 1 A\\n\\nFlags: " + " ".join(flags) + "\\n"
(out / "paper.md").write_text(text)
"""
)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in marker's place, and a font."""
    path = tmp_path / "marker_single"
    path.write_text(WRITES)
    path.chmod(0o755)
    monkeypatch.setenv("OFFLINE_CODER_MARKER", str(path))
    monkeypatch.setenv("FONT_PATH", str(tmp_path / "font.ttf"))
    monkeypatch.setenv("MODEL_CACHE_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return path


@pytest.fixture
def paper_pdf(tmp_path: Path) -> Path:
    """A PDF without text, which only marker could read."""
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf([Page()]))
    return path


@pytest.mark.usefixtures("program")
def test_without_models_only_on_request(paper_pdf: Path) -> None:
    assert find_marker() is not None
    assert not marker_ready()
    paper = read_paper(paper_pdf, "marker-text")
    assert paper.source_format == "marker"
    assert paper.sections[0].blocks[0].text == "Flags: --disable_ocr --force_layout_block Text"
    assert any("headings are lost" in str(warning) for warning in paper.warnings)
    with pytest.raises(MissingPrerequisite, match="models"):
        read_paper(paper_pdf, "marker")
    with pytest.raises(MissingPrerequisite, match="no text layer"):
        read_paper(paper_pdf, "auto")


def put_in_cache(folder: Path) -> None:
    """A file where a cache would hold a model."""
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"x")


@pytest.mark.usefixtures("program")
def test_auto_takes_marker_when_its_models_are_there(paper_pdf: Path, tmp_path: Path) -> None:
    put_in_cache(tmp_path / "hub" / "models--datalab-to--surya_layout2" / "snapshots" / "abc")
    paper = read_paper(paper_pdf, "auto")
    assert paper.sections[0].blocks[0].text == "Flags: --mode fast --disable_ocr"
    put_in_cache(tmp_path / "hub" / "models--datalab-to--surya-ocr-2" / "snapshots" / "abc")
    put_in_cache(tmp_path / "models" / "ocr_error_detection" / "2025")
    assert read_paper(paper_pdf, "auto").sections[0].blocks[0].text == "Flags:"


def test_no_environment(paper_pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFLINE_CODER_MARKER", "/nonexistent/marker_single")
    with pytest.raises(MissingPrerequisite, match="not installed") as caught:
        read_paper(paper_pdf, "marker-text")
    assert caught.value.hint == "make setup-pdf"


def test_failure_is_one_line(program: Path, paper_pdf: Path) -> None:
    program.write_text(HEAD + "print('Traceback', file=sys.stderr)\nsys.exit('ValueError: odd page')\n")
    with pytest.raises(BadInput, match="ValueError: odd page"):
        read_paper(paper_pdf, "marker-text")
    program.write_text(HEAD)
    with pytest.raises(BadInput, match="wrote nothing"):
        read_paper(paper_pdf, "marker-text")


def test_time_limit_ends_the_whole_group(program: Path, paper_pdf: Path, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    program.write_text(HEAD + f"os.fork()\ntime.sleep(2)\npathlib.Path({str(alive)!r}).touch()\n")
    with pytest.raises(BadInput, match="did not end"):
        read_with_marker(paper_pdf, with_models=False, limit_seconds=0.5)
    time.sleep(2.2)
    assert not alive.exists()


def test_memory_limit_is_one_line(program: Path, paper_pdf: Path) -> None:
    program.write_text(HEAD + "bytearray(9 << 30)\n")
    with pytest.raises(BadInput, match="MemoryError"):
        read_with_marker(paper_pdf, with_models=False)
