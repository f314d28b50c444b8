"""The text of a LaTeX paper in one piece: files joined, comments and switched-off parts removed."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from offline_coder.core.errors import BadInput
from offline_coder.papers.latex_places import SourceLines, bare, last_mark
from offline_coder.papers.latex_scan import find_closing
from offline_coder.papers.paper import Place, ReadingWarning
from offline_coder.papers.text import clean_lines, decode

LARGEST_SOURCE = 16 << 20
DEEPEST_INPUT = 20
MOST_INPUTS = 500
VERBATIM = re.compile(r"\\begin\{(verbatim\*?|lstlisting|minted|Verbatim|alltt|comment|filecontents\*?)\}")
FILE_HEAD = re.compile(r"(?:\[[^\]]*\])?\{([^}]*)\}")
MINTED_HEAD = re.compile(r"\A\s*(?:\[[^\]]{0,500}\])?\s*\{[^{}]{0,60}\}")
COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(?:\n[ \t]*(?=\S)|(?=\n)|$)")
SWITCH = re.compile(r"\\(iffalse|iftrue|if[A-Za-z@]*|else|fi)(?![A-Za-z@])")
INPUT = re.compile(
    r"\\(?:input|include|subfile|subfileinclude)\s*\{([^{}]{1,300})\}|\\input\s+([^\s{}\\]{1,300})"
    r"|\\(?:sub)?import\*?\s*\{([^{}]{0,300})\}\s*\{([^{}]{1,300})\}"
)
BIBLIOGRAPHY = re.compile(r"\\(?:bibliography|addbibresource)(?:\[[^\]]*\])?\s*\{([^{}]{1,500})\}")
# Verbatim text must survive comment removal and macros; it is put aside under a number.
VERBATIM_MARK = "\ufdd2{}\ufdd3"


@dataclass(slots=True)
class LatexSource:
    """A paper's LaTeX.

    Attributes:
        preamble: what stands before \\begin{document}.
        body: what stands between it and \\end{document}; all of the text when there is no such thing.
        verbatim: texts put aside; the body holds VERBATIM_MARK with their number.
        bibliography: texts of the .bbl and .bib files that belong to the paper.
        lines: which lines the marks in preamble and body stand for.
    """

    preamble: str = ""
    body: str = ""
    verbatim: list[str] = field(default_factory=list)
    bibliography: list[str] = field(default_factory=list)
    warnings: list[ReadingWarning] = field(default_factory=list)
    lines: SourceLines = field(default_factory=SourceLines)


def load_latex(main: Path, folder: Path) -> LatexSource:
    """The source of the paper whose main file is `main`; inputs are looked for below `folder` only.

    Raises:
        BadInput: the text of all files is over 16 MiB.
    """
    loader = Loader(folder.resolve(), main.resolve().parent)
    text = strip_switches(loader.read(main.resolve(), 0))
    source = loader.source
    begin = text.find("\\begin{document}")
    end = text.find("\\end{document}", begin + 1)
    source.preamble = text[:begin] if begin >= 0 else ""
    source.body = text[begin + len("\\begin{document}") if begin >= 0 else 0 : end if end >= 0 else len(text)]
    if begin < 0:
        source.warnings.append(
            ReadingWarning(
                what="there is no \\begin{document}; all of it is read as text", certainty="likely"
            )
        )
    loader.bibliography(main, text)
    source.warnings = list(dict.fromkeys(source.warnings))
    return source


class Loader:
    """Reads files below one folder and joins them."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        self.source = LatexSource()
        self.characters = 0
        self.inputs = 0
        self.open: list[Path] = []
        self.contents: dict[str, str] = {}

    def read(self, path: Path, depth: int) -> str:
        """The text of `path` without comments, with its inputs in their places."""
        raw = decode(path.read_bytes())
        text = clean_lines(raw)
        self.characters += len(text)
        if self.characters > LARGEST_SOURCE:
            raise BadInput(
                f"the LaTeX of {self.folder} is over {LARGEST_SOURCE >> 20} MiB", "give the paper only"
            )
        text = self.source.lines.marked(text, raw, self.place(path).file)
        text = COMMENT.sub(r"\1", self.without_verbatim(text))
        self.open.append(path)
        text = INPUT.sub(lambda match: self.input(match, path, depth + 1), text)
        self.open.pop()
        if depth and "\\begin{document}" in text:
            # A subfile is a document of its own; only its inside belongs here.
            text = text.split("\\begin{document}", 1)[1].split("\\end{document}", 1)[0]
        return text

    def without_verbatim(self, text: str) -> str:
        """`text` with a mark in place of each verbatim environment that ends."""
        found = []
        at = 0
        while match := VERBATIM.search(text, at):
            closing = f"\\end{{{match[1]}}}"
            end = find_closing(text, closing, match.end())
            found.append(text[at : match.start() if end >= 0 else match.end()])
            at = end + len(closing) if end >= 0 else match.end()
            if end >= 0:
                found.append(self.put_aside(match[1], text[match.end() : end]))
        return "".join([*found, text[at:]])

    def put_aside(self, name: str, inside: str) -> str:
        """A mark in place of verbatim text; bibliographies in filecontents are kept for the references."""
        if name == "comment":
            return ""
        if name.startswith("filecontents"):
            head = FILE_HEAD.match(inside)
            if head and head[1].endswith((".bib", ".bbl")):
                self.contents[head[1]] = bare(inside[head.end() :])
            return ""
        if name == "minted":
            inside = MINTED_HEAD.sub("", inside, count=1)
        self.source.verbatim.append(bare(inside))
        mark = f"{VERBATIM_MARK.format(len(self.source.verbatim) - 1)}{last_mark(inside)}"
        return f"\\begin{{verbatim}}{mark}\\end{{verbatim}}"

    def input(self, match: re.Match[str], parent: Path, depth: int) -> str:
        """The text of an input, "" with a warning when it cannot be had."""
        name = (match[1] or match[2] or "").strip()
        if match[4]:
            name = f"{match[3].rstrip('/')}/{match[4]}".lstrip("/")
        self.inputs += 1
        path = self.find(name, parent, (".tex", "")) if self.inputs <= MOST_INPUTS else parent
        if path is None:
            if not name.endswith((".sty", ".cls", ".bbl")):
                self.source.warnings.append(
                    ReadingWarning(
                        what=f"\\input names a file that is not there: {name}", where=self.place(parent)
                    )
                )
            return ""
        if path in self.open or depth > DEEPEST_INPUT or self.inputs > MOST_INPUTS:
            self.source.warnings.append(
                ReadingWarning(what=f"\\input goes in circles or too deep: {name}", where=self.place(parent))
            )
            return ""
        return f"{self.read(path, depth)}\n"

    def place(self, path: Path) -> Place:
        """A file as a place."""
        inside = path.is_relative_to(self.folder)
        return Place(file=path.relative_to(self.folder).as_posix() if inside else path.name)

    def find(self, name: str, parent: Path, suffixes: tuple[str, ...]) -> Path | None:
        """The file that `name` means, inside the folder; None when there is none."""
        for base in (self.home, parent.parent, self.folder):
            for suffix in suffixes:
                try:
                    path = (base / (name + suffix)).resolve()
                    if path.is_relative_to(self.folder) and path.is_file():
                        return path
                except (OSError, ValueError):
                    continue
        return None

    def bibliography(self, main: Path, text: str) -> None:
        """Collect the .bbl beside the main file, else the .bib files that the text names."""
        compiled = main.with_suffix(".bbl")
        if compiled.is_file() and not compiled.is_symlink():
            self.source.bibliography.append(clean_lines(decode(compiled.read_bytes())))
            return
        names = [name.strip() for match in BIBLIOGRAPHY.finditer(bare(text)) for name in match[1].split(",")]
        for name in names:
            bib = name if name.endswith(".bib") else f"{name}.bib"
            if (path := self.find(bib, main, ("",))) is not None:
                self.source.bibliography.append(clean_lines(decode(path.read_bytes())))
            elif bib in self.contents:
                self.source.bibliography.append(self.contents[bib])


