"""The demo: pull a small model and turn the example paper into a repository, as a user would type it."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

from offline_coder.engines.memory import has_int8_instructions

ROOT = Path(__file__).resolve().parent.parent
MEMORY_FOR_1_5B = 10 << 30


def best_model() -> str:
    """On a GPU, and on a CPU that multiplies int8 by itself, the 1.5B model where there is memory for it,
    on the CPU with int8 layers, of which a third of the bytes is read for every token. Any other CPU computes
    in float32, in which the 1.5B model is several times slower: the 0.5B one."""
    cpuinfo = Path("/proc/cpuinfo")
    on_gpu = shutil.which("nvidia-smi") is not None
    int8 = not on_gpu and cpuinfo.is_file() and has_int8_instructions(cpuinfo.read_text(errors="replace"))
    room = psutil.virtual_memory().available >= MEMORY_FOR_1_5B
    size = "1.5b" if room and (on_gpu or int8) else "0.5b"
    return f"qwen2.5-coder-{size}{'-int8' if int8 else ''}"


def offline_coder(*arguments: str) -> None:
    """Run one command, shown first; end with its exit code when it fails."""
    print(f"\n$ offline-coder {' '.join(arguments)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "offline_coder.cli.main", *arguments], check=False, cwd=ROOT)
    if code.returncode:
        sys.exit(code.returncode)


def main() -> None:
    """Choose a model that this machine can serve, then pull and run."""
    parser = argparse.ArgumentParser(description="Turn the example paper into a repository.")
    parser.add_argument("--model", default=best_model())
    model = parser.parse_args().model
    paper = next((ROOT / "examples").glob("*/paper.md")).relative_to(ROOT)
    offline_coder("models", "pull", model)
    offline_coder("run", str(paper), "--model", model, "-o", f"runs/demo-{model}")


if __name__ == "__main__":
    main()
