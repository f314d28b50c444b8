"""The code in a model's answer.

An answer is usually the rest of a fenced block: the request ended with the opening fence and the engine
stopped at the closing one. Models also repeat the fence, talk before and after it, or add an example.
Fences follow CommonMark 0.31, section 4.5.
"""

import re
import textwrap
from dataclasses import dataclass

from offline_coder.checks.syntax import check_syntax

ALIASES = {
    "python": frozenset({"python", "py", "python3"}),
    "yaml": frozenset({"yaml", "yml"}),
    "json": frozenset({"json", "jsonc"}),
    "bash": frozenset({"bash", "sh", "shell", "zsh"}),
    "markdown": frozenset({"markdown", "md"}),
}
_FENCE = re.compile(r"^(?P<indent> {0,3})(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*?)[ \t]*$")


@dataclass(frozen=True, slots=True)
class _Block:
    tag: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def code_of(answer: str, language: str) -> str:
    """The code in `answer`, ending in one newline, or "" when it holds none.

    With fences, only what is inside one: of the blocks tagged as `language` (or, failing that, untagged,
    or any) the longest. What stands before a lone closing fence counts as a block, because the opening
    one was in the request. Without a fence the whole answer is code. `language` is "python", "yaml",
    "json", "bash", "markdown" or any other tag; Markdown keeps the fences inside it.
    """
    lines = answer.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    names = ALIASES.get(language, frozenset({language}))
    # The fence was given and the model wrote only its tag again.
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return ""
    if lines[first].strip().lower() in names:
        lines = lines[first + 1 :]
    if language == "markdown":
        return _tidy(_without_outer_fence(lines, names))
    blocks = _blocks(lines, language)
    if not blocks:
        return _tidy(lines)
    for wanted in (names, frozenset({""}), None):
        fitting = [block for block in blocks if wanted is None or block.tag in wanted]
        if any(block.text.strip() for block in fitting):
            return _tidy(max(fitting, key=lambda block: len(block.text)).lines)
    return ""


def _blocks(lines: list[str], language: str) -> list[_Block]:
    """The fenced blocks of `lines`; empty when there is no fence at all."""
    fences = [(index, match) for index, line in enumerate(lines) if (match := _FENCE.match(line))]
    if not fences:
        return []
    blocks = []
    first_index = fences[0][0]
    rest = 0
    if _closes_the_request(lines[:first_index], fences, language):
        blocks.append(_Block(language, tuple(lines[:first_index])))
        rest = first_index + 1
    opened: tuple[int, re.Match[str]] | None = None
    for index, match in fences:
        if index < rest:
            continue
        if opened is None:
            opened = (index, match)
        elif _closes(opened[1], match):
            blocks.append(_block(lines, opened, index))
            opened = None
    if opened is not None:  # the answer was cut before the closing fence
        blocks.append(_block(lines, opened, len(lines)))
    return blocks


def _closes_the_request(before: list[str], fences: list[tuple[int, re.Match[str]]], language: str) -> bool:
    """Whether the first fence closes the block that the request opened."""
    if fences[0][1]["info"] or not any(line.strip() for line in before):
        return False
    if len(fences) > 1 and fences[1][1]["info"]:
        return True  # a tagged fence opens, so the bare one before it closed
    if len(fences) % 2 == 1:
        return True
    return language == "python" and len(before) > 1 and not check_syntax("answer.py", "\n".join(before))


def _closes(opening: re.Match[str], fence: re.Match[str]) -> bool:
    same_kind = fence["mark"][0] == opening["mark"][0]
    return same_kind and len(fence["mark"]) >= len(opening["mark"]) and not fence["info"]


def _block(lines: list[str], opened: tuple[int, re.Match[str]], end: int) -> _Block:
    start, match = opened
    words = match["info"].lower().strip("{}.").split()
    inner = lines[start + 1 : end]
    if match["indent"]:
        inner = textwrap.dedent("\n".join(inner)).split("\n")
    return _Block(words[0] if words else "", tuple(inner))


def _without_outer_fence(lines: list[str], names: frozenset[str]) -> list[str]:
    """Markdown without a fence around the whole of it."""
    start = next((index for index, line in enumerate(lines) if line.strip()), 0)
    opening = _FENCE.match(lines[start]) if lines else None
    if opening is None or opening["info"].lower() not in names:
        return lines
    body = lines[start + 1 :]
    while body and not body[-1].strip():
        body.pop()
    if body and (last := _FENCE.match(body[-1])) and _closes(opening, last):
        body.pop()
    return body


def _tidy(lines: list[str] | tuple[str, ...]) -> str:
    text = "\n".join(line.rstrip() if not line.strip() else line for line in lines)
    text = text.strip("\n").rstrip()
    return f"{text}\n" if text else ""
