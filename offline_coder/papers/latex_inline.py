"""Running text of LaTeX as one line: mathematics stays as it is, everything else becomes plain words."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from offline_coder.papers.latex_macros import argument, bracket, group, skip_space
from offline_coder.papers.latex_scan import environments, find_closing
from offline_coder.papers.latex_units import quantity
from offline_coder.papers.latex_words import (
    ACCENTS,
    CHARACTERS,
    PLAIN,
    SILENT,
    SKIPPED,
    SYMBOLS,
    WRAPPERS,
    accented,
)
from offline_coder.papers.paper import Place, ReadingWarning
from offline_coder.papers.text import clean_line

DEEPEST = 40
TOKEN = re.compile(r"\\([A-Za-z@]+)(\*?)|\\(.)|\$\$?|[{}~]|``|''|---?|\ufdd2(\d+)\ufdd3", re.DOTALL)
CITES = re.compile(r"(?:[Cc]ite|[Pp]arencite|[Tt]extcite|footcite|[Aa]utocite|supercite)[A-Za-z]*")
REFERENCES = frozenset(
    [
        "ref", "eqref", "cref", "Cref", "autoref", "pageref", "nameref", "vref", "subref", "Autoref",
        "labelcref",
    ]
)  # fmt: skip
CLEVER = frozenset(["cref", "Cref", "autoref", "Autoref"])
MATH_ENVIRONMENTS = frozenset(
    [
        "equation", "align", "gather", "multline", "eqnarray", "displaymath", "alignat", "flalign", "math",
        "dmath", "dgroup", "xalignat",
    ]
)  # fmt: skip
# Environments with one argument that is no text.
PLACED = frozenset(["minipage", "tabular", "array", "adjustbox", "multicols", "wrapfigure", "spacing"])
LABEL = re.compile(r"\\label\s*\{([^{}]{0,200})\}")
MATH_REFERENCE = re.compile(r"\\(eqref|ref|cref|Cref|autoref)\s*\{([^{}]{0,200})\}")
# After these TeX swallows the space, which then parts no words: {\L ukasz}.
LETTERS = frozenset(["L", "l", "o", "O", "ss", "ae", "AE", "oe", "OE", "aa", "AA", "i", "j"])
# A reference waits under this mark until every label has its number.
WAITING = "\ufdd4{}\ufdd6{}\ufdd5"
WAITING_MARK = re.compile("\ufdd4([^\ufdd4-\ufdd6]*)\ufdd6([^\ufdd4-\ufdd6]*)\ufdd5")
DIMENSION = re.compile(
    r"\s*=?\s*-?[\d.]+\s*(?:\\?[A-Za-z]{2,12})?(?:\s*(?:plus|minus)\s*-?[\d.]*\s*\\?[a-z]{2,5})*"
)


@dataclass(slots=True)
class Labels:
    """What each \\label names, and the labels asked for in vain. `anchor` is the kind and number that
    a label would name now."""

    anchor: tuple[str, str] = ("Section", "")
    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def name(self, label: str) -> None:
        """Give `label` to what was numbered last; the first use of a label counts."""
        self.named.setdefault(clean_line(label), self.anchor)

    def resolve(self, text: str) -> str:
        """`text` with every waiting reference replaced by its number, or by ?? as LaTeX prints it."""

        def shown(match: re.Match[str]) -> str:
            how, labels = match[1], [clean_line(label) for label in match[2].split(",")]
            known = [self.named.get(label) for label in labels]
            numbers = [found[1] if found and found[1] else "??" for found in known]
            self.missing.update(
                label for found, label in zip(known, labels, strict=True) if not (found and found[1])
            )
            if how == "eqref":
                return ", ".join(f"({number})" for number in numbers)
            if how not in CLEVER:
                return ", ".join(numbers)
            kinds: dict[str, list[str]] = {}
            for found, number in zip(known, numbers, strict=True):
                kinds.setdefault(found[0] if found else "", []).append(number)
            return " and ".join(
                f"{kind}{'s' if len(same) > 1 and kind else ''} {', '.join(same)}".strip()
                for kind, same in kinds.items()
            )

        return WAITING_MARK.sub(shown, text)


class Inline:
    """Turns pieces of LaTeX into lines, collecting labels and warnings on the way. `places` are where the
    piece that is being read stands."""

    def __init__(self, verbatim: list[str]) -> None:
        self.verbatim = verbatim
        self.labels = Labels()
        self.unknown: dict[str, int] = {}
        self.places: tuple[Place, ...] = ()
        self.met: dict[str, Place] = {}

    def line(self, text: str) -> str:
        """`text` as one clean line."""
        return re.sub(r"\s+([.,;:!?])(?=\s|$)", r"\1", clean_text(self.convert(text, 0)))

    def warnings(self) -> list[ReadingWarning]:
        """Every unknown command once, with how often it was met."""
        return [
            ReadingWarning(
                what=f"unknown LaTeX command \\{name} ({count} times); its text is kept",
                where=self.met.get(name),
                certainty="possible",
            )
            for name, count in self.unknown.items()
        ]

    def convert(self, text: str, depth: int) -> str:
        """`text` without markup; past 40 levels of nesting the commands are only struck out."""
        if depth > DEEPEST:
            return re.sub(r"\\[A-Za-z@]+\*?|[{}\\]", " ", text)
        found: list[str] = []
        at = 0
        while match := TOKEN.search(text, at):
            found.append(text[at : match.start()])
            if match[1]:
                words, at = self.command(match[1], text, match.start(), match.end(), depth)
            elif match[3]:
                words, at = self.character(match[3], text, match.end())
            elif match[0] in ("$", "$$"):
                words, at = self.math_between(text, match.end(), match[0])
            elif match[4]:
                words, at = f"`{clean_line(self.verbatim[int(match[4])])}`", match.end()
            else:
                words = {"~": " ", "``": '"', "''": '"', "---": "—", "--": "–"}.get(match[0], "")
                at = match.end()
            found.append(words)
        found.append(text[at:])
        return "".join(found)

    def character(self, char: str, text: str, at: int) -> tuple[str, int]:
        """A command of one character: an escape, a space, an accent, mathematics."""
        if char in "([":
            closing = "\\)" if char == "(" else "\\]"
            end = find_closing(text, closing, at)
            if end >= 0:
                return f"${self.math(text[at:end])}$", end + 2
            return char, at
        if char in ACCENTS:
            letter, at = argument(text, at)
            return accented(char, self.convert(letter, DEEPEST - 2).strip()), at
        return CHARACTERS.get(char, char if ord(char) > 127 else ""), at

    def math_between(self, text: str, at: int, mark: str) -> tuple[str, int]:
        """Mathematics up to the closing `mark`; a dollar that nothing closes is a dollar."""
        match = re.compile(rf"(?<!\\){re.escape(mark)}").search(text, at)
        if match is None:
            return mark, at
        inside = self.math(text[at : match.start()])
        return (f"${inside}$" if inside else ""), match.end()

    def math(self, text: str) -> str:
        """Mathematics on one line: labels taken out and named, references waiting for their numbers."""
        for label in LABEL.findall(text):
            self.labels.name(label)
        text = LABEL.sub("", text)
        text = MATH_REFERENCE.sub(lambda match: WAITING.format(match[1], match[2]), text)
        return clean_text(re.sub(r"\\(?:nonumber|notag)(?![A-Za-z])", "", text))

    def command(self, name: str, text: str, start: int, at: int, depth: int) -> tuple[str, int]:
        """What the command that begins at `start` leaves in the text, and the place after it and its
        arguments."""
        if name == "begin":
            return self.environment(text, start, at, depth)
        if name in ("end", "label"):
            inside, at = argument(text, at)
            if name == "label":
                self.labels.name(inside)
            return "", at
        if name in REFERENCES:
            inside, at = argument(text, at)
            return WAITING.format(name, inside.replace("\ufdd4", "")), at
        if CITES.fullmatch(name):
            return self.cite(text, at)
        if name in ("footnote", "footnotetext"):
            at = past_options(text, at)
            inside, at = argument(text, at)
            return f" (footnote: {self.convert(inside, depth + 1).strip()})", at
        if name == "verb" or name == "lstinline":
            return verb(text, at)
        units = quantity(name, text, at, lambda part: self.convert(part, depth + 1))
        if units is not None:
            return units
        if name in ACCENTS and len(name) == 1 and text[at : at + 1] in ("{", " ", "\\"):
            letter, at = argument(text, at)
            return accented(name, self.convert(letter, depth + 1).strip()), at
        if name in SYMBOLS:
            after = skip_space(text, at) if name in LETTERS else at
            return SYMBOLS[name], past_space(text, after)
        return self.wrapper(name, text, at, depth)

    def wrapper(self, name: str, text: str, at: int, depth: int) -> tuple[str, int]:
        """Commands that skip or keep arguments, the silent ones, and those nobody knows."""
        if name in SKIPPED:
            for _ in range(SKIPPED[name]):
                _, at = argument(text, past_options(text, at))
            if SKIPPED[name] == 0:
                dimension = DIMENSION.match(text, at) if name.endswith("skip") or name == "kern" else None
                at = dimension.end() if dimension else past_options(text, at)
            return "", at
        if name in WRAPPERS:
            for _ in range(WRAPPERS[name]):
                skipped, at = argument(text, past_options(text, at))
            inside, at = argument(text, past_options(text, at))
            words = self.convert(inside, depth + 1)
            return (
                f"{words} ({skipped})" if name == "href" and skipped.strip() != words.strip() else words
            ), at
        if name in PLAIN:
            at = past_options(text, at)
            if (found := group(text, skip_space(text, at))) is not None:
                inside = (
                    found[0] if name in ("url", "path", "nolinkurl") else self.convert(found[0], depth + 1)
                )
                return inside.replace("\\", "") if name == "url" else inside, found[1]
            return "", at
        if name in SILENT:
            return "", past_space(text, at)
        if (symbol := known_symbol(name)) is not None:
            return symbol, past_space(text, at)
        self.unknown[name] = self.unknown.get(name, 0) + 1
        if self.places:
            self.met.setdefault(name, self.places[0])
        return self.kept(text, past_options(text, at), depth)

    def kept(self, text: str, at: int, depth: int) -> tuple[str, int]:
        """The groups that stand behind an unknown command, as text with spaces between them."""
        words = []
        while text.startswith("{", at) and (found := group(text, at)) is not None:
            words.append(self.convert(found[0], depth + 1).strip())
            at = past_options(text, found[1])
        return " ".join(word for word in words if word), at

    def cite(self, text: str, at: int) -> tuple[str, int]:
        """[key, key] with the notes of the citation, if any."""
        notes = []
        while (note := bracket(text, skip_space(text, at))) is not None:
            notes.append(clean_text(self.convert(note[0], DEEPEST - 2)))
            at = note[1]
        keys, at = argument(text, at)
        note_text = " ".join(note for note in notes if note)
        inside = ", ".join(key.strip() for key in keys.split(","))
        return f"[{inside}{'; ' + note_text if note_text else ''}]", at

    def environment(self, text: str, start: int, at: int, depth: int) -> tuple[str, int]:
        """An environment in running text: mathematics stays, any other leaves its inside."""
        name, after = argument(text, at)
        pair = environments(text).get(start)
        if pair is None:
            return "", after
        inside, end, past = pair
        if name.strip().rstrip("*") in MATH_ENVIRONMENTS:
            return f" ${self.math(text[inside:end])}$ ", past
        content = text[inside:end]
        begin = past_options(content, 0)
        if name.strip() in PLACED:
            _, begin = argument(content, begin)
        return f" {self.convert(content[begin:], depth + 1)} ", past


def clean_text(text: str) -> str:
    """`text` with every run of white space one space. The marks of this reader stay."""
    return " ".join(text.split())


def past_options(text: str, at: int) -> int:
    """The place after any [...] at `at`."""
    while (found := bracket(text, skip_space(text, at))) is not None:
        at = found[1]
    return at


def past_space(text: str, at: int) -> int:
    """The place after an empty group {} that ends a command."""
    return at + 2 if text.startswith("{}", at) else at


def verb(text: str, at: int) -> tuple[str, int]:
    """\\verb|...| as a code span."""
    mark = text[at : at + 1]
    end = text.find(mark, at + 1, at + 500) if mark and not mark.isspace() else -1
    return (f"`{text[at + 1 : end]}`", end + 1) if end >= 0 else ("", at)


@lru_cache(maxsize=1)
def symbol_table() -> dict[str, str]:
    """Commands that stand for one character, from pylatexenc's tables."""
    from pylatexenc.latex2text import get_default_latex_context_db  # type: ignore[import-untyped]

    found = {}
    for category in get_default_latex_context_db().d.values():
        for name, spec in category.get("macros", {}).items():
            replacement = getattr(spec, "simplify_repl", None)
            if isinstance(replacement, str) and "%" not in replacement and replacement.strip():
                found[name] = replacement
    # The date of the day is no part of a paper.
    found.pop("today", None)
    return found


def known_symbol(name: str) -> str | None:
    """The character a command stands for, None when it stands for none."""
    return symbol_table().get(name)
