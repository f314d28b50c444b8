"""The demo: pull a small model and turn the example paper into a repository, as a user would type it."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

from offline_coder.engines.memory import has_bf16_instructions

ROOT = Path(__file__).resolve().parent.parent
MEMORY_FOR_1_5B = 12 << 30


def serves_1_5b() -> bool:
    """Whether a 1.5B model answers in minutes here: memory for it, and a GPU or bfloat16 in the CPU,
    without which it makes two tokens a second."""
    if psutil.virtual_memory().available < MEMORY_FOR_1_5B:
        return False
    cpuinfo = Path("/proc/cpuinfo")
    fast_cpu = cpuinfo.is_file() and has_bf16_instructions(cpuinfo.read_text(errors="replace"))
    return fast_cpu or shutil.which("nvidia-smi") is not None


def offline_coder(*arguments: str) -> None:
    """Run one command, shown first; end with its exit code when it fails."""
    print(f"\n$ offline-coder {' '.join(arguments)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "offline_coder.cli.main", *arguments], check=False, cwd=ROOT)
    if code.returncode:
        sys.exit(code.returncode)


def main() -> None:
    """Choose a model that this machine can serve, then pull and run."""
    parser = argparse.ArgumentParser(description="Turn the example paper into a repository.")
    default = "qwen2.5-coder-1.5b" if serves_1_5b() else "qwen2.5-coder-0.5b"
    parser.add_argument("--model", default=default)
    model = parser.parse_args().model
    paper = next((ROOT / "examples").glob("*/paper.md")).relative_to(ROOT)
    offline_coder("models", "pull", model)
    offline_coder("run", str(paper), "--model", model, "-o", f"runs/demo-{model}")


if __name__ == "__main__":
    main()
