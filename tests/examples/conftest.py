"""The example's modules, imported as its own scripts import each other: from its folder, by plain names."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "noisepair"
MODULES = ("config", "data", "model", "losses", "train", "evaluate", "main", "measure")


@pytest.fixture(scope="session")
def example() -> Path:
    """The folder of the example."""
    return EXAMPLE


@pytest.fixture(scope="session")
def tables() -> Iterator[ModuleType]:
    """The script that compares the papers with the measurement."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLE)
        yield importlib.import_module("write_tables")
        del sys.modules["write_tables"]


@pytest.fixture(scope="module")
def reference() -> Iterator[SimpleNamespace]:
    """The modules of the reference implementation; one thread, as its scripts set; all undone at the end."""
    before, path, threads = dict(sys.modules), list(sys.path), torch.get_num_threads()
    sys.path[:0] = [str(EXAMPLE), str(EXAMPLE / "reference")]
    for name in MODULES:
        sys.modules.pop(name, None)
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    torch.set_num_threads(threads)
    sys.path[:] = path
    for name in MODULES:
        sys.modules.pop(name, None)
        if name in before:
            sys.modules[name] = before[name]
