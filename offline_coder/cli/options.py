"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from offline_coder.core.no_way_out import GUARD
from offline_coder.engines.settings import STALL_SECONDS, EngineSettings

DEFAULT_MODEL = "qwen2.5-coder-1.5b"
GIBIBYTE = 1 << 30

Command = Callable[..., Any]


def added(function: Command, *options: Callable[[Command], Command]) -> Command:
    """`function` with `options`, shown by --help in this order."""
    for option in reversed(options):
        function = option(function)
    return function


def display_options(function: Command) -> Command:
    """--quiet and --json."""
    return added(
        function,
        click.option("--quiet", is_flag=True, help="Show no progress."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output."),
    )


def batch_invariant_option(function: Command) -> Command:
    """For the same bytes again on the same machine."""
    return click.option(
        "--batch-invariant",
        is_flag=True,
        help="The same text whatever else is asked: slower on NVIDIA, much slower on a CPU.",
    )(function)


def stall_option(function: Command) -> Command:
    """When an engine counts as hanging."""
    return click.option(
        "--stall-seconds",
        type=click.FloatRange(1),
        default=STALL_SECONDS,
        show_default=True,
        help="Give up an engine that owes an answer and does nothing for so long.",
    )(function)


def engine_options(function: Command) -> Command:
    """The model, where it is served, and the settings that matter for memory."""
    return added(
        function,
        click.option(
            "--model",
            default=DEFAULT_MODEL,
            show_default=True,
            metavar="NAME|DIR",
            help="A model of `offline-coder models list`, transformers:NAME to run it without vLLM, "
            "scripted:FILE or random-walk for a dry run; with --endpoint the name served there.",
        ),
        click.option("--endpoint", default="", metavar="URL", help="Use this OpenAI-compatible vLLM server."),
        click.option("--context", type=click.IntRange(1024), help="Tokens of prompt and answer together."),
        click.option("--kv-gib", type=click.FloatRange(0.1), help="Memory for the key-value cache, in GiB."),
        click.option(
            "--gpu-fraction", type=click.FloatRange(0.05, 1.0), help="Share of the GPU that vLLM may take."
        ),
        click.option(
            "--gpus", type=click.IntRange(1), default=1, show_default=True, help="GPUs for one model."
        ),
        batch_invariant_option,
        stall_option,
    )


def sampling_options(function: Command) -> Command:
    """What decides the text, besides the model and the paper."""
    return added(
        function,
        click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True),
        click.option(
            "--temperature",
            type=click.FloatRange(0, 2),
            help="0 takes the likeliest token. Default: the model's own, 0.2 for most.",
        ),
        click.option(
            "--candidates",
            type=click.IntRange(1, 16),
            default=1,
            show_default=True,
            help="Versions of each module to write together; the best by checks, a run, a verdict is kept.",
        ),
        click.option(
            "--debug-rounds",
            type=click.IntRange(0, 50),
            default=0,
            show_default=True,
            help="Corrections to try after the run in the sandbox.",
        ),
    )


def reader_option(function: Command) -> Command:
    """How a PDF is read."""
    return click.option(
        "--reader",
        type=click.Choice(["auto", "text", "marker", "marker-text"]),
        default="auto",
        show_default=True,
        help="How a PDF is read: its text layer, or marker in its own environment.",
    )(function)


def registry_option(function: Command) -> Command:
    """What the lab has."""
    return click.option(
        "--registry",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="datasets.toml and models.toml: what this lab has, and where. Default: ~/.config/offline-coder",
    )(function)


def output_option(function: Command) -> Command:
    """Where the run folder goes."""
    return click.option(
        "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="The run folder."
    )(function)


def allow_endpoint(endpoint: str) -> None:
    """Let this process connect to the server that the user named; "" names none."""
    try:
        host = urlsplit(endpoint).hostname
    except ValueError:
        # What is no URL is refused in its own words when the engine is opened.
        return
    if host:
        GUARD.allow(host)


def engine_settings(
    context: int | None = None,
    kv_gib: float | None = None,
    gpu_fraction: float | None = None,
    gpus: int = 1,
    seed: int = 0,
    *,
    batch_invariant: bool = False,
    stall_seconds: float = STALL_SECONDS,
) -> EngineSettings:
    """The engine's settings from the options' values."""
    kv_bytes = int(kv_gib * GIBIBYTE) if kv_gib is not None else None
    return EngineSettings(
        context=context,
        kv_bytes=kv_bytes,
        gpu_fraction=gpu_fraction,
        gpus=gpus,
        seed=seed,
        batch_invariant=batch_invariant,
        stall_seconds=stall_seconds,
    )
