"""A finding: what a check saw, where, and what to do about it."""

from collections.abc import Iterable
from typing import Literal, Self

from offline_coder.core.values import Value

Severity = Literal["error", "warning", "note"]


class Finding(Value):
    """One thing a machine saw.

    `file` is relative to the checked folder; `line` counts from 1, 0 when it is the whole file.
    `rule` is a short stable name ("syntax", "missing-contract"); `advice` says what would mend it.
    `subject` is the name in the code that it is about ("nn", "Net.forward"), "" when there is none.
    """

    file: str
    line: int
    rule: str
    message: str
    severity: Severity = "error"
    advice: str = ""
    subject: str = ""


class Tally(Value):
    """How many findings there are: errors, and warnings and notes together."""

    errors: int
    others: int

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Self:
        """The tally of `findings`."""
        severities = [finding.severity for finding in findings]
        errors = severities.count("error")
        return cls(errors=errors, others=len(severities) - errors)

    def fewer_than(self, other: "Tally") -> bool:
        """Whether this is better: fewer errors, or as many and fewer others."""
        return (self.errors, self.others) < (other.errors, other.others)
