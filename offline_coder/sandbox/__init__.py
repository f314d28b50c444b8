"""Floor 2: running generated code where it can reach nothing.

Covered: no network at all (not even the host's loopback), files outside the work folder unwritable and
home, tmp and run folders unseen, a cleared environment, limits on time, memory, processes, disk and
output, no process left behind. Not covered: bugs of the kernel, and reading the system folders (/usr,
/etc) and the Python environment, which programs need to start.
"""
