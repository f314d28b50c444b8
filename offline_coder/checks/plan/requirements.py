"""Do the requirements stand where they say they stand, and does a module answer for each?"""

import re
from collections.abc import Iterator, Mapping

from offline_coder.checks.plan.problem import problem, repeated
from offline_coder.checks.provenance import stands_in
from offline_coder.core.finding import Finding, Severity
from offline_coder.core.plan import Plan

FILE = "requirements.json"
ID = re.compile(r"r[1-9][0-9]{0,5}")


def check_requirements(plan: Plan, sections: Mapping[str, str]) -> tuple[Finding, ...]:
    """What does not hold in requirements.json, and in the modules' lists of requirements.

    Rules: "bad-id", "duplicate-id", "empty-statement", "unknown-section", "quote-not-found",
    "unknown-requirement" (a module names one that is not there), "no-owner" (an error for a
    hyperparameter, else a warning), and the note "assumption" for one without a quote.
    """
    findings = [*_entries(plan, sections)]
    ids = {requirement.id for requirement in plan.requirements}
    owned: set[str] = set()
    for number, module in enumerate(plan.architecture.modules):
        key = f"modules[{number}].requirements"
        for name in module.requirements:
            if name not in ids:
                message = f"there is no requirement {name!r}"
                advice = "Name ids of requirements.json."
                findings.append(problem("architecture.json", key, "unknown-requirement", message, advice))
        for name in repeated(module.requirements):
            message = f"{name!r} comes twice"
            findings.append(problem("architecture.json", key, "duplicate-id", message, "Drop one."))
        owned.update(module.requirements)
    for number, requirement in enumerate(plan.requirements):
        if requirement.id not in owned:
            message = f"no module answers for {requirement.id} ({requirement.kind})"
            advice = "Add it to the requirements of a module in architecture.json."
            severity: Severity = "error" if requirement.kind == "hyperparameter" else "warning"
            findings.append(problem(FILE, f"[{number}]", "no-owner", message, advice, severity))
    return tuple(findings)


def _entries(plan: Plan, sections: Mapping[str, str]) -> Iterator[Finding]:
    for name in repeated(requirement.id for requirement in plan.requirements):
        yield problem(FILE, "id", "duplicate-id", f"{name!r} comes twice", "Give each its own id.")
    for number, requirement in enumerate(plan.requirements):
        key = f"[{number}]"
        if not ID.fullmatch(requirement.id):
            yield problem(FILE, f"{key}.id", "bad-id", f"{requirement.id!r} is no id", "Write r1, r2, ...")
        if not requirement.statement.strip():
            yield problem(FILE, f"{key}.statement", "empty-statement", "it says nothing", "Say what it asks.")
        yield from check_quote(FILE, key, requirement.section, requirement.quote, sections)
        if requirement.quote is None:
            message = f"{requirement.id} is an assumption: no passage of the paper is quoted"
            yield problem(FILE, f"{key}.quote", "assumption", message, severity="note")


def check_quote(
    file: str, key: str, section: str | None, quote: str | None, sections: Mapping[str, str]
) -> Iterator[Finding]:
    """A finding when the section is none of the paper, or the quote does not stand in it."""
    if section is not None and section not in sections:
        message = f"the paper has no section {section!r}"
        yield problem(file, f"{key}.section", "unknown-section", message, "Name an id that paper.md shows.")
    elif quote is not None and (section is None or not stands_in(sections[section], quote)):
        message = f"the quote does not stand in section {section}: {quote[:60]!r}"
        yield problem(file, f"{key}.quote", "quote-not-found", message, "Copy it from paper.md, or use null.")
