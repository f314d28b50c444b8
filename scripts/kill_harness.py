"""Kill runs at random moments, resume them, and compare what they leave with an undisturbed run.

    python scripts/kill_harness.py --kills 100
    python scripts/kill_harness.py --kills 10 --engine smollm2-135m --context 8192
    python scripts/kill_harness.py --kills 20 --signal INT

A run is begun, killed at a moment drawn from the time that an undisturbed run takes, begun again, and so
on until it ends by itself; then another folder is taken, until the kills are spent. Each must leave the
same bytes in repo/, plan/ and analysis/; its journal must only ever grow; and no request may stand
in it twice, for then it was asked again. Exits with 1 when that does not hold.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAPER = ROOT / "examples" / "noisepair" / "paper.md"
SIGNALS = {"KILL": signal.SIGKILL, "INT": signal.SIGINT, "TERM": signal.SIGTERM}
POLL_SECONDS = 0.005


@dataclass
class Tally:
    """What was done and what did not hold. Moments are seconds since the run took its folder."""

    kills: int = 0
    finished: int = 0
    answers: int = 0
    asked_again: int = 0
    cut_lines: int = 0
    wrong: list[str] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)


class Harness:
    """Runs of one paper with one engine in folders below `place`."""

    def __init__(self, place: Path, paper: Path, engine: str, options: list[str], number: signal.Signals):
        self.place = place
        self.command = [sys.executable, "-m", "offline_coder.cli.main", "run", str(paper.resolve())]
        self.command += ["--model", engine, "--quiet", *options, "-o"]
        self.number = number
        self.tally = Tally()

    def start(self, folder: Path) -> "subprocess.Popen[str]":
        """The command on `folder`, returned when it has taken the folder or has ended."""
        # What a killed process leaves in its temporary folder goes when ours goes.
        temporary = self.place / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
        child = subprocess.Popen(
            [*self.command, str(folder)],
            cwd=self.place,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        while child.poll() is None and not holds(child.pid, folder / ".lock"):
            time.sleep(POLL_SECONDS)
        return child

    def undisturbed(self, folder: Path) -> float:
        """Carry out the run in `folder`; the seconds from having the folder to being finished."""
        child = self.start(folder)
        began = time.monotonic()
        while child.poll() is None and not finished(folder):
            time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - began
        _, said = child.communicate()
        if child.returncode != 0:
            sys.exit(f"kill_harness: the undisturbed run ended with {child.returncode}: {said}")
        return seconds

    def disturbed(self, folder: Path, seconds: float, kills: int, source: random.Random) -> None:
        """Kill and resume the run in `folder`, at most `kills` times, until it ends by itself."""
        while True:
            before = journal_lines(folder)
            child = self.start(folder)
            if self.tally.kills < kills:
                moment = source.uniform(0.0, seconds)
                try:
                    child.wait(moment)
                except subprocess.TimeoutExpired:
                    child.send_signal(self.number)
                    self.tally.moments.append(round(moment, 3))
            _, said = child.communicate()
            after = journal_lines(folder)
            if after[: len(before)] != before:
                self.tally.wrong.append(f"{folder.name}: the journal lost lines that it had")
            expected = -signal.SIGKILL if self.number == signal.SIGKILL else 130
            if child.returncode == expected and not finished(folder):
                self.tally.kills += 1
                self.tally.cut_lines += cut_line(folder)
                if "Traceback" in said:
                    self.tally.wrong.append(f"{folder.name}: {said[-300:]}")
                continue
            # A signal may come when the run is finished and Python is closing.
            if child.returncode != 0 and not finished(folder):
                self.tally.wrong.append(f"{folder.name}: ended with {child.returncode}: {said[-300:]}")
            self.tally.finished += 1
            return

    def judge(self, folder: Path, whole: Path) -> None:
        """Compare a run that was killed with the undisturbed one."""
        keys = [key for key in map(request_key, journal_lines(folder)) if key]
        self.tally.answers += len(keys)
        self.tally.asked_again += len(keys) - len(set(keys))
        made, expected = tree(folder), tree(whole)
        self.tally.wrong += [
            f"{folder.name}: {name} differs from the undisturbed run"
            for name in sorted(made.keys() | expected.keys())
            if made.get(name) != expected.get(name)
        ]


def holds(process: int, lock: Path) -> bool:
    """Whether `process` has `lock` open."""
    try:
        return any(entry.readlink() == lock for entry in Path(f"/proc/{process}/fd").iterdir())
    except OSError:
        # It ended, or closed a file while we looked.
        return False


def finished(folder: Path) -> bool:
    """Whether the run's manifest says that it came to its end."""
    path = folder / "manifest.json"
    return path.is_file() and json.loads(path.read_bytes())["status"] == "finished"


def journal_lines(folder: Path) -> list[bytes]:
    """The whole lines of a run's journal."""
    path = folder / "journal.jsonl"
    return path.read_bytes().rpartition(b"\n")[0].split(b"\n") if path.is_file() else []


def cut_line(folder: Path) -> bool:
    """Whether the journal ends in a part of a line."""
    path = folder / "journal.jsonl"
    return path.is_file() and bool(path.read_bytes().rpartition(b"\n")[2])


def request_key(line: bytes) -> str | None:
    """The key of a journaled completion; None for a fact, and for the empty line of an empty journal."""
    entry = json.loads(line) if line else {}
    return entry["key"] if "completion" in entry else None


def tree(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of what a run is for."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in ("repo", "plan", "analysis")
        for path in (folder / part).rglob("*")
        if path.is_file()
    }


def main() -> int:
    """Do what the command line asks for and print the tally as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=100, help="how many in all")
    parser.add_argument("--engine", default="random-walk", help="as --model takes it")
    parser.add_argument("--context", type=int, help="tokens, for a real engine")
    parser.add_argument("--paper", type=Path, default=PAPER)
    parser.add_argument("--signal", choices=SIGNALS, default="KILL")
    parser.add_argument("--seed", type=int, default=0, help="for the moments")
    arguments = parser.parse_args()
    options = ["--context", str(arguments.context)] if arguments.context else []
    source = random.Random(arguments.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="offline-coder-kills-") as name:
        place = Path(name).resolve()
        number = SIGNALS[arguments.signal]
        harness = Harness(place, arguments.paper, arguments.engine, options, number)
        seconds = harness.undisturbed(place / "whole")
        while harness.tally.kills < arguments.kills and not harness.tally.wrong:
            folder = place / f"run{harness.tally.finished}"
            harness.disturbed(folder, seconds, arguments.kills, source)
            harness.judge(folder, place / "whole")
    tally = harness.tally
    facts = asdict(tally) | {
        "undisturbed_seconds": round(seconds, 2),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(facts))
    return 1 if tally.wrong or tally.asked_again or tally.kills < arguments.kills else 0


if __name__ == "__main__":
    sys.exit(main())
