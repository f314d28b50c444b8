"""Measure how long reading a paper takes, from the command line to its last byte.

    python scripts/bench_reading.py [PAPER ...] [--runs 5]

Each PAPER is a PDF, a LaTeX folder or any other form of a paper; by default the papers below
../shared/papers, and the sample of tests/papers. Every run is a process of its own (offline-coder convert),
so Python's start counts. Printed are the fastest and the median run, in seconds, and the memory of the
largest process, in MiB. Nothing else should run beside it.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAPERS = ROOT.parent / "shared" / "papers"
SAMPLE = ROOT / "tests" / "papers" / "samples" / "rank_adapters"


def default_papers() -> list[Path]:
    """The papers at hand: a PDF and the LaTeX of each."""
    forms = ("paper.pdf", "paper.tex", "latex", "paper.md", "paper.s2orc.json")
    folders = sorted(path for path in PAPERS.iterdir() if path.is_dir()) if PAPERS.is_dir() else []
    return [SAMPLE, *(folder / form for folder in folders for form in forms if (folder / form).exists())]


def seconds(paper: Path) -> float:
    """How long one run takes. Exits when it fails."""
    command = [sys.executable, "-m", "offline_coder.cli.main", "convert", str(paper), "--reader", "text"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    took = time.monotonic() - start
    if done.returncode not in (0, 1):
        sys.exit(f"bench: {' '.join(command)} failed: {done.stderr.decode(errors='replace').strip()[-200:]}")
    return took


def main() -> None:
    """One line a paper."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("papers", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    papers = given.papers or default_papers()
    print(f"{'fastest s':>9} {'median s':>9}  paper")
    for paper in papers:
        times = [seconds(paper) for _ in range(max(given.runs, 1))]
        name = paper.relative_to(PAPERS) if paper.is_relative_to(PAPERS) else paper.name
        print(f"{min(times):9.2f} {statistics.median(times):9.2f}  {name}", flush=True)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    print(f"largest process: {memory} MiB")


if __name__ == "__main__":
    main()
