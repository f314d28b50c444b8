"""Writes where it should not: the caller's folders, the system, the kernel's settings, through links."""

import ctypes
import json
import os
from pathlib import Path

targets = json.loads(Path("targets.json").read_text())
outside = targets["outside"]
Path("way").symlink_to(outside)
places = [
    outside,
    f"/proc/1/root{outside}",
    "way",
    "..",
    "/usr/bin",
    "/etc",
    "/var/tmp",
    "/dev",
    targets["python"],
]
for place in places:
    try:
        Path(place, "written-by-hostile").write_text("x")
        print("HARM wrote in", place)
    except OSError:
        pass
# Opened and not written: a test that fails must not change the machine.
for setting in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/user/max_user_namespaces"):
    try:
        os.close(os.open(setting, os.O_WRONLY))
        print("HARM can set", setting)
    except OSError:
        pass
# Namespaces of its own would bring capabilities back.
NEW_USER, NEW_MOUNTS = 0x1000_0000, 0x0002_0000
if ctypes.CDLL(None).unshare(NEW_USER | NEW_MOUNTS) == 0:
    print("HARM made a namespace")
