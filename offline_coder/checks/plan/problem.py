"""What is wrong with a plan, as a finding: the artefact's file, the key in it, and what would mend it."""

from collections.abc import Iterable

from offline_coder.core.finding import Finding, Severity

FOLDER = "plan"


def problem(
    file: str, key: str, rule: str, message: str, advice: str = "", severity: Severity = "error"
) -> Finding:
    """A finding in plan/`file` whose message begins with `key` ("modules[2].path")."""
    return Finding(
        file=f"{FOLDER}/{file}",
        line=0,
        rule=rule,
        message=f"{key}: {message}" if key else message,
        severity=severity,
        advice=advice,
    )


def repeated(names: Iterable[str]) -> list[str]:
    """The names that come more than once, each once, in order."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for name in names:
        if name in seen:
            twice[name] = None
        seen.add(name)
    return list(twice)
