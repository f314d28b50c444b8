r"""How well papers are read, measured on papers that exist in several forms; writes docs/reading.md.

python scripts/reading_agreement.py [FOLDER]           print the tables
python scripts/reading_agreement.py [FOLDER] --write   put them into docs/reading.md

FOLDER (default ../shared/papers) holds one folder a paper: LaTeX as `paper.tex` or in `latex/`, beside it
`paper.pdf` and, where there is one, `paper.s2orc.json`. The LaTeX reading is the reference; what the measures
are stands in offline_coder/papers/agreement.py. The LaTeX reading itself is held against the raw source,
which is counted here with nothing but regular expressions.
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from offline_coder.papers.agreement import NUMBER, THOUSANDS, Agreement, compare, numbers_of
from offline_coder.papers.paper import Paper
from offline_coder.papers.read import read_paper
from offline_coder.papers.tables import DELIMITER, split_row

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reading.md"
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"
GOALS = "headings 1.000, similarity 0.970, numbers 0.990"

COMMENT = re.compile(r"(?<!\\)%.*")
INPUT = re.compile(r"\\(?:input|include)\s*\{([^{}]+)\}")
# What is not printed, or printed as another number than it holds.
NOT_PRINTED = re.compile(
    r"\\(?:[a-zA-Z]*cite[a-zA-Z]*|[a-zA-Z]*ref|label|includegraphics|bibliography|bibliographystyle|input|include"
    r"|vspace|hspace|setlength|setcounter|addtocounter|rule|url|href|usepackage|cmidrule|cline|pagestyle"
    r"|graphicspath|vskip|hskip|newcommand|renewcommand|def|specialrule)(?![a-zA-Z])\*?(?:\([^)]*\))?(?:\s*\[[^\]]*\])*(?:\s*\{[^{}]*\})*"
)
OPENING = re.compile(
    r"\\begin\s*\{(?:tabular|array|minipage|subfigure|wrapfigure|figure|table|multicols)[a-zA-Z]*\*?\}"
    r"(?:\s*\[[^\]]*\])?(?:\s*\{(?:[^{}]|\{[^{}]*\})*\})*"
)
# Macros without arguments, which stand for text: the only thing that is expanded here.
MACRO = re.compile(
    r"\\(?:re)?newcommand\*?\s*\{?\\([a-zA-Z]+)\}?\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
SPAN = re.compile(r"\\multi(?:column|row)\s*\{[^{}]*\}(?:\[[^\]]*\])?\s*\{[^{}]*\}")
FRONT = re.compile(r"\\(?:author|date)\s*\{|\\maketitle")
DISPLAYED = re.compile(
    r"\\begin\s*\{((?:equation|align|gather|multline|eqnarray|displaymath|alignat|flalign)\*?)\}(.*?)\\end\s*\{\1\}"
    r"|\\\[(.*?)\\\]|(?<!\\)\$\$(.*?)\$\$",
    re.DOTALL,
)
TABULAR = re.compile(r"\\begin\s*\{(tabular[a-z]*\*?|longtable)\}.*?\\end\s*\{\1\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a raw source holds, and what of it the reading lacks, all as multisets: numbers, displayed
    equations, tabulars (each known by its cells), and the cells of tabulars that hold something."""

    numbers: int
    lost_numbers: tuple[str, ...]
    equations: int
    lost_equations: tuple[str, ...]
    tables: int
    lost_tables: tuple[str, ...]
    cells: int
    lost_cells: tuple[str, ...]


