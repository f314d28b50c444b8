"""`doctor`: what is missing on this machine, and what to type."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec

import click
import psutil

from offline_coder.core.errors import OfflineCoderError

GIBIBYTE = 1 << 30
ENOUGH_MEMORY = 6 * GIBIBYTE
ENOUGH_DISK = 10 * GIBIBYTE
MISSING_EXIT = 3
SUPPORTED = ((3, 11), (3, 13))
STATES = {False: ("ok", "missing", "absent"), True: ("refused", "open", "open")}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing looked at. `needed` says whether runs are impossible without it."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    needed: bool = True


def python_line() -> Line:
    """The interpreter."""
    version = sys.version.split()[0]
    ok = SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]
    return Line("Python", ok, version, "install Python 3.11, 3.12 or 3.13, then: make setup")


def memory_line() -> Line:
    """Memory that is free now."""
    memory = psutil.virtual_memory()
    found = f"{memory.available / GIBIBYTE:.1f} GiB free of {memory.total / GIBIBYTE:.1f} GiB"
    advice = "close programs, or use a smaller model: --model qwen2.5-coder-0.5b"
    return Line("memory", memory.available >= ENOUGH_MEMORY, found, advice)


def disk_line() -> Line:
    """Space where the weights go."""
    from offline_coder.weights.store import home

    place = home()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    advice = "free some space, or set OFFLINE_CODER_HOME to a larger disk"
    return Line("disk", free >= ENOUGH_DISK, f"{free / GIBIBYTE:.1f} GiB free at {place}", advice)


def gpu_line() -> Line:
    """An NVIDIA GPU; without one the CPU serves small models."""
    from offline_coder.runs.machine import find_gpus

    if gpus := find_gpus():
        return Line("GPU", True, "; ".join(f"{gpu.name}, {gpu.memory_mib} MiB" for gpu in gpus))
    advice = "models above 3B need one; the CPU serves qwen2.5-coder-0.5b and -1.5b"
    return Line("GPU", False, "none", advice, needed=False)


def engine_line() -> Line:
    """vLLM and torch can be imported; asked in a process of its own, for it takes seconds."""
    probe = "import torch, vllm; print('vLLM', vllm.__version__, 'torch', torch.__version__)"
    outcome = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    if outcome.returncode == 0:
        return Line("engine", True, outcome.stdout.strip().splitlines()[-1])
    cause = (outcome.stderr.strip().splitlines() or ["no output"])[-1]
    return Line("engine", False, cause, "make setup; or use --model transformers:NAME, or --endpoint URL")


def weights_lines() -> Iterator[Line]:
    """Each model that was pulled or imported, verified byte for byte; a line of advice when there is none."""
    from offline_coder.cli.options import DEFAULT_MODEL
    from offline_coder.weights import resolve
    from offline_coder.weights.store import models_folder

    folder = models_folder()
    names = sorted(path.parent.name for path in folder.glob("*/weights.json")) if folder.is_dir() else []
    if not names:
        yield Line("weights", False, "none", f"offline-coder models pull {DEFAULT_MODEL}")
    for name in names:
        try:
            resolve(name)
            yield Line(f"weights of {name}", True, "verified")
        except OfflineCoderError as error:
            yield Line(f"weights of {name}", False, error.message, error.hint)


def sandbox_line() -> Line:
    """Means to run generated code without network."""
    from offline_coder.sandbox.choose import find_sandbox

    try:
        return Line("sandbox", True, find_sandbox().name)
    except OfflineCoderError as error:
        return Line("sandbox", False, error.message, error.hint, needed=False)


def marker_line() -> Line:
    """marker's own environment; without it PDFs are read from their text layer."""
    from offline_coder.papers.marker import find_marker

    found = find_marker()
    if found is None:
        return Line(
            "marker", False, "no environment", "make setup-pdf (PDFs are read from their text)", False
        )
    return Line("marker", True, str(found))


def parsers_line() -> Line:
    """The grammars that check generated code."""
    names = ("tree_sitter", "tree_sitter_python", "tree_sitter_yaml", "tree_sitter_json", "tree_sitter_bash")
    missing = [name for name in names if find_spec(name) is None]
    return Line("parsers", not missing, ", ".join(missing) or "tree-sitter", "make setup")


SINGLE: tuple[Callable[[], Line], ...] = (
    python_line,
    memory_line,
    disk_line,
    gpu_line,
    engine_line,
    parsers_line,
    sandbox_line,
    marker_line,
)


def examine() -> Iterator[Line]:
    """All lines, in the order in which they would be mended."""
    for look in SINGLE:
        yield look()
    yield from weights_lines()


def examine_egress() -> Iterator[Line]:
    """What came of trying to get out of this machine. Only an engine may be without a network of its
    own, where the system allows none: its switches are off then, and nothing else keeps it in."""
    from offline_coder.cli.egress import attempts

    for what, refused, found, advice in attempts():
        yield Line(what, refused, found, advice, needed="engine" not in what)


@click.command()
@click.option("--egress", is_flag=True, help="Try to get out of this machine instead, and say what refused.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def doctor(egress: bool, as_json: bool) -> int:
    """Say what is missing on this machine and what to type. Exits with 3 when runs are impossible, with
    --egress when something got out."""
    lines: list[Line] = []
    for line in examine_egress() if egress else examine():
        lines.append(line)
        if not as_json:
            good, bad, so_so = STATES[egress]
            state = good if line.ok else bad if line.needed else so_so
            click.echo(f"{state:<8}{line.name}: {line.found}")
            if not line.ok:
                click.echo(f"          {'do' if egress else 'type'}: {line.advice}")
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines], indent=2))
    return MISSING_EXIT if any(line.needed and not line.ok for line in lines) else 0
