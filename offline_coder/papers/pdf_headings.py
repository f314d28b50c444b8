"""Headings of a PDF: lines that stand out by their font and carry the number that may come next.

Numbers are arabic ("3.2") or those of IEEE and REVTeX ("III", "B", "1)"), which are turned into arabic
ones. A heading may stand on a line of its own or run into its paragraph in bold or italics.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from offline_coder.papers.markdown import REFERENCES
from offline_coder.papers.outline import ROMAN, TOP_LEVEL, Numbering, roman_value, split_number
from offline_coder.papers.pdf_layout import Line
from offline_coder.papers.tables import CAPTION

ABSTRACT = re.compile(r"abstract\W*", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.!?:;][\"'”’)\]]*$|(?<=[a-z)])[.!?](?:\d{1,2}|\^\{?[\d,]{1,5}\}?)$")
HEADING_LONGEST = 110
RUN_IN_LONGEST = 90
APPENDIX_ALONE = re.compile(r"appendix(?:\s+([A-Z]))?", re.IGNORECASE)
LETTER = re.compile(r"([A-Z])\.\s+(?=\S)")
DIGIT = re.compile(r"(\d{1,2})[.)]\s+(?=\S)")
# What the letters of appendices add, so that they come after every number.
APPENDIX = 100


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands at a heading: its number as kept, its words, what it opens, how many lines it takes, and
    the text that follows it on its last line."""

    number: str
    title: str
    kind: str
    count: int
    rest: Line | None = None


class Headings:
    """Knows which number was last, and so which may come. `join` makes one text of lines."""

    def __init__(self, body: float, join: Callable[[list[Line]], str]) -> None:
        self.body = body
        self.join = join
        self.numbering = Numbering()
        self.last: tuple[int, ...] = (0,)
        self.roman = False

    def at(self, lines: list[Line], at: int, place: str, announced: bool) -> Heading | None:
        """The heading that begins at `at`, None when none does. `place` is where reading stands: "front",
        "abstract", "section" or "references"; `announced`: a table's caption is open."""
        line = lines[at]
        if found := self.run_in(line, place):
            return found
        text = line.text
        if len(text) > HEADING_LONGEST or not re.search(r"[^\W\d_]{2}", text):
            return None
        big = line.largest > self.body * 1.07
        heavy = line.share("bold") > 0.8 and line.share("math") < 0.2
        capitals = text.upper() == text and len(re.findall(r"[A-Z]", text)) > 3
        slanted = line.share("italic") > 0.8
        if not (big or heavy or capitals or slanted):
            return None
        count = self.extent(lines, at)
        words = self.join(lines[at : at + count])
        if ABSTRACT.fullmatch(words) and place == "front":
            return Heading("", words, "abstract", count)
        if REFERENCES.fullmatch(words):
            return Heading("", words, "references", count)
        if capitals and (match := APPENDIX_ALONE.fullmatch(text)) and place != "front":
            return self.appendix(match[1] or "", lines, at)
        number, title = self.numbered(words)
        slight = slanted and not (big or heavy or capitals)
        if (
            number
            and title[:1].isalnum()
            and not SENTENCE_END.search(title)
            and not (slight and "." not in number and not is_centred(line))
        ):
            return Heading(number, title, "section", count)
        behind = place == "references" and heavy and line.largest > self.body * 1.12
        if TOP_LEVEL.fullmatch(words) and (not slight or is_centred(line)):
            return Heading("", words, "section", count)
        if (place == "section" or behind) and not number and not announced and not slight:
            full = line.size >= self.body * 0.98 or is_centred(line)
            heavy_or_big = (heavy and full) or (big and (heavy or line.size > self.body * 1.07))
            plain = words[:1].isupper() and not CAPTION.match(words) and not SENTENCE_END.search(words)
            if heavy_or_big and plain and line.share("math") == 0:
                return Heading("", words, "section", count)
        return None

    def extent(self, lines: list[Line], at: int) -> int:
        """How many lines, at most three, the heading at `at` takes."""
        line = lines[at]
        count = 1
        while (
            at + count < len(lines)
            and count < 3
            and same_look(line, lines[at + count])
            and not split_number(lines[at + count].text)[0]
            and line.x1 > line.left + (line.right - line.left) * 0.6
        ):
            count += 1
        return count

    def run_in(self, line: Line, place: str) -> Heading | None:
        """A numbered heading in bold or italics at the beginning of a line of text."""
        lead = line.lead
        if place not in ("section", "abstract") or not 4 < len(lead) <= min(len(line.text), RUN_IN_LONGEST):
            return None
        number, title = self.numbered(lead)
        title = title.rstrip(".: ")
        if not number or "." not in number or not title[:1].isupper() or lead[-1] not in ".:":
            return None
        return Heading(number, title, "section", 1, after_lead(line))

    def appendix(self, letter: str, lines: list[Line], at: int) -> Heading:
        """ "APPENDIX B" on a line of its own, its title on the next lines when they are capitals too."""
        key = letter.upper() or "A"
        count = 1
        if letter and at + 1 < len(lines) and lines[at + 1].text.isupper():
            count += self.extent(lines, at + 1)
        if not letter:
            return Heading("", lines[at].text, "section", 1)
        title = self.join(lines[at + 1 : at + count]) or lines[at].text
        return Heading(key, title, "section", count)

    def numbered(self, words: str) -> tuple[str, str]:
        """Number and title of a heading when that number may come now, else "" and the words."""
        match = ROMAN.match(words)
        value = roman_value(match[1]) if match else 0
        if match and value and self.follows(str(value)) and (self.roman or value == 1):
            self.roman = True
            return str(value), words[match.end() :].strip()
        if self.roman and (found := self.below_roman(words)):
            return found
        number, title = split_number(
            words, self.numbering.next_letter() if self.numbering.numbered > 1 else ""
        )
        return (number, title) if number and self.follows(number) else ("", words)

    def below_roman(self, words: str) -> tuple[str, str] | None:
        """The number of a heading below "III": a letter, and below that a digit; in an appendix of REVTeX
        the digit comes first. None when it is not the next one."""
        for pattern, depths in ((LETTER, (2,)), (DIGIT, (3, 2))):
            match = pattern.match(words)
            for depth in depths if match else ():
                if depth - 1 > len(self.last) or not match:
                    continue
                value = int(match[1]) if match[1].isdigit() else ord(match[1]) - 64
                number = number_of((*self.last[: depth - 1], value))
                if self.follows(number) and (depth == 3 or pattern is LETTER or self.last[0] > APPENDIX):
                    return number, words[match.end() :].strip()
        return None

    def follows(self, number: str) -> bool:
        """Whether a section with this number may come now: the next one on any level, or the first
        below the last one."""
        key = key_of(number)
        last = self.last
        if len(key) > len(last):
            return key[: len(last)] == last and key[len(last) :] in ((1,), (1, 1), (0,))
        before = last[: len(key)]
        steps = key[-1] - before[-1]
        first_appendix = len(key) == 1 and key[0] == APPENDIX + 1 and last[0] < APPENDIX
        return first_appendix or (key[:-1] == before[:-1] and 0 < steps <= 2)

    def enter(self, number: str) -> int:
        """Take note of a heading that is entered; its level."""
        if not number:
            return min(len(self.last) + 1, 4)
        self.numbering.split(f"{number}. x")
        self.last = key_of(number)
        return len(self.last)


