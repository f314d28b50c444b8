"""Paragraphs of S2ORC: the marks that stand for equations, citations and references become their text.

doc2json writes EQUATION (from GROBID), or INLINEFORM0, DISPLAYFORM1, BIBREF2, FIGREF3, TABREF4, SECREF5,
EQREF6 and FOOTREF7 (from LaTeX); what they stand for is in the paragraph's spans and in `ref_entries`.
"""

import re
from typing import Any

from offline_coder.papers.paper import Block, Place, ReadingWarning
from offline_coder.papers.text import clean_line

MARK = re.compile(
    r"\b(?:EQUATION(?:_\d+)?|(?:INLINE|DISPLAY)FORM_?\d+|(?:BIB|FIG|TAB|SEC|EQ|FOOT)REFU?\d+)\b"
)
DISPLAYED = ("EQUATION", "DISPLAYFORM")
BULLET = re.compile(r"^[•▪◦*-]\s+")
FORMULA = re.compile(r"[=√∈≤≥∑∏]")
FUNCTION_WORD = re.compile(r"\b(?:the|is|are|of|we|to|for|with|this|and|use)\b", re.IGNORECASE)
WORD = re.compile(r"\b[A-Za-z]{3,}\b")
OPEN_END = re.compile(r"[\w,(√]$")
CONTINUES = re.compile(r"[a-z0-9.,;)]")
# GROBID loses what is raised: 1.0 • 10 20 is a power, and so is 10 -9.
POWER = re.compile(
    r"(?:(?<![\d.])(\d{1,20}(?:\.\d{1,20})?) ?([•·×]) ?10 ?(-?\d{1,2})|\b10 (-\d{1,2}))(?![\d.])"
)
MISSING = r"\text{(equation missing in the source)}"
Entry = dict[str, Any]


def entries(value: object) -> list[Entry]:
    """The objects in a list that may hold anything."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(value: object) -> str:
    """`value` when it is text, else ""."""
    return value if isinstance(value, str) else ""


def number_of(entry: Entry) -> str:
    """What a table, figure, equation or section is numbered, "" when the file does not say."""
    return clean_line(str(entry.get("fig_num") or entry.get("num") or ""))[:12]


def with_powers(text: str) -> str:
    """`text` with the powers of ten that can be told: 1.0 • 10 20 is $1.0 \\cdot 10^{20}$."""

    def power(match: re.Match[str]) -> str:
        if match[4]:
            return f"$10^{{{match[4]}}}$"
        sign = r"\times" if match[2] == "×" else r"\cdot"
        return f"${match[1]} {sign} 10^{{{match[3]}}}$"

    return POWER.sub(power, text)


class Marks:
    """What the marks of one file stand for."""

    def __init__(self, ref_entries: object, warnings: list[ReadingWarning]) -> None:
        known = ref_entries if isinstance(ref_entries, dict) else {}
        self.known: dict[str, Entry] = {str(key): e for key, e in known.items() if isinstance(e, dict)}
        self.warnings = warnings

    def blocks(self, paragraph: Entry, text: str, where: Place) -> list[Block]:
        """The blocks of one paragraph: its text, displayed equations apart."""
        spans = sorted(entries(paragraph.get("eq_spans")), key=lambda span: str(span.get("start")).zfill(9))
        named = {str(span.get("ref_id")): span for span in spans}
        counted = iter(
            [span for span in spans if not str(span.get("ref_id")).startswith(("INLINE", "DISPLAY"))]
        )
        found: list[Block] = []
        words: list[str] = []
        at = 0
        for match in MARK.finditer(text):
            words.append(text[at : match.start()])
            at = match.end()
            mark = match[0]
            if mark.startswith(DISPLAYED):
                span = named.get(mark) or (next(counted, {}) if mark.startswith("EQUATION") else {})
                found += text_blocks("".join(words), where)
                words = []
                found.append(Block(kind="equation", text=self.equation(span, where), places=(where,)))
            else:
                words.append(self.inline(mark, named.get(mark, {}), paragraph))
        return [*found, *text_blocks("".join([*words, text[at:]]), where)]

    def equation(self, span: Entry, where: Place) -> str:
        """A displayed equation, with its number as LaTeX tags it; a stand-in when the file lacks it."""
        kept = self.known.get(str(span.get("ref_id")), {})
        values = [source.get(key) for source in (span, kept) for key in ("latex", "raw_str", "text")]
        words = next(
            (w for value in values if (w := clean_line(text_of(value))) and not MARK.fullmatch(w)), ""
        )
        if not words:
            self.warnings.append(ReadingWarning(what="an equation is not in the file", where=where))
            return MISSING
        number = clean_line(str(span.get("eq_num") or number_of(kept))).strip("()[] ")
        tagged = not number or "\\tag" in words
        return words if tagged else f"{words.removesuffix(f'({number})').strip()} \\tag{{{number}}}"

    def inline(self, mark: str, span: Entry, paragraph: Entry) -> str:
        """What stands in the sentence for a mark."""
        if mark.startswith("INLINEFORM"):
            latex = clean_line(text_of(span.get("latex")) or text_of(span.get("text")))
            return f"${latex}$" if latex else mark
        if mark.startswith("BIBREF"):
            return f"[{mark}]"
        entry = self.known.get(mark, {})
        if mark.startswith("FOOTREF") and (words := clean_line(text_of(entry.get("text")))):
            return f" (footnote: {words})"
        spans = [s for s in entries(paragraph.get("ref_spans")) if s.get("ref_id") == mark]
        number = number_of(entry) or next((clean_line(text_of(s.get("text"))) for s in spans), "")
        return f"({number})" if number and mark.startswith("EQREF") else number or mark


def text_blocks(text: str, where: Place) -> list[Block]:
    """A stretch of running text as a paragraph, a list item or a formula; none when it is empty."""
    words = clean_line(text)
    if not words:
        return []
    if BULLET.match(words) and len(WORD.findall(words)) > 2:
        return [Block(kind="list", text="- " + with_powers(BULLET.sub("", words)), places=(where,))]
    if is_formula(words):
        return [Block(kind="equation", text=words, places=(where,))]
    return [Block(kind="paragraph", text=with_powers(words), places=(where,))]


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
            found[-1] = together(before, "\n", block)
        elif before is not None and before.kind == "paragraph" and continues(before, block):
            found[-1] = together(before, " ", block)
        else:
            found.append(block)
    return found


def together(before: Block, between: str, block: Block) -> Block:
    """Two blocks as one of the first's kind."""
    places = tuple(dict.fromkeys((*before.places, *block.places)))
    return Block(kind=before.kind, text=f"{before.text}{between}{block.text}", places=places)


def continues(before: Block, block: Block) -> bool:
    """Whether `block` belongs to the sentence that the paragraph `before` ends in."""
    if block.kind == "equation":
        return len(block.text) < 30 and "=" not in block.text and bool(OPEN_END.search(before.text))
    return block.kind == "paragraph" and bool(CONTINUES.match(block.text) and OPEN_END.search(before.text))
