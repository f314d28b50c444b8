"""`verify`: is everything of a finished run as it was?"""

import json
from dataclasses import asdict
from pathlib import Path

import click

from offline_coder.cli.models import shown_progress
from offline_coder.cli.options import display_options
from offline_coder.verify import verify as compare

CHANGED_EXIT = 1


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--paper",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the paper lies, when it was moved.",
)
@click.option("--no-weights", is_flag=True, help="Do not read the weights.")
@display_options
def verify(folder: Path, paper: Path | None, no_weights: bool, quiet: bool, as_json: bool) -> int:
    """Compare the run in DIR, its paper, weights, prompts and grammars with its manifest, byte for byte.

    Prints a line for each thing that changed. Exits with 1 when there is one. Other versions are notes.
    """
    with shown_progress(quiet or as_json) as on_progress:
        found = compare(folder, paper=paper, weights=not no_weights, on_progress=on_progress)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        for change in found.changes:
            click.echo(f"{change.file}: {change.what}")
        if not quiet:
            for note in found.notes:
                click.echo(f"note: {note}")
            state = f"{len(found.changes)} changes" if found.changes else "all as the run left it"
            click.echo(f"{found.compared} digests compared: {state}")
    return CHANGED_EXIT if found.changes else 0
