"""Looks for keys: in the home of whoever runs it, in the environment, in other processes."""

import json
import os
from pathlib import Path

targets = json.loads(Path("targets.json").read_text())
secret = targets["secret"]
Path("shortcut").symlink_to(secret)
places = [secret, f"/proc/1/root{secret}", f"/proc/self/root{secret}", f"/proc/1/cwd/{secret}", "shortcut"]
places += ["/etc/shadow", "/root/.ssh/id_ed25519", "/repo/../secret"]
places += [f"/proc/{name}/environ" for name in os.listdir("/proc") if name.isdigit()]
for place in places:
    try:
        found = Path(place).read_text(errors="replace")
    except OSError:
        continue
    if targets["content"] in found or place == "/etc/shadow":
        print("HARM read", place)
if targets["content"] in str(os.environ):
    print("HARM read the environment")
