"""The ladder over a whole repository: each rung sees its flaw, and honest code has no findings."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.duplicates import check_duplicates
from offline_coder.checks.ladder import check_folder, check_repository
from offline_coder.core.errors import BadInput
from offline_coder.core.plan import Architecture, ClassPlan, Module, Parameter, Routine
from tests.conftest import HANGS

CONFIG = {"model": {"width": 64}, "training": {"lr": 0.1, "steps": 10}, "seed": 1}

GOOD = {
    "config.yaml": "model:\n  width: 64\ntraining:\n  lr: 0.1\n  steps: 10\nseed: 1\n",
    "model/net.py": "class Net:\n    def __init__(self, width: int = 64):\n        self.width = width\n\n"
    "    def forward(self, x):\n        return x * self.width\n",
    "data.py": "import numpy as np\n\n\ndef load(config):\n    return np.ones(config['training']['steps'])\n",
    "main.py": "import sys\n\nimport yaml\n\nimport data\nfrom model.net import Net\n\n\n"
    "def main(path: str) -> None:\n"
    "    with open(path) as file:\n        config = yaml.safe_load(file)\n"
    "    net = Net(config['model']['width'])\n"
    "    print(net.forward(data.load(config)), config['training']['lr'], config.get('seed', 0))\n\n\n"
    "if __name__ == '__main__':\n    main(sys.argv[1])\n",
    "README.md": "# Net\n",
}

ARCHITECTURE = Architecture(
    approach="",
    modules=(
        Module(
            path="model/net.py",
            purpose="",
            classes=(
                ClassPlan(
                    name="Net",
                    methods=(
                        Routine(name="__init__", parameters=(Parameter(name="width", default="64"),)),
                        Routine(name="forward", parameters=(Parameter(name="self"), Parameter(name="x"))),
                    ),
                ),
            ),
        ),
        Module(
            path="data.py",
            purpose="",
            functions=(Routine(name="load", parameters=(Parameter(name="config"),)),),
        ),
    ),
)


def rules(**changes: str) -> list[tuple[str, str, int]]:
    """(file, rule, line) of the findings when files of GOOD are replaced or one is added."""
    names = {"net": "model/net.py", "data": "data.py", "main": "main.py", "extra": "tools/extra.py"}
    files = GOOD | {names[key]: text for key, text in changes.items()}
    return [(f.file, f.rule, f.line) for f in check_repository(files, ARCHITECTURE, CONFIG)]


def test_an_honest_repository_has_no_findings() -> None:
    assert rules() == []


NET = GOOD["model/net.py"]
DATA = GOOD["data.py"]
IMPORTS = [
    ("from model.net import Net, Missing\nprint(Net, Missing)\n", "missing-name", 1),
    ("from model.nett import Net\nprint(Net)\n", "missing-module", 1),
    ("from net import Net\nprint(Net)\n", "missing-module", 1),
    ("import model.net\nprint(model.net.Nett)\n", "missing-name", 2),
    ("import model.net as net\nprint(net.Nett)\n", "missing-name", 2),
    ("from model import net\nprint(net.Nett)\n", "missing-name", 2),
    ("from model import nett\nprint(nett)\n", "missing-name", 1),
    ("from ...model import net\nprint(net)\n", "relative-import", 1),
    ("from ..model.net import Nett\nprint(Nett)\n", "relative-import", 1),
    ("x = y + 1\n", "undefined-name", 1),
    ("import os\n", "unused-import", 1),
    ("def f(config):\n    return config['model']['depth']\n", "config-key", 2),
    ("def f(config):\n    return config['model.width']\n", "config-key", 2),
    ("def f(config):\n    return config['depth']\n", "config-key", 2),
    ("def f(config):\n    return config.model.depth\n", "config-key", 2),
    ("class A:\n    cfg: dict\n    def f(self):\n        return self.cfg.get('depth')\n", "config-key", 4),
    ("def f(config):\n    return config.get('model', {}).get('depth', 3)\n", "config-key", 2),
    ("def f():\n    pass\n", "stub", 1),
    ("def f():\n    '''Doc.'''\n    raise NotImplementedError('later')\n", "stub", 1),
    ("def f():\n    ...\n", "stub", 1),
    ("def f():\n    return 1  # TODO: the real thing\n", "stub", 2),
    ("class A:\n    pass\n", "stub", 1),
    ("def f(:\n", "syntax", 1),
    ("import nowhere_to_be_found\nprint(nowhere_to_be_found)\n", "unknown-package", 1),
    ("import tensorflow\nprint(tensorflow)\n", "not-installed", 1),
    ("class Net:\n    x = 1\n", "defined-elsewhere", 1),
    (
        "def load(config):\n    return np.ones(config['training']['steps'])\nimport numpy as np\n",
        "duplicate-definition",
        1,
    ),
    ("from data import load\nprint(load())\n", "call", 2),
    ("from data import load\nload({})\n", "runs-on-import", 2),
    ("import yaml\nc = yaml.safe_load('')\nprint(c['lr'])\n", "config-key", 3),
    ("import yaml\nc = yaml.safe_load('')\nprint(c.training.lr)\n", "config-key", 3),
    (
        "import yaml\n\n\ndef read_config(path):\n    config = yaml.safe_load(path) or {}\n    return config\n\n\n"
        "def main():\n    config = read_config('')\n    print(config['training']['depth'])\n",
        "config-key",
        11,
    ),
]


@pytest.mark.parametrize(("text", "rule", "line"), IMPORTS)
def test_each_rung_sees_its_flaw(text: str, rule: str, line: int) -> None:
    assert rules(extra=text) == [("tools/extra.py", rule, line)]


STEPS = "        a = x + 1\n        b = a * 2\n        c = b - 3\n        if c:\n            return a\n        return c\n"


@pytest.mark.parametrize(
    ("other", "copied"),
    [
        (f'class Gate:\n    def forward(self, x):\n        """Opens."""\n{STEPS}', True),
        (f"class Gate:\n    def forward(self, x):\n{STEPS.replace('3', '4')}", False),
        ("class Gate:\n    def forward(self, x):\n        a = x + 1\n        return a\n", False),
    ],
)
def test_code_that_stands_in_another_class_too_is_a_copy(other: str, copied: bool) -> None:
    files = {"block.py": f"class Block:\n    def forward(self, x):\n{STEPS}", "gate.py": other}
    found = [(f.file, f.line, f.subject, f.severity) for f in check_duplicates(files)]
    assert found == ([("gate.py", 2, "Gate.forward", "warning")] if copied else [])


def test_a_key_that_the_loaded_configuration_lacks_is_an_error() -> None:
    text = next(text for text, rule, line in IMPORTS if rule == "config-key" and line == 11)
    (finding,) = [
        found for found in check_repository(GOOD | {"e.py": text}, None, CONFIG) if found.file == "e.py"
    ]
    assert finding.severity == "error"


HONEST = [
    "import net\nfrom net import Outside\nprint(net.x, Outside)\n",
    "try:\n    import model.fast as fast\nexcept ImportError:\n    fast = None\nprint(fast)\n",
    "import torch.nn as nn\nfrom torch.nn import functional as F\nprint(nn.Linear, F.relu)\n",
    "import model.net\nprint(model.net.Net, model.__name__)\n",
    "from model.net import *\nprint(Net)\n",
    "from .other import helper\nprint(helper)\n",
    "def f(config):\n    return config['width'], config['lr']\n",
    "def f(config):\n    return [k for k, v in config.items()], config['model'].keys(), config.get('seed')\n",
    "def f(config):\n    config['run'] = 1\n    return config['run']\n",
    "def f(config: 'PretrainedConfig', key):\n    return config.hidden, config.other, key\nPretrainedConfig = 1\n",
    "from abc import abstractmethod\n\n\nclass A:\n    @abstractmethod\n    def f(self):\n        ...\n",
    "class MyError(Exception):\n    pass\n",
    "def f():\n    try:\n        return 1\n    except ValueError:\n        pass\n",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_code_passes(text: str) -> None:
    found = rules(extra=text)
    outside = ("missing-module", "star-import", "unknown-package")
    assert [item for item in found if item[1] not in outside] == []
    guarded = [f for f in check_repository(GOOD | {"tools/extra.py": text}) if f.rule == "missing-module"]
    assert all(finding.severity == "warning" or ".other" in text for finding in guarded)


def test_a_missing_name_says_where_it_is() -> None:
    files = GOOD | {"tools/extra.py": "from data import Net\nprint(Net)\n"}
    (finding,) = check_repository(files)
    assert finding.advice == "It is in model.net: `from model.net import Net`."


DATACLASS = "from dataclasses import dataclass\n\n\n@dataclass\nclass Net:\n"
CONTRACTS = [
    (NET.replace("class Net", "class Nets"), ["missing-class", "missing-name"]),
    (NET.replace("def forward(self, x)", "def go(self, x)"), ["missing-method"]),
    (NET.replace("(self, x)", "(self, y)"), ["signature", "signature", "undefined-name"]),
    (NET.replace("def forward(self, x)", "def forward(self, x, y)"), ["signature"]),
    (NET.replace("width: int = 64", "width: int"), ["signature"]),
    (NET.replace("width: int = 64", "*, width: int = 64, **other"), []),
    (NET.replace("def forward(self, x)", "async def forward(self, x, *rest)"), []),
    ("class Base:\n    def forward(self, x):\n        return x\n\n\n"
     "class Net(Base):\n    def __init__(self, width=1):\n        self.width = width\n", []),
    (f"{DATACLASS}    width: int = 64\n\n    def forward(self, x):\n        return x\n", []),
    (f"{DATACLASS}    depth: int\n\n    def forward(self, x):\n        return x\n", ["signature"] * 2),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CONTRACTS)
def test_contracts(text: str, expected: list[str]) -> None:
    others = ("call", "missing-method-call", "unused-parameter")
    assert sorted(rule for _, rule, _ in rules(net=text) if rule not in others) == expected


def test_a_missing_function_and_a_missing_file_are_named() -> None:
    assert ("data.py", "missing-function", 0) in rules(data="import os\nprint(os)\n")
    files = {path: text for path, text in GOOD.items() if path != "model/net.py"}
    found = check_repository(files, ARCHITECTURE, CONFIG)
    assert ("model/net.py", "missing-file") in [(f.file, f.rule) for f in found]


def test_findings_come_by_rung() -> None:
    found = rules(
        extra="import os\n", data="def f(:\n", main="from model.net import Nett\n\n\ndef f():\n    pass\n"
    )
    assert [rule for _, rule, _ in found] == [
        "syntax", "unused-import", "unused-import", "missing-name", *["unread-key"] * 3, "stub",
        "no-entry-point", "entry-arguments",
    ]  # fmt: skip


def test_a_folder_is_read_and_what_is_not_read_is_said(tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "weights.bin").write_bytes(b"\xff\xfe\0")
    (tmp_path / "big.txt").write_bytes(b"a" * 300_000)
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    (tmp_path / "outside").symlink_to("/etc")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.py").write_text("(")
    (tmp_path / "tools.py").write_text("def f(config):\n    return config['nothing']\n")
    found = check_folder(tmp_path, ARCHITECTURE)
    assert [(f.file, f.rule) for f in found] == [
        ("tools.py", "config-key"), ("big.txt", "not-checked"), ("link.py", "not-checked"),
        ("weights.bin", "not-checked"),
    ]  # fmt: skip


def test_no_folder_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        check_folder(tmp_path / "nowhere")


def test_ten_files_take_under_a_second() -> None:
    body = "".join(
        f'def f{i}(x, y={i}):\n    """Doc."""\n    total = x + y\n    for k in range(3):\n'
        f"        total += k\n    return total\n\n\n"
        for i in range(40)
    )
    files = {
        f"part/m{i}.py": f"from part.m{(i + 1) % 10} import f1\n\n\nVALUE = f1(1)\n\n\n{body}"
        for i in range(10)
    }
    check_repository(files)
    started = time.process_time()
    assert [f for f in check_repository(files, ARCHITECTURE, CONFIG) if f.rule == "syntax"] == []
    assert time.process_time() - started < 1


pieces = st.sampled_from(
    ["import a", "from a import *", "from . import b", "from .... import c", "from a.b import c as d",
     "def f(config):", "    config['x']['y'] = config.get('z', 1).w", "    return config.a.b", "class A(B):",
     "    pass", "    x: int", "try:", "except ImportError:", "a.b.c", "self.config['k']", "global q",
     "lambda: config", "# TODO", "'''", "__all__ = ['z']"]
)  # fmt: skip
sources = st.lists(pieces, max_size=8).map("\n".join) | st.text(max_size=100)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["a.py", "a/b.py", "a/__init__.py", "b.py", "__init__.py", "c.yaml"]), sources
    )
)
def test_any_files_are_judged_and_nothing_is_raised(files: dict[str, str]) -> None:
    for finding in check_repository(files, ARCHITECTURE, CONFIG):
        assert finding.line >= 0
        assert finding.message


@pytest.mark.parametrize("unit", ["a.", "1+", "f(", "[", "config['x']", "not ", "if x:\n ", "x.y = "])
def test_deep_code_is_judged_quickly(unit: str) -> None:
    started = time.monotonic()
    for size in (60_000, 2_000):
        check_repository({"a.py": "x = " + unit * (size // len(unit)) + "1\n"}, ARCHITECTURE, CONFIG)
    assert time.monotonic() - started < HANGS


@pytest.mark.parametrize("terms", range(50, 1000, 50))
@pytest.mark.parametrize(
    "body",
    [
        "    train_loader = DataLoader({})\n    test_loader = DataLoader({})\n    return train_loader, test_loader\n",
        "    return model({})\n",
        "    loss = F.cross_entropy(a, y)\n    return loss, ({})(a, y)\n",
    ],
)
def test_a_sum_of_many_terms_is_judged_or_refused(body: str, terms: int) -> None:
    head = (
        "import torch.nn.functional as F\nfrom torch import nn\nfrom torch.utils.data import DataLoader\n\n\n"
        "class Net(nn.Module):\n    def forward(self, x, y):\n        return x\n\n\n"
        "def f(model: nn.Module, a, y):\n"
    )
    total = "+".join(["a"] * terms)
    found = check_repository({"a.py": head + body.format(total, total)}, ARCHITECTURE, CONFIG)
    refused = any(each.rule == "syntax" for each in found)
    assert refused == (terms >= 150)
