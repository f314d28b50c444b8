"""`serve`: an engine that stays warm, for several runs with --endpoint."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from offline_coder.cli.options import DEFAULT_MODEL, batch_invariant_option, engine_settings
from offline_coder.cli.progress import watcher
from offline_coder.cli.running import run_to_end
from offline_coder.core.errors import EngineFailed
from offline_coder.engines.memory import SMALLEST_CONTEXT
from offline_coder.engines.settings import EngineSettings
from offline_coder.session import model_folder

KEY_FILE = "server.key"


@click.command()
@click.option(
    "--model", default=DEFAULT_MODEL, show_default=True, metavar="NAME|DIR", help="The model to serve."
)
@click.option(
    "--port", type=click.IntRange(1024, 65535), help="The port on 127.0.0.1; a free one by default."
)
@click.option("--context", type=click.IntRange(1024), help="Tokens of prompt and answer together.")
@click.option("--kv-gib", type=click.FloatRange(0.1), help="Memory for the key-value cache, in GiB.")
@click.option("--gpu-fraction", type=click.FloatRange(0.05, 1.0), help="Share of the GPU that vLLM may take.")
@click.option("--gpus", type=click.IntRange(1), default=1, show_default=True, help="GPUs for one model.")
@batch_invariant_option
@click.option("--quiet", is_flag=True, help="Show no progress while it starts.")
def serve(
    model: str,
    port: int | None,
    context: int | None,
    kv_gib: float | None,
    gpu_fraction: float | None,
    gpus: int,
    batch_invariant: bool,
    quiet: bool,
) -> None:
    """Keep a vLLM server with a model ready until Ctrl-C. Nothing outside this machine can reach it."""
    settings = engine_settings(context, kv_gib, gpu_fraction, gpus, batch_invariant=batch_invariant)
    run_to_end(keep_serving(model, settings, port, quiet))


async def keep_serving(model: str, settings: EngineSettings, port: int | None, quiet: bool) -> None:
    """Serve `model` until cancelled.

    Raises:
        EngineFailed: the server did not start, or died.
    """
    from offline_coder.engines.endpoint import KEY_VARIABLE
    from offline_coder.engines.vllm_server import serve as served

    folder = await asyncio.to_thread(model_folder, model)
    place = Path(tempfile.mkdtemp(prefix="offline-coder-serve-"))
    log, key_file = place / "engine.log", place / KEY_FILE
    try:
        async with contextlib.AsyncExitStack() as stack:
            with watcher(quiet) as shown:
                shown.stage_began("engine", 0)
                starting = served(
                    folder,
                    replace(settings, least_context=SMALLEST_CONTEXT),
                    log=log,
                    on_progress=lambda seconds, text: shown.step_done(f"{seconds:.0f} s: {text}"),
                    on_note=shown.note,
                    port=port,
                )
                serving = await stack.enter_async_context(starting)
            write_key(key_file, serving.server.key)
            click.echo(f"serving {folder.name}, {serving.context} tokens of context; Ctrl-C stops it")
            click.echo(f"log: {log}")
            click.echo("in another terminal:")
            click.echo(f'  export {KEY_VARIABLE}="$(cat {key_file})"')
            click.echo(f"  offline-coder run PAPER --endpoint {serving.server.url} --model {folder.name}")
            raise EngineFailed(f"the server died: {await serving.server.death()}", f"see {log}")
    except EngineFailed:
        # The log stays, because the message points to it.
        key_file.unlink(missing_ok=True)
        raise
    except BaseException:
        shutil.rmtree(place)
        raise


def write_key(path: Path, key: str) -> None:
    """Put `key` at `path`, readable by this user alone from the first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
