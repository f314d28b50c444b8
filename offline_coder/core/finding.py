"""A finding: what a check saw, where, and what to do about it."""

from typing import Literal

from offline_coder.core.values import Value

Severity = Literal["error", "warning", "note"]


class Finding(Value):
    """One thing a machine saw.

    `file` is relative to the checked folder; `line` counts from 1, 0 when it is the whole file.
    `rule` is a short stable name ("syntax", "missing-contract"); `advice` says what would mend it.
    """

    file: str
    line: int
    rule: str
    message: str
    severity: Severity = "error"
    advice: str = ""
