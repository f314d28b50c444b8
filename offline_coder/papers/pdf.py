"""PDF to Paper through its text layer: no weights, no network, no layout model."""

import re
from pathlib import Path

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.papers.outline import sections_of
from offline_coder.papers.paper import Certainty, Paper, Place, ReadingWarning
from offline_coder.papers.pdf_blocks import Builder, Outline
from offline_coder.papers.pdf_child import pages_of
from offline_coder.papers.pdf_layout import Layout, lay_out
from offline_coder.papers.pdf_text import PageText
from offline_coder.papers.text import clean_line

LEAST_CHARACTERS = 200
SHOWN = 300
MARKER_HINT = (
    "it needs marker with its model weights: make setup-pdf, put the weights on this machine, "
    "then offline-coder convert PAPER --reader marker"
)
NAME = re.compile(r"[^\W\d_][^\d@{}<>|/]{2,60}")


def read_pdf(raw: bytes, path: Path) -> Paper:
    """The paper in the text layer of a PDF, at most 300 pages.

    Raises:
        BadInput: it is no PDF, damaged, encrypted, has over 300 pages, or text but no sections with text.
        MissingPrerequisite: it has no text layer; marker with its models could read it.
    """
    return paper_of_pages(pages_of(raw, path), path)


def paper_of_pages(pages: list[PageText], path: Path) -> Paper:
    """The paper in the text of a PDF's pages. Raises as `read_pdf` does."""
    characters = sum(len(fragment.text) for page in pages for fragment in page.fragments)
    if characters < LEAST_CHARACTERS:
        raise MissingPrerequisite(
            f"{path} has no text layer ({characters} characters on {len(pages)} pages)", MARKER_HINT
        )
    layout = lay_out(pages)
    outline = Builder(layout).build()
    if not any(draft.blocks for draft in outline.drafts):
        raise BadInput(f"{path} has no body text that could be told from its front page", MARKER_HINT)
    return Paper(
        title=clean_line(outline.title),
        abstract="\n\n".join(outline.abstract),
        authors=names_of(outline.authors),
        sections=sections_of(outline.drafts),
        references=tuple(outline.references),
        warnings=tuple(warnings_of(pages, layout, outline)),
        source_format="pdf",
    )


def names_of(lines: list[str]) -> tuple[str, ...]:
    """Lines of the front page that look like names."""
    found = [clean_line(re.sub(r"\^\{[^{}]*\}|[∗*†‡§^\d]+", " ", line)) for line in lines]
    return tuple(name for name in found if NAME.fullmatch(name) and len(name.split()) < 8)


def warnings_of(pages: list[PageText], layout: Layout, outline: Outline) -> list[ReadingWarning]:
    """What was left out, and what this way of reading cannot do."""
    found = [ReadingWarning(what="read from the PDF's text layer: equations are plain characters, not LaTeX")]
    turned, drawn = sum(page.turned for page in pages), sum(page.embedded for page in pages)
    left_out: tuple[tuple[str, int, Place | None, Certainty], ...] = (
        ("characters of turned text (watermarks, stamps)", turned, None, "certain"),
        ("characters inside drawings (labels of plots)", drawn, None, "certain"),
        ("lines of page furniture", len(layout.furniture), None, "likely"),
        ("notes about authors and venue on the front page", outline.author_notes, Place(page=1), "likely"),
    )
    for what, total, where, certainty in left_out:
        if total:
            what = f"{total} {what} are left out"
            found.append(ReadingWarning(what=what, where=where, certainty=certainty))
    found += [
        ReadingWarning(
            what=f"text that nobody sees ({reason}) is left out: {shortened(words)!r}",
            where=Place(page=page.number + 1),
        )
        for page in pages
        for reason, words in page.hidden
    ]
    found += [
        ReadingWarning(what="a page has too much text; its end is left out", where=Place(page=p.number + 1))
        for p in pages
        if p.cut
    ]
    if not outline.title:
        found.append(ReadingWarning(what="no title was found", certainty="likely"))
    if not any(draft.number for draft in outline.drafts):
        found.append(ReadingWarning(what="no numbered headings were found", certainty="possible"))
    return found


def shortened(words: str) -> str:
    """At most 300 characters."""
    return clean_line(words if len(words) <= SHOWN else f"{words[:SHOWN]}...")
