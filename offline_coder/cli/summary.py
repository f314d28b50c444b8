"""What a finished run says of itself: the tree, what was checked, where to look."""

from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from offline_coder.checks.stubs import PLAIN
from offline_coder.core.plan import ENTRY_POINT
from offline_coder.runs.checks import Checks
from offline_coder.session import Outcome


def read_checks(folder: Path) -> Checks | None:
    """checks.json of a run folder; None when there is none that can be read."""
    try:
        return Checks.model_validate_json((folder / "checks.json").read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def summary(folder: Path, outcome: Outcome) -> dict[str, Any]:
    """The facts of a run, ready for JSON."""
    manifest = outcome.manifest
    checks = read_checks(folder)
    repo = sorted(name for name in manifest.files if name.startswith("repo/"))
    return {
        "folder": str(folder),
        "status": manifest.status,
        "title": manifest.paper_title,
        "model": manifest.engine.model,
        "engine": f"{manifest.engine.engine} {manifest.engine.version}",
        "files": {name.removeprefix("repo/"): _bytes(folder / name) for name in repo},
        "verdicts": {file.path: file.verdict for file in checks.files} if checks else {},
        "findings": [finding.model_dump() for finding in checks.findings] if checks else [],
        "attempts": [attempt.model_dump() for attempt in checks.attempts] if checks else [],
        "ended_early": [end.model_dump() for file in checks.files for end in file.ends] if checks else [],
        "smoke": checks.smoke.model_dump() if checks else None,
        "left_out": [part.model_dump() for part in manifest.left_out],
        "code_left_out": [part.model_dump() for part in manifest.code_left_out],
        "stages": [stage.model_dump() for stage in manifest.stages],
        "engine_start_seconds": manifest.engine_start_seconds,
        "seconds": manifest.seconds,
    }


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def print_summary(folder: Path, facts: dict[str, Any]) -> None:
    """Show the facts to a person, on standard output."""
    console = Console(highlight=False)
    console.print(Text(f"\n{facts['title']}", style="bold"))
    console.print(
        f"{facts['status']} in {facts['seconds']:.0f} s with {facts['model']} on {facts['engine']}\n"
    )
    console.print(_stages(facts))
    if facts["status"] == "planned":
        click.echo(f"The plan: {folder}/plan\nGo on:    offline-coder write {folder}")
        return
    console.print(_tree(folder, facts))
    _print_checks(facts)
    click.echo(f"\nThe repository: {folder}/repo\nThe plan:       {folder}/plan")
    click.echo(f"The report:     {folder}/report.html")


def _stages(facts: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("stage", "seconds", "requests", "prompt", "cached", "output", "tokens/s"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    table.add_row("engine start", f"{facts['engine_start_seconds']:.0f}", "", "", "", "", "")
    for stage in facts["stages"]:
        rate = stage["output_tokens"] / stage["seconds"] if stage["seconds"] else 0
        numbers = [stage[key] for key in ("requests", "prompt_tokens", "cached_tokens", "output_tokens")]
        table.add_row(stage["name"], f"{stage['seconds']:.0f}", *map(str, numbers), f"{rate:.0f}")
    return table


def _tree(folder: Path, facts: dict[str, Any]) -> Tree:
    tree = Tree(Text(f"{folder}/repo"))
    for path, size in facts["files"].items():
        wired = path == ENTRY_POINT and facts["smoke"] and facts["smoke"]["wired"]
        verdict = "wired from the plan" if wired else facts["verdicts"].get(path, "made from the plan")
        tree.add(Text.assemble(path, (f"  {size} bytes, {verdict}", "dim")))
    return tree


def _print_checks(facts: dict[str, Any]) -> None:
    verdicts = list(facts["verdicts"].values())
    stubs = verdicts.count("stub")
    errors = sum(finding["severity"] == "error" for finding in facts["findings"])
    rest = len(facts["findings"]) - errors
    click.echo(
        f"\nEvery file parses. {len(verdicts)} modules: {verdicts.count('repaired')} repaired, {stubs} stubs."
    )
    ended = facts["ended_early"]
    if ended:
        kept, spared = (sum(end[key] for end in ended) for key in ("kept", "spared"))
        click.echo(
            f"Answers ended while they were written: {len(ended)}; {kept} tokens of them were kept, {spared} "
            f"were not asked for."
        )
    attempts = facts["attempts"]
    if attempts:
        kept = sum(attempt["kept"] for attempt in attempts)
        tokens = sum(attempt["tokens"] for attempt in attempts)
        click.echo(f"Mended afterwards: {kept} changes kept of {len(attempts)} tried, {tokens} tokens.")
    click.echo(f"Static checks: {errors} errors, {rest} warnings and notes (checks.json).")
    smoke = facts["smoke"]
    if smoke:
        failing = f": {', '.join(smoke['failures'])}" if smoke["failures"] else ""
        click.echo(f"Run in the sandbox (imports, --help, reproduce.sh --smoke): {smoke['status']}{failing}")
        planned = len(smoke["called"]) + len(smoke["uncalled"])
        if smoke["status"] != "not run" and planned:
            click.echo(f"Called in the smoke run: {len(smoke['called'])} of {planned} planned names.")
        if smoke["wired"]:
            click.echo("main.py was wired from the plan, not written by the model.")
    for finding in facts["findings"]:
        if finding["rule"] == PLAIN:
            click.echo(f"{finding['file']}: {finding['message']}.")
    cut = [purpose for stage in facts["stages"] for purpose in stage["cut"]]
    if cut:
        click.echo(
            f"Answers that met their limit and were cut: {len(cut)} ({', '.join(sorted(set(cut))[:4])})."
        )
    for key, prompts in (("left_out", "prompts"), ("code_left_out", "prompts of analysis and code")):
        if facts[key]:
            tokens = sum(part["tokens"] for part in facts[key])
            click.echo(f"Left out of the {prompts}: {tokens} tokens of the paper (manifest.json).")
