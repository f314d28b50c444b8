"""One door for every kind of paper. What a file holds decides, then its suffix."""

import hashlib
from pathlib import Path

from offline_coder.core.errors import BadInput
from offline_coder.core.files import file_digest
from offline_coder.papers.archive import is_archive, read_archive
from offline_coder.papers.paper import Paper
from offline_coder.papers.text import decode

LARGEST_FILE = 64 << 20
MOST_FILES = 2000
READERS = ("auto", "text", "marker", "marker-text")
SUFFIXES = "give a .json (S2ORC), .tex, .md or .pdf file, or a folder or archive with LaTeX"


def read_paper(path: Path, reader: str = "auto") -> Paper:
    """The paper at `path`: a PDF, a LaTeX file, folder or archive, Markdown, or S2ORC JSON.

    `reader` says how a PDF is read: "text" from its text layer, "marker" with marker's models,
    "marker-text" with marker but without models, "auto" with marker when its environment and its models
    are on this machine, else from the text layer. Files may have 64 MiB, a folder 2,000 files.

    Raises:
        BadInput: there is no such file, it is too large, it is none of these formats, or it holds no text.
        MissingPrerequisite: the PDF can only be read by marker, which is not complete on this machine.
    """
    if reader not in READERS:
        raise BadInput(f"unknown reader {reader!r}", f"one of {', '.join(READERS)}")
    if path.is_dir():
        from offline_coder.papers.latex import read_latex_folder

        return read_latex_folder(path)
    raw = contents(path)
    suffix = path.suffix.lower()
    if is_archive(raw):
        return read_archive(path)
    if raw.lstrip()[:5] == b"%PDF-" or suffix == ".pdf":
        return read_pdf_file(path, raw, reader)
    if suffix == ".json" or (
        raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and suffix not in (".tex", ".md", ".markdown")
    ):
        from offline_coder.papers.s2orc import read_s2orc

        return read_s2orc(raw)
    refuse_binary(path, raw)
    text = decode(raw)
    if not text.strip():
        raise BadInput(f"{path} is empty", SUFFIXES)
    if suffix in (".tex", ".ltx", ".latex") or "\\documentclass" in text or "\\begin{document}" in text:
        from offline_coder.papers.latex import read_latex_file

        return read_latex_file(path)
    from offline_coder.papers.markdown import read_markdown

    return read_markdown(text)


def contents(path: Path) -> bytes:
    """The bytes of a file of at most 64 MiB. Raises BadInput when there are none."""
    try:
        if not path.exists():
            raise BadInput(f"no such file: {path}", SUFFIXES)
        if not path.is_file():
            raise BadInput(f"not a file: {path}", SUFFIXES)
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise BadInput(f"{path} has {size >> 20} MiB, the limit is {LARGEST_FILE >> 20} MiB", SUFFIXES)
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) and error.strerror else "the name cannot be used"
        )
        raise BadInput(f"cannot read {str(path)!r}: {reason}", SUFFIXES) from None
    if not raw.strip():
        raise BadInput(f"{path} is empty", SUFFIXES)
    return raw


def refuse_binary(path: Path, raw: bytes) -> None:
    """Raises BadInput when `raw` is not text: zero bytes without being UTF-16, or mostly controls."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    sample = raw[:65536]
    controls = sum(sample.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13))
    if b"\0" in sample or controls > len(sample) // 50:
        raise BadInput(f"{path} is not text: it holds binary data", SUFFIXES)


def read_pdf_file(path: Path, raw: bytes, reader: str) -> Paper:
    """A PDF through the reader that was asked for."""
    from offline_coder.papers.marker import marker_ready, read_with_marker
    from offline_coder.papers.pdf import read_pdf
    from offline_coder.papers.pdf_child import check_pdf

    if reader == "text" or (reader == "auto" and not marker_ready()):
        return read_pdf(raw, path)
    check_pdf(raw, path)
    return read_with_marker(path, with_models=reader != "marker-text")


def paper_digest(path: Path) -> str:
    """Lower-case hexadecimal sha256 of what the paper was read from.

    Of a file: its bytes. Of a folder: for every file, sorted by path, the path and the file's sha256;
    hidden files and links are left out.

    Raises:
        BadInput: there is no such file, or the folder has over 2,000 files.
    """
    if not path.is_dir():
        if not path.is_file():
            raise BadInput(f"no such file: {path}", SUFFIXES)
        return file_digest(path)
    digest = hashlib.sha256()
    for name, file in folder_files(path):
        digest.update(f"{name}\0{file_digest(file)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def folder_files(folder: Path) -> list[tuple[str, Path]]:
    """Relative name and path of each file below `folder`, sorted by name; hidden ones and links not."""
    found = []
    for file in folder.rglob("*"):
        relative = file.relative_to(folder)
        if file.is_symlink() or not file.is_file() or any(part.startswith(".") for part in relative.parts):
            continue
        found.append((relative.as_posix(), file))
        if len(found) > MOST_FILES:
            raise BadInput(
                f"{folder} has over {MOST_FILES} files", "give the folder that holds only the paper"
            )
    return sorted(found)
