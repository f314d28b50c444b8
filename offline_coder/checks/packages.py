"""What a repository imports from outside: is each package known, planned, and installed here?"""

from collections.abc import Collection, Mapping

from offline_coder.checks.imports import Place, external_imports
from offline_coder.core.finding import Finding, Severity
from offline_coder.core.packages import DISTRIBUTIONS, installed


def check_packages(files: Mapping[str, str], planned: Collection[str] | None = None) -> tuple[Finding, ...]:
    """One finding at most for each package that a file of `files` (path -> text) imports.

    Rules: "unknown-package" (error): neither of the curated list nor installed here, so it is invented or
    a module that the repository lacks; "not-installed" (note): known, and missing on this machine;
    "unplanned-package" (note): `planned`, distribution names, is given and lacks it. An import with a try
    around it is judged like any other, one step milder.
    """
    return tuple(
        finding
        for name, places in external_imports(files).items()
        for place in places
        if (finding := _judge(name, place, planned)) is not None
    )


def _judge(name: str, place: Place, planned: Collection[str] | None) -> Finding | None:
    distribution = DISTRIBUTIONS.get(name)
    severity: Severity = "note"
    if distribution is None and not installed(name):
        rule, severity = "unknown-package", "warning" if place.guarded else "error"
        message = f"no package {name!r} is known"
        advice = "Use the repository's modules, the standard library, or a package of the plan."
    elif distribution and not installed(name):
        rule, message = "not-installed", f"{name} is not installed here"
        advice = f"pip install {distribution}"
    elif distribution and planned is not None and distribution not in planned:
        rule, message = "unplanned-package", f"{name} is not among the plan's packages"
        advice = "requirements.txt names it."
    else:
        return None
    return Finding(
        file=place.path,
        line=place.line,
        rule=rule,
        message=message,
        severity=severity,
        advice=advice,
        subject=name,
    )
