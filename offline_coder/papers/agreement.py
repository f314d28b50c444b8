r"""How far two readings of one paper agree.

The measures, all between 0 and 1, with the first reading as the reference:

- headings: those with the same number (where both readings have numbers) and the same words. Precision is
  their share of the other reading's headings, recall their share of the reference's.
- order: of the headings in both, the share on the longest common subsequence.
- text of a section: 2 M / T over the words of its blocks other than figures, tables and algorithms (which
  wander between sections when a paper is printed): T words in both, M of them in matching runs (Ratcliff
  and Obershelp, as Python's difflib has it). A word is two or more Latin letters, without regard to case;
  mathematics counts with the words that it shows; footnotes stand at the section's end; citations are left
  out.
- numbers: of all numbers in abstract and sections, the share that the other reading has too, as a multiset.
- tables: of the cells of the reference's tables that hold something, the share found in the table of the same
  number, in one row with, and in the same order as, those it stands beside.
"""

import re
import unicodedata
from collections import Counter
from difflib import SequenceMatcher

from offline_coder.core.values import Value
from offline_coder.papers.latex_inline import known_symbol
from offline_coder.papers.outline import roman_value
from offline_coder.papers.paper import Block, Paper, Section
from offline_coder.papers.tables import CAPTION, DELIMITER, split_row

WORD = re.compile(r"[a-z]{2,}")
NUMBER = re.compile(r"\d+(?:\.\d+)?|(?<!\d)\.\d+")
THOUSANDS = re.compile(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}(?!\d))")
SHOWN = re.compile(
    r"\\(?:text|math|operatorname|mbox|bf|rm|it)[a-z]*\*?(?![a-z])|\\(?:tag|quad|qquad)(?![a-z])"
)
FUNCTION = re.compile(
    r"\\(?=(?:log|exp|sin|cos|tan|tanh|max|min|lim|arg|argmax|argmin|sup|inf|det|dim|ln|Pr)(?![a-z]))"
)
ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-z]+\*?\}(?:\{[lcr|@ ]*\})?")
COMMAND = re.compile(r"\\[A-Za-z]+\*?")
FOOTNOTE = re.compile(r"\(footnote(?: \S{1,3})?: ((?:[^()]|\([^()]*\))*)\)")
AUTHOR_YEAR = re.compile(
    r"(?:[A-Z][\w'’-]+(?: (?:and|&) [A-Z][\w'’-]+| et al\.?)?,? \(?(?:19|20)\d\d[a-z]?\)?(?:; |, )?)+"
)
FLOATS = ("table", "figure", "algorithm")
CITATION = re.compile(r"\[([^\[\]]{1,2000})\]")


class SectionAgreement(Value):
    """One section of the reference: how many words it has, and how well the other reading has them."""

    id: str
    title: str
    words: int
    similarity: float


class TableAgreement(Value):
    """One table of the reference: its cells that hold something, and how many the other reading kept."""

    name: str
    cells: int
    kept: int


class Agreement(Value):
    """How the second of two readings agrees with the first. Headings are "3.2 Attention"."""

    headings: int
    other_headings: int
    missing_headings: tuple[str, ...]
    extra_headings: tuple[str, ...]
    order: float
    sections: tuple[SectionAgreement, ...]
    numbers: int
    missing_numbers: tuple[str, ...]
    tables: tuple[TableAgreement, ...]

    @property
    def precision(self) -> float:
        """Of the other reading's headings, the share that is right."""
        return share(self.headings - len(self.missing_headings), self.other_headings)

    @property
    def recall(self) -> float:
        """Of the reference's headings, the share that was found."""
        return share(self.headings - len(self.missing_headings), self.headings)

    @property
    def similarity(self) -> float:
        """The sections' similarity, weighted by their words."""
        total = sum(section.words for section in self.sections)
        return sum(s.similarity * s.words for s in self.sections) / total if total else 1.0

    @property
    def numbers_kept(self) -> float:
        """The share of the reference's numbers that was found."""
        return share(self.numbers - len(self.missing_numbers), self.numbers)

    @property
    def cells_kept(self) -> float:
        """The share of the reference's cells that was found."""
        return share(sum(t.kept for t in self.tables), sum(t.cells for t in self.tables))


def share(part: int, whole: int) -> float:
    """`part` of `whole`; 1 of nothing."""
    return part / whole if whole else 1.0


def compare(reference: Paper, other: Paper) -> Agreement:
    """How `other` agrees with `reference`, another reading of the same paper."""
    wanted, given = headings_of(reference, other), headings_of(other, reference)
    missing, extra = Counter(wanted) - Counter(given), Counter(given) - Counter(wanted)
    common = [heading for heading in wanted if heading in given]
    ordered = longest_common(common, [heading for heading in given if heading in wanted])
    lost = Counter(numbers_of(reference)) - Counter(numbers_of(other))
    return Agreement(
        headings=len(wanted),
        other_headings=len(given),
        missing_headings=tuple(missing.elements()),
        extra_headings=tuple(extra.elements()),
        order=share(ordered, len(common)),
        sections=section_agreements(reference, other),
        numbers=len(numbers_of(reference)),
        missing_numbers=tuple(lost.elements()),
        tables=table_agreements(reference, other),
    )


