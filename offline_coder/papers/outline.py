"""From headings in order to sections with numbers, levels and ids."""

import re
from dataclasses import dataclass, field

from offline_coder.core.errors import BadInput
from offline_coder.papers.paper import Block, BlockKind, Place, Section

DEEPEST = 6
MOST_SECTIONS = 3000
ARABIC = re.compile(r"(?:section\s+)?(\d{1,2}(?:\.\d{1,2}){0,4})(?:[.:)]\s*|\s+)(?=\S)", re.IGNORECASE)
LETTERED = re.compile(r"(?:appendix\s+)?([A-Z](?:\.\d{1,2}){1,4})(?:[.:)]\s*|\s+)(?=\S)", re.IGNORECASE)
APPENDIX = re.compile(r"(?:appendix\s+([A-Z])(?:[.:)\-—–]*\s*)|([A-Z])[.:)]\s+(?=\S))", re.IGNORECASE)
BARE_LETTER = re.compile(r"([A-Z])\s+(?=\S)")
ROMAN = re.compile(r"([IVX]{1,5})[.:)]\s+(?=\S)")
TOP_LEVEL = re.compile(
    r"(?:acknowledge?ments?|references|bibliography|appendi(?:x|ces)|conclusions?|introduction"
    r"|related works?|broader impact|ethics statement|reproducibility statement|limitations"
    r"|supplementary materials?)\W*",
    re.IGNORECASE,
)
# What stands on the first page and is no text: permissions of the publisher.
NOTICE = re.compile(
    r"provided proper attribution|permission to (?:make|reproduce)|all rights reserved", re.IGNORECASE
)
TRUSTED_ID = re.compile(r"s[A-Za-z0-9]{1,4}(?:-\d{1,3})?(?:\.[A-Za-z0-9]{1,4}(?:-\d{1,3})?){0,6}")


@dataclass(slots=True)
class Draft:
    """A section being read. `number` "" and `level` 0 mean unknown; `wanted_id` is an id the source
    itself carries, as our own Markdown does."""

    title: str
    number: str = ""
    level: int = 0
    wanted_id: str = ""
    blocks: list[Block] = field(default_factory=list)

    def add(self, kind: BlockKind, text: str, places: tuple[Place, ...] = ()) -> None:
        """Append a block unless it holds nothing."""
        if text.strip():
            self.blocks.append(Block(kind=kind, text=text, places=places))


def split_number(heading: str, next_letter: str = "") -> tuple[str, str]:
    """A heading's number as printed and its title: "3.2 Method" -> ("3.2", "Method").

    A letter counts as a number with a dot or the word Appendix ("A. Proofs", "Appendix B"), or bare
    when it is `next_letter`, the one an appendix would carry here. Roman numbers become arabic ones.
    """
    for pattern in (ARABIC, LETTERED):
        if match := pattern.match(heading):
            return match[1].upper(), heading[match.end() :].strip()
    if (match := ROMAN.match(heading)) and (value := roman_value(match[1])):
        return str(value), heading[match.end() :].strip()
    if match := APPENDIX.match(heading):
        letter = (match[1] or match[2]).upper()
        return letter, heading[match.end() :].strip()
    if next_letter and (match := BARE_LETTER.match(heading)) and match[1] == next_letter:
        return match[1], heading[match.end() :].strip()
    return "", heading.strip()


def roman_value(text: str) -> int:
    """The value of a roman number up to XXX, 0 when `text` is not one. A single "I" to "X" counts."""
    values = {"I": 1, "V": 5, "X": 10}
    total = 0
    for here, after in zip(text, text[1:] + " ", strict=True):
        value = values[here]
        total += -value if values.get(after, 0) > value else value
    return total


class Numbering:
    """Splits headings in order, remembering where the paper's numbers stand."""

    def __init__(self) -> None:
        self.numbered = 0
        self.letter = ""

    def split(self, heading: str) -> tuple[str, str]:
        """As `split_number`, with the letter an appendix would carry now; counts what it returns."""
        number, title = split_number(heading, self.next_letter() if self.numbered > 1 else "")
        if number:
            self.numbered += 1
            if number[0].isalpha():
                self.letter = number[0]
        return number, title

    def next_letter(self) -> str:
        """The letter after the last appendix, "A" before the first, "" after Z."""
        if not self.letter:
            return "A"
        return chr(ord(self.letter) + 1) if self.letter < "Z" else ""


