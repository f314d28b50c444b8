"""`check`: what a machine sees in a plan and in a generated repository."""

import json
from pathlib import Path

import click

from offline_coder.checks.ladder import check_folder
from offline_coder.cli.options import display_options
from offline_coder.core.errors import BadInput
from offline_coder.core.finding import Finding
from offline_coder.papers.read import read_paper
from offline_coder.stages.planning.config import texts_of
from offline_coder.stages.planning.reading import ReadPlan, read_plan_folder


def place(finding: Finding) -> str:
    """File and line as editors understand them."""
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def checked_plan(folder: Path) -> ReadPlan:
    """The plan of the run folder `folder`, checked against its paper.md. Raises BadInput."""
    paper = folder / "paper.md"
    if not paper.is_file():
        raise BadInput(f"{folder} has a plan and no paper.md", "put back the paper.md of the run")
    return read_plan_folder(folder / "plan", texts_of(read_paper(paper)))


def findings_of(folder: Path) -> tuple[Finding, ...]:
    """What is found in the plan of a run folder and in its repository, each where there is one."""
    if not (folder / "plan").is_dir():
        return check_folder(folder / "repo" if (folder / "repo").is_dir() else folder)
    read = checked_plan(folder)
    if not (folder / "repo").is_dir():
        return read.findings
    architecture = read.plan.architecture if read.plan and not read.errors else None
    return (*read.findings, *check_folder(folder / "repo", architecture))


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit with 1 when an error or a warning is found.")
@display_options
def check(folder: Path, strict: bool, quiet: bool, as_json: bool) -> int:
    """Check the plan and the repository in DIR, a run folder, or any folder of Python files. Nothing is
    executed."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder", "offline-coder check DIR")
    findings = findings_of(folder)
    if as_json:
        click.echo(json.dumps([finding.model_dump() for finding in findings], indent=2))
    elif not quiet:
        for finding in findings:
            click.echo(f"{place(finding)}: {finding.severity}: {finding.message} [{finding.rule}]")
        click.echo(f"{len(findings)} findings in {folder}")
    return 1 if strict and any(finding.severity != "note" for finding in findings) else 0
