"""S2ORC JSON, as doc2json writes it from GROBID's TEI or from LaTeX.

The format is that of https://github.com/allenai/s2orc-doc2json: `pdf_parse` or `latex_parse` (or these
keys at the top) hold `body_text`, `back_matter`, `ref_entries` and `bib_entries`. The newer form with
`content.text` and annotations is read too.
"""

import json
import re
from dataclasses import dataclass

from offline_coder.core.errors import BadInput
from offline_coder.papers.outline import TOP_LEVEL, Draft, sections_of
from offline_coder.papers.paper import Paper, Place, ReadingWarning
from offline_coder.papers.s2orc_content import Content, content_of
from offline_coder.papers.s2orc_floats import attach_floats, floats, without_captions
from offline_coder.papers.s2orc_text import Entry, Marks, entries, joined, text_of
from offline_coder.papers.text import clean_line

# GROBID takes the notice above a title for a part of it.
NOTICE = re.compile(
    r"^(?:provided proper attribution|permission to make|this (?:paper|work|article) (?:is|was)"
    r"|published as|under review|accepted (?:at|by|to)|preprint\b|copyright)[^.]{0,400}\.\s+(?=\S)",
    re.IGNORECASE,
)
INNER_HEADING = re.compile(r"(\d{1,2}) ([A-Z][A-Za-z -]{2,60})")
SECTION_NUMBER = re.compile(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){0,4}")
NUMBERED_TITLE = re.compile(r"(?:appendix\s+)?([A-Z](?:\.\d{1,2}){0,3})[.:\s]\s*(?=[A-Z])")
PRINTED_MARK = re.compile(r"\[?\(?([\w+-]{1,12})\)?\]?")
RUN_IN_LONGEST = 60
HINT = (
    "offline-coder reads the JSON of s2orc-doc2json: title, abstract, pdf_parse or latex_parse with body_text"
)


@dataclass(slots=True)
class Parse:
    """The part of a file that holds the text. `base` is a pointer to it, `name` what it is called."""

    entries: Entry
    base: str
    name: str


def read_s2orc(raw: bytes) -> Paper:
    """The paper in a doc2json file or in a record of the newer S2ORC.

    Raises:
        BadInput: it is not JSON, lacks a key (which one is said), or has no body text.
    """
    data = parsed(raw)
    if (content := content_of(data)) is not None:
        return paper_of_content(content)
    parse = parse_of(data)
    body = parse.entries.get("body_text")
    if not isinstance(body, list):
        raise BadInput(f"the JSON is not S2ORC: {parse.name} has no list 'body_text'", HINT)
    warnings: list[ReadingWarning] = []
    marks = Marks(parse.entries.get("ref_entries"), warnings)
    drafts = body_sections(*placed(body, f"{parse.base}/body_text"), marks)
    if not any(draft.blocks for draft in drafts):
        raise BadInput(
            f"the S2ORC file has an empty 'body_text' in {parse.name}",
            "the doc2json conversion that made it failed; give the PDF or the LaTeX",
        )
    found = floats(marks.known, f"{parse.base}/ref_entries", warnings)
    drafts = with_run_in_headings(without_captions(drafts, found, warnings))
    attach_floats(drafts, found)
    drafts += back_sections(*placed(parse.entries.get("back_matter"), f"{parse.base}/back_matter"), marks)
    references = references_of(
        parse.entries.get("bib_entries") or data.get("bib_entries"), printed_marks(entries(body))
    )
    if not references:
        warnings.append(ReadingWarning(what="the file holds no list of references"))
    title = clean_line(text_of(data.get("title")) or text_of((metadata_of(data)).get("title")))
    return Paper(
        title=NOTICE.sub("", title),
        abstract=abstract_of(data, parse.entries, marks),
        authors=authors_of(data),
        sections=sections_of(drafts),
        references=references,
        warnings=tuple(warnings),
        source_format="s2orc",
    )


def paper_of_content(content: Content) -> Paper:
    """The paper in a record of the newer form. Raises BadInput when no paragraph is marked in it."""
    warnings: list[ReadingWarning] = []
    marks = Marks({}, warnings)
    drafts = body_sections(content.body, content.places, marks)
    if not any(draft.blocks for draft in drafts):
        raise BadInput("the S2ORC record marks no paragraph in 'content.annotations'", HINT)
    found = floats(content.floats, "/content/annotations/figurecaption", warnings)
    drafts = with_run_in_headings(drafts)
    attach_floats(drafts, found)
    return Paper(
        title=NOTICE.sub("", clean_line(content.title)),
        abstract=content.abstract,
        authors=tuple(name for name in content.authors if name),
        sections=sections_of(drafts),
        references=references_of(content.bibliography, {}),
        warnings=tuple(warnings),
        source_format="s2orc",
    )


