"""A paper's own macros, found and expanded.

Covers \\newcommand, \\renewcommand, \\providecommand, \\DeclareMathOperator, \\def with plain or delimited
parameters, \\let, \\newtheorem, \\newenvironment and \\DeclarePairedDelimiter. Does not cover anything that
computes. Expansion stops at fixed limits, so that no input can make it run away.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from offline_coder.papers.latex_places import bare
from offline_coder.papers.paper import ReadingWarning

MOST_EXPANSIONS = 100_000
DEEPEST = 60
LONGEST = 8 << 20
COMMAND = re.compile(r"\\([A-Za-z@]+)|\\(.)", re.DOTALL)
BRACKET = re.compile(r"\\.|[{}\[\]]", re.DOTALL)
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
DEFINITION = re.compile(
    r"\\(?P<kind>(?:re|provide)?newcommand|renewcommand|providecommand|DeclareRobustCommand|DeclareMathOperator"
    r"|DeclarePairedDelimiter|newtheorem|newenvironment|def|gdef|edef|xdef|let)(?![A-Za-z@])\*?"
)
# What the reader itself understands keeps its meaning, whatever the paper's style makes of it.
HANDLED = frozenset(
    [
        "begin", "end", "section", "subsection", "subsubsection", "paragraph", "subparagraph", "chapter",
        "part", "appendix", "label", "ref", "eqref", "cite", "citep", "citet", "item", "caption", "title",
        "author", "date", "thanks", "footnote", "input", "include", "maketitle", "documentclass",
        "usepackage", "textbf", "textit", "emph", "includegraphics", "bibitem", "newblock", "thefootnote",
        "and", "And", "AND", "par", "if", "fi", "else", "frac", "sqrt", "left", "right",
    ]
)  # fmt: skip

ENVIRONMENTS = frozenset(
    [
        "abstract", "proof", "figure", "table", "equation", "align", "itemize", "enumerate", "description",
        "algorithm", "algorithmic", "quote", "theorem", "lemma", "proposition", "corollary", "definition",
        "remark", "assumption", "example", "claim", "tabular", "verbatim", "thebibliography", "document",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro: its number of arguments, the default of the first when it is optional, its body; what stands
    before each argument and behind the last one when they are delimited."""

    arguments: int
    default: str | None
    body: str
    delimiters: tuple[str, ...] = ()


def skip_space(text: str, at: int) -> int:
    """The first place from `at` on that is not white space."""
    while at < len(text) and text[at] in " \t\n":
        at += 1
    return at


