"""The S2ORC of the Semantic Scholar datasets since 2023: one text, and annotations that point into it.

`content.text` is the whole paper; `content.annotations` has, for each kind ("title", "abstract", "paragraph",
"sectionheader", "bibentry", "figurecaption", "formula", ...), a list of {"start", "end", "attributes"} in
characters, usually written as JSON inside a string, or null.
See https://api.semanticscholar.org/api-docs/datasets.
"""

import json
from bisect import bisect_right
from dataclasses import dataclass, field

from offline_coder.papers.paper import Place
from offline_coder.papers.s2orc_text import Entry, entries, text_of
from offline_coder.papers.text import clean_line

Span = tuple[int, int]
POINTER = "/content/text"
LATEST = 1 << 62
NEAREST = 8


@dataclass(slots=True)
class Content:
    """A file of this form in the terms of the older one. `places` belong to `body`, one for one."""

    title: str = ""
    abstract: str = ""
    authors: list[str] = field(default_factory=list)
    body: list[Entry] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    floats: dict[str, Entry] = field(default_factory=dict)
    bibliography: dict[str, Entry] = field(default_factory=dict)


def content_of(data: Entry) -> Content | None:
    """The paper in a record with `content`; None when it has no such thing."""
    content = data.get("content")
    if not isinstance(content, dict) or not (text := text_of(content.get("text"))):
        return None
    known = content.get("annotations")
    notes = Annotations(text, known if isinstance(known, dict) else {})
    found = Content(
        title=notes.first("title"),
        abstract="\n\n".join(clean_line(words) for words in notes.texts("abstract")),
        authors=[clean_line(words) for words in notes.texts("author")],
    )
    body(notes, found)
    for number, (_, words, _) in enumerate(notes.of("figurecaption")):
        found.floats[f"FIGREF{number}"] = {"text": words, "type_str": "figure"}
    for number, (_, words, attributes) in enumerate(notes.of("bibentry")):
        name = text_of(attributes.get("id")) or f"b{number}"
        found.bibliography[name] = {"raw_text": words}
    return found


class Annotations:
    """The annotations of one text."""

    def __init__(self, text: str, known: Entry) -> None:
        self.text = text
        self.known = known

    def of(self, kind: str) -> list[tuple[Span, str, Entry]]:
        """Place, words and attributes of every annotation of a kind that lies inside the text, in order."""
        value = self.known.get(kind)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return []
        found = []
        for entry in entries(value):
            start, end = whole(entry.get("start")), whole(entry.get("end"))
            if 0 <= start < end <= len(self.text):
                attributes = entry.get("attributes")
                inside = attributes if isinstance(attributes, dict) else {}
                found.append(((start, end), self.text[start:end], inside))
        return sorted(found, key=lambda item: item[0])

    def texts(self, kind: str) -> list[str]:
        """The words of every annotation of a kind."""
        return [words for _, words, _ in self.of(kind)]

    def first(self, kind: str) -> str:
        """The words of the first, "" when there is none."""
        return next(iter(self.texts(kind)), "")


def whole(value: object) -> int:
    """`value` as a number of characters, -1 when it is none. Some releases write numbers as strings."""
    try:
        return int(value) if isinstance(value, int | str) else -1
    except ValueError:
        return -1


def body(notes: Annotations, found: Content) -> None:
    """Paragraphs under the headings that stand before them, those of the abstract and the references left
    out; formulas that no paragraph holds are paragraphs of their own."""
    apart = sorted(
        span for kind in ("abstract", "bibentry", "figurecaption") for span, _, _ in notes.of(kind)
    )
    paragraphs = notes.of("paragraph")
    spans = [span for span, _, _ in paragraphs]
    formulas = [item for item in notes.of("formula") if not within(item[0], spans)]
    marked = [(span, words, attributes, "heading") for span, words, attributes in notes.of("sectionheader")]
    marked += [(span, words, attributes, "text") for span, words, attributes in paragraphs]
    marked += [(span, words, attributes, "formula") for span, words, attributes in formulas]
    section, number = "", ""
    for span, words, attributes, kind in sorted(marked, key=lambda item: (item[0], item[3])):
        if kind == "heading":
            section, number = clean_line(words), str(attributes.get("n") or "")
        elif not within(span, apart):
            entry: Entry = {"text": words, "section": section, "sec_num": number}
            if kind == "formula":
                entry = {**entry, "text": "EQUATION", "eq_spans": [{"start": 0, "raw_str": words}]}
            found.body.append(entry)
            found.places.append(Place(pointer=POINTER, chars=span))


def within(span: Span, others: list[Span]) -> bool:
    """Whether `span` lies inside one of `others`, which are in order and apart as far as they matter: only
    the last ones that begin before it are asked."""
    at = bisect_right(others, (span[0], LATEST))
    return any(start <= span[0] and span[1] <= end for start, end in others[max(at - NEAREST, 0) : at])