def placed(value: object, pointer: str) -> tuple[list[Entry], list[Place]]:
    """The paragraphs of a list, and where each stands in the file."""
    items = value if isinstance(value, list) else []
    found = [
        (item, Place(pointer=f"{pointer}/{n}")) for n, item in enumerate(items) if isinstance(item, dict)
    ]
    return [item for item, _ in found], [place for _, place in found]


def parsed(raw: bytes) -> Entry:
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


def parse_of(data: Entry) -> Parse:
    """The part that holds the text. Of two, the one with more text."""
    candidates = [
        Parse(data[key], f"/{key}", key)
        for key in ("pdf_parse", "latex_parse")
        if isinstance(data.get(key), dict)
    ]
    candidates.sort(key=lambda parse: -len(entries(parse.entries.get("body_text"))))
    if candidates:
        return candidates[0]
    if "body_text" in data:
        return Parse(data, "", "the top level")
    raise BadInput("the JSON is not S2ORC: no key 'pdf_parse', 'latex_parse' or 'body_text'", HINT)


def body_sections(paragraphs: list[Entry], places: list[Place], marks: Marks) -> list[Draft]:
    """Paragraphs gathered under their sections, in order; equations put in their places."""
    drafts: list[Draft] = []
    key: tuple[str, str] | None = None
    depth = 0
    for paragraph, place in zip(paragraphs, places, strict=True):
        text = clean_line(text_of(paragraph.get("text")))
        path = clean_line(text_of(paragraph.get("section")))
        number, title = numbered(paragraph, path.split("::")[-1].strip())
        if (number, path) != key:
            key = (number, path)
            # An unnumbered section is part of the numbered one before it.
            depth = number.count(".") + 1 if number else depth
            level = depth if number else max(depth, path.count("::")) + 1
            drafts.append(Draft(title=title[:1].upper() + title[1:], number=number, level=level))
        if match := INNER_HEADING.fullmatch(text):
            # GROBID leaves a heading that directly follows a run-in paragraph in the text.
            drafts.append(Draft(title=match[2], number=match[1], level=1))
            key, depth = None, 1
            continue
        drafts[-1].blocks += marks.blocks(paragraph, text, place)
    for draft in drafts:
        draft.blocks = joined(draft.blocks)
    return [draft for draft in drafts if draft.blocks or draft.title]


def numbered(paragraph: Entry, title: str) -> tuple[str, str]:
    """Number and title of a paragraph's section. GROBID leaves the letter of an appendix in its title."""
    number = clean_line(str(paragraph.get("sec_num") or "")).strip(".")
    if SECTION_NUMBER.fullmatch(number):
        return number, title
    match = NUMBERED_TITLE.match(title)
    appendix = match is not None and ("." in match[1] or title.lower().startswith("appendix"))
    return (match[1], title[match.end() :]) if match and appendix else ("", title)


def with_run_in_headings(drafts: list[Draft]) -> list[Draft]:
    """`drafts` without the sections that GROBID made of the run-in headings of paragraphs: short, without a
    number, inside a numbered section. Each becomes the beginning of its paragraph again. Text without any
    heading behind the last section are footnotes, whose places the file does not hold."""
    found: list[Draft] = []
    for draft in drafts:
        inside = bool(found) and bool(found[-1].number) and not draft.number
        known = TOP_LEVEL.fullmatch(draft.title) is not None
        first = draft.blocks[0] if draft.blocks else None
        if inside and not draft.title:
            draft.blocks = [
                block.model_copy(update={"text": f"(footnote: {block.text})"})
                if block.kind == "paragraph"
                else block
                for block in draft.blocks
            ]
            found.append(draft)
        elif (
            inside
            and not known
            and len(draft.title) <= RUN_IN_LONGEST
            and first
            and first.kind == "paragraph"
        ):
            stop = "" if draft.title.endswith((".", ":", "?", "!")) else "."
            head = first.model_copy(update={"text": f"{draft.title}{stop} {first.text}"})
            found[-1].blocks += [head, *draft.blocks[1:]]
        else:
            found.append(draft)
    return found


