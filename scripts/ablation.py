"""What each device of checking and mending brings: finished runs, carried out again with other settings.

    python scripts/ablation.py RUN ... --candidates 4 --debug 4 [--write docs/code.md]
    python scripts/ablation.py RUN ... --candidates 2 --candidates 4 --debug 4x1 --debug 4x4 --debug 8x4

--debug is rounds, or rounds x corrections a round. The first lines of each run are read from its checks.json:
the findings when the last module was written, when the mechanical changes were made, when the model had
mended, and when stand-ins took the places of the rest.
For the other lines the run is carried out again in a folder beside it, beginning with a copy of the
journal, so that only what the device itself asks is asked: tokens and seconds are what it adds. The model of
the run must be at hand, or its server at --endpoint. With --at-once several are carried out together: then
the seconds are not those of one alone. What is finished already is read, not carried out again.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from begun_again import begin_again
from run_tables import Share, table

from offline_coder.cli.progress import Silent
from offline_coder.core.attempt import Attempt
from offline_coder.core.finding import Tally
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.settings import EngineSettings
from offline_coder.runs.checks import Checks
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.manifest import Manifest
from offline_coder.session import Job, execute

MARK = "<!-- ablation -->"
HEADS = ("run", "with", "errors", "others", "tokens", "seconds", "smoke run", "planned names called")
HONEST = ("stand-in", "placeholder")


@dataclass(frozen=True, slots=True)
class Line:
    """A device, the findings it leaves, and what it costs; `seconds` None where no clock ran for it alone."""

    device: str
    left: Tally
    tokens: int
    seconds: float | None = None
    smoke: str = ""
    called: Share | None = None

    def cells(self, run: str) -> list[str]:
        """The line in the table."""
        seconds = "" if self.seconds is None else f"{self.seconds:.0f}"
        return [
            run,
            self.device,
            *map(str, (self.left.errors, self.left.others, self.tokens)),
            seconds,
            self.smoke,
            "" if self.called is None else str(self.called),
        ]


def mended(attempts: Sequence[Attempt], final: Tally) -> list[Line]:
    """The lines of one run, from the attempts in the order in which they were made."""
    model = next((at for at, attempt in enumerate(attempts) if attempt.tokens), len(attempts))
    honest = next(
        (at for at, attempt in enumerate(attempts) if attempt.means.startswith(HONEST)), len(attempts)
    )
    # Where the model was not asked, its line is the mechanical one.
    model = min(model, honest)

    def before(at: int) -> Tally:
        return attempts[at].before if at < len(attempts) else final

    return [
        Line("nothing", before(0), 0),
        Line("mechanical changes", before(model), 0),
        Line("+ the model's", before(honest), sum(attempt.tokens for attempt in attempts)),
    ]


def read(folder: Path) -> tuple[Manifest, Checks]:
    """What a finished run says of itself.

    Raises:
        SystemExit: it is no finished run.
    """
    manifest = RunFolder(folder).manifest()
    if manifest is None or manifest.status != "finished":
        sys.exit(f"ablation: {folder} is no finished run")
    return manifest, Checks.model_validate_json((folder / "checks.json").read_text("utf-8"))


def ran(checks: Checks) -> tuple[str, Share]:
    """How the smoke run ended, and the planned names it called."""
    called = len(checks.smoke.called)
    return checks.smoke.status, Share(called, called + len(checks.smoke.uncalled))


def carried_out(base: Path, manifest: Manifest, endpoint: str, device: str, **changed: int) -> Line:
    """The line of `device`: the run of `base` again, with settings `changed`; as it lies there where it is
    finished."""
    output = base.with_name(f"{base.name}-{device.replace(' ', '-')}")
    stages = manifest.stage_settings.model_copy(update=changed)
    if is_finished(output, stages):
        return line_of(device, output)
    begin_again(base, manifest, output, stages, endpoint, with_plan=True)
    job = Job(
        paper=Path(manifest.paper),
        output=output,
        model=manifest.model,
        endpoint=endpoint,
        reader=manifest.reader,
        stages=stages,
        engine=EngineSettings(context=manifest.context_asked),
    )
    asyncio.run(execute(job, Silent()))
    return line_of(device, output)


def is_finished(output: Path, stages: StageSettings) -> bool:
    """Whether a finished run with the settings `stages` lies in `output`."""
    before = RunFolder(output).manifest()
    return before is not None and before.status == "finished" and before.stage_settings == stages


def line_of(device: str, output: Path) -> Line:
    """The line of `device` from its finished run."""
    again, checks = read(output)
    asked = sum(stage.output_tokens for stage in again.stages)
    return Line(
        device, Tally.of(checks.findings), asked, again.seconds - again.engine_start_seconds, *ran(checks)
    )


def debugging(asked: str) -> dict[str, int]:
    """The settings that "4" or "4x8" asks for. Raises ValueError when it is neither."""
    rounds, _, candidates = asked.partition("x")
    settings = {"debug_rounds": int(rounds)}
    return settings | {"debug_candidates": int(candidates)} if candidates else settings


def lines(base: Path, endpoint: str, devices: Mapping[str, Mapping[str, int]]) -> list[Line]:
    """All lines of one run; `devices` maps a device's name to the settings it changes."""
    manifest, checks = read(base)
    endpoint = endpoint or manifest.endpoint
    found = mended(checks.attempts, Tally.of(checks.findings))
    found.append(Line("+ stand-ins", Tally.of(checks.findings), found[-1].tokens, None, *ran(checks)))
    return found + [
        carried_out(base, manifest, endpoint, device, **changed) for device, changed in devices.items()
    ]


