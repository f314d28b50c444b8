"""Uses up the inodes: empty files, in folders nested deeper than a path can name."""

import os
import time
from pathlib import Path

for number in range(20_000):
    try:
        Path("d").mkdir()
        os.chdir("d")
    except OSError:
        break
    if number % 20 == 0:
        time.sleep(0.01)
time.sleep(10)
print("HARM made them all")
