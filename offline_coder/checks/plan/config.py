"""Is every setting either found in the paper, where it says, or marked as an assumption?"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from offline_coder.checks.plan.problem import problem, repeated
from offline_coder.checks.plan.requirements import check_quote
from offline_coder.checks.provenance import holds
from offline_coder.core.finding import Finding
from offline_coder.core.plan import ConfigEntry, ConfigValue, Requirement

FILE = "config_sources.json"
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*")


def check_config(
    config: Sequence[ConfigEntry], requirements: Sequence[Requirement], sections: Mapping[str, str]
) -> tuple[Finding, ...]:
    """What does not hold in the settings.

    Rules: "bad-key", "duplicate-key", "bad-value" (not finite), "unknown-section", "quote-not-found",
    "value-not-in-quote", "not-traced" (from the paper, without section or quote), "no-reason" (an
    assumption without one), "assumption-with-quote", "unknown-requirement", and the note "assumption".
    """
    ids = {requirement.id for requirement in requirements}
    findings: list[Finding] = []
    for key in repeated(entry.key.casefold() for entry in config):
        findings.append(problem(FILE, key, "duplicate-key", "the key comes twice", "Drop one."))
    for entry in config:
        findings += _entry(entry, sections)
        if entry.requirement is not None and entry.requirement not in ids:
            message = f"there is no requirement {entry.requirement!r}"
            advice = "Name an id of requirements.json, or null."
            findings.append(problem(FILE, f"{entry.key}.requirement", "unknown-requirement", message, advice))
    return tuple(findings)


def _entry(entry: ConfigEntry, sections: Mapping[str, str]) -> Iterator[Finding]:
    key = entry.key
    if not KEY.fullmatch(key):
        yield problem(FILE, key, "bad-key", "a key is group.name", "Write it like training.batch_size.")
    if not finite(entry.value):
        yield problem(FILE, f"{key}.value", "bad-value", "the value is not finite", "Write a number.")
    if entry.source == "assumption":
        if entry.section is not None or entry.quote is not None:
            message = "an assumption has no section and no quote"
            yield problem(
                FILE, key, "assumption-with-quote", message, "Set both to null, or source to paper."
            )
        if not entry.reason.strip():
            yield problem(FILE, f"{key}.reason", "no-reason", "it says no reason", "Say why this value.")
        yield problem(FILE, key, "assumption", f"{entry.value!r} is an assumption", severity="note")
        return
    if entry.section is None or entry.quote is None:
        message = f"{entry.value!r} comes from the paper, but without section or quote"
        yield problem(FILE, key, "not-traced", message, "Quote the paper, or set source to assumption.")
        return
    wrong = [*check_quote(FILE, key, entry.section, entry.quote, sections)]
    if not wrong and not holds(entry.quote, entry.value):
        message = f"the quote does not hold the value {entry.value!r}"
        advice = "Correct the value, or set source to assumption with a reason."
        wrong.append(problem(FILE, f"{key}.value", "value-not-in-quote", message, advice))
    yield from wrong


def finite(value: ConfigValue) -> bool:
    """Whether no number in `value` is infinite or undefined."""
    items = value if isinstance(value, list) else [value]
    return all(math.isfinite(item) for item in items if isinstance(item, int | float))
