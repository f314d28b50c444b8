"""References from thebibliography, .bbl and .bib."""

import re
from itertools import zip_longest

from offline_coder.papers.latex_inline import Inline
from offline_coder.papers.latex_macros import bracket, group, skip_space

BIBITEM = re.compile(r"\\bibitem(?![A-Za-z])")
ENTRY = re.compile(r"@\s*([A-Za-z]{1,30})\s*\{\s*([^\s,{}]{1,200})\s*,")
FIELD = re.compile(r"([A-Za-z][\w-]{0,30})\s*=\s*")
CITED = re.compile(r"\\[A-Za-z]*[cC]ite[A-Za-z]*\*?(?:\s*\[[^\]]{0,200}\]){0,2}\s*\{([^{}]{1,2000})\}")
MOST = 2000


def bibitems(text: str, inline: Inline) -> list[str]:
    """One line for each \\bibitem: "[key] text"."""
    found = []
    starts = list(BIBITEM.finditer(text))[:MOST]
    for match, after in zip_longest(starts, starts[1:]):
        item = text[match.end() : after.start() if after else len(text)].split("\\end{thebibliography}")[0]
        at = 0
        if (option := bracket(item, skip_space(item, 0))) is not None:
            at = option[1]
        if (key := group(item, skip_space(item, at))) is None:
            continue
        if words := inline.line(item[key[1] :]):
            found.append(f"[{key[0].strip()}] {words}")
    return found


def bib_entries(text: str, inline: Inline) -> dict[str, str]:
    """Key -> "[key] authors. title. venue, year." for each entry of a .bib text; of one key the first."""
    found: dict[str, str] = {}
    for match in list(ENTRY.finditer(text))[: 10 * MOST]:
        if match[1].lower() in ("string", "preamble", "comment") or match[2] in found:
            continue
        fields = entry_fields(text, match.end())
        venue = next(
            (
                fields[name]
                for name in ("booktitle", "journal", "publisher", "howpublished", "eprint")
                if fields.get(name)
            ),
            "",
        )
        authors = re.sub(r"\s+and\s+", "; ", fields.get("author", ""))
        parts = [
            authors,
            fields.get("title", ""),
            ", ".join(part for part in (venue, fields.get("year") or fields.get("date", "")[:4]) if part),
        ]
        words = inline.line(". ".join(part.strip() for part in parts if part.strip()))
        if words:
            found[match[2]] = f"[{match[2]}] {words.rstrip('.')}."
    return found


def entry_fields(text: str, at: int) -> dict[str, str]:
    """The fields of one entry whose first field may begin at `at`."""
    fields: dict[str, str] = {}
    for _ in range(60):
        at = skip_space(text, at)
        match = FIELD.match(text, at)
        if match is None:
            break
        at = match.end()
        if (braced := group(text, at)) is not None:
            value, at = braced
        elif text[at : at + 1] == '"':
            end = text.find('"', at + 1, at + 5000)
            value, at = (text[at + 1 : end], end + 1) if end >= 0 else ("", at + 1)
        else:
            bare = re.compile(r"[^,}\n]{0,200}").match(text, at)
            value, at = (bare[0], bare.end()) if bare else ("", at)
        fields[match[1].lower()] = " ".join(value.split())
        at = skip_space(text, at)
        if text[at : at + 1] != ",":
            break
        at += 1
    return fields


def cited_keys(text: str) -> list[str]:
    """The keys that `text` cites, in the order of their first use."""
    keys = (key.strip() for match in CITED.finditer(text) for key in match[1].split(","))
    return list(dict.fromkeys(key for key in keys if key))


def references_of(body: str, inner: list[str], files: list[str], inline: Inline) -> list[str]:
    """The paper's references: those in its text, else in its .bbl, else the cited entries of its .bib."""
    for texts in (inner, [file for file in files if "\\bibitem" in file]):
        if found := [line for text in texts for line in bibitems(text, inline)]:
            return found
    entries: dict[str, str] = {}
    for file in files:
        for key, line in bib_entries(file, inline).items():
            entries.setdefault(key, line)
    return [entries[key] for key in cited_keys(body) if key in entries]
