"""A fork bomb. It stops at 512 processes, so that a sandbox that fails this does not take the machine."""

import os
import time

for _ in range(9):
    try:
        os.fork()
    except OSError:
        # The kernel's own limit, which holds for ordinary users, was there before the watcher.
        print("refused", flush=True)
        break
time.sleep(4)
