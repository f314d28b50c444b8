"""Run a command and see to it that nothing of it is left behind: `python launcher.py [--own-network]
COMMAND...`.

The process that starts us holds the other end of our standard input and never writes to it. When it
ends in any way, SIGKILL included, the system closes that end; we see it and end the command with all
its descendants. Children whose own parent died are handed to us (PR_SET_CHILD_SUBREAPER), so a
worker cannot slip away by losing its parent. Should we ourselves be killed, the command gets a
SIGKILL from the system (PR_SET_PDEATHSIG).

With --own-network the command gets a network namespace with nothing in it but loopback.

Not covered: several of us killed at once from outside; then the command's own workers may stay until
they notice.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

POLL_SECONDS = 0.2
GRACE_SECONDS = 4.0
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
OWN_NETWORK = "--own-network"
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1


def main(command: list[str]) -> int:
    """The command's exit status, or 128 + n when signal n ended it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if command[0] == OWN_NETWORK:
        command = command[1:]
        try:
            leave_network(libc)
        except OSError as error:
            print(f"no network namespace: {error.strerror}", file=sys.stderr)
            return 1
    asked_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked_to_stop.append(received))
    parent = os.getppid()
    # Safe here, unlike in a program with threads: this process has one.
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),
    )
    while child.poll() is None and not asked_to_stop and os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin], [], [], POLL_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 1):
            break
    end_all(child, GRACE_SECONDS if child.poll() is None else 0.0)
    status = child.wait()
    return status if status >= 0 else 128 - status


def leave_network(libc: ctypes.CDLL) -> None:
    """Move this process, which must have one thread, into a network namespace that holds loopback alone;
    an ordinary user needs a user namespace for that, in which all ids stay what they are.

    Raises:
        OSError: the system does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNET) != 0:
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # struct ifreq: a name of 16 bytes, then a union of 24, here the flags.
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))


def end_all(child: subprocess.Popen[bytes], grace: float) -> None:
    """Ask `child` to end, wait up to `grace` seconds, then kill whatever of it is left."""
    if grace:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
    limit = time.monotonic() + grace
    while child.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)
    # Killing a process can hand its children to us, so look again until there are none.
    while left := descendants(os.getpid()):
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
        child.poll()
        reap_orphans(child.pid)


def descendants(ancestor: int) -> list[int]:
    """Process ids of all living descendants of `ancestor`, from /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # "pid (name) state ppid ...": the name may hold spaces and brackets.
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state != "Z":
            children.setdefault(int(parent), []).append(int(entry.name))
    found: list[int] = []
    queue = [ancestor]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def reap_orphans(child: int) -> None:
    """Take the exit status of adopted processes; `child`'s own is left to its Popen."""
    with contextlib.suppress(ChildProcessError):
        while True:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None or ended.si_pid == child:
                return
            os.waitpid(ended.si_pid, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
