"""report.html: one file without scripts and without anything from elsewhere. Whatever a paper or a model
wrote in it is escaped."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from offline_coder.core.plan import Plan
from offline_coder.runs.checks import Checks
from offline_coder.runs.folder import RunFolder
from offline_coder.runs.manifest import Manifest, OmittedPart

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
            reads=prompts_of_the_paper(manifest),
        )
    )


def prompts_of_the_paper(manifest: Manifest) -> list[tuple[str, int, tuple[OmittedPart, ...]]]:
    """For each kind of prompt: of what, the paper's tokens in it, and the parts of the paper it goes without.
    One kind where planning and code read the same."""
    plan, code = manifest.left_out, manifest.code_left_out
    if not code and manifest.code_paper_tokens in (0, manifest.paper_tokens):
        return [("planning, analysis and code", manifest.paper_tokens, plan)]
    return [
        ("planning", manifest.paper_tokens, plan),
        ("analysis and code", manifest.code_paper_tokens, code),
    ]


def write_report(run: RunFolder, manifest: Manifest, plan: Plan, checks: Checks) -> None:
    """Put the page into the run folder."""
    run.write("report.html", render_report(manifest, plan, checks))
