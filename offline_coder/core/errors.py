"""The errors a user can meet: each is one line, a hint that says what to type next, and an exit code."""


class OfflineCoderError(Exception):
    """Base of every error that reaches the user.

    Attributes:
        message: one line, what is wrong and where.
        hint: one line, what to type or change next; may be empty.
        exit_code: the status the command line exits with.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = " ".join(message.split())
        self.hint = " ".join(hint.split())

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class BadInput(OfflineCoderError):
    """What the user gave cannot be used: a paper, an option, a folder."""

    exit_code = 2


class NoRoom(BadInput):
    """A prompt leaves no room for its answer in the context."""


class MissingPrerequisite(OfflineCoderError):
    """Something this machine needs is not there: weights, a package, disk space."""

    exit_code = 3


class EngineFailed(OfflineCoderError):
    """The engine did not start, died, or answered with something that cannot be used."""

    exit_code = 4


class EngineDied(EngineFailed):
    """The engine's process is gone; a new one may answer."""


class OutOfMemory(EngineFailed):
    """The engine did not start because memory did not hold it; with a shorter context it may."""


class Interrupted(OfflineCoderError):
    """The user or the system asked us to stop; the run can be resumed."""

    exit_code = 130
