"""The files of the repository that are not modules: config, requirements, README, reproduce.sh."""

from collections.abc import Mapping

from offline_coder.core.packages import DISTRIBUTIONS
from offline_coder.core.plan import ENTRY_POINT, Plan
from offline_coder.papers.paper import Paper
from offline_coder.stages.planning.config import config_yaml
from offline_coder.stages.prompting import render_prompt
from offline_coder.stages.repair import Written


def companion_files(
    paper: Paper, plan: Plan, written: Mapping[str, Written], external: Mapping[str, object]
) -> dict[str, str]:
    """Path -> text of the files beside the modules. They are made from values, not by the model."""
    stubs = [path for path, file in written.items() if file.verdict == "stub"]
    return {
        "config.yaml": config_yaml(plan.config),
        "requirements.txt": requirements_txt(plan, external),
        "reproduce.sh": render_prompt("coding/reproduce.sh.j2", entry_point=ENTRY_POINT) + "\n",
        "README.md": render_prompt(
            "coding/readme.md.j2",
            title=" ".join(paper.title.split()),
            modules=plan.architecture.modules,
            stubs=stubs,
            config=plan.config,
            entry_point=ENTRY_POINT,
        )
        + "\n",
    }


def requirements_txt(plan: Plan, external: Mapping[str, object]) -> str:
    """One distribution a line: what the code imports and the curated list knows, what the plan names,
    and PyYAML, which reads config.yaml. No versions: the paper does not state any."""
    imported = {DISTRIBUTIONS[name] for name in external if name in DISTRIBUTIONS}
    planned = {package.name for package in plan.build_order.packages}
    return "".join(f"{name}\n" for name in sorted(imported | planned | {"pyyaml"}))
