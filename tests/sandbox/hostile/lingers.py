"""Leaves a daemon: forked twice, in a session of its own, deaf to signals, its streams closed."""

import json
import os
import signal
import sys
import time
from pathlib import Path

mark = json.loads(Path("targets.json").read_text())["mark"]
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.closerange(0, 3)
        beat = f"import pathlib, time\nwhile True: pathlib.Path('beat').touch(); time.sleep(0.01)  # {mark}"
        os.execv(sys.executable, [sys.executable, "-c", beat])
    os._exit(0)
while not Path("beat").exists():
    time.sleep(0.01)
