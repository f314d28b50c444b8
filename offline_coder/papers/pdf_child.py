"""pdfium in a process of its own: a hostile PDF that crashes it or keeps it busy is one line of error.

The child reads the file from standard input and answers with JSON, under limits of time and memory.
"""

import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from offline_coder.core.errors import BadInput, OfflineCoderError
from offline_coder.papers.pdf_text import Fragment, PageText

MOST_PAGES = 300
PASSWORD_ERROR = 4
SECONDS = 120
MEMORY_BYTES = 3 << 30
PACKAGE = Path(__file__).resolve().parents[2]
MODULE = "offline_coder.papers.pdf_child"
HINT = "give its LaTeX source, or print it to a new PDF"


def check_pdf(raw: bytes, path: Path) -> None:
    """Refuse what is no PDF that can be opened.

    Raises:
        BadInput: the file is no PDF, is damaged, encrypted, or its reader died.
    """
    asked("check", raw, path)


def pages_of(raw: bytes, path: Path) -> list[PageText]:
    """The text of every page of a PDF of at most 300 pages, read by a child process in at most 120 seconds
    and 3 GiB.

    Raises:
        BadInput: the file is no PDF, is damaged, encrypted, over a limit, or its reader died.
    """
    return [page_of(page) for page in asked("read", raw, path)["pages"]]


def asked(what: str, raw: bytes, path: Path) -> dict[str, Any]:
    """What a child answers when it is to "check" or to "read" a PDF."""
    # The child gets this very package, whatever folder it is started in.
    start = f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); from {MODULE} import main; main()"
    command = [sys.executable, "-P", "-c", start, what, str(path)]
    try:
        done = subprocess.run(command, input=raw, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BadInput(f"{path} was not read within {SECONDS} seconds", HINT) from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise BadInput(f"{path} breaks the PDF reader (status {done.returncode})", HINT) from None
    if "error" in answer:
        raise BadInput(answer["error"], answer["hint"])
    return answer


def page_of(page: dict[str, Any]) -> PageText:
    """A page from its JSON."""
    fragments = [Fragment(*values) for values in page["fragments"]]
    hidden = [(reason, words) for reason, words in page["hidden"]]
    return PageText(**{**page, "fragments": fragments, "hidden": hidden})


def open_pdf(raw: bytes, path: Path) -> Any:
    """The document that pdfium makes of a PDF.

    Raises:
        BadInput: the file is no PDF, is damaged, needs a password, or has no pages or over 300.
    """
    import pypdfium2 as pdfium  # type: ignore[import-untyped]

    if b"%PDF-" not in raw[:1024]:
        raise BadInput(
            f"{path} is not a PDF: it does not begin with %PDF-", "give a PDF, .tex, .md or S2ORC .json file"
        )
    try:
        document = pdfium.PdfDocument(raw)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == PASSWORD_ERROR or "password" in str(error).lower():
            raise BadInput(
                f"{path} is encrypted", "remove the password first: qpdf --decrypt IN.pdf OUT.pdf"
            ) from None
        raise BadInput(
            f"{path} is a damaged PDF: {error}", "download it again, or give its LaTeX source"
        ) from None
    if len(document) == 0:
        raise BadInput(f"{path} has no pages", "give a PDF with text")
    if len(document) > MOST_PAGES:
        raise BadInput(
            f"{path} has {len(document)} pages, the limit is {MOST_PAGES}", "cut out the paper's pages"
        )
    return document


def answer_of(what: str, raw: bytes, path: Path) -> dict[str, Any]:
    """What the child says about a PDF."""
    import pypdfium2 as pdfium

    from offline_coder.papers.pdf_page import document_text

    try:
        document = open_pdf(raw, path)
        pages = document_text(document) if what == "read" else []
    except pdfium.PdfiumError as error:
        return {"error": f"{path} is a damaged PDF: {error}", "hint": HINT}
    except OfflineCoderError as error:
        return {"error": error.message, "hint": error.hint}
    return {"pages": [page_json(page) for page in pages]}


def page_json(page: PageText) -> dict[str, Any]:
    """A page as JSON: its fields, each fragment a list of its values."""
    fields = {name: getattr(page, name) for name in PageText.__dataclass_fields__ if name != "fragments"}
    return {**fields, "fragments": [list(asdict(fragment).values()) for fragment in page.fragments]}


def main() -> None:
    """Answer for the PDF on standard input; the arguments are what is asked, and its name."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    what, name = sys.argv[1:]
    json.dump(answer_of(what, sys.stdin.buffer.read(), Path(name)), sys.stdout)
    sys.stdout.flush()
    # pdfium may be in no state to be taken down in order.
    os._exit(0)