@lru_cache(maxsize=64)
def brace_pairs(text: str) -> dict[int, int]:
    """Where each { of `text` closes. Computed once a text, so that unclosed braces cost nothing."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for match in BRACE.finditer(text):
        if match[0] == "{":
            opened.append(match.start())
        elif match[0] == "}" and opened:
            pairs[opened.pop()] = match.start()
    return pairs


def group(text: str, at: int) -> tuple[str, int] | None:
    """The inside of the {...} that opens at `at`, and the place after it; None when it never closes."""
    if at >= len(text) or text[at] != "{":
        return None
    end = brace_pairs(text).get(at)
    return None if end is None else (text[at + 1 : end], end + 1)


@lru_cache(maxsize=64)
def bracket_pairs(text: str) -> dict[int, int]:
    """Where each [ of `text` closes as TeX reads an option: at the first ] between the same braces."""
    pairs: dict[int, int] = {}
    opened: list[list[int]] = [[]]
    for match in BRACKET.finditer(text):
        mark = match[0]
        if mark == "{":
            opened.append([])
        elif mark == "}" and len(opened) > 1:
            opened.pop()
        elif mark == "[":
            opened[-1].append(match.start())
        elif mark == "]":
            pairs.update(dict.fromkeys(opened[-1], match.start()))
            opened[-1] = []
    return pairs


def bracket(text: str, at: int) -> tuple[str, int] | None:
    """The inside of the [...] that opens at `at`, at most 4,000 characters; None when there is none."""
    if at >= len(text) or text[at] != "[":
        return None
    end = bracket_pairs(text).get(at)
    return None if end is None or end - at > 4000 else (text[at + 1 : end], end + 1)


def argument(text: str, at: int) -> tuple[str, int]:
    """The argument at `at` as TeX takes it: a group, a command or one character; ("", at) at the end."""
    place = skip_space(text, at)
    if (found := group(text, place)) is not None:
        return found
    if place >= len(text) or text[place] in "{}":
        return "", at
    if match := COMMAND.match(text, place):
        return match[0], match.end()
    return text[place], place + 1


def delimited(delimiters: tuple[str, ...], text: str, at: int) -> tuple[list[str], int] | None:
    """The arguments at `at` of a macro whose parameters are parted by `delimiters`, at most 2,000 characters
    each, and the place after them; None when the text does not fit."""
    at = skip_space(text, at)
    if not text.startswith(delimiters[0], at):
        return None
    at += len(delimiters[0])
    values: list[str] = []
    for mark in delimiters[1:]:
        if not mark:
            value, at = argument(text, at)
        else:
            end = text.find(mark, at, at + 2000)
            if end < 0:
                return None
            value, at = text[at:end], end + len(mark)
        values.append(value)
    return values, at


class Macros:
    """The macros known so far. `expand` learns definitions as it meets them."""

    def __init__(self) -> None:
        self.known: dict[str, Macro] = {}
        self.theorems: dict[str, str] = {}
        self.environments: dict[str, tuple[Macro, Macro]] = {}
        self.warnings: list[ReadingWarning] = []
        self.expansions = 0
        self.characters = 0

    def expand(self, text: str, depth: int = 0) -> str:
        """`text` with definitions taken out and their uses replaced. Past a limit the rest stays as it
        is, with a warning."""
        found: list[str] = []
        at = 0
        while match := COMMAND.search(text, at):
            found.append(text[at : match.start()])
            name = match[1]
            place = match.end()
            if name and (definition := DEFINITION.match(text, match.start())):
                at = self.define(definition, text)
                continue
            macro = self.known.get(name or match[2])
            if name in ("begin", "end"):
                macro, place = self.environment_at(name, text, place)
            unfit = macro and macro.delimiters and delimited(macro.delimiters, text, place) is None
            if macro is None or unfit or not self.allowed(depth):
                found.append(match[0])
                at = match.end()
                continue
            replaced, at = self.apply(macro, text, place, bool(name), depth)
            found.append(replaced)
        found.append(text[at:])
        return "".join(found)

    def environment_at(self, side: str, text: str, at: int) -> tuple[Macro | None, int]:
        """What \\begin or \\end, whose name stands at `at`, means in an environment of the paper's own, and
        the place after the name."""
        named = group(text, skip_space(text, at))
        if named is None or named[0] not in self.environments:
            return None, at
        return self.environments[named[0]][side == "end"], named[1]

    def allowed(self, depth: int) -> bool:
        """Whether one more expansion is within the limits; the first refusal is a warning."""
        self.expansions += 1
        if depth < DEEPEST and self.expansions < MOST_EXPANSIONS and self.characters < LONGEST:
            return True
        if not self.warnings:
            self.warnings.append(ReadingWarning(what="macros run away; some are left as they stand"))
        return False

    def apply(self, macro: Macro, text: str, at: int, word: bool, depth: int) -> tuple[str, int]:
        """The expansion of one use whose arguments begin at `at`, and the place after them."""
        values: list[str] = []
        place = at
        if macro.default is not None:
            given = bracket(text, skip_space(text, place))
            values.append(given[0] if given else macro.default)
            place = given[1] if given else place
        if macro.delimiters:
            values, place = delimited(macro.delimiters, text, place) or ([], place)
        for _ in range(macro.arguments - len(values)):
            value, place = argument(text, place)
            values.append(value)
        body = re.sub(
            r"#([1-9])", lambda m: values[int(m[1]) - 1] if int(m[1]) <= len(values) else "", macro.body
        )
        self.characters += len(body)
        result = self.expand(body, depth + 1)
        if result.endswith("\\xspace"):
            result = result[: -len("\\xspace")]
            return result + (" " if text[place : place + 1].isalnum() else ""), place
        if word and macro.arguments == 0:
            # TeX swallows the space after a command; here it parts a final command from what follows.
            after = skip_space(text, place) if "\n\n" not in text[place : place + 80][:2] else place
            parted = re.search(r"\\[A-Za-z@]+$", result) and text[after : after + 1].isalpha()
            return result + (" " if parted or after > place else ""), after if "\n" not in text[
                place:after
            ] else place
        return result, place

    def define(self, match: re.Match[str], text: str) -> int:
        """Learn the definition that begins at `match`; the place after it."""
        kind = match["kind"]
        at = skip_space(text, match.end())
        if kind in ("def", "gdef", "edef", "xdef"):
            return self.define_plain(text, at)
        if kind == "let":
            return self.define_alias(text, at)
        if kind == "newtheorem":
            return self.define_theorem(text, at)
        if kind == "newenvironment":
            return self.define_environment(text, at)
        name, at = argument(text, at)
        name = name.strip().lstrip("\\")
        count = bracket(text, skip_space(text, at))
        arguments, default = 0, None
        if count is not None and kind not in ("DeclareMathOperator", "DeclarePairedDelimiter"):
            at = count[1]
            arguments = int(count[0]) if count[0].strip() in set("0123456789") else 0
            if (optional := bracket(text, skip_space(text, at))) is not None:
                default, at = optional
        body, at = argument(text, at)
        if kind == "DeclareMathOperator":
            star = "*" if text[match.start() : match.end()].endswith("*") else ""
            body = f"\\operatorname{star}{{{body}}}"
        elif kind == "DeclarePairedDelimiter":
            right, at = argument(text, at)
            arguments, body = 1, f"{body} #1 {right}"
        self.learn(name, Macro(arguments, default, body))
        return at

    def define_plain(self, text: str, at: int) -> int:
        """\\def\\name#1#2{body}. Delimited parameters are not understood; such a macro is left alone."""
        match = COMMAND.match(text, at)
        if not match:
            return at
        brace = text.find("{", match.end(), match.end() + 200)
        parameters = text[match.end() : brace] if brace >= 0 else "?"
        body = group(text, brace) if brace >= 0 else None
        if body is None:
            return match.end()
        name = match[1] or match[2]
        if re.fullmatch(r"\s*(?:#\d)*\s*", parameters):
            self.learn(name, Macro(parameters.count("#"), None, body[0]))
        elif parameters.count("#") < 10 and "\\" not in parameters:
            delimiters = tuple(part.strip() for part in re.split(r"#\d", parameters))
            self.learn(name, Macro(parameters.count("#"), None, body[0], delimiters))
        return body[1]

    def define_alias(self, text: str, at: int) -> int:
        """\\let\\new=\\old."""
        match = COMMAND.match(text, at)
        if not match:
            return at
        place = skip_space(text, match.end())
        place = skip_space(text, place + 1) if text[place : place + 1] == "=" else place
        old = COMMAND.match(text, place)
        if old is None:
            return min(place + 1, len(text))
        known = self.known.get(old[1] or old[2])
        self.learn(match[1] or match[2], known or Macro(0, None, old[0]))
        return old.end()

    def define_environment(self, text: str, at: int) -> int:
        """\\newenvironment{name}[arguments][default]{begin}{end}, unless the reader knows the name."""
        name, at = argument(text, at)
        arguments, default = 0, None
        if (count := bracket(text, skip_space(text, at))) is not None:
            at = count[1]
            arguments = int(count[0]) if count[0].strip() in set("0123456789") else 0
            if (optional := bracket(text, skip_space(text, at))) is not None:
                default, at = optional
        begin, at = argument(text, at)
        end, at = argument(text, at)
        if name.strip() not in ENVIRONMENTS and f"\\begin{{{name}}}" not in begin:
            self.environments[name.strip()] = (Macro(arguments, default, begin), Macro(0, None, end))
        return at

    def define_theorem(self, text: str, at: int) -> int:
        """\\newtheorem{name}[shared]{Title}[within]."""
        name, at = argument(text, at)
        shared = bracket(text, skip_space(text, at))
        at = shared[1] if shared else at
        title, at = argument(text, at)
        within = bracket(text, skip_space(text, at))
        self.theorems[name.strip()] = title.strip()
        return within[1] if within else at

    def learn(self, name: str, macro: Macro) -> None:
        """Keep a definition, unless the reader itself knows the name or it only names itself."""
        if name and name not in HANDLED and macro.body.strip() != f"\\{name}":
            self.known[name] = replace(macro, body=bare(macro.body))
