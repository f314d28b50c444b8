"""The files of the repository that are not modules: config, requirements, README, reproduce.sh."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from offline_coder.checks.assumed_sizes import RULE as ASSUMED
from offline_coder.checks.stubs import PLAIN, STAND_IN
from offline_coder.core.finding import Finding
from offline_coder.core.packages import DISTRIBUTIONS
from offline_coder.core.plan import ENTRY_POINT, Plan
from offline_coder.papers.paper import Paper
from offline_coder.stages.plain_bodies import as_written
from offline_coder.stages.planning.config import config_yaml
from offline_coder.stages.prompting import render_prompt
from offline_coder.stages.repair import Written


def companion_files(plan: Plan, external: Mapping[str, object]) -> dict[str, str]:
    """Path -> text of what is needed to run the modules. It is made from values, not by the model."""
    return {
        "config.yaml": config_yaml(plan.config),
        "requirements.txt": requirements_txt(plan, external),
        "reproduce.sh": render_prompt("coding/reproduce.sh.j2", entry_point=ENTRY_POINT) + "\n",
    }


def readme(
    paper: Paper,
    plan: Plan,
    written: Mapping[str, Written],
    findings: Sequence[Finding],
    *,
    wired: bool,
) -> str:
    """The repository's README.md: what it is, and what in it is not the model's work: stubs, stand-ins and
    plain bodies among `findings`, and an entry point that was `wired` from the plan."""
    missing = {
        (finding.file, finding.subject)
        for finding in findings
        # What the code says is no markup of ours.
        if finding.rule == STAND_IN and finding.subject.isidentifier()
    }
    stand_ins = {
        path: [name for _, name in names] for path, names in groupby(sorted(missing), key=itemgetter(0))
    }
    assumed = [f"{finding.file}: {finding.subject}" for finding in findings if finding.rule == ASSUMED]
    plain = {
        f"{finding.file}: {finding.subject}": as_written(finding.file)
        for finding in findings
        if finding.rule == PLAIN
    }
    text = render_prompt(
        "coding/readme.md.j2",
        title=" ".join(paper.title.split()),
        modules=plan.architecture.modules,
        stubs=[
            path
            for path, file in written.items()
            if file.verdict == "stub" and not (wired and path == ENTRY_POINT)
        ],
        stand_ins=stand_ins,
        assumed=assumed,
        plain_bodies=plain,
        wired=wired,
        config=plan.config,
        entry_point=ENTRY_POINT,
    )
    return f"{text}\n"


def requirements_txt(plan: Plan, external: Mapping[str, object]) -> str:
    """One distribution a line: what the code imports and the curated list knows, what the plan names,
    and PyYAML, which reads config.yaml. No versions: the paper does not state any."""
    imported = {DISTRIBUTIONS[name] for name in external if name in DISTRIBUTIONS}
    planned = {package.name for package in plan.build_order.packages}
    return "".join(f"{name}\n" for name in sorted(imported | planned | {"pyyaml"}))
