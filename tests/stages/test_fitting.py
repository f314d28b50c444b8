"""A smoke run without the paper's data gets data that the network takes."""

import ast
from pathlib import Path

import pytest

from offline_coder.core.plan import Routine
from offline_coder.stages.wired_entry import wired_entry
from tests.stages.test_wired_entry import CODE, PLAN, smoke

NOWHERE = "def load_data() -> tuple[torch.Tensor, torch.Tensor]:\n    with open('nowhere.csv') as file:\n"
DATA = f"import torch\n\n\n{NOWHERE}        rows = file.read()\n    return rows, rows\n"
NAMED = DATA.replace("return rows, rows", "images = labels = rows\n    return images, labels")
MODEL = (
    "import torch\nfrom torch import nn\n\n\n"
    "class Layer(nn.Module):\n    def __init__(self, width: int):\n        super().__init__()\n"
    "        self.linear = nn.Linear(12, width)\n\n"
    "    def forward(self, x):\n        return self.linear(x)\n\n\n"
    "class Net(nn.Module):\n    def __init__(self, hidden_size: int):\n        super().__init__()\n"
    "        self.layer = Layer(hidden_size)\n        self.head = nn.Linear(hidden_size, 3)\n\n"
    "    def forward(self, x: torch.Tensor) -> torch.Tensor:\n        return self.head(self.layer(x))\n"
)
TRAINING = (
    "from torch import nn\nfrom model import Net\n\n\n"
    "def train(model: nn.Module, images, labels, learning_rate: float) -> None:\n"
    "    loss = nn.CrossEntropyLoss()(model(images), labels)\n    loss.backward()\n"
)
EVALUATION = (
    "import torch\nfrom torch.utils.data import DataLoader\nfrom model import Net\n\n\n"
    "def evaluate(net: Net, test_loader: DataLoader) -> float:\n    right = 0\n"
    "    for images, labels in test_loader:\n        right += int((net(images).argmax(1) == labels).sum())\n"
    "    return float(right)\n"
)
FILES = {**CODE, "data.py": NAMED, "model.py": MODEL, "training.py": TRAINING, "evaluation.py": EVALUATION}


def test_a_network_is_trained_on_what_it_takes(tmp_path: Path) -> None:
    run = smoke(tmp_path, FILES)
    assert (run.status, run.uncalled) == ("passed", ()), run.failures


@pytest.mark.parametrize("inputs", ["(8, 1, 28, 28)", "(8, 4)"])
def test_networks_for_images_and_for_tokens_are_fitted_too(tmp_path: Path, inputs: str) -> None:
    first = "nn.Conv2d(1, 12, 28)" if "28" in inputs else "nn.Embedding(9, 12)"
    flat = ".flatten(1)" if "28" in inputs else ".mean(1)"
    model = MODEL.replace("self.layer = ", f"self.first = {first}\n        self.layer = ")
    model = model.replace("self.layer(x)", f"self.layer(self.first(x){flat})")
    assert smoke(tmp_path, {**FILES, "model.py": model}).status == "passed"


def test_a_network_that_takes_nothing_is_given_that_with_which_it_comes_farthest(tmp_path: Path) -> None:
    forward = (
        "batch, words, width = x.size()\n        return self.head(self.layer(x).view(batch, words, 2, -1))\n"
    )
    model = MODEL.replace("return self.head(self.layer(x))\n", forward)
    run = smoke(tmp_path, {**FILES, "model.py": model})
    assert "mat1 and mat2 shapes cannot be multiplied" in run.failures[0].text


def test_a_full_run_makes_nothing_up() -> None:
    text = wired_entry(PLAN, FILES)
    main = next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name == "main")
    lines = [ast.unparse(statement) for statement in main.body]
    assert "made_inputs, made_targets = fitting_data(net) if arguments.smoke else (None, None)" in lines
    assert "if 'load_data' in made_up:\n    images, labels = (made_inputs, made_targets)" in lines
    assert "if not arguments.smoke:\n    raise SystemExit('nothing gives test_loader of evaluate')" in lines
    assert lines.index("net = Net(hidden_size=config['model']['hidden_size'])") < lines.index(
        "made_inputs, made_targets = fitting_data(net) if arguments.smoke else (None, None)"
    )


def test_without_a_network_nothing_is_fitted() -> None:
    assert "fitting_data" not in wired_entry(PLAN, CODE)
    plain = MODEL.replace("(nn.Module)", "").replace("        super().__init__()\n", "")
    assert "fitting_data" not in wired_entry(PLAN, {**FILES, "model.py": plain})


LOADS = {
    "by its name": "def train(model: nn.Module, train_loader, learning_rate: float) -> None:\n    batches = train_loader\n",
    "by its type": "def train(model: nn.Module, data: DataLoader, learning_rate: float) -> None:\n    batches = data\n",
    "by its use": "def train(model: nn.Module, data, learning_rate: float) -> None:\n    batches = [(x, y) for x, y in data]\n",
    "by its count": (
        "def train(model: nn.Module, data, learning_rate: float) -> None:\n"
        "    batches = []\n    for _, (x, y) in enumerate(data):\n        batches.append((x, y))\n"
    ),
    "as a data set": "def train(model: nn.Module, data, learning_rate: float) -> None:\n    batches = DataLoader(data, 4)\n",
}


