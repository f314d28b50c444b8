"""Mending the modules of a plan: all that a machine can put right, knowing the plan's order and settings."""

from collections.abc import Mapping

from offline_coder.checks.mend import Look, Mended, mend
from offline_coder.checks.settled import rules_with
from offline_coder.checks.standing_in import stand_in
from offline_coder.checks.symbols import symbols_of
from offline_coder.core.plan import Plan
from offline_coder.stages.planning.config import config_tree


def mended_for(plan: Plan, files: Mapping[str, str], look: Look, *, assume: bool = False) -> Mended:
    """`files` (path -> text) after mechanical repair. With `assume`, sizes of networks that nothing says are
    assumed, as where nobody is asked any more."""
    rules = rules_with(config_tree(plan.config), symbols_of(plan.config), assume=assume)
    return mend(files, look, plan.build_order.order, rules)


def stood_in_for(plan: Plan, mended: Mended, look: Look) -> Mended:
    """`mended` with stand-ins for what is left undefined or missing of the plan."""
    known = (config_tree(plan.config), symbols_of(plan.config))
    return stand_in(mended, plan.architecture.modules, look, plan.build_order.order, *known)
