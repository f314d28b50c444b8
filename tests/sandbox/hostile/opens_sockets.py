"""Calls home: over the host's loopback, the internet, a name, and Unix sockets."""

import json
import socket
from pathlib import Path

targets = json.loads(Path("targets.json").read_text())
for address in (("127.0.0.1", targets["port"]), ("1.1.1.1", 53), ("localhost", targets["port"])):
    try:
        socket.create_connection(address, timeout=1)
        print("HARM reached", address)
    except OSError:
        pass
for path in (targets["socket"], "\0" + targets["abstract"], "/run/docker.sock", "/var/run/docker.sock"):
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print("HARM reached", repr(path))
    except OSError:
        pass
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"secret", ("1.1.1.1", 53))
    print("HARM sent a datagram")
except OSError:
    pass
