"""`offline-coder bundle`: everything a machine without internet needs, in one folder that can be carried."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from offline_coder.cli.models import shown_progress
from offline_coder.weights.space import shown_size

if TYPE_CHECKING:
    from offline_coder.bundles.pack import Order


@click.command()
@click.option(
    "--model", "models", multiple=True, required=True, metavar="NAME", help="Weights; several may be named."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The new folder."
)
@click.option(
    "--platform",
    default="",
    metavar="TAG",
    help="Its platform, like manylinux_2_28_x86_64; default: this machine's.",
)
@click.option("--python", default="", metavar="X.Y", help="Its Python; default: the one that runs this.")
@click.option(
    "--set",
    "hardware",
    type=click.Choice(["cpu", "cuda"]),
    help="Wheels for CPUs or for NVIDIA GPUs; default: as this machine is.",
)
@click.option(
    "--lock",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A lock of your own instead of requirements/<set>.txt.",
)
@click.option("--with-marker", is_flag=True, help="Also marker-pdf's environment.")
@click.option(
    "--marker-weights",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also marker's weights: DIR has hub/ (of ~/.cache/huggingface) and models/ (of ~/.cache/datalab).",
)
@click.option(
    "--split", default="", metavar="SIZE", help="Cut files for media: parts of at most 4G, 700M, ..."
)
@click.option("--list", "only_list", is_flag=True, help="Say what would be fetched, and fetch nothing.")
@click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
def bundle(
    models: tuple[str, ...],
    output: Path,
    platform: str,
    python: str,
    hardware: Literal["cpu", "cuda"] | None,
    lock: Path | None,
    with_marker: bool,
    marker_weights: Path | None,
    split: str,
    only_list: bool,
    quiet: bool,
) -> None:
    """Put wheels, weights, an example and an installer that needs only Python into the new folder DIR.

    On the other side `python3 install.py --to DIR` verifies every byte and installs without a network. A
    bundling that was interrupted goes on when it is typed again. The wheels come from the index that pip is
    configured for, or from the folder WHEELHOUSE names.
    """
    from offline_coder.bundles.cutting import read_size
    from offline_coder.bundles.pack import Order, pack
    from offline_coder.bundles.target import Target

    order = Order(
        target=Target.named(platform, python),
        hardware=hardware or this_hardware(),
        models=models,
        marker=with_marker or marker_weights is not None,
        marker_weights=marker_weights and marker_weights.absolute(),
        split=read_size(split) if split else 0,
        lock=lock and lock.absolute(),
    )
    if only_list:
        show(order)
        return
    with shown_progress(quiet) as on_progress:
        packed = pack(order, output, lambda line: None if quiet else click.echo(line, err=True), on_progress)
    if not quiet:
        click.echo(f"{output}: {packed.files} files, {shown_size(packed.bytes)}")
        click.echo(f"SHA256SUMS has sha256 {packed.sums}")
        click.echo(f"there: python{order.target.python} install.py --to DIR")


def this_hardware() -> Literal["cpu", "cuda"]:
    """What this machine computes on."""
    from offline_coder.runs.machine import find_gpus

    return "cuda" if find_gpus() else "cpu"


def show(order: "Order") -> None:
    """What pip would be asked for, a requirement a line."""
    from offline_coder.bundles.wheels import read_lock

    click.echo(f"# Python {order.target.python}, {order.target.platforms[0]} and older, wheels only")
    for name, lock in order.locks().items():
        click.echo(f"# {name}: {lock.name}")
        for distribution, version in read_lock(lock).items():
            click.echo(f"{distribution}=={version}")
