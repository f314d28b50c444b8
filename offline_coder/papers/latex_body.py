"""The body of a LaTeX document as sections and blocks, numbered as LaTeX would number them."""

import re
from itertools import zip_longest

from offline_coder.papers.latex_floats import TABULARS, algorithm_of, table_of, tables_in
from offline_coder.papers.latex_inline import LABEL, MATH_ENVIRONMENTS, Inline, clean_text, past_options
from offline_coder.papers.latex_macros import argument, bracket, skip_space
from offline_coder.papers.latex_places import SourceLines, bare
from offline_coder.papers.latex_scan import environments, find_closing, split_cells, without
from offline_coder.papers.outline import Draft
from offline_coder.papers.paper import BlockKind, Place, ReadingWarning
from offline_coder.papers.tables import captioned

DEEPEST = 40
LEVELS = {"chapter": 1, "section": 1, "subsection": 2, "subsubsection": 3}
STRUCTURE = re.compile(
    r"\\(?P<section>chapter|section|subsection|subsubsection|paragraph|subparagraph)(?P<star>\*?)\s*(?=[\[{])"
    r"|\\begin\s*\{(?P<begin>[^{}]{1,60})\}|(?<!\\)\$\$(?P<dollars>)|\\\[(?P<bracket>)"
    r"|(?P<par>\n[ \t]*\n\s*|\\par(?![A-Za-z]))"
    r"|\\(?P<appendix>appendix|appendices)(?![A-Za-z])|(?P<escape>\\\\)"
)
LISTS = frozenset(
    [
        "itemize", "enumerate", "description", "compactitem", "compactenum", "inparaenum", "asparaenum",
        "easylist", "list",
    ]
)  # fmt: skip
FIGURES = frozenset(["figure", "wrapfigure", "SCfigure", "teaserfigure", "sidewaysfigure", "figwindow"])
TABLES = frozenset(["table", "wraptable", "sidewaystable", "margintable"])
ALGORITHMS = frozenset(["algorithm", "algorithm2e", "algorithmic", "algorithmicx", "procedure", "algo"])
SUBFLOATS = re.compile(r"\\begin\s*\{(subfigure|subtable|subfloat)\*?\}")
SUBFLOAT_COMMAND = re.compile(r"\\(?:subfloat|subfigure)\s*\[")
CAPTION = re.compile(r"\\(?:caption(?:of\s*\{[^{}]*\})?\*?|captionof\s*\{[^{}]*\})\s*(?=[\[{])")
DRAWINGS = frozenset(
    [
        "tikzpicture", "pgfpicture", "picture", "axis", "CCSXML", "tikzcd", "forest", "filecontents",
        "keywords",
    ]
)  # fmt: skip
# Environments that only place their text: how many arguments stand before it.
TRANSPARENT = {
    "center": 0, "flushleft": 0, "flushright": 0, "minipage": 1, "multicols": 1, "quote": 0,
    "quotation": 0, "small": 0,
    "footnotesize": 0, "adjustbox": 1, "threeparttable": 0, "subequations": 0, "document": 0,
    "landscape": 0, "spacing": 1,
    "tcolorbox": 0, "mdframed": 0, "framed": 0, "appendices": 0, "appendix": 0, "resizebox": 0,
    "tablenotes": 0, "strip": 0,
    "sloppypar": 0, "samepage": 0, "singlespace": 0, "scriptsize": 0, "NoHyper": 0, "ack": 0, "acks": 0,
    "icmlauthorlist": 0,
}  # fmt: skip
THEOREMS = {
    "theorem": "Theorem", "lemma": "Lemma", "proposition": "Proposition", "corollary": "Corollary",
    "definition": "Definition",
    "remark": "Remark", "assumption": "Assumption", "example": "Example", "claim": "Claim",
}  # fmt: skip
# Environments that are read in one piece.
WHOLE = frozenset(
    [*MATH_ENVIRONMENTS, *FIGURES, *TABLES, *TABULARS, *ALGORITHMS, *LISTS, *DRAWINGS, "verbatim"]
)
ITEM = re.compile(r"\\item(?![A-Za-z])|\\begin\s*\{")


