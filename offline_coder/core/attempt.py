"""An attempt to mend a file, and what came of it."""

from offline_coder.core.finding import Tally
from offline_coder.core.values import Value


class Attempt(Value):
    """One change that was tried on a file of the repository.

    `means` says what was done, in words. `before` and `after` count the findings of the whole repository;
    `kept` is false when the change did not make them fewer and was rolled back. `tokens` are the output
    tokens it cost, 0 for a change made without a model.
    """

    file: str
    means: str
    before: Tally
    after: Tally
    kept: bool
    tokens: int = 0