def headings_of(paper: Paper, other: Paper) -> list[str]:
    """The headings of `paper` as they are compared with those of `other`."""
    numbered = both_numbered(paper, other)
    return [heading_of(section, numbered) for section in paper.sections if section.title]


def both_numbered(one: Paper, two: Paper) -> bool:
    """Whether both readings have numbers; where one lost them all, headings are compared by their words."""
    return all(any(section.number for section in paper.sections) for paper in (one, two))


def heading_of(section: Section, numbered: bool) -> str:
    """A heading as it is compared: its number, where both readings have some, and its words in lower case."""
    number = section.number if numbered else ""
    return " ".join([number, *re.findall(r"[^\W_]+", visible(section.title))]).strip()


def visible(text: str) -> str:
    """`text` in lower case as a reader sees it: mathematics without its commands."""
    text = ENVIRONMENT.sub(" ", text)
    text = SHOWN.sub(" ", text)
    text = COMMAND.sub(" ", FUNCTION.sub(" ", text))
    text = unicodedata.normalize("NFKC", text)
    return re.sub(r"[$_^{}\\]", " ", text).lower()


def words_of(blocks: tuple[Block, ...]) -> list[str]:
    """The words of a section's text, those of footnotes last."""
    texts = [block.text for block in blocks if block.kind not in FLOATS]
    notes = [note for text in texts for note in FOOTNOTE.findall(text)]
    texts = [FOOTNOTE.sub(" ", text) for text in texts]
    texts = [AUTHOR_YEAR.sub(" ", CITATION.sub(" ", text)) for text in (*texts, *notes)]
    return [word for text in texts for word in WORD.findall(visible(text))]


def section_agreements(reference: Paper, other: Paper) -> tuple[SectionAgreement, ...]:
    """The similarity of each section that has words; of those without a partner it is 0."""
    partners: dict[str, list[Section]] = {}
    numbered = both_numbered(reference, other)
    for section in other.sections:
        partners.setdefault(heading_of(section, numbered), []).append(section)
    found = []
    for section in reference.sections:
        words = words_of(section.blocks)
        candidates = partners.get(heading_of(section, numbered), [])
        theirs = words_of(candidates.pop(0).blocks) if candidates else []
        if not words and not theirs:
            continue
        alike = SequenceMatcher(None, words, theirs, autojunk=False).ratio()
        found.append(SectionAgreement(id=section.id, title=section.title, words=len(words), similarity=alike))
    return tuple(found)


def numbers_of(paper: Paper) -> list[str]:
    """Every number of abstract and sections, without thousands separators; keys of citations are none."""
    keys = {match[1] for line in paper.references if (match := CITATION.match(line))}

    def without_keys(match: re.Match[str]) -> str:
        parts = re.split(r"[,;]\s*", match[1])
        kept = [part for part in parts if part not in keys or part.isdigit()]
        return f"[{', '.join(kept)}]"

    texts = [paper.abstract, *(block.text for section in paper.sections for block in section.blocks)]
    found = []
    for text in texts:
        text = unicodedata.normalize("NFKC", CITATION.sub(without_keys, text))
        found += NUMBER.findall(THOUSANDS.sub("", text))
    return found


def tables_of(paper: Paper) -> dict[str, list[list[str]]]:
    """The rows of each table by its name, "table 3"; those without a caption are counted."""
    found: dict[str, list[list[str]]] = {}
    for block in (block for section in paper.sections for block in section.blocks):
        lines = block.text.split("\n")
        rows = [split_row(line) for line in lines if line.startswith("|") and not DELIMITER.fullmatch(line)]
        if block.kind != "table" or not rows:
            continue
        caption = CAPTION.match(lines[0])
        name = (
            f"table {table_number(caption['number'])}"
            if caption
            else f"table without a number {len(found) + 1}"
        )
        cells = [[cell for value in row if (cell := cell_text(value))] for row in rows]
        found.setdefault(name, []).extend(row for row in cells if row)
    return found


def table_number(printed: str) -> str:
    """The number of a table, roman ones as arabic."""
    value = roman_value(printed) if re.fullmatch(r"[IVX]{1,5}", printed) else 0
    return str(value or printed)


def cell_text(cell: str) -> str:
    """A cell as it is compared: without spaces, signs of mathematics and keys of citations."""
    text = CITATION.sub("", THOUSANDS.sub("", cell)).replace("\\%", "%")
    text = COMMAND.sub(lambda match: known_symbol(match[0][1:]) or match[0], text)
    return re.sub(r"[\s−–-]+", "", visible(text))


def table_agreements(reference: Paper, other: Paper) -> tuple[TableAgreement, ...]:
    """For each table of the reference, how many of its cells the other reading has in their rows."""
    theirs = tables_of(other)
    found = []
    for name, rows in tables_of(reference).items():
        given = theirs.get(name, [])
        kept = sum(max((longest_common(row, partner) for partner in given), default=0) for row in rows)
        found.append(TableAgreement(name=name, cells=sum(map(len, rows)), kept=kept))
    return tuple(found)


def longest_common(one: list[str], two: list[str]) -> int:
    """The length of the longest common subsequence."""
    best = [0] * (len(two) + 1)
    for item in one:
        before = 0
        for at, candidate in enumerate(two, 1):
            above = best[at]
            best[at] = before + 1 if item == candidate else max(best[at], best[at - 1])
            before = above
    return best[-1]