@pytest.mark.parametrize("head", LOADS.values(), ids=LOADS)
def test_what_training_takes_pairs_from_gives_pairs(tmp_path: Path, head: str) -> None:
    training = (
        "from torch import nn\nfrom torch.utils.data import DataLoader\nfrom model import Net\n\n\n"
        f"{head}    for images, labels in batches:\n"
        "        nn.CrossEntropyLoss()(model(images), labels).backward()\n"
    )
    data = NAMED.replace(
        "images = labels = rows\n    return images, labels", "train_data = rows\n    return train_data"
    )
    data = data.replace("tuple[torch.Tensor, torch.Tensor]", "torch.Tensor")
    run = smoke(tmp_path, {**FILES, "data.py": data, "training.py": training})
    assert (run.status, run.uncalled) == ("passed", ()), run.failures


READ = (
    "import numpy as np\nimport torch\n\n\n"
    "def load_data(data_path: str) -> tuple[torch.Tensor, torch.Tensor]:\n"
    "    images = torch.tensor(np.loadtxt(data_path), dtype=torch.float32)\n"
    "    labels = (images.sum(1) > 3).long()\n    return images, labels\n"
)


def trained_on(rows: int) -> str:
    """Training that insists on so many rows."""
    check = f"    if len(images) != {rows}:\n        raise ValueError(images.shape)\n"
    return TRAINING.replace("    loss = ", f"{check}    loss = ")


@pytest.mark.parametrize(("inputs", "rows"), [(12, 8), (8, 64)])
def test_what_a_made_up_file_gives_stays_where_the_network_takes_it(
    tmp_path: Path, inputs: int, rows: int
) -> None:
    model = MODEL.replace("Linear(12,", f"Linear({inputs},")
    run = smoke(tmp_path, {**FILES, "data.py": READ, "model.py": model, "training.py": trained_on(rows)})
    assert (run.status, run.uncalled) == ("passed", ()), run.failures


def test_a_pair_that_nothing_gives_fits_the_network_too(tmp_path: Path) -> None:
    training = (
        "import torch\nfrom torch import nn\nfrom model import Net\n\n\n"
        "def train(model: nn.Module, train_data: tuple[torch.Tensor, torch.Tensor], learning_rate: float) -> None:\n"
        "    images, labels = train_data\n"
        "    loss = nn.CrossEntropyLoss()(model(images), labels)\n    loss.backward()\n"
    )
    data = "def load_data() -> list:\n    rows = [1]\n    return rows\n"
    files = {**FILES, "data.py": data, "training.py": training}
    run = smoke(tmp_path, files)
    assert "train_data=(made_inputs, made_targets)" in run.files["main.py"]
    assert (run.status, run.uncalled) == ("passed", ()), run.failures


def test_data_made_of_what_is_not_there_is_made_again_of_what_fits(tmp_path: Path) -> None:
    split = (
        "\n\ndef split_data(data: tuple) -> tuple[torch.Tensor, torch.Tensor]:\n    x, y = data\n"
        "    train_x, train_y, test_x, test_y = x[:6], y[:6], x[6:], y[6:]\n"
        "    return train_x, train_y, test_x, test_y\n"
    )
    training = (
        "from torch import nn\nfrom model import Net\n\n\n"
        "def train(model: nn.Module, train_data: tuple[torch.Tensor, torch.Tensor], learning_rate: float) -> None:\n"
        "    images, labels = train_data\n    assert len(images) == 6\n"
        "    nn.CrossEntropyLoss()(model(images), labels).backward()\n"
    )
    data = PLAN.architecture.modules[0]
    both = data.model_copy(update={"functions": (*data.functions, Routine(name="split_data"))})
    architecture = PLAN.architecture.model_copy(update={"modules": (both, *PLAN.architecture.modules[1:])})
    plan = PLAN.model_copy(update={"architecture": architecture})
    files = {**FILES, "data.py": NAMED + split, "training.py": training}
    run = smoke(tmp_path, files, plan=plan)
    assert "split_data(data=(images, labels))" in run.files["main.py"]
    assert (run.status, run.uncalled) == ("passed", ()), run.failures


def test_a_flaw_of_the_network_is_not_hidden_behind_a_shape(tmp_path: Path) -> None:
    flawed = MODEL.replace("self.head(self.layer(x))", "self.head(self.layer(x)).nothing")
    run = smoke(tmp_path, {**FILES, "model.py": flawed})
    assert run.status == "failed"
    assert "has no attribute 'nothing'" in run.failures[0].text


def test_where_nothing_fits_a_network_of_words_gets_words(tmp_path: Path) -> None:
    model = MODEL.replace("self.layer = ", "self.first = nn.Embedding(9, 5)\n        self.layer = ")
    model = model.replace("self.layer(x)", "self.layer(self.first(x))")
    run = smoke(tmp_path, {**FILES, "model.py": model})
    assert "shapes cannot be multiplied" in run.failures[0].text
