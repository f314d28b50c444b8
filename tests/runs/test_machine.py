"""What is said of the machine is what the machine says."""

import json
import os
import sys
from pathlib import Path

import pytest

from offline_coder.runs.machine import find_gpus, installed_locks, this_machine


def test_the_machine_is_described() -> None:
    machine = this_machine()
    assert machine.threads == len(os.sched_getaffinity(0))
    assert machine.memory_bytes > 1 << 20
    assert machine.cpu


def test_gpus_are_as_nvidia_smi_lists_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 81559, 580.95.05'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    (gpu,) = find_gpus()
    assert (gpu.name, gpu.memory_mib, gpu.driver) == ("NVIDIA H100 80GB HBM3", 81559, "580.95.05")
    program.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    assert find_gpus() == ()


def test_the_locks_are_those_that_setup_wrote_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert installed_locks() == {}
    (tmp_path / "offline-coder.locks.json").write_text(json.dumps({"cpu.txt": "0" * 64}))
    assert installed_locks() == {"cpu.txt": "0" * 64}
