"""A guard on this process: no connection leaves the machine, and no name is looked up.

Python reports every connect, sendto and look-up to audit hooks (PEP 578) before it happens, whatever
library asks for it; an error raised there stops it. Covered: sockets made by Python code. Not covered:
sockets that C code opens by itself, and other processes.
"""

import ipaddress
import sys

from offline_coder.core.errors import OfflineCoderError

CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
LOCAL_FAMILIES = frozenset({"AF_UNIX", "AF_NETLINK", "AF_ALG"})
"""Kinds of socket that reach this machine's kernel and processes alone."""
PASSED_OVER = frozenset({"socket", "asyncio", "concurrent", "threading"})
"""Modules that connect for others."""
LOCAL_NAMES = frozenset({"localhost", ""})


class ConnectionRefused(OfflineCoderError):
    """Something in this process tried to reach another machine. Not an OSError: libraries would take
    that for a network that is down, and try again."""

    exit_code = 4


class NoWayOut:
    """The guard of a process, which lets everything through until `close`."""

    def __init__(self) -> None:
        self._installed = False
        self._closed = False
        self._allowed: set[str] = set()

    def close(self) -> None:
        """From now on nothing leaves this machine; what was allowed before is forgotten."""
        self._closed = True
        self._allowed.clear()
        # An audit hook cannot be taken away again, so there must be only one.
        if not self._installed:
            self._installed = True
            sys.addaudithook(self)

    def allow(self, host: str) -> None:
        """Let connections to `host`, which the user named, through. What the name stands for is looked
        up now, because a connect names only the number."""
        import socket

        self._allowed.add(host.lower())
        try:
            self._allowed |= {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
        except OSError:
            # The client will say so when it asks.
            return

    def lift(self) -> None:
        """Let everything through again: for a command whose purpose is to fetch."""
        self._closed = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook. Raises ConnectionRefused."""
        if not self._closed:
            return
        if event in CONNECTS and len(arguments) > 1:
            family = getattr(getattr(arguments[0], "family", None), "name", "")
            address = arguments[1]
            # A message on a connected socket names no address.
            if family not in LOCAL_FAMILIES and isinstance(address, tuple) and address:
                self._check(str(address[0]), "connect to")
        elif event in LOOKUPS and arguments:
            host = arguments[0]
            if isinstance(host, bytes):
                host = host.decode("ascii", "replace")
            if isinstance(host, str):
                self._check(host, "look up")

    def _check(self, host: str, deed: str) -> None:
        """Raises ConnectionRefused when `host` is neither this machine nor allowed."""
        host = host.lower().partition("%")[0]
        if host in LOCAL_NAMES or host in self._allowed or is_loopback(host):
            return
        raise ConnectionRefused(
            f"{offender()} tried to {deed} {host}; nothing may leave this machine",
            "only --endpoint may name another machine",
        )


GUARD = NoWayOut()
"""This process's guard, closed by the command line before it does anything."""


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
        if name != __name__ and name.partition(".")[0] not in PASSED_OVER:
            return name
        if frame.f_back is None:
            break
        frame = frame.f_back
    return "a thread of this program"
