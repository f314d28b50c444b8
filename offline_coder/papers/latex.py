"""LaTeX to Paper: a folder as archives of papers ship it, or one file."""

import re
from pathlib import Path

from offline_coder.core.errors import BadInput
from offline_coder.papers.latex_bibliography import references_of
from offline_coder.papers.latex_body import Body
from offline_coder.papers.latex_inline import Inline, Labels, past_options
from offline_coder.papers.latex_macros import Macros, argument
from offline_coder.papers.latex_places import bare
from offline_coder.papers.latex_scan import flattened
from offline_coder.papers.latex_source import LatexSource, find_main, load_latex
from offline_coder.papers.outline import NOTICE, Draft, sections_of
from offline_coder.papers.paper import Block, Paper, Place, ReadingWarning
from offline_coder.papers.text import clean_line

TITLE = re.compile(r"\\(?:icml)?title(?:\s*\[[^\]]{0,500}\])?\s*(?=\{)")
AUTHOR = re.compile(r"\\(?:icml)?author(?:\s*\[[^\]]{0,500}\])?\s*(?=\{)")
ABSTRACT = re.compile(r"\\abstract\s*(?=\{)")
NAME_END = re.compile(r"\\(?:And|AND|and|quad|qquad)(?![A-Za-z])|\\\\|,|&")
NOT_A_NAME = re.compile(
    r"@|\d|universit|institut|department|school|research|google|laborator|inc\.|college", re.IGNORECASE
)
NUMBER_DEPTH = re.compile(r"\\setcounter\s*\{secnumdepth\}\s*\{(-?\d)\}")
THANKS = re.compile(r"\\(?:thanks|footnote|footnotemark)(?:\s*\[[^\]]{0,20}\])?\s*(?=\{)")
REFERENCES = re.compile(r"references|bibliography", re.IGNORECASE)


def read_latex_folder(folder: Path) -> Paper:
    """The paper in a LaTeX folder.

    Raises:
        BadInput: it has no main file, the text is over 16 MiB, or there is no body text.
    """
    from offline_coder.papers.read import folder_files

    return paper_of(load_latex(find_main(folder, folder_files(folder)), folder), folder)


def read_latex_file(path: Path) -> Paper:
    """The paper whose main file is `path`; its inputs are read from the folder it stands in.

    Raises:
        BadInput: the text is over 16 MiB, or there is no body text.
    """
    return paper_of(load_latex(path, path.parent), path)


def paper_of(source: LatexSource, place: Path) -> Paper:
    """The paper in a joined source. Raises BadInput when it has no body text."""
    macros = Macros()
    preamble = bare(macros.expand(source.preamble))
    marked = flattened(macros.expand(source.body))
    text = bare(marked)
    inline = Inline(source.verbatim)
    depth = NUMBER_DEPTH.search(preamble)
    body = Body(inline, macros.theorems, int(depth[1]) if depth else 3, source.lines)
    title = inline.line(found_argument(TITLE, preamble, text))
    body.walk(marked)
    references = references_of(text, body.bibliography, source.bibliography, inline)
    if not body.abstract:
        body.abstract.append(inline.line(found_argument(ABSTRACT, preamble, text)))
    drafts = kept_drafts(body.drafts)
    unknown: dict[str, Place | None] = {}
    for draft in drafts:
        draft.title = inline.labels.resolve(draft.title)
        draft.blocks = [resolved(block, inline.labels, unknown) for block in draft.blocks]
    if not any(draft.blocks for draft in drafts):
        raise BadInput(
            f"{place} has no body text", "give the paper's main .tex file or the folder it stands in"
        )
    warnings = [*source.warnings, *macros.warnings, *inline.warnings(), *body.warnings()]
    if missing := sorted(inline.labels.missing):
        what = f"references to labels that do not exist: {', '.join(missing[:10])}"
        warnings.append(ReadingWarning(what=what, where=next(filter(None, unknown.values()), None)))
    if not title:
        warnings.append(ReadingWarning(what="the paper has no \\title", certainty="likely"))
    return Paper(
        title=title,
        abstract="\n\n".join(inline.labels.resolve(part) for part in body.abstract if part),
        authors=authors_of(preamble, text, Inline(source.verbatim)),
        sections=sections_of(drafts),
        references=tuple(references),
        warnings=tuple(warnings),
        source_format="latex",
    )


def resolved(block: Block, labels: Labels, unknown: dict[str, Place | None]) -> Block:
    """`block` with its references as numbers; labels that do not exist are noted with its place."""
    known = set(labels.missing)
    text = labels.resolve(block.text)
    for label in labels.missing - known:
        unknown[label] = next(iter(block.places), None)
    return block.model_copy(update={"text": text})


def found_argument(pattern: re.Pattern[str], preamble: str, text: str) -> str:
    """The argument of the first match, looked for in the preamble and then in the body; "" when none."""
    for part in (preamble, text):
        if match := pattern.search(part):
            return argument(part, match.end())[0]
    return ""


def kept_drafts(drafts: list[Draft]) -> list[Draft]:
    """The sections without an empty one before the first heading, permission notices, and a heading
    over the references."""
    first = drafts[0]
    first.blocks = [block for block in first.blocks if not NOTICE.search(block.text)]
    kept = drafts if first.blocks else drafts[1:]
    return [draft for draft in kept if draft.blocks or not REFERENCES.fullmatch(draft.title)]


def authors_of(preamble: str, text: str, inline: Inline) -> tuple[str, ...]:
    """Names from \\author: the first line of each author, without thanks and addresses."""
    names: list[str] = []
    for part in (preamble, text[:20_000]):
        for match in AUTHOR.finditer(part):
            inside, _ = argument(part, past_options(part, match.end()))
            for piece in re.split(r"\\(?:And|AND|and)(?![A-Za-z])", without_thanks(inside)):
                for line in NAME_END.split(piece):
                    name = clean_line(inline.line(line)).strip("*∗†‡ ")
                    if name and len(name.split()) < 7 and not NOT_A_NAME.search(name):
                        names.append(name)
                    if name:
                        break
        if names:
            break
    return tuple(dict.fromkeys(names))


def without_thanks(text: str) -> str:
    """`text` without \\thanks{...}, which hold sentences."""
    found = []
    at = 0
    while match := THANKS.search(text, at):
        found.append(text[at : match.start()])
        _, at = argument(text, match.end())
    return "".join([*found, text[at:]])
