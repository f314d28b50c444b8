"""Archives of LaTeX: what arXiv ships is read, what attacks is refused."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput
from offline_coder.papers import archive
from offline_coder.papers.read import read_paper

MAIN = (
    rb"\documentclass{article}\title{T}\begin{document}"
    rb"\section{A} Text. \input{parts/one} \import{other/}{two}\subfile{parts/three}\bibliography{refs} \cite{a}\end{document}"
)
FILES = {
    "paper/main.tex": MAIN,
    "paper/parts/one.tex": rb"One. \input{parts/deep}",
    "paper/parts/deep.tex": b"Deep.",
    "paper/other/two.tex": b"Two. \\input{near}",
    "paper/other/near.tex": b"Near.",
    "paper/parts/three.tex": rb"\documentclass[../main.tex]{subfiles}\begin{document}Three.\end{document}",
    "paper/refs.bib": b"@article{a, title={Notes}, author={Ada}, year=1984}",
    "paper/figure.png": b"\x89PNG" * 100,
    "__MACOSX/paper/._main.tex": b"\x00\x05\x16\x07",
}


def tar(files: dict[str, bytes], mode: str = "w", **odd: str) -> bytes:
    """A tar file; `odd` adds links, name to target."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as made:  # type: ignore[call-overload]
        for name, raw in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            made.addfile(member, io.BytesIO(raw))
        for name, target in odd.items():
            member = tarfile.TarInfo(f"{name}.tex")
            member.type = tarfile.SYMTYPE
            member.linkname = target
            made.addfile(member)
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, raw in files.items():
            made.writestr(name, raw)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("p.zip", zipped(FILES)),
        ("p.tar", tar(FILES)),
        ("p.tar.gz", tar(FILES, "w:gz")),
        ("p.tgz", tar(FILES, "w:gz")),
        ("2401.00001", tar(FILES, "w:gz")),
    ],
)
def test_archives_are_read_like_their_folder(tmp_path: Path, name: str, raw: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    paper = read_paper(path)
    assert paper.title == "T"
    assert paper.source_format == "latex"
    text = paper.section_text("s1")
    assert all(word in text for word in ("Text.", "One.", "Deep.", "Two.", "Near.", "Three."))
    assert "documentclass" not in text
    assert paper.references == ("[a] Ada. Notes. 1984.",)
    assert list(tmp_path.iterdir()) == [path]


def test_a_single_gzipped_file(tmp_path: Path) -> None:
    path = tmp_path / "2401.00001.gz"
    path.write_bytes(
        gzip.compress(rb"\documentclass{a}\title{Alone}\begin{document}\section{A} Text.\end{document}")
    )
    assert read_paper(path).title == "Alone"


@pytest.mark.parametrize(
    "name", ["../out.tex", "/etc/out.tex", "a/../../out.tex", "..\\out.tex", "C:/out.tex"]
)
@pytest.mark.parametrize("pack", [tar, zipped])
def test_members_that_leave_the_folder_are_refused(tmp_path: Path, name: str, pack: object) -> None:
    assert callable(pack)
    path = tmp_path / "in" / "p.archive"
    path.parent.mkdir()
    path.write_bytes(pack({**FILES, name: b"x"}))
    with pytest.raises(BadInput, match="outside of its folder") as caught:
        read_paper(path)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("out.tex"))


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.tex"
    secret.write_text("The secret.")
    path = tmp_path / "p.tar"
    main = rb"\documentclass{a}\begin{document}\section{A} Text. \input{link}\end{document}"
    path.write_bytes(tar({"main.tex": main}, link=str(secret)))
    paper = read_paper(path)
    assert "secret" not in paper.section_text("s1")
    assert any("link" in str(warning) for warning in paper.warnings)


@pytest.mark.parametrize(
    "raw",
    [
        gzip.compress(b"\0" * (40 << 20)),
        tar({"main.tex": b" " * (17 << 20)}, "w:gz"),
        zipped({"main.tex": b" " * (17 << 20)}),
        zipped({f"{number}.tex": b"" for number in range(archive.MOST_MEMBERS + 1)}),
    ],
)
def test_bombs_end_at_the_limits(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(raw)
    with pytest.raises(BadInput, match="more than a paper has") as caught:
        read_paper(path)
    assert caught.value.hint


@pytest.mark.parametrize(
    "raw",
    [
        tar(FILES, "w:gz")[:200],
        zipped(FILES)[:200],
        tar(FILES)[:700],
        b"PK\x03\x04" + b"x" * 300,
        b"\x1f\x8b" + b"x" * 300,
        gzip.compress(b"no LaTeX at all \x00\x01"),
        zipped({"readme.txt": b"nothing"}),
    ],
    # Archives have the second in them in which they are made: as names they would differ between workers.
    ids=["cut tar.gz", "cut zip", "cut tar", "no zip", "no gzip", "no LaTeX", "no paper"],
)
def test_damaged_archives_are_one_line(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "p.archive"
    path.write_bytes(raw)
    with pytest.raises(BadInput) as caught:
        read_paper(path)
    assert "\n" not in str(caught.value)
    assert "offline-coder-paper-" not in str(caught.value)
