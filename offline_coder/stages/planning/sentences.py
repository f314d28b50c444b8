"""Sentences that met their limit: ended where what was said is whole."""

import re

BREAKS = (". ", "; ", ", ", " and ", " then ")
SHORTEST = 60
"""Characters that have to be left."""
DANGLING = re.compile(
    r"[ ,;:(]+(?:(?:a|an|and|are|as|at|by|can|each|for|from|in|into|is|its|it|of|on|or|our|that|the|their"
    r"|then|to|using|we|which|with|where|while|\d[\d.]*)?)$",
    re.IGNORECASE,
)


STUTTER = re.compile(r"(?:\s*\([^()]*)?(?<!\S)(\S+)(?: \1){2,}.*$")
"""A word three times in a row and all behind it, with the bracket that it stands in."""


def whole_sentence(text: str, limit: int) -> str:
    """`text` with single spaces and a full stop. Where it has none and met its `limit` of characters, it is
    cut at its last break, but not below sixty characters, and what dangles at the end goes; where a word
    follows itself twice, the rest goes."""
    said = STUTTER.sub("", " ".join(text.split()))
    if said.endswith((".", "!", "?")):
        return said
    said = said.rstrip(",;: ")
    if len(text) < limit:
        return f"{said}."
    last = max(said.rfind(each) for each in BREAKS)
    if last >= SHORTEST:
        said = said[:last]
    while found := DANGLING.search(said):
        said = said[: found.start()]
    return f"{said}."