def is_centred(line: Line) -> bool:
    """Whether a line stands in the middle of its column."""
    return line.x0 > line.left + 2 * line.size and abs(line.x0 - line.left - line.right + line.x1) < line.size


def key_of(number: str) -> tuple[int, ...]:
    """A number as it is compared: "3.2" -> (3, 2), "B.1" -> (102, 1)."""
    return tuple(APPENDIX + ord(part) - 64 if part.isalpha() else int(part) for part in number.split("."))


def number_of(key: tuple[int, ...]) -> str:
    """The number of a key."""
    return ".".join(chr(part - APPENDIX + 64) if part > APPENDIX else str(part) for part in key)


def after_lead(line: Line) -> Line:
    """`line` without the words that it begins with in bold or italics."""
    words = len(line.lead)
    kept = []
    for fragment in line.fragments:
        gone = min(words, len(fragment.text))
        words = max(words - gone - 1, 0)
        if rest := fragment.text[gone:].strip():
            kept.append(replace(fragment, text=rest, lead=""))
    return replace(line, fragments=kept)


def same_look(one: Line, two: Line) -> bool:
    """Whether two lines are set alike and close, as the lines of one heading are."""
    return (
        one.page == two.page
        and one.column == two.column
        and abs(one.largest - two.largest) < 0.3
        and abs(one.size - two.size) < one.largest * 0.15
        and abs(one.share("bold") - two.share("bold")) < 0.2
        and abs(one.share("italic") - two.share("italic")) < 0.3
        and 0 < one.y - two.y < one.largest * 1.5
        and len(two.text) < HEADING_LONGEST
        and (one.largest > one.size or max(one.share("bold"), one.share("italic")) > 0.8)
    )