def back_sections(paragraphs: list[Entry], places: list[Place], marks: Marks) -> list[Draft]:
    """What stands behind the body: acknowledgements, and appendices with their numbers. GROBID writes the
    heading of such a part once more before its text."""
    drafts = body_sections(paragraphs, places, marks)
    for draft in drafts:
        first = draft.blocks[0] if draft.blocks else None
        repeated = re.match(
            re.escape(draft.title) + r"s?\W{0,2}\s+(?=\S)", first.text if first else "", re.IGNORECASE
        )
        if draft.title and first and repeated:
            draft.title = repeated[0].strip(" .:")
            draft.blocks[0] = first.model_copy(update={"text": first.text[repeated.end() :]})
    return drafts


def metadata_of(data: Entry) -> Entry:
    """The entry "metadata", which older files have."""
    found = data.get("metadata")
    return found if isinstance(found, dict) else {}


def abstract_of(data: Entry, parse: Entry, marks: Marks) -> str:
    """The abstract, which doc2json gives as text, or as a list of texts or paragraphs."""
    for value in (parse.get("abstract"), data.get("abstract")):
        if text := clean_line(text_of(value)):
            return text
        parts = []
        for item in value if isinstance(value, list) else []:
            if isinstance(item, dict):
                blocks = marks.blocks(item, clean_line(text_of(item.get("text"))), Place())
                parts += [block.text for block in blocks]
            else:
                parts.append(clean_line(text_of(item)))
        if any(parts):
            return "\n\n".join(part for part in parts if part)
    return ""


def authors_of(data: Entry) -> tuple[str, ...]:
    """First and last names."""
    names = []
    for author in entries(data.get("authors") or metadata_of(data).get("authors")):
        names.append(name_of(author) or clean_line(text_of(author.get("name"))))
    return tuple(name for name in names if name)


def name_of(author: Entry) -> str:
    """An author's names in order."""
    middle = author.get("middle")
    parts = [author.get("first"), *(middle if isinstance(middle, list) else []), author.get("last")]
    parts.append(author.get("suffix"))
    return clean_line(" ".join(part for part in parts if isinstance(part, str)))


def printed_marks(paragraphs: list[Entry]) -> dict[str, str]:
    """What the text prints for each reference it cites: BIBREF12 -> 13."""
    found: dict[str, str] = {}
    for paragraph in paragraphs:
        for span in entries(paragraph.get("cite_spans")):
            match = PRINTED_MARK.fullmatch(clean_line(text_of(span.get("text"))))
            if match and span.get("ref_id"):
                found.setdefault(str(span["ref_id"]), match[1])
    return found if len(set(found.values())) == len(found) else {}


def references_of(value: object, printed: dict[str, str]) -> tuple[str, ...]:
    """One line a reference, with the mark that the text prints for it, else its key in the file."""
    found = []
    for key, entry in value.items() if isinstance(value, dict) else []:
        if not isinstance(entry, dict):
            continue
        line = clean_line(text_of(entry.get("raw_text"))) or reference_line(entry)
        if line:
            mark = printed.get(key) or clean_line(str(entry.get("ref_id") or key))
            found.append(f"[{mark}] {line}")
    return tuple(found)


def reference_line(entry: Entry) -> str:
    """A reference put together from its parts."""
    names = ", ".join(filter(None, (name_of(author) for author in entries(entry.get("authors")))))
    volume, issue, pages = (clean_line(str(entry.get(key) or "")) for key in ("volume", "issue", "pages"))
    number = f"{volume}({issue})" if volume and issue else volume or issue
    where = ":".join(part for part in (number, pages.replace("--", "–")) if part)
    venue = " ".join(part for part in (text_of(entry.get("venue")), where) if part)
    parts = [names, text_of(entry.get("title")), venue, str(entry.get("year") or ""), *identifiers(entry)]
    return clean_line(". ".join(part.strip().rstrip(".") for part in parts if part.strip()))


def identifiers(entry: Entry) -> list[str]:
    """DOI or arXiv number, and addresses."""
    known = entry.get("other_ids")
    ids = (
        [str(name) for value in known.values() if isinstance(value, list) for name in value]
        if isinstance(known, dict)
        else []
    )
    urls = entry.get("urls")
    return [*ids[:2], *[url for url in (urls if isinstance(urls, list) else []) if isinstance(url, str)][:1]]
