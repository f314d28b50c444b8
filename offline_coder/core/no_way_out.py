"""A guard on this process: no connection leaves the machine, and no name is looked up.

Python reports every connect, sendto and look-up to audit hooks (PEP 578) before it happens, whatever
library asks for it; an error raised there stops it. Covered: sockets made by Python code. Not covered:
sockets that C code opens by itself, and other processes.
"""

import ipaddress
import sys
from collections.abc import Iterable

from offline_coder.core.errors import OfflineCoderError

CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
PASSED_OVER = frozenset({"socket", "asyncio", "concurrent", "threading"})
"""Modules that connect for others."""
LOCAL_NAMES = frozenset({"localhost", ""})


class ConnectionRefused(OfflineCoderError):
    """Something in this process tried to reach another machine. Not an OSError: libraries would take
    that for a network that is down, and try again."""

    exit_code = 4


class NoWayOut:
    """The guard. `allowed` are hosts that the user named; everything else must be this machine."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self.allowed = frozenset(host.lower() for host in allowed if host)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook. Raises ConnectionRefused."""
        if event in CONNECTS and len(arguments) > 1:
            address = arguments[1]
            # A path is a Unix socket, and a message on a connected socket names no address.
            if isinstance(address, tuple) and address:
                self.check(str(address[0]), "connect to")
        elif event in LOOKUPS and arguments:
            host = arguments[0]
            if isinstance(host, bytes):
                host = host.decode("ascii", "replace")
            if isinstance(host, str):
                self.check(host, "look up")

    def check(self, host: str, deed: str) -> None:
        """Raises ConnectionRefused when `host` is neither this machine nor allowed."""
        host = host.lower().partition("%")[0]
        if host in LOCAL_NAMES or host in self.allowed or is_loopback(host):
            return
        raise ConnectionRefused(
            f"{offender()} tried to {deed} {host}; nothing may leave this machine",
            "only --endpoint may name another machine",
        )

    def install(self) -> None:
        """Guard this process from now on; there is no way back. What an allowed name stands for is
        looked up now, because a connect names only the number."""
        import socket

        numbers: set[str] = set()
        for host in self.allowed:
            try:
                numbers |= {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
            except OSError:
                # The client will say so when it asks.
                continue
        self.allowed |= numbers
        sys.addaudithook(self)


def is_loopback(host: str) -> bool:
    """Whether `host` is a number of this machine's loopback interface."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)


def offender() -> str:
    """The module nearest to the call that is neither this one nor of the socket layer."""
    frame = sys._getframe(1)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name != __name__ and name.partition(".")[0] not in (
            "socket",
            "asyncio",
            "concurrent",
            "threading",
        ):
            return name
        if frame.f_back is None:
            break
        frame = frame.f_back
    return "a thread of this program"
