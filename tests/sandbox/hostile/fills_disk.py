"""Fills the disk with many files that are each within the limit."""

import time
from pathlib import Path

for number in range(200):
    Path(f"filling-{number}").write_bytes(b"x" * (2 << 20))
    time.sleep(0.05)
print("HARM filled the disk")