def summed(every: Sequence[Sequence[Line]]) -> list[Line]:
    """One line a device: the sums over all runs, and how many smoke runs passed."""
    sums = []
    for of_device in zip(*every, strict=True):
        first = of_device[0]
        seconds = [line.seconds for line in of_device if line.seconds is not None]
        called = [line.called for line in of_device if line.called is not None]
        passed = sum(line.smoke == "passed" for line in of_device)
        sums.append(
            Line(
                first.device,
                Tally(
                    errors=sum(line.left.errors for line in of_device),
                    others=sum(line.left.others for line in of_device),
                ),
                sum(line.tokens for line in of_device),
                sum(seconds) if seconds else None,
                f"{passed} of {len(called)} passed" if called else "",
                Share(sum(one.part for one in called), sum(one.whole for one in called)) if called else None,
            )
        )
    return sums


def main() -> None:
    """Print the table, or put it behind `<!-- ablation -->` in a file, before the next such mark."""
    parser = argparse.ArgumentParser(description="What each device of checking and mending brings.")
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--endpoint", default="", help="a server with the model of the runs")
    parser.add_argument("--candidates", type=int, action="append", default=[], metavar="N")
    parser.add_argument("--debug", action="append", default=[], metavar="ROUNDS[xN]")
    parser.add_argument("--at-once", type=int, default=1, help="runs that go on together")
    parser.add_argument("--write", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    devices = {f"best of {count}": {"candidates": count} for count in arguments.candidates}
    devices |= {f"debug {asked}": debugging(asked) for asked in arguments.debug}
    with ThreadPoolExecutor(arguments.at_once) as pool:
        found = pool.map(lambda run: lines(run, arguments.endpoint, devices), arguments.runs)
        every = dict(zip((run.name for run in arguments.runs), found, strict=True))
    rows = [line.cells(name) for name, found in every.items() for line in found]
    rows += [line.cells("all") for line in summed(list(every.values()))]
    made = table(HEADS, rows)
    if arguments.write is None:
        print(made)
        return
    before, mark, rest = arguments.write.read_text("utf-8").partition(MARK)
    after = rest[rest.index("<!--") :] if "<!--" in rest else ""
    arguments.write.write_text(f"{before}{mark}\n\n{made}\n\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
