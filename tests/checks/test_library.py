"""Names that code takes from PyTorch and NumPy and that are not there."""

import importlib.util
import json
import subprocess
import sys
from importlib import metadata

import pytest

from offline_coder.checks.library import NAMES, check_library, library_names, may_exist
from tests.conftest import ROOT

HEAD = "import random, numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n"


def found(source: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.subject) for finding in check_library({"model.py": source})]


@pytest.mark.parametrize(
    ("use", "subject"),
    [
        ("F.upscale(x)", "torch.nn.functional.upscale"),
        ("nn.ByteTensors", "torch.nn.ByteTensors"),
        ("torch.utils.data.TabularDataset.from_csv('x')", "torch.utils.data.TabularDataset"),
        ("np.random.normals(3)", "numpy.random.normals"),
        ("[torch.relus(x) for x in y]", "torch.relus"),
        ("random.permutation(x)", "random.permutation"),
    ],
)
def test_what_no_version_has_is_a_finding(use: str, subject: str) -> None:
    assert found(f"{HEAD}def f(x, y):\n    return {use}\n") == [(7, subject)]


def test_an_import_of_it_is_one_too_and_the_like_is_named() -> None:
    (finding,) = check_library({"data.py": "from torch.utils.data import DataLoaders, Dataset\n"})
    assert finding.message == "torch.utils.data has no DataLoaders"
    assert "DataLoader" in finding.advice
    assert finding.severity == "error"


@pytest.mark.parametrize(
    "code",
    [
        "return F.relu(x), nn.Linear, torch.optim.Adam, np.linalg.norm(x), torch.utils.tensorboard",
        "return torch._C, torch.Tensor.nothing, x.nothing, np.pi",
        "return torch.compiles if hasattr(torch, 'compiles') else x",
        "torch.backend = x\n    return torch.utils.data.sampler",
        "try:\n        return torch.news(x)\n    except AttributeError:\n        return x",
        "nn = x\n    return nn.anything",
    ],
)
def test_what_is_there_or_cannot_be_known_is_none(code: str) -> None:
    assert found(f"{HEAD}def f(x):\n    {code}\n") == []


def test_an_annotation_is_only_looked_at_where_it_is_evaluated() -> None:
    source = f"{HEAD}def f(x: torch.utils.dataLoader) -> nn.Tensors:\n    return x\n"
    assert found(source) == [(6, "torch.nn.Tensors"), (6, "torch.utils.dataLoader")]
    assert found(f"from __future__ import annotations\n{source}") == []


def test_each_name_is_one_finding_in_a_file() -> None:
    assert found(f"{HEAD}a = F.bleu\nb = F.bleu\n") == [(6, "torch.nn.functional.bleu")]


def test_the_names_are_those_of_the_installed_versions() -> None:
    versions = json.loads(NAMES.read_text())["versions"]
    installed = {name: metadata.version(name).partition("+")[0] for name in versions}
    if installed != versions:
        pytest.skip(f"other versions than the locked ones are installed: {installed}")
    script = ROOT / "scripts" / "library_names.py"
    assert subprocess.run([sys.executable, script, "--check"], check=False).returncode == 0
    assert "Linear" in library_names()["torch.nn"]
    assert importlib.util.find_spec("torch.utils.tensorboard") is not None


@pytest.mark.parametrize(
    ("dotted", "there"),
    [
        ("torch.utils.data.DataLoader", True),
        ("torch.utils.dataLoader", False),
        ("nn.Tensor", False),
        ("np.ndarray", True),
        ("torch.Tensor.anything", True),
        ("pandas.DataFrame", True),
        ("torch", True),
    ],
)
def test_whether_a_dotted_name_may_exist(dotted: str, there: bool) -> None:
    assert may_exist(dotted) is there
