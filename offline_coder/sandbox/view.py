"""What of the machine a sandbox shows to the code inside: the same for every provider."""

import sys
from pathlib import Path

from offline_coder.core.errors import BadInput
from offline_coder.sandbox.protocol import Limits

HOME = "/home/sandbox"
SCRATCH = ("/tmp", HOME, "/dev/shm")  # noqa: S108 - the sandbox's own
"""Writable folders of the sandbox that vanish with it."""
PASSWD = Path(__file__).with_name("passwd")

_SYSTEM = ("/usr",)
# On merged-usr systems these are links into /usr, elsewhere folders of their own.
_SYSTEM_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
# What the dynamic linker, the C library and fontconfig read; nothing here is secret.
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "nsswitch.conf", "fonts")


def readable_folders() -> list[Path]:
    """Folders and files of the machine that are shown read-only under their own path."""
    shown = [Path(folder) for folder in _SYSTEM]
    shown += [path for path in map(Path, _SYSTEM_LINKS) if path.is_dir() and not path.is_symlink()]
    shown += [path for name in _ETC if (path := Path("/etc", name)).exists()]
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix)):
        path = Path(prefix).resolve()
        if not any(path.is_relative_to(other) for other in shown):
            shown.append(path)
    return shown


def system_links() -> list[tuple[str, str]]:
    """(target, path) of the links that a merged-usr system has in its root."""
    return [(str(Path(path).readlink()), path) for path in _SYSTEM_LINKS if Path(path).is_symlink()]


def interpreter() -> str:
    """This interpreter by a path that is shown inside, also where its environment is reached by a link."""
    return str(Path(sys.prefix).resolve() / "bin" / Path(sys.executable).name)


def environment() -> dict[str, str]:
    """All variables that the code inside sees."""
    return {
        "PATH": f"{Path(sys.prefix).resolve()}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": HOME,
        "USER": "sandbox",
        "TMPDIR": "/tmp",  # noqa: S108 - the sandbox's own
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "HF_HUB_OFFLINE": "1",
    }


def limited(command: list[str], limits: Limits) -> list[str]:
    """`command` under the kernel's own limits, for each process.

    RLIMIT_DATA counts private writable memory, so libraries and reserved addresses are free. The kernel
    does not apply the number of processes to the host's root; the watcher does.
    """
    return [
        # Below our own priority, so that whoever watches gets the processor.
        "nice",
        "-n",
        "10",
        "prlimit",
        f"--data={limits.memory_bytes}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.file_bytes}",
        "--core=0",
        "--",
        *command,
    ]


def checked_workdir(command: list[str], workdir: Path) -> Path:
    """The real path of `workdir`. Raises BadInput when it is no folder or `command` is empty."""
    if not command:
        raise BadInput("no command to run")
    if not workdir.is_dir():
        raise BadInput(f"no such folder: {workdir}")
    return workdir.resolve()
