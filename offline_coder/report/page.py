"""report.html: one file without scripts and without anything from elsewhere. Whatever a paper or a model
wrote in it is escaped."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from offline_coder.core.plan import Plan
from offline_coder.runs.checks import Checks
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.manifest import Manifest

TEMPLATE = "report.html.j2"


@cache
def environment() -> Environment:
    """The template's environment: everything escaped, a missing variable is an error."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_report(manifest: Manifest, plan: Plan, checks: Checks) -> str:
    """The page of a finished run, as HTML5."""
    verdicts = {file.path: file for file in checks.files}
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            manifest=manifest,
            plan=plan,
            checks=checks,
            verdicts=verdicts,
            files=[name.removeprefix("repo/") for name in manifest.files if name.startswith("repo/")],
            left_out_tokens=sum(part.tokens for part in manifest.left_out),
        )
    )


def write_report(run: RunFolder, manifest: Manifest, plan: Plan, checks: Checks) -> None:
    """Put the page into the run folder."""
    run.write("report.html", render_report(manifest, plan, checks))
