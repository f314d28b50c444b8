"""Kill runs at random moments, resume them, and compare what they leave with an undisturbed run.

    python scripts/kill_harness.py --kills 100
    python scripts/kill_harness.py --kills 10 --engine smollm2-135m --context 8192
    python scripts/kill_harness.py --kills 20 --by INT
    python scripts/kill_harness.py --kills 3 --by ENGINE --engine smollm2-135m --short
    python scripts/kill_harness.py --kills 20 --by DISK

A run is begun, killed at a moment drawn from the time that it should still take (a little more, so that
some end by themselves), begun again, and so on until it ends; then another folder is taken, until the kills
are spent. Each must leave the same bytes in repo/, plan/ and analysis/; its journal must only ever grow; and
no request may stand in it twice, for then it was asked again. No process may be left behind. Exits with 1
when that does not hold. A real engine is asked to be --batch-invariant.

By ENGINE, the engine's process gets a SIGKILL once in each run, which has to end by itself all the same.
By DISK, the run lies on a small file system that fills, and is given a little more room each time; only
root may mount one.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from offline_coder.engines import launcher
from offline_coder.engines.launcher import descendants

ROOT = Path(__file__).resolve().parent.parent
LEFT_SECONDS = 30.0
"""How long what is left of a killed command may take to notice."""
MARK = "OFFLINE_CODER_KILL_HARNESS"
ENGINE, DISK = "ENGINE", "DISK"
ENGINE_NAMES = ("EngineCore", "openai.api_server")
"""In the command line of an engine's process: vLLM's own, or else the server that it is part of."""
PAPER = ROOT / "examples" / "noisepair" / "paper.md"
COMMAND = ["-m", "offline_coder.cli.main", "run"]
SIGNALS = {"KILL": signal.SIGKILL, "INT": signal.SIGINT, "TERM": signal.SIGTERM}
POLL_SECONDS = 0.005
REACH = 1.25
"""Moments are drawn from this much of the time that is left."""


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

    def __init__(self, place: Path, begin: list[str], by: str):
        """`begin` is the command without its folder."""
        self.place = place
        self.command = [sys.executable, *begin]
        self.by = by
        self.tally = Tally()
        self.ready_seconds = 0.0
        self.lines = 0

    def start(self, folder: Path) -> "subprocess.Popen[str]":
        """The command on `folder`, returned when it has taken the folder or has ended."""
        # What a killed process leaves in its temporary folder goes when ours goes.
        temporary = self.place / "tmp"
        temporary.mkdir(exist_ok=True)
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(temporary), MARK: str(self.place)}
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
            if not (folder / "manifest.json").is_file():
                self.ready_seconds = time.monotonic() - began
            time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - began
        _, said = child.communicate()
        if child.returncode != 0:
            sys.exit(f"kill_harness: the undisturbed run ended with {child.returncode}: {said}")
        self.lines = len(journal_lines(folder))
        return seconds

    def disturbed(self, folder: Path, seconds: float, kills: int, source: random.Random) -> None:
        """Kill and resume the run in `folder`, at most `kills` times, until it ends by itself."""
        number = SIGNALS[self.by]
        while True:
            before = journal_lines(folder)
            child = self.start(folder)
            if self.tally.kills < kills:
                left = max(0.0, 1 - len(before) / self.lines) * (seconds - self.ready_seconds)
                moment = source.uniform(0.0, REACH * (self.ready_seconds + left))
                try:
                    child.wait(moment)
                except subprocess.TimeoutExpired:
                    child.send_signal(number)
                    self.tally.moments.append(round(moment, 3))
            _, said = child.communicate()
            self.compare_journal(folder, before)
            expected = -signal.SIGKILL if number == signal.SIGKILL else 130
            if child.returncode == expected and not finished(folder):
                self.count_stop(folder, said)
                continue
            # A signal may come when the run is finished and Python is closing.
            self.count_end(folder, 0 if finished(folder) else child.returncode, said)
            return

    def robbed(self, folder: Path, seconds: float, kills: int, source: random.Random) -> None:
        """Carry out the run in `folder` and kill its engine once, when the run is under way."""
        child = self.start(folder)
        while child.poll() is None and not (folder / "manifest.json").is_file():
            time.sleep(POLL_SECONDS)
        moment = source.uniform(0.0, seconds - self.ready_seconds)
        if self.tally.kills < kills and waited(child, moment):
            engine = engine_process(child.pid)
            if engine is not None and not finished(folder):
                os.kill(engine, signal.SIGKILL)
                self.tally.kills += 1
                self.tally.moments.append(round(moment, 3))
        _, said = child.communicate()
        self.count_end(folder, child.returncode, said)

    def cramped(self, folder: Path, size: int, kills: int, source: random.Random) -> None:
        """Carry out the run in `folder` of a file system that has room for a part of it, each time for
        more, until all of it, `size` bytes, fits."""
        disk = folder.parent
        mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(disk)]
        disk.mkdir()
        if subprocess.run(mount, check=False).returncode != 0:
            sys.exit("kill_harness: only root may mount a small disk")
        room = 0
        try:
            while True:
                before = journal_lines(folder)
                room += source.randrange(size // 10) if self.tally.kills < kills else 4 * size
                room = max(room, 32 << 10)
                subprocess.run(["mount", "-o", f"remount,size={room}", str(disk)], check=True)
                child = self.start(folder)
                _, said = child.communicate()
                self.compare_journal(folder, before)
                if child.returncode != 3 or "No space left on device" not in said:
                    break
                self.count_stop(folder, said)
            self.count_end(folder, child.returncode, said)
            shutil.copytree(folder, self.place / f"kept{self.tally.finished}")
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def compare_journal(self, folder: Path, before: list[bytes]) -> None:
        """Whether the journal still has all that it had."""
        if journal_lines(folder)[: len(before)] != before:
            self.tally.wrong.append(f"{folder.name}: the journal lost lines that it had")

    def count_stop(self, folder: Path, said: str) -> None:
        """Count a run that was stopped, and look at what it left."""
        self.tally.kills += 1
        self.tally.cut_lines += cut_line(folder)
        if "Traceback" in said:
            self.tally.wrong.append(f"{folder.name}: {said[-300:]}")
        limit = time.monotonic() + LEFT_SECONDS
        while (left := marked_processes(self.place)) and time.monotonic() < limit:
            time.sleep(POLL_SECONDS)
        if left:
            self.tally.wrong.append(f"{folder.name}: left behind: {left}")

    def count_end(self, folder: Path, code: int | None, said: str) -> None:
        """Count a run that came to its end."""
        if code != 0:
            self.tally.wrong.append(f"{folder.name}: ended with {code}: {said[-300:]}")
        self.tally.finished += 1

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


def waited(child: "subprocess.Popen[str]", seconds: float) -> bool:
    """Wait so long; whether `child` still runs then."""
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def engine_process(ancestor: int) -> int | None:
    """The process that generates, below `ancestor`."""
    below = descendants(ancestor)
    for name in ENGINE_NAMES:
        for process in below:
            line = command_line(process)
            # The launcher's own holds the whole command of what it launched.
            if name in line and launcher.__file__ not in line:
                return process
    return None


def command_line(process: int | str) -> str:
    """How `process` was called, "" when it is gone."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def marked_processes(place: Path) -> list[str]:
    """What runs that was started by a command of ours, by its environment."""
    mark = f"{MARK}={place}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(command_line(entry.name)[:100])
            except OSError:
                continue
    return found


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
    parser.add_argument("--by", choices=[*SIGNALS, ENGINE, DISK], default="KILL")
    parser.add_argument("--seed", type=int, default=0, help="for the moments")
    parser.add_argument("--short", action="store_true", help="small budgets, as short_run.py has them")
    arguments = parser.parse_args()
    begin = [str(ROOT / "scripts" / "short_run.py")] if arguments.short else COMMAND
    begin = [*begin, str(arguments.paper.resolve()), "--model", arguments.engine, "--quiet"]
    begin += ["--context", str(arguments.context)] if arguments.context else []
    # What a stopped run still asks for comes in other batches; a real engine may round otherwise then.
    begin += [] if arguments.engine == "random-walk" else ["--batch-invariant"]
    source = random.Random(arguments.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="offline-coder-kills-") as name:
        place = Path(name).resolve()
        harness = Harness(place, [*begin, "-o"], arguments.by)
        seconds = harness.undisturbed(place / "whole")
        size = sum(path.stat().st_size for path in (place / "whole").rglob("*") if path.is_file())
        while harness.tally.kills < arguments.kills and not harness.tally.wrong:
            folder = place / f"run{harness.tally.finished}"
            if arguments.by == DISK:
                harness.cramped(
                    place / f"disk{harness.tally.finished}" / "run", size, arguments.kills, source
                )
                folder = place / f"kept{harness.tally.finished}"
            elif arguments.by == ENGINE:
                harness.robbed(folder, seconds, arguments.kills, source)
            else:
                harness.disturbed(folder, seconds, arguments.kills, source)
            harness.judge(folder, place / "whole")
            print(f"{folder.name}: {harness.tally.kills} kills so far", file=sys.stderr, flush=True)
    tally = harness.tally
    facts = asdict(tally) | {
        "undisturbed_seconds": round(seconds, 2),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(facts))
    return 1 if tally.wrong or tally.asked_again or tally.kills < arguments.kills else 0


if __name__ == "__main__":
    sys.exit(main())
