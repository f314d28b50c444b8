"""The one Markdown text of a paper: the same bytes on every machine.

Line ends are LF, text is NFC, no line ends in a space, and the text ends in one line end. Headings carry
the section's id so that a model can cite it. Authors are left out: no stage needs them, and every prompt
would pay for them.
"""

import re

from offline_coder.papers.paper import Block, Paper, Section
from offline_coder.papers.text import clean_line, clean_lines

ALGORITHM_FENCE = "algorithm"
# A line of prose that Markdown would take for structure gets a backslash, which the reader takes off.
STRUCTURE = re.compile(
    r"\\*(?:#{1,6}(?:\s|$)|`{3,}|~{3,}|\$\$|\||!\[|<|(?:-{3,}|={3,}|\*{3,}|_{3,})$|\[Left out)"
)
RULE_END = re.compile(r"\$\$")


def render(paper: Paper) -> str:
    """The whole paper: title, abstract, sections, references."""
    parts = [render_front(paper), *(render_section(section) for section in paper.sections)]
    if paper.references:
        parts.append(render_references(paper))
    return "\n\n".join(parts) + "\n"


def render_front(paper: Paper) -> str:
    """Title and abstract."""
    parts = [f"# {clean_line(paper.title)}".rstrip()]
    if abstract := render_abstract(paper.abstract):
        parts += ["## Abstract", abstract]
    return "\n\n".join(parts)


def render_abstract(abstract: str) -> str:
    """The abstract's paragraphs, one line each."""
    paragraphs = (clean_line(part) for part in re.split(r"\n\s*\n", abstract))
    return "\n\n".join(guarded(part) for part in paragraphs if part)


def render_heading(section: Section) -> str:
    """`## [s3] 3 Method`, one more # a level."""
    words = f"{section.number} {clean_line(section.title)}".strip()
    return f"{'#' * min(section.level + 1, 6)} [{section.id}] {words}".rstrip()


def render_section(section: Section) -> str:
    """A section: its heading and its blocks."""
    blocks = (render_block(block) for block in section.blocks)
    return "\n\n".join([render_heading(section), *(block for block in blocks if block)])


def render_block(block: Block) -> str:
    """One block as Markdown; "" when it holds nothing."""
    match block.kind:
        case "equation":
            text = "\n".join(line for line in clean_lines(RULE_END.sub("$", block.text)).split("\n") if line)
            return f"$$\n{text}\n$$" if text else ""
        case "algorithm":
            return fenced(clean_lines(block.text), ALGORITHM_FENCE)
        case "code":
            return fenced(clean_lines(block.text), "")
        case "table":
            return render_table(clean_lines(block.text))
        case "list":
            return "\n".join(line for line in clean_lines(block.text).split("\n") if line.strip())
        case "paragraph" | "figure":
            return guarded(clean_line(block.text))


def render_table(text: str) -> str:
    """The caption, an empty line, the rows."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    rows = [line for line in lines if line.startswith("|")]
    caption = guarded(" ".join(line for line in lines if not line.startswith("|")))
    return "\n\n".join(part for part in (caption, "\n".join(rows)) if part)


def render_references(paper: Paper) -> str:
    """The list of references."""
    lines = (clean_line(reference) for reference in paper.references)
    return "\n".join(["## References", "", *(f"- {line}" for line in lines if line)])


def guarded(line: str) -> str:
    """`line` with a backslash before it when Markdown would take it for structure."""
    return "\\" + line if STRUCTURE.match(line) else line


def fenced(text: str, language: str) -> str:
    """`text` between fences longer than any run of backticks in it; "" when it is empty."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