class Body:
    """Walks over the body once; what it found is in `drafts`, `abstract` and `references`."""

    def __init__(
        self, inline: Inline, theorems: dict[str, str], number_depth: int, lines: SourceLines
    ) -> None:
        self.inline = inline
        self.lines = lines
        self.theorems = {**THEOREMS, **theorems}
        self.number_depth = number_depth
        self.drafts: list[Draft] = [Draft(title="")]
        self.abstract: list[str] = []
        self.bibliography: list[str] = []
        self.counters = [0, 0, 0, 0]
        self.counts: dict[str, int] = {}
        self.in_appendix = False
        self.collecting: list[str] | None = None
        self.unknown: dict[str, int] = {}
        self.noted: dict[str, Place] = {}
        self.head = ""

    def warnings(self) -> list[ReadingWarning]:
        """Environments nobody knows, and drawings that were left out."""
        return [
            ReadingWarning(
                what=f"{what} ({count} times)",
                where=self.noted.get(what),
                certainty="certain" if "left out" in what else "possible",
            )
            for what, count in self.unknown.items()
        ]

    def walk(self, text: str, depth: int = 0) -> None:
        """Read `text`, which stands at `depth` levels of environments."""
        if depth > DEEPEST:
            self.paragraph(text)
            return
        at = start = 0
        while match := STRUCTURE.search(text, at):
            if match["escape"]:
                at = match.end()
                continue
            if match["begin"] and self.is_inline(match["begin"]):
                pair = environments(text).get(match.start())
                at = pair[2] if pair else match.end()
                continue
            self.paragraph(text[start : match.start()])
            start = at = self.structure(match, text, depth)
        self.paragraph(text[start:])

    def is_inline(self, name: str) -> bool:
        """Whether an environment is a part of the sentence around it."""
        return name in ("math", "array", "cases", "matrix", "pmatrix", "bmatrix", "aligned", "split")

    def structure(self, match: re.Match[str], text: str, depth: int) -> int:
        """What one match of STRUCTURE opens; the place after it."""
        if match["section"]:
            return self.section(match["section"], bool(match["star"]), text, match.end())
        if match["begin"]:
            return self.environment(match["begin"].strip(), match, text, depth)
        if match["dollars"] is not None or match["bracket"] is not None:
            closing = "$$" if match["dollars"] is not None else "\\]"
            end = find_closing(text, closing, match.end())
            if end < 0:
                return match.end()
            self.inline.places = self.lines.places(text[match.start() : end])
            self.equation("equation*", bare(text[match.end() : end]))
            return end + 2
        if match["appendix"]:
            self.enter_appendix()
        return match.end()

    def add(self, kind: BlockKind, text: str) -> None:
        """A block where reading stands: the abstract, or the last section."""
        if self.collecting is not None:
            if text.strip():
                self.collecting.append(text)
        else:
            self.drafts[-1].add(kind, text, self.inline.places)

    def paragraph(self, text: str) -> None:
        """Running text up to the next structure, with the run-in heading that stands before it."""
        self.inline.places = self.lines.places(text)
        text = bare(text)
        words = self.inline.line(text) if text.strip() else ""
        if words and self.head:
            stop = "" if self.head.endswith((".", ":", "?", "!")) else "."
            words, self.head = f"{self.head}{stop} {words}", ""
        self.add("paragraph", words)

    def section(self, name: str, star: bool, text: str, at: int) -> int:
        """A heading with its number; \\paragraph becomes the beginning of its paragraph."""
        at = past_options(text, at)
        inside, at = argument(text, at)
        title = self.inline.line(bare(inside))
        if name in ("paragraph", "subparagraph"):
            self.paragraph(self.head and "\\relax ")
            self.head, self.lines.head = title, self.lines.last
            return at
        self.collecting = None
        level = LEVELS[name]
        number = "" if star or level > self.number_depth else self.next_number(level)
        if number:
            self.inline.labels.anchor = ("Appendix" if self.in_appendix else "Section", number)
        if re.fullmatch(r"abstract", title, re.IGNORECASE):
            self.collecting = self.abstract
        else:
            self.drafts.append(Draft(title=title, number=number, level=level))
        return at

    def next_number(self, level: int) -> str:
        """The number LaTeX prints for the next section of `level`."""
        self.counters[level] += 1
        self.counters[level + 1 :] = [0] * (len(self.counters) - level - 1)
        parts = [str(count) for count in self.counters[1 : level + 1]]
        if self.in_appendix:
            parts[0] = chr(64 + min(max(self.counters[1], 1), 26))
        return ".".join(parts)

    def enter_appendix(self) -> None:
        """Letters from here on."""
        if not self.in_appendix:
            self.in_appendix = True
            self.counters = [0, 0, 0, 0]

    def environment(self, name: str, match: re.Match[str], text: str, depth: int) -> int:
        """One environment; the place after it. A \\begin that nothing closes is passed over."""
        pair = environments(text).get(match.start())
        if pair is None:
            return match.end()
        start, end, past = pair
        marked, inside = text[start:end], bare(text[start:end])
        plain = name.rstrip("*")
        if plain in WHOLE:
            self.inline.places = self.lines.places(text[match.start() : past])
        if plain in MATH_ENVIRONMENTS:
            self.equation(name, inside)
        elif plain in FIGURES or plain in TABLES:
            self.float("Figure" if plain in FIGURES else "Table", inside)
        elif plain in TABULARS:
            self.long_table(name, inside)
        elif plain in ALGORITHMS:
            self.algorithm(plain, inside)
        elif plain in LISTS:
            self.add("list", "\n".join(self.items(plain, inside, 0)))
        elif plain == "verbatim":
            self.code(inside)
        elif plain == "thebibliography":
            self.bibliography.append(inside)
        elif plain == "abstract":
            outer, self.collecting = self.collecting, self.abstract
            self.walk(marked, depth + 1)
            self.collecting = outer
        else:
            self.passage(name, plain, marked, depth)
        return past

    def passage(self, name: str, plain: str, inside: str, depth: int) -> None:
        """Theorems, drawings, and environments whose text belongs to the text around them."""
        at = 0
        if plain in self.theorems:
            option = bracket(inside, skip_space(inside, 0))
            number = self.count(plain, self.theorems[plain], name)
            note = f" ({self.inline.line(option[0])})" if option else ""
            self.head = f"{self.theorems[plain]}{number and ' ' + number}{note}"
            at = option[1] if option else 0
        elif plain == "proof":
            self.head = "Proof"
        elif plain in DRAWINGS:
            self.note(f"a drawing or data in {plain} is left out", next(iter(self.inline.places), None))
            return
        elif plain in TRANSPARENT:
            at = past_options(inside, at)
            for _ in range(TRANSPARENT[plain]):
                _, at = argument(inside, at)
            if plain in ("appendices", "appendix"):
                self.enter_appendix()
            if plain in ("ack", "acks"):
                self.drafts.append(Draft(title="Acknowledgements", level=1))
        else:
            self.note(f"unknown LaTeX environment {name}; its text is kept")
            at = past_options(inside, at)
        self.walk(inside[at:], depth + 1)

    def note(self, what: str, where: Place | None = None) -> None:
        """Count something for the warnings, with where it was met first."""
        if (here := where or self.lines.here()) is not None:
            self.noted.setdefault(what, here)
        self.unknown[what] = self.unknown.get(what, 0) + 1

    def count(self, counter: str, kind: str, name: str = "") -> str:
        """The next number of a counter, which labels then name; "" for a starred environment."""
        if name.endswith("*"):
            return ""
        self.counts[counter] = self.counts.get(counter, 0) + 1
        number = str(self.counts[counter])
        self.inline.labels.anchor = (kind, number)
        return number

    def code(self, inside: str) -> None:
        """Verbatim text, which the source holds apart."""
        for number in re.findall("\ufdd2(\\d+)\ufdd3", inside):
            text = self.inline.verbatim[int(number)]
            self.add("code", re.sub(r"^\s*\[[^\]\n]*\](?=\s*\n)", "", text))

    def equation(self, name: str, inside: str) -> None:
        """A displayed equation with the numbers LaTeX would print as \\tag."""
        starred = name.endswith("*") or name in ("displaymath", "math")
        plain = name.rstrip("*")
        if plain == "alignat":
            _, at = argument(inside, 0)
            inside = inside[at:]
        rows = (
            split_cells(inside)
            if plain in ("align", "gather", "eqnarray", "flalign", "alignat")
            else [[inside]]
        )
        lines = []
        anchor = self.inline.labels.anchor
        for cells in rows:
            row = "&".join(cells)
            if not row.strip():
                continue
            silent = starred or re.search(r"\\(?:nonumber|notag|tag)(?![A-Za-z])", row)
            tag = "" if silent else f" \\tag{{{self.count('equation', 'Equation')}}}"
            lines.append(self.inline.math(row) + tag)
        self.inline.labels.anchor = anchor
        if len(lines) == 1:
            lone = lines[0] if len(rows) == 1 else re.sub(r"(?<!\\)&", "", lines[0])
            self.add("equation", clean_text(lone))
        elif lines:
            outer = "align" if any("\\tag{" in line for line in lines) else "aligned"
            self.add("equation", f"\\begin{{{outer}}}\n" + " \\\\\n".join(lines) + f"\n\\end{{{outer}}}")

    def float(self, kind: str, inside: str) -> None:
        """A figure or table: captions with their numbers, tables, and what text remains."""
        parts, inside = self.subfloats(inside)
        tables, rest = tables_in(inside, self.inline)
        captions = []
        places = []
        for match in CAPTION.finditer(rest):
            words, at = argument(rest, past_options(rest, match.end()))
            number = self.count(kind, kind)
            # Labels inside or behind the caption name it.
            following = rest[at : at + 400].split("\\caption")[0]
            for label in LABEL.findall(following):
                self.inline.labels.name(label)
            captions.append(f"{kind} {number}: {self.inline.line(words)}")
            places.append((match.start(), at))
        if captions:
            captions[-1] = " ".join(
                [captions[-1], *(f"({letter}) {words}" for letter, words in parts)]
            ).strip()
        for label in LABEL.findall(rest):
            self.inline.labels.name(label)
        for caption, table in zip_longest(captions, tables, fillvalue=""):
            self.add("table" if table or kind == "Table" else "figure", captioned(caption, table))
        remains = self.inline.line(without(rest, places)) if places else self.inline.line(rest)
        if len(re.findall(r"[^\W\d_]{2,}", remains)) > 2:
            self.add("paragraph", remains)

    def long_table(self, name: str, inside: str) -> None:
        """A tabular outside of a float; a longtable has its caption among its rows."""
        caption = ""
        if match := CAPTION.search(inside):
            words, at = argument(inside, past_options(inside, match.end()))
            caption = f"Table {self.count('Table', 'Table')}: {self.inline.line(words)}"
            inside = inside[: match.start()] + inside[at:]
            for label in LABEL.findall(inside):
                self.inline.labels.name(label)
            inside = LABEL.sub("", inside)
        self.add("table", captioned(caption, table_of(name, inside, self.inline)))

    def subfloats(self, inside: str) -> tuple[list[tuple[str, str]], str]:
        """The captions of the parts of a float, by letter; and the float with the parts' insides only."""
        found: list[tuple[str, str]] = []
        pieces = []
        at = 0
        pairs = environments(inside)
        number = self.counts.get("Figure", 0) + 1
        while match := SUBFLOATS.search(inside, at):
            pair = pairs.get(match.start())
            pieces.append(inside[at : match.start()])
            at = match.end()
            if pair is None:
                continue
            part = inside[pair[0] : pair[1]]
            letter = chr(97 + min(len(found), 25))
            _, begin = argument(part, past_options(part, 0))
            part = part[begin:]
            words = ""
            if caption := CAPTION.search(part):
                words, end = argument(part, past_options(part, caption.end()))
                part = part[: caption.start()] + part[end:]
            outer = self.inline.labels.anchor
            self.inline.labels.anchor = (match[1].removeprefix("sub").capitalize(), f"{number}{letter}")
            for label in LABEL.findall(part):
                self.inline.labels.name(label)
            if words.strip():
                found.append((letter, self.inline.line(words)))
            self.inline.labels.anchor = outer
            pieces.append(LABEL.sub("", part))
            at = pair[2]
        text = "".join([*pieces, inside[at:]])
        while match := SUBFLOAT_COMMAND.search(text):
            option = bracket(text, match.end() - 1)
            letter = chr(97 + min(len(found), 25))
            if option and (words := self.inline.line(option[0])):
                found.append((letter, words))
            text = text[: match.start()] + text[option[1] if option else match.end() :]
        return found, text

    def algorithm(self, name: str, inside: str) -> None:
        """An algorithm with its caption as first line."""
        inside = inside[past_options(inside, 0) :]
        caption = ""
        if match := CAPTION.search(inside):
            words, at = argument(inside, past_options(inside, match.end()))
            caption = f"Algorithm {self.count('Algorithm', 'Algorithm')}: {self.inline.line(words)}"
            inside = inside[: match.start()] + inside[at:]
        for label in LABEL.findall(inside):
            self.inline.labels.name(label)
        steps = algorithm_of(inside, self.inline)
        self.add("algorithm", "\n".join(part for part in (caption, steps) if part))

    def items(self, name: str, inside: str, depth: int) -> list[str]:
        """The items of a list as lines, inner lists two spaces deeper."""
        indent = "  " * min(depth, 6)
        inside = inside[past_options(inside, 0) :]
        found: list[str] = []
        for number, (option, item) in enumerate(split_items(inside), 1):
            inner: list[str] = []
            places = []
            if depth < 6:
                for start, kind, content, end in inner_lists(item):
                    inner += self.items(kind, content, depth + 1)
                    places.append((start, end))
            words = self.inline.line(without(item, places))
            mark = f"{number}." if name in ("enumerate", "compactenum") else "-"
            label = self.inline.line(option)
            head = (
                f"{label}{'' if label.endswith((':', '.')) else ':'} "
                if label and re.search(r"\w", label)
                else ""
            )
            if words or head or inner:
                found.append(f"{indent}{mark} {head}{words}".rstrip())
            found += inner
        return found


def split_items(text: str) -> list[tuple[str, str]]:
    """Option and text of each \\item, those of inner environments left inside theirs."""
    pairs = environments(text)
    starts: list[tuple[int, int]] = []
    at = 0
    while match := ITEM.search(text, at):
        at = match.end()
        if match[0].startswith("\\item"):
            starts.append((match.start(), match.end()))
        elif (pair := pairs.get(match.start())) is not None:
            at = pair[2]
    found = []
    for number, (_, begin) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(text)
        item = text[begin:end]
        option = bracket(item, skip_space(item, 0))
        found.append((option[0], item[option[1] :]) if option else ("", item))
    return found


def inner_lists(text: str) -> list[tuple[int, str, str, int]]:
    """Outermost lists inside an item: start, kind, inside, end."""
    pairs = environments(text)
    found = []
    at = 0
    while match := re.compile(r"\\begin\s*\{([^{}]{1,40})\}").search(text, at):
        at = match.end()
        pair = pairs.get(match.start())
        kind = match[1].strip().rstrip("*")
        if pair is not None and kind in LISTS:
            found.append((match.start(), kind, text[pair[0] : pair[1]], pair[2]))
            at = pair[2]
    return found