def strip_switches(text: str) -> str:
    """`text` without \\iffalse ... \\fi and the \\else part of \\iftrue; other conditionals are kept
    whole, because only LaTeX can know how they end."""
    found: list[str] = []
    stack: list[tuple[str, bool]] = []  # what opened it, whether its text is kept
    at = 0
    for match in SWITCH.finditer(text):
        kept = all(keeps for _, keeps in stack)
        if kept:
            found.append(text[at : match.start()])
        at = match.end()
        name = match[1]
        if name == "fi":
            if stack:
                opened, _ = stack.pop()
                if opened == "other" and kept:
                    found.append("\\fi")
        elif name == "else":
            if stack and stack[-1][0] in ("iffalse", "iftrue"):
                opened, keeps = stack.pop()
                stack.append((opened, not keeps))
            elif kept:
                found.append("\\else")
        elif name in ("iffalse", "iftrue"):
            stack.append((name, name == "iftrue"))
        else:
            stack.append(("other", True))
            if kept:
                found.append(f"\\{name}")
    if all(keeps for _, keeps in stack):
        found.append(text[at:])
    return "".join(found)


def find_main(folder: Path, files: list[tuple[str, Path]]) -> Path:
    """The main file of a LaTeX folder: it holds \\documentclass and \\begin{document}. Of several, one
    called main, ms or paper, else the one that reads most other files, else the longest.

    Raises:
        BadInput: there is none.
    """
    candidates = []
    for name, path in files:
        if path.suffix.lower() not in (".tex", ".ltx", ".latex") or path.stat().st_size > LARGEST_SOURCE:
            continue
        text = COMMENT.sub(r"\1", decode(path.read_bytes()))
        if "\\documentclass" not in text or "\\begin{document}" not in text:
            continue
        if re.search(r"\\documentclass(?:\[[^\]]*\])?\s*\{(?:subfiles|standalone)\}", text):
            continue
        inputs = len(INPUT.findall(text))
        known = path.stem.lower() in ("main", "ms", "paper", "root")
        candidates.append((inputs, known, len(text), -len(name), name, path))
    if not candidates:
        raise BadInput(
            f"{folder} has no main LaTeX file: none holds both \\documentclass and \\begin{{document}}",
            "give the paper's .tex, .md, .json or .pdf file itself",
        )
    return max(candidates)[-1]
