"""`convert`: what the reader understood of a paper."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offline_coder.cli.options import DEFAULT_MODEL, reader_option

if TYPE_CHECKING:
    from offline_coder.papers.agreement import Agreement
    from offline_coder.papers.paper import Paper
    from offline_coder.papers.sizes import Counter


@click.command()
@click.argument("paper", metavar="PAPER", type=click.Path(path_type=Path))
@reader_option
@click.option("--json", "as_json", is_flag=True, help="Print the structure as JSON instead of Markdown.")
@click.option("--stats", is_flag=True, help="Print how large each section is, in the model's tokens.")
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    metavar="NAME|DIR",
    help="Whose tokenizer --stats counts with; words are counted where it is not on this machine.",
)
@click.option(
    "--compare",
    "other",
    type=click.Path(path_type=Path),
    metavar="OTHER",
    help="Print how OTHER, another form of the same paper, differs from PAPER.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write there, not to standard output.",
)
def convert(
    paper: Path, reader: str, as_json: bool, stats: bool, model: str, other: Path | None, output: Path | None
) -> None:
    """Show PAPER (PDF, LaTeX file, folder or archive, Markdown, S2ORC JSON) as the Markdown that models get.

    Warnings go to standard error: where in the source, what was lost, and, where it is not certain, how sure
    that is. --json has them too, and where each block stands in the source.
    """
    from offline_coder.core.errors import BadInput
    from offline_coder.core.files import write_atomic
    from offline_coder.papers.read import read_paper
    from offline_coder.papers.render import render

    if stats and other is not None:
        raise BadInput("--stats and --compare ask for different things", "give one of them")
    found = read_paper(paper, reader)
    for warning in found.warnings:
        click.echo(f"warning: {warning}", err=True)
    if stats:
        text = stats_text(found, model, as_json)
    elif other is not None:
        from offline_coder.papers.agreement import compare

        difference = compare(found, read_paper(other, reader))
        text = difference.model_dump_json(indent=2) + "\n" if as_json else agreement_text(difference)
    else:
        text = found.model_dump_json(indent=2) + "\n" if as_json else render(found)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(output, text)


def counter_of(model: str) -> tuple["Counter", str]:
    """How to count, and in what: tokens of `model` when its tokenizer is on this machine, else words."""
    from offline_coder.papers.sizes import words
    from offline_coder.weights.store import model_folder

    named = Path(model)
    folder = named if named.is_dir() else model_folder(model) if named.name == model else named
    file = folder / "tokenizer.json"
    if not file.is_file():
        return words, f"words (no tokenizer of {model} on this machine)"
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids), f"tokens of {model}"


def stats_text(paper: "Paper", model: str, as_json: bool) -> str:
    """The size of each section: as a table, or as JSON with "unit" and "parts"."""
    from offline_coder.papers.sizes import part_sizes

    count, unit = counter_of(model)
    sizes = part_sizes(paper, count)
    if as_json:
        return json.dumps({"unit": unit, "parts": [part.model_dump() for part in sizes]}, indent=2) + "\n"
    width = max(len(part.id) for part in sizes)
    lines = [f"{part.size:>7}  {part.id:<{width}}  {part.title}".rstrip() for part in sizes]
    return "\n".join([unit, *lines]) + "\n"


def agreement_text(found: "Agreement") -> str:
    """How two readings differ, for a person."""
    lines = [
        f"headings    precision {found.precision:.3f}  recall {found.recall:.3f}  order {found.order:.3f}",
        f"text        similarity {found.similarity:.3f}",
        f"numbers     {found.numbers - len(found.missing_numbers)} of {found.numbers} kept",
        f"cells       {sum(t.kept for t in found.tables)} of {sum(t.cells for t in found.tables)} kept",
    ]
    lines += [f"only in PAPER: heading {name}" for name in found.missing_headings]
    lines += [f"only in OTHER: heading {name}" for name in found.extra_headings]
    if found.missing_numbers:
        lines.append(f"only in PAPER: numbers {', '.join(found.missing_numbers)}")
    lines += [f"{t.name}: {t.kept} of {t.cells} cells kept" for t in found.tables if t.kept < t.cells]
    lines += [f"{s.similarity:.3f}  {s.id} {s.title}".rstrip() for s in found.sections if s.similarity < 1]
    return "\n".join(lines) + "\n"
