"""`plan --edit`: wait while a person changes the plan, and say what does not hold in it."""

import sys
from pathlib import Path

import click

from offline_coder.cli.check import checked_plan, place
from offline_coder.core.errors import BadInput

LEAVE = "q"


def edit_plan(folder: Path) -> int:
    """Check the plan of the run folder `folder` each time the user presses Enter, until it holds or the user
    leaves. What is said goes to standard error. Returns the exit code: 0 when the plan holds, else 1."""
    say(f"Change the files in {folder / 'plan'}; values in config.yaml. Diagrams are drawn again.")
    while True:
        say(f"Press Enter to check the plan, {LEAVE} and Enter to leave it as it is.")
        answer = sys.stdin.readline()
        errors = problems(folder)
        if not errors:
            say(f"The plan holds. Go on from it: offline-coder write {folder}")
            return 0
        for line in errors:
            say(line)
        if not answer or answer.strip().lower() == LEAVE:
            say(f"{len(errors)} things do not hold yet: offline-coder check {folder}")
            return 1


def problems(folder: Path) -> list[str]:
    """What keeps the plan from being written from, one line each."""
    try:
        found = checked_plan(folder).errors
    except BadInput as error:
        return [str(error)]
    return [f"{place(finding)}: {finding.message} ({finding.advice})" for finding in found]


def say(text: str) -> None:
    """One line for the person at the terminal."""
    click.echo(text, err=True)
