"""`check`: what a machine sees in a generated repository."""

import json
from pathlib import Path

import click

from offline_coder.checks.ladder import check_folder
from offline_coder.cli.options import display_options
from offline_coder.core.errors import BadInput
from offline_coder.core.finding import Finding


def place(finding: Finding) -> str:
    """File and line as editors understand them."""
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit with 1 when anything is found.")
@display_options
def check(folder: Path, strict: bool, quiet: bool, as_json: bool) -> int:
    """Check the repository in DIR, a run folder or any folder of Python files. Nothing is executed."""
    repo = folder / "repo" if (folder / "repo").is_dir() else folder
    if not repo.is_dir():
        raise BadInput(f"{folder} is not a folder", "offline-coder check DIR")
    findings = check_folder(repo)
    if as_json:
        click.echo(json.dumps([finding.model_dump() for finding in findings], indent=2))
    elif not quiet:
        for finding in findings:
            click.echo(f"{place(finding)}: {finding.severity}: {finding.message} [{finding.rule}]")
        click.echo(f"{len(findings)} findings in {repo}")
    return 1 if strict and findings else 0