def with_levels(drafts: list[Draft]) -> list[tuple[Draft, int]]:
    """Each draft with its level, 1 to 6: the depth of its number where it has one; else the source's
    level measured against the numbered sections around it, never skipping one downwards."""
    numbered = [d.level - d.number.count(".") for d in drafts if d.number and d.level]
    plain = [] if any(d.number for d in drafts) else [d.level for d in drafts if d.level]
    base = min(numbered or plain or [1]) - 1
    # Converters that know no levels put all headings on one; then a heading without a number stands below
    # the numbered one before it.
    depths = {d.number.count(".") for d in drafts if d.number and d.level}
    flat = len({d.level for d in drafts if d.level}) == 1 and len(depths) > 1
    depth = 0
    found: list[tuple[Draft, int]] = []
    # Of the headings that are open: the source's level, ours, and whether they are numbered.
    above: list[tuple[int, int, bool]] = []
    for draft in drafts:
        if draft.wanted_id:
            level = max(draft.level, 1)
        elif draft.number:
            level = depth = draft.number.count(".") + 1
        elif flat and depth and not TOP_LEVEL.fullmatch(draft.title):
            level = depth + 1
        elif TOP_LEVEL.fullmatch(draft.title):
            level = 1
        else:
            source = draft.level or base + 1
            # A numbered heading on the same level is the parent: converters lose how deep one is.
            while above and (above[-1][0] > source or (above[-1][0] == source and not above[-1][2])):
                above.pop()
            level = max(1, min(source - base, (above[-1][1] if above else 0) + 1))
        level = min(level, DEEPEST)
        above.append((draft.level or base + level, level, bool(draft.number)))
        found.append((draft, level))
    return found


def refuse_too_many(headings: int) -> None:
    """Raises BadInput when no paper has so many headings."""
    if headings > MOST_SECTIONS:
        raise BadInput(f"{headings} headings: this is no paper", f"a paper may have {MOST_SECTIONS}")


def sections_of(drafts: list[Draft]) -> tuple[Section, ...]:
    """The sections of `drafts` in order, with unique ids.

    A printed number makes the id ("3.2" -> "s3.2"). In a paper without any numbers sections are counted
    ("s2", "s2.1"); an unnumbered section among numbered ones hangs below what it follows ("s5.2.u1"),
    on the first level as "su1". A number met twice gets "-2".

    Raises:
        BadInput: there are over 3,000 of them.
    """
    refuse_too_many(len(drafts))
    counting = not any(draft.number for draft in drafts)
    counters = [0] * (DEEPEST + 1)
    unnumbered: dict[str, int] = {}
    path: list[str] = [""] * (DEEPEST + 1)
    taken: set[str] = set()
    sections = []
    for draft, level in with_levels(drafts):
        if counting:
            counters[level] += 1
            counters[level + 1 :] = [0] * (DEEPEST - level)
            plain = "s" + ".".join(str(max(count, 1)) for count in counters[1 : level + 1])
        elif draft.number:
            plain = f"s{draft.number}"
        else:
            parent = next((path[up] for up in range(level - 1, 0, -1) if path[up]), "")
            unnumbered[parent] = unnumbered.get(parent, 0) + 1
            plain = f"{parent}.u{unnumbered[parent]}" if parent else f"su{unnumbered[parent]}"
        name = unique(draft.wanted_id or plain, taken)
        path[level] = name
        path[level + 1 :] = [""] * (DEEPEST - level)
        sections.append(
            Section(id=name, number=draft.number, title=draft.title, level=level, blocks=tuple(draft.blocks))
        )
    return tuple(sections)


def unique(name: str, taken: set[str]) -> str:
    """`name`, or "name-2", "name-3" when it is taken; the result is added to `taken`."""
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}-{count}"
    taken.add(found)
    return found
