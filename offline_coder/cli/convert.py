"""`convert`: what the reader understood of a paper."""

from pathlib import Path

import click

from offline_coder.cli.options import reader_option


@click.command()
@click.argument("paper", metavar="PAPER", type=click.Path(path_type=Path))
@reader_option
@click.option("--json", "as_json", is_flag=True, help="Print the structure as JSON instead of Markdown.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write there, not to standard output.",
)
def convert(paper: Path, reader: str, as_json: bool, output: Path | None) -> None:
    """Show PAPER (PDF, LaTeX file, folder or archive, Markdown, S2ORC JSON) as the Markdown that models get.

    Warnings go to standard error.
    """
    from offline_coder.core.files import write_atomic
    from offline_coder.papers.read import read_paper
    from offline_coder.papers.render import render

    found = read_paper(paper, reader)
    text = found.model_dump_json(indent=2) + "\n" if as_json else render(found)
    for warning in found.warnings:
        click.echo(f"warning: {warning}", err=True)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomic(output, text)
