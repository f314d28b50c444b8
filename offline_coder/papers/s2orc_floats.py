"""Tables and figures of S2ORC: their cells, and where in the text they belong."""

import re
from collections import Counter

from offline_coder.papers.outline import Draft
from offline_coder.papers.paper import Block, Place, ReadingWarning
from offline_coder.papers.s2orc_text import Entry, number_of, text_of, with_powers
from offline_coder.papers.tables import captioned, html_rows, markdown_table
from offline_coder.papers.text import clean_line

VALUE = re.compile(r"[-+±]?\d[\d.,]*(?:[%KMB]|\s?[±]\s?\d[\d.]*)?")
NAMED = re.compile(r"(table|figure|fig\.?)\s*([\w.]{0,8}?)\s*[:.]\s*(?=\S)", re.IGNORECASE)
MENTION = re.compile(r"\b(Table|Figure|Fig\.)\s([A-Z]?\.?\d[\d.]*)")
SHINGLE = 4


def floats(known: dict[str, Entry], base: str, warnings: list[ReadingWarning]) -> list[tuple[str, Block]]:
    """Tables and figures with the name the text calls them by ("Table 2"). `base` points to where they
    stand in the file."""
    found = []
    counts = {"table": 0, "figure": 0}
    for key, entry in known.items():
        said = str(entry.get("type_str") or entry.get("type") or "").lower()
        upper = key.upper()
        if not ("TAB" in upper or "FIG" in upper or said in counts):
            continue
        kind = "table" if "TAB" in upper or said == "table" else "figure"
        counts[kind] += 1
        caption = with_powers(clean_line(text_of(entry.get("text"))))
        named = NAMED.match(caption)
        if named and named[1].lower().startswith(kind[:3]):
            caption = caption[named.end() :]
        printed = named[2] if named and re.fullmatch(r"[A-Z]?\.?\d[\d.]*", named[2]) else ""
        name = f"{kind.capitalize()} {number_of(entry) or printed.strip('.') or counts[kind]}"
        where = Place(pointer=f"{base}/{escaped(key)}")
        if kind == "figure":
            if caption:
                found.append((name, Block(kind="figure", text=f"{name}: {caption}", places=(where,))))
            continue
        table = cells_of(entry, where, warnings)
        if not table and caption:
            warnings.append(ReadingWarning(what=f"the cells of {name} are not in the file", where=where))
        if caption or table:
            text = captioned(f"{name}: {caption}", table)
            found.append((name, Block(kind="table", text=text, places=(where,))))
    return found


def escaped(key: str) -> str:
    """A key as RFC 6901 writes it in a pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def cells_of(entry: Entry, where: Place, warnings: list[ReadingWarning]) -> str:
    """A table entry's cells as Markdown, "" when it has none."""
    for key in ("html", "content"):
        if not (markup := text_of(entry.get(key))):
            continue
        rows = html_rows(markup)
        if not rows:
            return markdown_table([[with_powers(clean_line(markup))]])
        parted = [row for spans in rows for row in parted_rows(spans)]
        plain = [[text for text, span in row for text in (text, *[""] * (span - 1))] for row in rows]
        if parted != plain:
            what = "cells that had run together were parted at their numbers"
            warnings.append(ReadingWarning(what=what, where=where, certainty="likely"))
        return markdown_table([[with_powers(cell) for cell in row] for row in parted])
    return ""


def parted_rows(row: list[tuple[str, int]]) -> list[list[str]]:
    """One row of cells and how many columns each spans, as one or more rows of single cells.

    GROBID joins neighbouring cells into one that spans their columns, and rows that stand close: "1 512 512"
    over three columns are three cells, and when every cell but a label has twice as many numbers as it has
    columns these are two rows.
    """
    words = [clean_line(text).split() for text, _ in row]
    values = [bool(w) and all(VALUE.fullmatch(word) for word in w) for w in words]
    full = [n for n, w in enumerate(words) if w]
    numbers = [n for n in full if values[n]]
    rows = 1
    if len(numbers) > 1 and all(n in numbers or n == full[0] for n in full):
        times = {len(words[n]) / row[n][1] for n in numbers}
        rows = int(times.pop()) if times in ({2.0}, {3.0}) else 1
    found: list[list[str]] = [[] for _ in range(rows)]
    for number, (text, span) in enumerate(row):
        parts = words[number]
        for line, cells in enumerate(found):
            if rows > 1 and values[number]:
                cells += parts[line * span : (line + 1) * span]
            elif line:
                cells += [""] * span
            elif span > 1 and len(parts) == span and all(VALUE.fullmatch(part) for part in parts[1:]):
                cells += parts
            else:
                cells += [clean_line(text), *[""] * (span - 1)]
    return found


def attach_floats(drafts: list[Draft], found: list[tuple[str, Block]]) -> None:
    """Put each table and figure after the first paragraph that names it, in the section that names it
    most often; one that is never named goes to the end."""
    counts = [mentions(draft) for draft in drafts]
    for name, block in found:
        kind, number = name.split()
        called = re.escape(kind).replace("Figure", r"(?:Figure|Fig\.)") + r"\s" + re.escape(number)
        pattern = re.compile(rf"\b{called}(?![\d.]*\d)\b")
        best = drafts[max(range(len(drafts)), key=lambda n: counts[n][name])]
        places = [n for n, b in enumerate(best.blocks) if b.kind == "paragraph" and pattern.search(b.text)]
        if not places:
            drafts[-1].blocks.append(block)
            continue
        at = places[0] + 1
        while at < len(best.blocks) and best.blocks[at].kind in ("table", "figure"):
            at += 1
        best.blocks.insert(at, block)


def mentions(draft: Draft) -> Counter[str]:
    """How often a section names each table and figure."""
    text = "\n".join(block.text for block in draft.blocks)
    return Counter(
        f"{kind.replace('Fig.', 'Figure')} {number.rstrip('.')}" for kind, number in MENTION.findall(text)
    )


def without_captions(
    drafts: list[Draft], found: list[tuple[str, Block]], warnings: list[ReadingWarning]
) -> list[Draft]:
    """`drafts` without paragraphs that repeat a caption, and without sections that hold nothing else than
    such debris of figures."""
    said = {shingle for _, block in found for shingle in shingles(block.text)}
    kept = []
    for draft in drafts:
        repeated = [block for block in draft.blocks if repeats(block, said)]
        for block in repeated:
            what = f"text that repeats a caption is left out: {block.text[:80]}"
            warnings.append(ReadingWarning(what=what, where=block.places[0], certainty="likely"))
        draft.blocks = [block for block in draft.blocks if block not in repeated]
        rest = sum(len(block.text.split()) for block in draft.blocks)
        if draft.number or not repeated or rest > 2:
            kept.append(draft)
    return kept


def repeats(block: Block, said: set[tuple[str, ...]]) -> bool:
    """Whether nearly all of a paragraph of eight or more words stands in the captions."""
    own = shingles(block.text) if block.kind == "paragraph" else []
    return len(own) > SHINGLE and sum(shingle in said for shingle in own) > 0.7 * len(own)


def shingles(text: str) -> list[tuple[str, ...]]:
    """Every four words in a row."""
    words = re.findall(r"\w+", text.lower())
    return [tuple(words[n : n + SHINGLE]) for n in range(len(words) - SHINGLE + 1)]
