"""What stands around the text of a Markdown paper: the YAML head, footnotes, divs and page marks.

Every line keeps its place: what is taken out leaves an empty line, so that line numbers stay true.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

FRONT_LONGEST = 400
DIV = re.compile(r"\s{0,3}:{3,}\s*(\{[^{}]*\}|[\w*-]*)\s*:*\s*$")
HTML_LINE = re.compile(
    r"\s*(?:</?(?:div|html|body|section|article|center|details|summary|p)(?:\s[^<>]{0,300})?>\s*)+$",
    re.IGNORECASE,
)
NAMED = re.compile(r"#([^\s{}\"]{1,200})|id=\"([^\"]{1,200})\"")
CLASS = re.compile(r"^[\w*-]+$|\.([\w-]+)")
# marker's and MinerU's marks between pages.
PAGE_MARK = re.compile(
    r"\s*(?:\{\d{1,5}\}\s*-{8,}|<!--\s*(?:page|pagebreak)\b[^<>]{0,80}-->|\\newpage|\f)\s*$", re.IGNORECASE
)
TITLE = re.compile(r"title:\s*[\"']?(.+?)[\"']?\s*$")
NOTE = re.compile(r"\[\^([^\[\]\s]{1,60})\]:\s*(.*)$")
FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
# Docling and others write in a comment what they could not write.
LOST = {"formula-not-decoded": "an equation", "missing-text": "text", "missing-table": "a table"}
LOST_COMMENT = re.compile(r"\s*<!--\s*(formula-not-decoded|missing-text|missing-table)\s*-->\s*$")
COMMENT_OPEN = re.compile(r"\s*<!--(?!.*-->)")
COMMENT_LONGEST = 200


@dataclass(slots=True)
class Note:
    """A footnote's text, and its first and last line, counted from 0."""

    text: str
    first: int
    last: int


@dataclass(slots=True)
class Front:
    """What was taken out of the lines, and the lines that are left. `unread` is the last line,
    counted from 0, of a head that is no YAML and of which only the title was kept. Comments that
    open before line `unclosed` are known not to close."""

    lines: list[str]
    title: str = ""
    authors: list[str] = field(default_factory=list)
    abstract: str = ""
    notes: dict[str, Note] = field(default_factory=dict)
    unread: int = 0
    unclosed: int = 0


def taken_apart(lines: list[str]) -> Front:
    """`lines` without YAML head, footnotes, divs and page marks."""
    front = Front(list(lines))
    yaml_head(front)
    fence = ""
    for at, line in enumerate(lines):
        if not front.lines[at]:
            continue
        if match := FENCE.match(line):
            closes = line.strip().startswith(fence) and not line.strip().strip(fence[:1])
            fence = match[1] if not fence else "" if closes else fence
        elif not fence:
            take_line(front, at, line)
    return front


def take_line(front: Front, at: int, line: str) -> None:
    """One line outside fences."""
    if match := NOTE.match(line):
        take_note(front, at, match)
    elif match := DIV.match(line):
        front.lines[at] = div_opens(match[1])
    elif HTML_LINE.match(line):
        name = NAMED.search(line)
        front.lines[at] = f"[]{{#{name[1] or name[2]}}}" if name else ""
    elif PAGE_MARK.match(line):
        front.lines[at] = ""
    elif at >= front.unclosed and COMMENT_OPEN.match(line):
        take_comment(front, at)


def take_comment(front: Front, at: int) -> None:
    """A comment of several lines. One that nothing closes within 200 lines is text, and so are those that
    open on these lines."""
    stop = min(len(front.lines), at + COMMENT_LONGEST)
    end = next((n for n in range(at, stop) if "-->" in front.lines[n]), None)
    if end is None:
        front.unclosed = stop
        return
    front.lines[at:end] = [""] * (end - at)
    front.lines[end] = front.lines[end].split("-->", 1)[-1]


def div_opens(words: str) -> str:
    """The line that stands for the beginning of a div: a heading over the abstract and the references,
    an anchor for a name."""
    classes = {match[1] or match[0] for match in CLASS.finditer(words)}
    if "abstract" in classes:
        return "# Abstract"
    if classes & {"thebibliography", "references"}:
        return "# References"
    name = NAMED.search(words)
    return f"[]{{#{name[1]}}}" if name else ""


def take_note(front: Front, at: int, match: re.Match[str]) -> None:
    """A footnote with its lines: up to an empty line, and further ones that are indented."""
    words = [match[2]]
    end = at + 1
    while end < len(front.lines):
        line = front.lines[end]
        behind = front.lines[end + 1] if end + 1 < len(front.lines) else ""
        if NOTE.match(line) or (not line and not behind.startswith("    ")):
            break
        words.append(line.strip())
        end += 1
    front.notes.setdefault(match[1], Note(" ".join(words).strip(), at, end - 1))
    front.lines[at:end] = [""] * (end - at)


def yaml_head(front: Front) -> None:
    """Title, authors and abstract of a head between --- and --- or ..., as pandoc and others write it."""
    lines = front.lines
    if lines[0].rstrip() != "---":
        return
    end = next((n for n in range(1, min(len(lines), FRONT_LONGEST)) if lines[n] in ("---", "...")), None)
    if end is None:
        return
    try:
        data = yaml.safe_load("\n".join(lines[1:end]))
    except (yaml.YAMLError, ValueError, RecursionError):
        titles = [match[1] for line in lines[1:end] if (match := TITLE.match(line))]
        if not titles:
            return
        data, front.unread = {"title": titles[0]}, end
    if not isinstance(data, dict):
        return
    front.title = " ".join(words_of(data.get("title")))
    front.abstract = "\n\n".join(words_of(data.get("abstract")))
    front.authors = words_of(data.get("author") or data.get("authors"))
    front.lines[: end + 1] = [""] * (end + 1)


def words_of(value: Any) -> list[str]:
    """The texts in a YAML value: a text, or a list of texts or of records with a name."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("text") or value.get("literal")
    if isinstance(value, list):
        return [words for item in value[:500] if not isinstance(item, list) for words in words_of(item)]
    return [str(value)] if isinstance(value, str | int | float) else []
