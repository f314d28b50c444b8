"""`offline-coder`: every command, and the one place where an error becomes a line and an exit code."""

import errno
import sys
from collections.abc import Callable
from importlib import import_module
from typing import NoReturn

import click

from offline_coder import __version__
from offline_coder.core.errors import OfflineCoderError
from offline_coder.core.no_way_out import GUARD

COMMANDS = {
    "run": "run",
    "plan": "run",
    "write": "run",
    "check": "check",
    "debug": "run",
    "convert": "convert",
    "replay": "replay",
    "verify": "verify",
    "models": "models",
    "bundle": "bundle",
    "serve": "serve",
    "doctor": "doctor",
}
INTERRUPTED = 130
NO_SPACE = "free some space, then type the same command again"
FORBIDDEN = "make it writable, or choose another folder: -o for a run, OFFLINE_CODER_HOME for weights"
HINTS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), NO_SPACE),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), FORBIDDEN),
}
"""What to type next, by the number that the system gives its refusal."""


class Commands(click.Group):
    """Commands whose modules are imported when they are used: `--help` must not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, None when there is no such name."""
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(f"offline_coder.cli.{module}"), cmd_name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="offline-coder")
def cli() -> None:
    """Turn a machine-learning paper into a code repository that reproduces it, on this machine alone."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 findings under --strict, 2 bad usage or input, 3 a
    prerequisite is missing, 4 the engine failed, 130 interrupted."""
    ended(lambda: cli.main(args=arguments, prog_name="offline-coder", standalone_mode=False))


def ended(command: Callable[[], object]) -> NoReturn:
    """Exit with what `command` returns, or with its error as a line; nothing leaves this machine."""
    GUARD.close()
    try:
        result = command()
    except OfflineCoderError as error:
        fail(error.message, error.hint, error.exit_code)
    except click.ClickException as error:
        fail(error.format_message(), "offline-coder --help", 2)
    except (KeyboardInterrupt, click.Abort):
        fail("interrupted", "type the same command again to go on where it stopped", INTERRUPTED)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        fail(f"{error.strerror or error}{place}", HINTS.get(error.errno or 0, ""), 3)
    sys.exit(result if isinstance(result, int) else 0)


def fail(message: str, hint: str, code: int) -> NoReturn:
    """One line on standard error, the hint on a second, and exit."""
    click.echo(f"offline-coder: {message}", err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