def raw_body(path: Path) -> str:
    """The source between \\begin{document} and \\end{document}, inputs in their places, comments and the
    authors' block gone."""
    main = path
    if path.is_dir():
        main = next(p for p in sorted(path.glob("*.tex")) if "\\begin{document}" in p.read_text())

    def joined(file: Path) -> str:
        text = COMMENT.sub("", file.read_text(encoding="utf-8"))
        return INPUT.sub(lambda match: inside(main.parent / match[1]), text)

    def inside(file: Path) -> str:
        file = file if file.suffix == ".tex" else file.with_name(f"{file.name}.tex")
        return joined(file) if file.is_file() else ""

    text = joined(main)
    for name, meaning in MACRO.findall(text):
        text = re.sub(rf"\\{name}(?![a-zA-Z])", lambda _, meaning=meaning: meaning, text)
    text = text.split("\\begin{document}", 1)[1].split("\\end{document}", 1)[0]
    text = re.sub(r"\\begin\{thebibliography\}.*?\\end\{thebibliography\}", "", text, flags=re.DOTALL)
    return re.sub(r"\\begin\{filecontents\*?\}.*?\\end\{filecontents\*?\}", "", text, flags=re.DOTALL)


def kept_of(path: Path, paper: Paper) -> Kept:
    """What the reading `paper` kept of the source at `path`."""
    body = raw_body(path)
    if front := FRONT.search(body):
        after = body.find("\\begin{abstract}", front.start())
        body = body[max(after, 0) :]
    shown = SPAN.sub("", OPENING.sub("", NOT_PRINTED.sub(" ", body)))
    shown = re.sub(r"\\\\\s*\[[^\]]*\]|-?[\d.]+\s*(?:\\textwidth|\\linewidth|\\columnwidth)", " ", shown)
    numbers = NUMBER.findall(THOUSANDS.sub("", shown))
    equations = ["".join(filter(None, match.groups()[1:])) for match in DISPLAYED.finditer(body)]
    blocks = [block for section in paper.sections for block in section.blocks]
    read = Counter(bare(block.text) for block in blocks if block.kind == "equation")
    tables = [raw_cells(match[0]) for match in TABULAR.finditer(body)]
    given = [read_cells(block.text) for block in blocks if block.kind == "table"]
    wanted_cells = Counter(cell for table in tables for cell in table)
    return Kept(
        numbers=len(numbers),
        lost_numbers=tuple((Counter(numbers) - Counter(numbers_of(paper))).elements()),
        equations=len(equations),
        lost_equations=tuple((Counter(map(bare, equations)) - read).elements()),
        tables=len(tables),
        lost_tables=tuple(
            " | ".join(sorted(lost.elements())[:5])
            for table in tables
            if (lost := min((Counter(table) - Counter(other) for other in given), key=Counter.total))
        ),
        cells=wanted_cells.total(),
        lost_cells=tuple((wanted_cells - Counter(cell for table in given for cell in table)).elements()),
    )


def bare(equation: str) -> str:
    """An equation without what a reader may change: space, labels, tags, `aligned` around its rows."""
    text = re.sub(
        r"\\(?:label|tag)\s*\{[^{}]*\}|\\nonumber|\\notag|\\(?:begin|end)\{align(?:ed)?\}", "", equation
    )
    return re.sub(r"[\s&]|\\\\(?![a-zA-Z])", "", text)


def raw_cells(tabular: str) -> list[str]:
    """The cells of a raw tabular that hold something, as `plain_cell` has them."""
    inside = OPENING.sub("", re.sub(r"\\end\s*\{[^{}]*\}", "", tabular))
    inside = re.sub(
        r"\\(?:hline|toprule|midrule|bottomrule|cmidrule(?:\([^)]*\))?\{[^{}]*\}|cline\{[^{}]*\})", "", inside
    )
    cells = [SPAN.sub("", cell) for row in re.split(r"\\\\", inside) for cell in re.split(r"(?<!\\)&", row)]
    cells = [
        re.sub(r"\\(?:vspace|rule|hspace|specialrule)(?:\{[^{}]*\})+|^\s*\[[^\]]*\]", "", cell)
        for cell in cells
    ]
    return [plain for cell in cells if (plain := plain_cell(cell))]


