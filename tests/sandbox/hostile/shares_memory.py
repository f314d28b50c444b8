"""Takes memory that belongs to no process: files in memory, mapped nowhere, and files in /dev/shm."""

import contextlib
import os
import time
from pathlib import Path

held = []
for number in range(100):
    held.append(os.memfd_create("held"))
    os.write(held[-1], b"x" * (4 << 20))
    with contextlib.suppress(OSError):
        Path(f"/dev/shm/{number}").write_bytes(b"x" * (1 << 20))
    time.sleep(0.05)
print("HARM took it")
