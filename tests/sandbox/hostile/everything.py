"""All of it, one after the other; what ends the run ends it."""

import runpy

for attack in (
    "reads_home",
    "opens_sockets",
    "writes_outside",
    "lingers",
    "shares_memory",
):
    runpy.run_path(f"{attack}.py", run_name="__main__")
