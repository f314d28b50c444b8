"""marker-pdf, called as a separate program: it cannot share an environment with vLLM.

Written against the sources of marker-pdf 2.0.0 and surya-ocr 0.22.1. Their layout model lies in the Hugging
Face cache (datalab-to/surya_layout2) or where FAST_LAYOUT_MODEL_CHECKPOINT says. With it alone the text layer
is read with headings and tables; scanned pages also need the OCR model (datalab-to/surya-ocr-2, or a server
that SURYA_INFERENCE_URL names) and surya's error detector below MODEL_CACHE_DIR. marker's constructor
downloads a font unless FONT_PATH names one.
"""

import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.paper import Paper, ReadingWarning
from offline_coder.papers.text import decode

PROGRAM_VARIABLE = "OFFLINE_CODER_MARKER"
TIME_LIMIT_SECONDS = 1800.0
TEXT_LIMIT_SECONDS = 300.0
# Without models it needs 0.6 GiB for a paper of 15 pages. With models on a GPU, what the machine has counts.
TEXT_LIMIT_BYTES = 8 << 30
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
LAYOUT_MODEL = "datalab-to/surya_layout2"
OCR_MODELS = ("datalab-to/surya-ocr-2", "datalab-to/surya-ocr-2-gguf")
HINT = "make setup-pdf"


def find_marker() -> Path | None:
    """marker's program: what OFFLINE_CODER_MARKER names, else .venv-marker/bin/marker_single in the
    checkout, beside this environment or in the current folder; None when there is none."""
    named = os.environ.get(PROGRAM_VARIABLE)
    if named:
        return Path(named) if Path(named).is_file() else None
    for base in (Path(__file__).resolve().parents[2], Path(sys.prefix).parent, Path.cwd()):
        program = base / ".venv-marker" / "bin" / "marker_single"
        if program.is_file():
            return program
    return None


def hub_cache() -> Path:
    """Where the Hugging Face libraries keep what they downloaded."""
    if named := os.environ.get("HF_HUB_CACHE"):
        return Path(named)
    home = os.environ.get("HF_HOME")
    return (Path(home) if home else Path.home() / ".cache" / "huggingface") / "hub"


def in_hub_cache(repository: str) -> bool:
    """Whether a snapshot of `repository` ("owner/name") with files in it is in the cache."""
    folder = hub_cache() / f"models--{repository.replace('/', '--')}" / "snapshots"
    return any(path.is_file() for path in folder.glob("*/**/*"))


def marker_ready() -> bool:
    """Whether marker and its layout model are on this machine."""
    if find_marker() is None:
        return False
    named = os.environ.get("FAST_LAYOUT_MODEL_CHECKPOINT")
    return (named is not None and Path(named).is_dir()) or in_hub_cache(LAYOUT_MODEL)


def ocr_ready() -> bool:
    """Whether marker can also read scanned pages here."""
    named = os.environ.get("MODEL_CACHE_DIR")
    folder = Path(named) if named else Path.home() / ".cache" / "datalab" / "models"
    detector = any(path.is_file() for path in (folder / "ocr_error_detection").glob("*/*"))
    return detector and ("SURYA_INFERENCE_URL" in os.environ or any(map(in_hub_cache, OCR_MODELS)))


def find_font(program: Path) -> Path | None:
    """Any TrueType font: marker only wants to know that there is one."""
    folders = [*map(Path, FONT_FOLDERS), program.resolve().parent.parent / "lib"]
    for folder in folders:
        if folder.is_dir() and (font := next(iter(sorted(folder.rglob("*.ttf"))), None)) is not None:
            return font
    return None


def read_with_marker(path: Path, *, with_models: bool, limit_seconds: float | None = None) -> Paper:
    """The paper as marker reads it; its Markdown goes through the Markdown reader.

    Without models only the text layer is read and headings are lost; that mode takes seconds. The time
    limit is 30 minutes with models and 5 minutes without, unless `limit_seconds` says otherwise; each of its
    processes may have nine tenths of the machine's memory with models, and 8 GiB without.

    Raises:
        MissingPrerequisite: marker, its models or a font are not on this machine.
        BadInput: marker failed on this file or did not end in time.
    """
    program = find_marker()
    if program is None:
        raise MissingPrerequisite("marker is not installed on this machine", HINT)
    if with_models and not marker_ready():
        raise MissingPrerequisite(
            f"marker's layout model ({LAYOUT_MODEL}) is not in {hub_cache()}",
            "copy them there from a machine with internet, or use --reader text",
        )
    limit = limit_seconds or (TIME_LIMIT_SECONDS if with_models else TEXT_LIMIT_SECONDS)
    with tempfile.TemporaryDirectory(prefix="offline-coder-marker-") as folder:
        run_marker(program, path, Path(folder), with_models, limit)
        produced = sorted(Path(folder).rglob("*.md"))
        if not produced:
            raise BadInput(f"marker wrote nothing for {path}", "use --reader text")
        text = decode(produced[0].read_bytes())
    paper = read_markdown(text, "marker")
    if with_models:
        return paper
    lost = ReadingWarning(what="marker ran without its models: headings are lost")
    return paper.model_copy(update={"warnings": (*paper.warnings, lost)})


def command_line(program: Path, path: Path, output: Path, with_models: bool) -> list[str]:
    """marker's arguments."""
    command = [str(program), str(path.resolve()), "--output_dir", str(output), "--output_format", "markdown"]
    if not with_models:
        return [*command, "--disable_ocr", "--force_layout_block", "Text"]
    return command if ocr_ready() else [*command, "--mode", "fast", "--disable_ocr"]


def run_marker(program: Path, path: Path, output: Path, with_models: bool, limit: float) -> None:
    """Run marker in a process group of its own, and end all of it when the time is over."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    if "FONT_PATH" not in environment:
        font = find_font(program)
        if font is None:
            raise MissingPrerequisite(
                "marker needs a TrueType font and there is none", "set FONT_PATH to a .ttf file"
            )
        environment["FONT_PATH"] = str(font)
    process = subprocess.Popen(
        command_line(program, path, output, with_models),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
        # From the first instruction on: a limit set from outside comes too late where this side is slow.
        preexec_fn=partial(limit_memory, with_models),
    )
    try:
        said, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        raise BadInput(
            f"marker did not end on {path} within {limit:.0f} seconds", "use --reader text"
        ) from None
    finally:
        end_group(process)
    if process.returncode != 0:
        raise BadInput(f"marker failed on {path}: {last_line(said)}", "use --reader text")


def limit_memory(with_models: bool) -> None:
    """Bound the data of this process, and of what it starts. Address space is not bounded: CUDA reserves far
    more of it than it uses."""
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10 * 9
    size = most if with_models else min(TEXT_LIMIT_BYTES, most)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of marker's process group, and wait for it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def last_line(said: bytes) -> str:
    """The last line that says something, at most 200 characters."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in decode(said).splitlines()]
    return next((line[:200] for line in reversed(lines) if line), f"no message, {sys.platform}")
