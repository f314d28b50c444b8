"""Compare designs of the overview by what plans made with each say: a line a folder of plans and model.

    python scripts/overview_designs.py NAME=FOLDER ...

Counted are the sentences about the method, how many of them differ within their overview, and the fields of
which five words in a row stand in the overview's own prompt. Plans of earlier versions are read too.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from plan_tables import answers, table

from offline_coder.runs.folder import JOURNAL

HEADS = (
    "design",
    "model",
    "overviews",
    "sentences of the method",
    "that differ",
    "fields",
    "that repeat the prompt",
)
WORDS_IN_A_ROW = 5


def fields_of(overview: str) -> dict[str, str]:
    """Heading -> text of overview.md."""
    parts = re.split(r"^## (\w+)\n", overview, flags=re.MULTILINE)[1:]
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def sentences_of(method: str) -> list[str]:
    """The numbered lines, without the titles of sections that some begin with."""
    lines = [re.sub(r"^\d+\. ", "", line) for line in method.splitlines() if line.strip()]
    return [re.sub(r"^.*\(s[\w.]+\): ", "", line) for line in lines]


def runs(text: str) -> set[tuple[str, ...]]:
    """All runs of five words."""
    words = re.findall(r"[a-z]+", text.lower())
    return {tuple(words[at : at + WORDS_IN_A_ROW]) for at in range(len(words) - WORDS_IN_A_ROW + 1)}


def task_of(folder: Path) -> str:
    """What the overview was asked for with."""
    asked = [prompt for prompt in answers(folder / JOURNAL) if prompt[0] == "planning:overview"]
    return asked[0][1][-1].content.rpartition("# Task")[2] if asked else ""


def rows_of(design: str, folder: Path) -> Iterator[list[str]]:
    """The lines of one design, one a model."""
    by_model: dict[str, list[int]] = {}
    for path in sorted(folder.glob("*/plan/overview.md")):
        plan = path.parent.parent
        found = re.search(r"qwen[\w.]+-coder-[\w.]+-int8", plan.name)
        counts = by_model.setdefault(found[0] if found else plan.name, [0] * 5)
        fields = fields_of(path.read_text("utf-8"))
        said = sentences_of(fields["Method"])
        fields["Method"] = "\n".join(said)
        asked = runs(task_of(plan))
        repeated = sum(bool(runs(text) & asked) for text in fields.values())
        for at, count in enumerate((1, len(said), len(set(said)), len(fields), repeated)):
            counts[at] += count
    for model, counts in by_model.items():
        yield [design, model, *map(str, counts)]


def main() -> None:
    """Print the table."""
    designs = [argument.partition("=") for argument in sys.argv[1:]]
    print(table(HEADS, [row for name, _, folder in designs for row in rows_of(name, Path(folder))]))


if __name__ == "__main__":
    main()