def read_cells(table: str) -> list[str]:
    """The cells of a table of the reading that hold something, as `plain_cell` has them."""
    rows = [line for line in table.split("\n") if line.startswith("|") and not DELIMITER.fullmatch(line)]
    return [plain for row in rows for cell in split_row(row) if (plain := plain_cell(cell))]


def plain_cell(cell: str) -> str:
    """The letters and digits of a cell as they are printed: without keys of citations and commands; a cell
    of dashes alone is one."""
    text = re.sub(
        r"\\(?:[a-zA-Z]*cite[a-zA-Z]*|label|ref)\*?\s*(?:\[[^\]]*\])*\{[^{}]*\}|\[[^\]]*\]", "", cell
    )
    text = re.sub(r"\\[a-zA-Z]+\*?", "", text)
    return "".join(re.findall(r"[^\W_]", text)) or ("-" if re.search(r"[-—–]", text) else "")


def row(*cells: object) -> str:
    """A row of a Markdown table; shares with three places."""
    return "| " + " | ".join(f"{c:.3f}" if isinstance(c, float) else str(c) for c in cells) + " |"


def head(*names: str) -> list[str]:
    """The head of a Markdown table."""
    return [row(*names), row(*("---" if at == 0 else "---:" for at, _ in enumerate(names)))]


def agreement_rows(name: str, form: str, found: Agreement) -> str:
    """One line of the first table."""
    return row(
        name,
        form,
        found.precision,
        found.recall,
        found.order,
        found.similarity,
        found.numbers_kept,
        found.cells_kept,
    )


def tables(folder: Path) -> str:
    """All tables as Markdown."""
    first = head("paper", "form", "headings: precision", "recall", "order", "similarity", "numbers", "cells")
    second = head("paper", "numbers", "of", "equations", "of", "tables", "of", "cells", "of")
    worst: list[tuple[float, str]] = []
    lost: list[str] = []
    for paper in sorted(path for path in folder.iterdir() if path.is_dir()):
        latex = next((p for p in (paper / "latex", paper / "paper.tex") if p.exists()), None)
        if latex is None:
            continue
        reference = read_paper(latex, "text")
        for form in ("paper.pdf", "paper.s2orc.json"):
            if (paper / form).exists():
                found = compare(reference, read_paper(paper / form, "text"))
                first.append(agreement_rows(paper.name, form, found))
                worst += [
                    (s.similarity, row(paper.name, form, f"{s.id} {s.title}", s.words, s.similarity))
                    for s in found.sections
                ]
        kept = kept_of(latex, reference)
        second.append(
            row(
                paper.name, kept.numbers - len(kept.lost_numbers), kept.numbers,
                kept.equations - len(kept.lost_equations), kept.equations,
                kept.tables - len(kept.lost_tables), kept.tables,
                kept.cells - len(kept.lost_cells), kept.cells,
            )
        )  # fmt: skip
        for what in ("numbers", "equations", "tables", "cells"):
            if gone := getattr(kept, f"lost_{what}"):
                lost.append(f"- {paper.name}, {what}: {', '.join(f'`{one}`' for one in gone)}")
    parts = [
        f"## Against the LaTeX reading\n\nAims for the text layer of a PDF: {GOALS}.",
        "\n".join(first),
        "The ten sections that agree least:",
        "\n".join(
            [
                *head("paper", "form", "section", "words", "similarity"),
                *(line for _, line in sorted(worst)[:10]),
            ]
        ),
        "## The LaTeX reading against the raw source",
        "\n".join(second),
        "\n".join(["What of the source the reading lacks:", "", *(lost or ["- nothing"])]),
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Print or write."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    folder = Path(arguments[0]) if arguments else ROOT.parent / "shared" / "papers"
    if not folder.is_dir():
        sys.exit(f"no such folder: {folder}\nhint: python scripts/reading_agreement.py FOLDER")
    text = tables(folder)
    if "--write" not in sys.argv[1:]:
        print(text)
        return
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
