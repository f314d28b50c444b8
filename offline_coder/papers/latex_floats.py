"""Tables and algorithms of LaTeX as readable text."""

import re

from offline_coder.papers.latex_inline import Inline, clean_text
from offline_coder.papers.latex_macros import argument, bracket, skip_space
from offline_coder.papers.latex_scan import environments, split_cells, without
from offline_coder.papers.tables import WIDEST, markdown_table

TABULARS = frozenset(
    [
        "tabular", "tabularx", "tabulary", "longtable", "array", "tblr", "supertabular", "xltabular",
        "tabu", "NiceTabular",
    ]
)  # fmt: skip
# How many arguments stand before the rows, options not counted.
TABULAR_ARGUMENTS = {"tabularx": 2, "tabulary": 2, "xltabular": 2, "tabular*": 2}
SPAN = re.compile(r"\\multicolumn\s*\{\s*(\d{1,3})\s*\}")
RULES = re.compile(
    r"\\(?:toprule|midrule|bottomrule|hline|hdashline|endhead|endfirsthead|endfoot|endlastfoot|addlinespace)(?![A-Za-z])"
    r"(?:\s*\[[^\]]{0,20}\])?|\\c(?:mid|dash)?(?:rule|line)(?:\s*\[[^\]]{0,20}\])?(?:\s*\([^)]{0,10}\))?\s*\{[^{}]{0,20}\}"
)
# The head that a longtable repeats on its next pages, and its feet.
REPEATED = re.compile(r"(?<=\\endfirsthead)(?:(?!\\end[a-z]).){0,4000}(?=\\endhead)", re.DOTALL)
BEGIN = re.compile(r"\\begin\s*\{([^{}]{1,40})\}")

# algorithmic, algpseudocode and algorithmicx: what opens a block, what closes it, and how it is said.
OPENERS = {
    "for": "for {} do", "forall": "for all {} do", "while": "while {} do", "if": "if {} then", "loop": "loop",
    "repeat": "repeat", "procedure": "procedure {}({})", "function": "function {}({})",
}  # fmt: skip
CLOSERS = frozenset(["endfor", "endwhile", "endif", "endloop", "endprocedure", "endfunction", "endfore"])
TURNS = {"elsif": "else if {} then", "elseif": "else if {} then", "else": "else"}
LINES = {
    "state": "", "statex": "", "require": "Input: ", "ensure": "Output: ", "return": "return ",
    "input": "Input: ",
    "output": "Output: ", "print": "print ", "kwin": "Input: {}", "kwout": "Output: {}", "kwdata": "Data: {}",
    "kwresult": "Result: {}", "kwret": "return {}",
}  # fmt: skip
# algorithm2e: commands whose last group is a block.
BLOCKS = {
    "For": "for {} do", "ForEach": "for each {} do", "ForAll": "for all {} do", "While": "while {} do",
    "If": "if {} then",
    "eIf": "if {} then", "uIf": "if {} then", "ElseIf": "else if {} then", "uElseIf": "else if {} then",
    "Else": "else",
    "uElse": "else", "Repeat": "repeat until {}", "Fn": "function {}", "Function": "function {}",
}  # fmt: skip
TOKEN = re.compile(r"\\([A-Za-z]+)|\\;|\\\\|\n\s*\n")
DEEPEST = 20


def table_of(name: str, inside: str, inline: Inline) -> str:
    """The rows of a tabular environment as Markdown; "" when it is empty."""
    at = 0
    for _ in range(TABULAR_ARGUMENTS.get(name, 1)):
        while (option := bracket(inside, skip_space(inside, at))) is not None:
            at = option[1]
        _, at = argument(inside, at)
    rows = []
    for cells in split_cells(RULES.sub(" ", REPEATED.sub(" ", inside[at:]))):
        row: list[str] = []
        for cell in cells:
            span = SPAN.search(cell)
            row.append(inline.line(cell))
            row.extend([""] * (min(int(span[1]), WIDEST) - 1 if span else 0))
        rows.append(row)
    return markdown_table(rows, clean_text)


def tables_in(text: str, inline: Inline) -> tuple[list[str], str]:
    """Every outermost tabular of `text` as Markdown, and the text without them."""
    tables = []
    places = []
    at = 0
    pairs = environments(text)
    while match := BEGIN.search(text, at):
        pair = pairs.get(match.start())
        name = match[1].strip()
        if pair is None or name.rstrip("*") not in TABULARS:
            at = match.end()
            continue
        inside, end, past = pair
        if table := table_of(name, text[inside:end], inline):
            tables.append(table)
        places.append((match.start(), past))
        at = past
    return tables, without(text, places)


