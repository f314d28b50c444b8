"""S2ORC JSON, as doc2json writes it from GROBID's TEI or from LaTeX.

The format is that of https://github.com/allenai/s2orc-doc2json: `pdf_parse` or `latex_parse` (or these
keys at the top) hold `body_text`, `back_matter`, `ref_entries` and `bib_entries`.
"""

import json
import re
from typing import Any

from offline_coder.core.errors import BadInput
from offline_coder.papers.outline import Draft, sections_of
from offline_coder.papers.paper import Block, Paper, ReadingWarning
from offline_coder.papers.tables import captioned, html_table, markdown_table
from offline_coder.papers.text import clean_line

# GROBID takes the notice above a title for a part of it.
NOTICE = re.compile(
    r"^(?:provided proper attribution|permission to make|this (?:paper|work|article) (?:is|was)"
    r"|published as|under review|accepted (?:at|by|to)|preprint\b|copyright)[^.]{0,400}\.\s+(?=\S)",
    re.IGNORECASE,
)
EQUATION_MARK = re.compile(r"\bEQUATION(?:_\d+)?\b")
INNER_HEADING = re.compile(r"(\d{1,2}) ([A-Z][A-Za-z -]{2,60})")
MARKS = re.compile(r"^[•▪◦*-]\s+")
FORMULA = re.compile(r"[=√∈≤≥∑∏]")
FUNCTION_WORD = re.compile(r"\b(?:the|is|are|of|we|to|for|with|this|and|use)\b", re.IGNORECASE)
WORD = re.compile(r"\b[A-Za-z]{3,}\b")
OPEN_END = re.compile(r"[\w,(√]$")
CONTINUES = re.compile(r"[a-z0-9.,;)]")
HINT = (
    "offline-coder reads the JSON of s2orc-doc2json: title, abstract, pdf_parse or latex_parse with body_text"
)


def read_s2orc(raw: bytes) -> Paper:
    """The paper in a doc2json file.

    Raises:
        BadInput: it is not JSON, lacks a key (which one is said), or has no body text.
    """
    data = parsed(raw)
    parse, where = parse_of(data)
    body = parse.get("body_text")
    if not isinstance(body, list):
        raise BadInput(f"the JSON is not S2ORC: {where} has no list 'body_text'", HINT)
    warnings: list[ReadingWarning] = []
    drafts = body_sections(entries(body), warnings)
    if not any(draft.blocks for draft in drafts):
        raise BadInput(
            f"the S2ORC file has an empty 'body_text' in {where}",
            "the doc2json conversion that made it failed; give the PDF or the LaTeX",
        )
    attach_floats(drafts, floats(parse.get("ref_entries")))
    drafts += body_sections(entries(parse.get("back_matter")), warnings)
    references = references_of(parse.get("bib_entries") or data.get("bib_entries"))
    if not references:
        warnings.append(ReadingWarning(what="the file holds no list of references"))
    title = clean_line(text_of(data.get("title")))
    return Paper(
        title=NOTICE.sub("", title),
        abstract=abstract_of(data, parse),
        authors=authors_of(data),
        sections=sections_of(drafts),
        references=references,
        warnings=tuple(warnings),
        source_format="s2orc",
    )


def parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`. Raises BadInput when there is none."""
    try:
        data = json.loads(raw.decode("utf-8-sig", "replace"))
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error.msg} in line {error.lineno}", HINT) from None
    except (RecursionError, ValueError):
        raise BadInput("not JSON that can be read: nested too deeply or a number too long", HINT) from None
    if not isinstance(data, dict):
        raise BadInput(f"the JSON is not S2ORC: it holds a {type(data).__name__}, not an object", HINT)
    return data


def parse_of(data: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The part that holds the text, and its name. Of two, the one with more text."""
    candidates = [(data[key], key) for key in ("pdf_parse", "latex_parse") if isinstance(data.get(key), dict)]
    candidates.sort(key=lambda pair: -len(entries(pair[0].get("body_text"))))
    if candidates:
        return candidates[0]
    if "body_text" in data:
        return data, "the top level"
    raise BadInput("the JSON is not S2ORC: no key 'pdf_parse', 'latex_parse' or 'body_text'", HINT)


def entries(value: object) -> list[dict[str, Any]]:
    """The objects in a list that may hold anything."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str:
    """`value` when it is text, else ""."""
    return value if isinstance(value, str) else ""


def body_sections(paragraphs: list[dict[str, Any]], warnings: list[ReadingWarning]) -> list[Draft]:
    """Paragraphs gathered under their sections, in order; equations put in their places."""
    drafts: list[Draft] = []
    key: tuple[str, str] | None = None
    depth = 0
    for paragraph in paragraphs:
        text = clean_line(text_of(paragraph.get("text")))
        title = clean_line(text_of(paragraph.get("section")))
        number = clean_line(str(paragraph.get("sec_num") or "")).strip(".")
        if not re.fullmatch(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){0,4}", number):
            number = ""
        if (number, title) != key:
            key = (number, title)
            # An unnumbered section is part of the numbered one before it.
            depth = number.count(".") + 1 if number else depth
            level = depth if number else depth + 1
            drafts.append(Draft(title=title[:1].upper() + title[1:], number=number, level=level))
        if match := INNER_HEADING.fullmatch(text):
            # GROBID leaves a heading that directly follows a run-in paragraph in the text.
            drafts.append(Draft(title=match[2], number=match[1], level=1))
            key, depth = None, 1
            continue
        for block in paragraph_blocks(text, paragraph, warnings, title):
            drafts[-1].blocks.append(block)
    for draft in drafts:
        draft.blocks = joined(draft.blocks)
    return [draft for draft in drafts if draft.blocks or draft.title]


def paragraph_blocks(
    text: str, paragraph: dict[str, Any], warnings: list[ReadingWarning], where: str
) -> list[Block]:
    """The blocks of one entry of body_text: its text, with equations for doc2json's EQUATION marks."""
    equations = [
        clean_line(text_of(span.get("latex")) or text_of(span.get("raw_str")) or text_of(span.get("text")))
        for span in entries(paragraph.get("eq_spans"))
    ]
    blocks: list[Block] = []
    pieces = EQUATION_MARK.split(text)
    for number, piece in enumerate(pieces):
        if words := piece.strip():
            item = MARKS.match(words) and len(WORD.findall(words)) > 2
            kind = "list" if item else ("equation" if is_formula(words) else "paragraph")
            if kind == "list":
                words = "- " + MARKS.sub("", words)
            blocks.append(Block.model_validate({"kind": kind, "text": words}))
        if number < len(pieces) - 1:
            if number < len(equations) and equations[number] not in ("", "EQUATION"):
                blocks.append(Block(kind="equation", text=equations[number]))
            else:
                warnings.append(ReadingWarning(what="an equation is not in the file", where=where))
                blocks.append(Block(kind="equation", text=r"\text{(equation missing in the source)}"))
    return blocks


def is_formula(words: str) -> bool:
    """Whether a paragraph is mathematics that GROBID set apart: a relation and no sentence."""
    return len(words) < 200 and bool(FORMULA.search(words)) and not FUNCTION_WORD.search(words)


def joined(blocks: list[Block]) -> list[Block]:
    """Neighbouring one-item lists as one list, and sentences put together again that GROBID cut at a
    formula or at the end of a page."""
    found: list[Block] = []
    for block in blocks:
        before = found[-1] if found else None
        if before is not None and before.kind == block.kind == "list":
            found[-1] = Block(kind="list", text=f"{before.text}\n{block.text}")
        elif before is not None and before.kind == "paragraph" and continues(before, block):
            found[-1] = Block(kind="paragraph", text=f"{before.text} {block.text}")
        else:
            found.append(block)
    return found


def continues(before: Block, block: Block) -> bool:
    """Whether `block` belongs to the sentence that the paragraph `before` ends in."""
    if block.kind == "equation":
        return len(block.text) < 30 and "=" not in block.text and bool(OPEN_END.search(before.text))
    return block.kind == "paragraph" and bool(CONTINUES.match(block.text) and OPEN_END.search(before.text))


def floats(value: object) -> list[tuple[str, Block]]:
    """Tables and figures with the name the text calls them by ("Table 2")."""
    found = []
    known = value.items() if isinstance(value, dict) else []
    counts = {"table": 0, "figure": 0}
    for key, entry in known:
        if not isinstance(entry, dict):
            continue
        kind = "table" if "TAB" in str(key).upper() or entry.get("type_str") == "table" else "figure"
        counts[kind] += 1
        number = clean_line(str(entry.get("fig_num") or entry.get("num") or counts[kind]))[:12]
        name = f"{kind.capitalize()} {number}"
        caption = clean_line(text_of(entry.get("text")))
        caption = re.sub(rf"^{kind}\s*[\w.]{{0,8}}\s*[:.]\s*", "", caption, flags=re.IGNORECASE)
        if kind == "figure":
            if caption:
                found.append((name, Block(kind="figure", text=f"{name}: {caption}")))
            continue
        table = html_of(entry)
        if caption or table:
            found.append((name, Block(kind="table", text=captioned(f"{name}: {caption}", table))))
    return found


def html_of(entry: dict[str, Any]) -> str:
    """A table entry's cells as Markdown, "" when it has none."""
    for key in ("html", "content"):
        if markup := text_of(entry.get(key)):
            _, table = html_table(markup)
            return table or markdown_table([[markup]])
    return ""


def attach_floats(drafts: list[Draft], found: list[tuple[str, Block]]) -> None:
    """Put each table and figure after the first paragraph that names it, in the section that names it
    most often; one that is never named goes to the end."""
    for name, block in found:
        called = (
            re.escape(name.split()[0]).replace("Figure", r"(?:Figure|Fig\.)")
            + r"\s"
            + re.escape(name.split()[-1])
        )
        pattern = re.compile(rf"\b{called}(?![\d.]*\d)\b")
        best = max(drafts, key=lambda draft: sum(len(pattern.findall(b.text)) for b in draft.blocks))
        places = [n for n, b in enumerate(best.blocks) if b.kind == "paragraph" and pattern.search(b.text)]
        if not places:
            drafts[-1].blocks.append(block)
            continue
        at = places[0] + 1
        while at < len(best.blocks) and best.blocks[at].kind in ("table", "figure"):
            at += 1
        best.blocks.insert(at, block)


def abstract_of(data: dict[str, Any], parse: dict[str, Any]) -> str:
    """The abstract, which doc2json gives as text or as a list of paragraphs."""
    for value in (data.get("abstract"), parse.get("abstract")):
        if text := clean_line(text_of(value)):
            return text
        if parts := [clean_line(text_of(item.get("text"))) for item in entries(value)]:
            return "\n\n".join(part for part in parts if part)
    return ""


def authors_of(data: dict[str, Any]) -> tuple[str, ...]:
    """First and last names."""
    names = []
    for author in entries(data.get("authors") or (data.get("metadata") or {}).get("authors")):
        middle = author.get("middle")
        parts = [author.get("first"), *(middle if isinstance(middle, list) else []), author.get("last")]
        name = clean_line(" ".join(part for part in parts if isinstance(part, str)))
        names.append(name or clean_line(text_of(author.get("name"))))
    return tuple(name for name in names if name)


def references_of(value: object) -> tuple[str, ...]:
    """One line a reference."""
    found = []
    for key, entry in value.items() if isinstance(value, dict) else []:
        if not isinstance(entry, dict):
            continue
        names = [
            " ".join(filter(None, (text_of(a.get("first")), text_of(a.get("last")))))
            for a in entries(entry.get("authors"))
        ]
        parts = [", ".join(filter(None, names)), text_of(entry.get("title")), text_of(entry.get("venue"))]
        year = entry.get("year")
        line = clean_line(text_of(entry.get("raw_text"))) or clean_line(
            ". ".join(filter(None, [*parts, str(year or "")]))
        )
        if line:
            found.append(f"[{clean_line(str(entry.get('ref_id') or key))}] {line}")
    return tuple(found)
