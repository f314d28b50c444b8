"""marker-pdf, called as a separate program: it cannot share an environment with vLLM.

Checked against marker-pdf 2.0.0: its models (surya) lie under the folder that surya's MODEL_CACHE_DIR
names, by default ~/.cache/datalab/models, and its constructor downloads a font unless FONT_PATH names one.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.paper import Paper, ReadingWarning
from offline_coder.papers.text import decode

PROGRAM_VARIABLE = "OFFLINE_CODER_MARKER"
TIME_LIMIT_SECONDS = 1800.0
TEXT_LIMIT_SECONDS = 300.0
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
HINT = "make setup-pdf"


def find_marker() -> Path | None:
    """marker's program: what OFFLINE_CODER_MARKER names, else .venv-marker/bin/marker_single in the
    checkout or the current folder; None when there is none."""
    named = os.environ.get(PROGRAM_VARIABLE)
    if named:
        return Path(named) if Path(named).is_file() else None
    for base in (Path(__file__).resolve().parents[2], Path.cwd()):
        program = base / ".venv-marker" / "bin" / "marker_single"
        if program.is_file():
            return program
    return None


def models_folder() -> Path:
    """Where marker's models would lie."""
    named = os.environ.get("MODEL_CACHE_DIR")
    return Path(named) if named else Path.home() / ".cache" / "datalab" / "models"


def marker_ready() -> bool:
    """Whether marker and its models are on this machine."""
    if find_marker() is None:
        return False
    folder = models_folder()
    return any(folder.glob("layout/**/*.safetensors"))


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
    limit is 30 minutes with models and 5 minutes without, unless `limit_seconds` says otherwise.

    Raises:
        MissingPrerequisite: marker, its models or a font are not on this machine.
        BadInput: marker failed on this file or did not end in time.
    """
    program = find_marker()
    if program is None:
        raise MissingPrerequisite("marker is not installed on this machine", HINT)
    if with_models and not marker_ready():
        raise MissingPrerequisite(
            f"marker's models are not in {models_folder()}",
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
    return command if with_models else [*command, "--disable_ocr", "--force_layout_block", "Text"]


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


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of marker's process group, and wait for it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def last_line(said: bytes) -> str:
    """The last line that says something, at most 200 characters."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in decode(said).splitlines()]
    return next((line[:200] for line in reversed(lines) if line), f"no message, {sys.platform}")