class Pseudocode:
    """Reads the inside of an algorithm environment, of either family, into indented lines."""

    def __init__(self, inline: Inline) -> None:
        self.inline = inline
        self.lines: list[str] = []
        self.level = 0

    def read(self, text: str, depth: int = 0) -> None:
        """Add the lines of `text`."""
        if depth > DEEPEST:
            self.say(text)
            return
        at = 0
        start = 0
        prefix = ""
        while match := TOKEN.search(text, at):
            name = match[1] or ""
            lowered = name.lower()
            if name in BLOCKS and block_follows(text, match.end(), name):
                self.say(text[start : match.start()], prefix)
                prefix = ""
                at = start = self.block(name, text, match.end(), depth)
            elif (
                not name
                or lowered in OPENERS
                or lowered in CLOSERS
                or lowered in TURNS
                or lowered in LINES
                or lowered == "until"
            ):
                self.say(text[start : match.start()], prefix)
                prefix, at = self.statement(lowered, text, match.end())
                start = at
            elif lowered in ("comment", "tcp", "tcc"):
                self.say(text[start : match.start()], prefix)
                inside, at = argument(text, match.end() + text.startswith("*", match.end()))
                prefix, start = "", at
                self.comment(inside)
            else:
                at = match.end()
        self.say(text[start:], prefix)

    def statement(self, name: str, text: str, at: int) -> tuple[str, int]:
        """One command of the algorithmic family: the words its line begins with, and the place after."""
        if name in CLOSERS:
            self.level = max(self.level - 1, 0)
            return "", at
        if name == "until":
            self.level = max(self.level - 1, 0)
            condition, at = argument(text, at)
            self.say(condition, "until ")
            return "", at
        if name in OPENERS or name in TURNS:
            if name in TURNS:
                self.level = max(self.level - 1, 0)
            head = OPENERS.get(name) or TURNS[name]
            values = []
            while text[at : at + 1] == "[":
                option = bracket(text, at)
                at = option[1] if option else at + 1
            for _ in range(head.count("{}")):
                value, at = argument(text, at)
                values.append(self.inline.line(value))
            self.add(head.format(*values).replace("()", "()"))
            self.level += 1
            return "", at
        words = LINES.get(name, "")
        if "{}" in words:
            value, at = argument(text, at)
            self.add(words.format(self.inline.line(value)))
            return "", at
        return words, at

    def block(self, name: str, text: str, at: int, depth: int) -> int:
        """A command of algorithm2e with its block; the place after it."""
        head = BLOCKS[name]
        values = []
        for _ in range(head.count("{}")):
            value, at = argument(text, at)
            values.append(self.inline.line(value))
        self.add(head.format(*values))
        for number in range(2 if name == "eIf" else 1):
            inside, at = argument(text, at)
            if number:
                self.add("else")
            self.level += 1
            self.read(inside, depth + 1)
            self.level -= 1
        return at

    def say(self, text: str, prefix: str = "") -> None:
        """A line of running text, if there is any."""
        words = self.inline.line(text)
        if words or prefix.strip() == "return":
            self.add(prefix + words)

    def add(self, line: str) -> None:
        """A line at the present level."""
        self.lines.append("  " * min(self.level, 12) + line.strip())

    def comment(self, text: str) -> None:
        """A comment at the end of the last line."""
        words = f"  # {self.inline.line(text)}"
        if self.lines:
            self.lines[-1] += words
        else:
            self.add(words.strip())


def block_follows(text: str, at: int, name: str) -> bool:
    """Whether an algorithm2e block stands here: as many groups as the command takes, and one more."""
    for _ in range(BLOCKS[name].count("{}") + 1):
        if text[skip_space(text, at) : skip_space(text, at) + 1] != "{":
            return False
        _, after = argument(text, at)
        at = after
    return True


def algorithm_of(text: str, inline: Inline) -> str:
    """The lines of an algorithm without its caption: one step a line, two spaces a level."""
    text = re.sub(
        r"\\(?:begin|end)\s*\{(?:algorithmic|algorithm|algpseudocode)\*?\}(?:\[[^\]]{0,10}\])?", " ", text
    )
    reader = Pseudocode(inline)
    reader.read(text)
    return "\n".join(line.rstrip() for line in reader.lines if clean_text(line))
