"""A fork bomb. It stops at 512 processes, so that a sandbox that fails this does not take the machine."""

import contextlib
import os
import time

for _ in range(9):
    with contextlib.suppress(OSError):
        os.fork()
time.sleep(15)
