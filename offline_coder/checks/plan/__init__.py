"""Checks of a whole plan, the same for one that was decoded and for one that a person edited."""

from collections.abc import Mapping

from offline_coder.checks.plan.architecture import check_architecture
from offline_coder.checks.plan.build_order import check_build_order
from offline_coder.checks.plan.config import check_config
from offline_coder.checks.plan.defaults import check_defaults
from offline_coder.checks.plan.requirements import check_requirements
from offline_coder.checks.plan.resources import check_resources
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Plan


def check_plan(plan: Plan, sections: Mapping[str, str]) -> tuple[Finding, ...]:
    """What does not hold in `plan`, artefact by artefact; without an error the plan can be written from.

    `sections` are the paper's: id -> text. Each message begins with the key of what it is about. Severity
    "error" is for what would break a later stage or claims what the paper does not say, "warning" for
    what is left undone, "note" for what rests on a person's word.
    """
    return (
        *check_requirements(plan, sections),
        *check_architecture(plan.architecture),
        *check_defaults(plan.architecture, plan.config),
        *check_build_order(plan.build_order, plan.architecture),
        *check_config(plan.config, plan.requirements, sections),
        *check_resources(plan.resources, sections),
    )
