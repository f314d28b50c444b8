"""An answer that was ended before its model ended it, and what that spared."""

from typing import Literal

from offline_coder.core.values import Value


class EarlyEnd(Value):
    """`name` is the definition that was being written, "" for a whole file; `reason` is what the watch saw.

    `tokens` were answered, `kept` of them stand in the file (by their share of the characters) and need
    not be written again, `spared` is what the answer might still have taken.
    """

    name: str
    reason: Literal["broken", "circles"]
    tokens: int
    kept: int
    spared: int
