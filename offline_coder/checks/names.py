"""Names that are used and never defined, or imported and never used: what pyflakes sees."""

from functools import lru_cache

from pyflakes import checker, messages  # type: ignore[import-untyped]

from offline_coder.checks.source import REMEMBERED, parse_python
from offline_coder.core.finding import Finding, Severity

# What stops the program when it gets there; everything else pyflakes says is a warning.
_RULES: dict[type[messages.Message], tuple[str, Severity, str]] = {
    messages.UndefinedName: ("undefined-name", "error", "Import it or define it before it is used."),
    messages.UndefinedLocal: ("undefined-name", "error", "Give it a value before this line."),
    messages.UndefinedExport: ("undefined-name", "error", "Define it, or take it out of __all__."),
    messages.UnusedImport: ("unused-import", "warning", "Remove the import."),
    messages.RedefinedWhileUnused: ("redefined", "warning", "Keep one of the two definitions."),
    messages.ImportStarUsed: ("star-import", "warning", "Import the names that are used."),
    messages.ImportStarUsage: ("star-import", "warning", "Import the names that are used."),
    messages.UnusedVariable: ("unused-variable", "note", "Use it or remove it."),
}


@lru_cache(maxsize=REMEMBERED)
def check_names(path: str, text: str) -> tuple[Finding, ...]:
    """Undefined names (errors), unused imports and the like (warnings) of a Python file, by line.

    Empty for text that does not parse. Other messages of pyflakes carry the rule "pyflakes".
    """
    tree = parse_python(text)
    if tree is None:
        return ()
    findings = []
    for message in checker.Checker(tree, filename=path).messages:
        rule, severity, advice = _RULES.get(type(message), ("pyflakes", "warning", ""))
        said = message.message % message.message_args
        findings.append(
            Finding(
                file=path,
                line=message.lineno,
                rule=rule,
                message=said,
                severity=severity,
                advice=advice,
                subject=str(message.message_args[0]) if message.message_args else "",
            )
        )
    return tuple(sorted(findings, key=lambda finding: finding.line))
