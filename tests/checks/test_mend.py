"""Mechanical repair on repositories as small models write them."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import Mended, mend
from offline_coder.checks.syntax import parses
from offline_coder.core.finding import Finding, Tally
from offline_coder.core.plan import Architecture, ClassPlan, Module, Parameter, Routine
from tests.checks.test_ladder import sources

ORDER = ("data.py", "model.py", "training.py", "main.py")
DATA = "import numpy as np\n\n\ndef load_data(count):\n    return np.ones((count, 2))\n"
MODEL = "class Net:\n    def __init__(self, width):\n        self.width = width\n"
TRAINING = "def train(net, data):\n    return net, data\n"
GOOD = {"data.py": DATA, "model.py": MODEL, "training.py": TRAINING}
ARCHITECTURE = Architecture(
    approach="",
    modules=(
        Module(
            path="data.py",
            purpose="",
            functions=(Routine(name="load_data", parameters=(Parameter(name="count"),)),),
        ),
        Module(
            path="model.py",
            purpose="",
            classes=(
                ClassPlan(
                    name="Net",
                    methods=(Routine(name="__init__", parameters=(Parameter(name="width"),)),),
                ),
            ),
        ),
        Module(
            path="training.py",
            purpose="",
            functions=(Routine(name="train", parameters=(Parameter(name="net"), Parameter(name="data"))),),
        ),
    ),
)


def look(files: Mapping[str, str]) -> tuple[Finding, ...]:
    return check_repository(files, ARCHITECTURE)


def mended(**changed: str) -> Mended:
    """What becomes of the good repository with some files replaced or added."""
    files = GOOD | {f"{name}.py": text for name, text in changed.items()}
    done = mend(files, look, ORDER)
    before, after = look(files), look(done.files)
    kept = [attempt for attempt in done.attempts if attempt.kept]
    assert Tally.of(after) == Tally.of(done.findings)
    assert not Tally.of(before).fewer_than(Tally.of(after))
    assert bool(kept) or Tally.of(after) == Tally.of(before)
    assert all(parses(path, text) for path, text in done.files.items())
    return done


CURES = [
    ("class A(nn.Module):\n    x = 1\n", "from torch import nn\n\nclass A(nn.Module):\n    x = 1\n"),
    (
        '"""Runs."""\n\nprint(np.ones(2))\n',
        '"""Runs."""\n\nimport numpy as np\n\nprint(np.ones(2))\n',
    ),
    ("import os\nprint(Net(2), os.sep)\n", "import os\nfrom model import Net\nprint(Net(2), os.sep)\n"),
    ("print(data.load_data(2))\n", "import data\n\nprint(data.load_data(2))\n"),
    ("from src.model import Net\nprint(Net)\n", "from model import Net\nprint(Net)\n"),
    ("from src import model\nprint(model.Net)\n", "import model\nprint(model.Net)\n"),
    ("from .models import Net\nprint(Net)\n", "from model import Net\nprint(Net)\n"),
    ("from models import Net\nprint(Net)\n", "from model import Net\nprint(Net)\n"),
    ("from data import Net\nprint(Net)\n", "from model import Net\nprint(Net)\n"),
    (
        "from data import load_data, Net as N\nprint(N, load_data)\n",
        "from data import load_data\nfrom model import Net as N\nprint(N, load_data)\n",
    ),
    ("from model import net\nprint(net)\n", "from model import Net as net\nprint(net)\n"),
    ("from model import nn, Net\nprint(nn.ReLU, Net)\n", "from model import Net\nfrom torch import nn\nprint(nn.ReLU, Net)\n"),
    ("from data import Loader, load_data\nprint(load_data)\n", "from data import load_data\nprint(load_data)\n"),
    ("import os\nimport sys  # paths\n\nprint(sys)\n", "import sys  # paths\n\nprint(sys)\n"),
    ("import os\nimport sys\nimport os\n\nprint(sys, os)\n", "import os\nimport sys\n\nprint(sys, os)\n"),
    ("if load_data:\n    import os\n", "from data import load_data\n\nif load_data:\n    pass\n"),
    (
        "def f(x):\n    return x\n\n\ndef f(x):\n    return x + 1\n",
        "def f(x):\n    return x + 1\n",
    ),
    (
        "def f(x):\n    return x\n\n\n# Contract\ndef f(x): ...  # Gives x.\n",
        "def f(x):\n    return x\n\n\n# Contract\n",
    ),
    ("def f(x): ...\n\n\ndef f(x):\n    return x\n", "def f(x):\n    return x\n"),
    ("def f(x: Batch, y: int = 1) -> Batch:\n    return x, y\n", "def f(x, y: int = 1):\n    return x, y\n"),
    (f"{MODEL}\n\nprint(Net(3))\n", "from model import Net\n\nprint(Net(3))\n"),
    (
        "print(cross_entropy(1, 2))\n",
        "from torch.nn.functional import cross_entropy\n\nprint(cross_entropy(1, 2))\n",
    ),
    ("import model as m\nprint(m.Net, Any)\n", "import model as m\nfrom typing import Any\nprint(m.Net, Any)\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "cure"), CURES)
def test_each_flaw_has_its_cure(text: str, cure: str) -> None:
    done = mended(main=text)
    assert done.files["main.py"] == cure
    assert {path: done.files[path] for path in GOOD} == GOOD


CONFIG = {"model": {"width": 64}, "training": {"lr": 0.1}}
LOAD = "import yaml\n\nconfig = yaml.safe_load(open('config.yaml'))\n"
PROGRAMS = [
    (f"{LOAD}print(config['lr'], config['model']['width'])\n", "config['training']['lr'], config['model']"),
    (f"{LOAD}print(config.training.lr, config.get('width', 3))\n", "config['training']['lr'], config['model']['width'])"),
    ("def main(path='config.yaml'):\n    print(path)\n", "\n\nif __name__ == \"__main__\":\n    main()\n"),
    ("def main():\n    print(1)\n\n\nmain()\n", "\n\nif __name__ == '__main__':\n    main()\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "part"), PROGRAMS)
def test_programs_start_and_read_keys_where_they_are(text: str, part: str) -> None:
    done = mend({"main.py": text}, lambda files: check_repository(files, None, CONFIG))
    assert part in done.files["main.py"]
    assert [attempt.kept for attempt in done.attempts if attempt.kept]


def test_a_main_that_needs_arguments_is_not_called() -> None:
    files = {"main.py": "def main(config):\n    print(config)\n"}
    assert mend(files, check_repository).files == files


LEFT_ALONE = [
    "print(something_nobody_defines)\n",
    "from data import Loader\nprint(Loader)\n",
    "from models import Nothing\nprint(Nothing)\n",
    "print(time + 1)\n",
    "import numpy\nprint(numpy)\n",
    "try:\n    import tensorflow\nexcept ImportError:\n    tensorflow = None\nprint(tensorflow)\n",
    "import os; print(1)\n",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_would_be_a_guess_is_left_alone(text: str) -> None:
    assert mended(main=text).files["main.py"] == text


def test_a_later_module_may_be_imported_where_that_makes_no_circle() -> None:
    text = "def load_data(count):\n    return Net(count)\n"
    assert mended(data=text).files["data.py"].startswith("from model import Net\n")
    built_on = f"from data import load_data\n\nDATA = load_data(1)\n\n\n{MODEL}"
    assert mended(data=text, model=built_on).files["data.py"] == text
    twice = {"main": "print(Net)\n", "a": MODEL, "b": MODEL.replace("width", "depth")}
    assert mended(**twice).files["main.py"].startswith("from model import Net\n")
    entry = "def start():\n    return 1\n\n\nif __name__ == '__main__':\n    start()\n"
    uses = f"{TRAINING}\n\ndef more():\n    return start()\n"
    assert "import start" not in mended(training=uses, main=entry).files["training.py"]
    circle = {"a.py": "from b import g\n\n\ndef f():\n    return g()\n", "b.py": "def g():\n    return f()\n"}
    assert mend(circle, check_repository).files == circle


def test_an_import_that_others_take_over_from_here_stays() -> None:
    passed_on = f"from model import Net\n\n\n{TRAINING}"
    done = mended(training=passed_on, main="from training import Net\nprint(Net)\n")
    assert done.files["training.py"] == passed_on
    assert [attempt.kept for attempt in done.attempts] == [False]


def test_two_modules_with_the_same_text_come_apart() -> None:
    both = f"{MODEL}\n\ndef train(net, data):\n    return Net(2), data, net\n"
    done = mended(model=both, training=both)
    assert done.findings == ()
    assert "class Net" not in done.files["training.py"]
    assert "from model import Net" in done.files["training.py"]
    assert "def train" not in done.files["model.py"]


def test_every_attempt_says_what_it_did_and_what_it_changed() -> None:
    done = mended(extra="import os\nprint(nn.ReLU())\n")
    assert [(attempt.file, attempt.means, attempt.kept) for attempt in done.attempts] == [
        ("extra.py", "added `from torch import nn`", True),
        ("extra.py", "removed `import os`, which nothing uses", True),
    ]
    assert done.attempts[0].before == Tally(errors=1, others=1)
    assert done.attempts[0].after == Tally(errors=0, others=1)


def test_what_does_not_help_is_rolled_back() -> None:
    def never(files: Mapping[str, str]) -> tuple[Finding, ...]:
        return (Finding(file="main.py", line=1, rule="undefined-name", message="x", subject="nn"),)

    done = mend({"main.py": "print(nn.ReLU())\n"}, never)
    assert done.files == {"main.py": "print(nn.ReLU())\n"}
    assert [attempt.kept for attempt in done.attempts] == [False]


@pytest.mark.parametrize(
    ("head", "value"),
    [
        ("lr, rows", "lr * rows"),
        ("lr, num_lr, rows", "learning_rate * rows"),
        ("rows", "learning_rate * rows"),
    ],
)
def test_a_name_that_a_function_is_given_under_another_is_that(head: str, value: str) -> None:
    text = f"def train({head}):\n    return learning_rate * rows\n"
    assert value in mend({"a.py": text}, check_repository).files["a.py"]


@pytest.mark.parametrize(
    ("taken", "value"),
    [("targets", "targets + 1"), ("targets, target_", "targets + 1"), ("rows", "target + 1")],
)
def test_a_name_in_the_other_number_is_that(taken: str, value: str) -> None:
    text = f"def train(rows):\n    for {taken} in rows:\n        rows = target + 1\n    return rows\n"
    assert value in mend({"a.py": text}, check_repository).files["a.py"]


@pytest.mark.parametrize(
    ("parameters", "body", "value"),
    [
        ("model, data: torch.Tensor", "x = model(x)\n    return x + 1", "x = model(data)\n    return x + 1"),
        ("model, data: torch.Tensor", "return model(x) + x.mean()", "return model(data) + data.mean()"),
        ("model, data: torch.Tensor", "return model(best)", "return model(best)"),
        ("model, data: list", "return model(x)", "return model(x)"),
        ("model, mask: torch.Tensor", "return model(x)", "return model(x)"),
        ("model, data: torch.Tensor, images: torch.Tensor", "return model(x)", "return model(x)"),
    ],
)
def test_a_usual_name_of_inputs_is_the_one_tensor_that_is_given(
    parameters: str, body: str, value: str
) -> None:
    text = f"import torch\n\n\ndef train({parameters}):\n    {body}\n"
    assert value in mend({"a.py": text}, check_repository).files["a.py"]


def test_a_name_that_becomes_known_shows_what_is_wrong_with_its_use() -> None:
    done = mended(
        main="def main():\n    net = Net()\n    return net\n\n\nif __name__ == '__main__':\n    main()\n"
    )
    assert done.files["main.py"].startswith("from model import Net\n")
    assert [(found.rule, found.file) for found in done.findings if found.severity == "error"] == [
        ("call", "main.py")
    ]
    assert [attempt.kept for attempt in done.attempts] == [False, True]


def test_what_shows_may_not_bring_back_what_was_cured() -> None:
    def swapping(files: Mapping[str, str]) -> tuple[Finding, ...]:
        other = "np" if "import torch.nn as nn" in files["main.py"] else "nn"
        return (Finding(file="main.py", line=1, rule="undefined-name", message="x", subject=other),)

    done = mend({"main.py": "print(nn.ReLU(np.ones(1)))\n"}, swapping)
    assert len([attempt for attempt in done.attempts if attempt.kept]) <= 2


@settings(max_examples=60, deadline=None)
@given(sources, sources)
def test_any_text_ends_whole_and_no_worse(one: str, two: str) -> None:
    files = {"data.py": one, "main.py": two}
    done = mend(files, look, ORDER)
    assert not Tally.of(look(files)).fewer_than(Tally.of(done.findings))
    for path, text in done.files.items():
        assert parses(path, text) or text == files[path]


INIT = "    def __init__(self, width, depth):\n        super().__init__()\n        self.width = width\n\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    def run(self):\n        return [width] * (width + 1)\n", ["self.width] * (self.width + 1)"]),
        ("    def run(self):\n        return depth\n", ["self.depth = depth\n", "return self.depth"]),
        (
            "    def run(self):\n        return size()\n\n    def size(self):\n        return 1\n",
            ["self.size()"],
        ),
    ],
)
def test_a_method_reads_what_its_object_has_through_self(body: str, expected: list[str]) -> None:
    done = mended(extra=f"class Box:\n{INIT}{body}")
    assert not [finding for finding in done.findings if finding.rule == "undefined-name"]
    for text in expected:
        assert text in done.files["extra.py"]


@pytest.mark.parametrize(
    "text",
    [
        f"class Box:\n{INIT}    def run(self):\n        return height\n",
        f"class Box:\n{INIT}    @staticmethod\n    def run(x):\n        return width\n",
        "class Box:\n    def __init__(self, width): self.w = width\n\n    def run(self):\n        return width\n",
        "def run(self):\n    return width\n",
    ],
)
def test_what_the_object_does_not_have_is_left_alone(text: str) -> None:
    done = mended(extra=text)
    assert [finding.rule for finding in done.findings if finding.rule == "undefined-name"]
    assert done.files["extra.py"] == text


def test_a_module_does_not_import_itself() -> None:
    circle = GOOD | {"training.py": f"from training import train\n{TRAINING}"}
    assert [f.line for f in look(circle) if f.rule == "circular-import"] == [1]
    assert mend(circle, look, ORDER).files["training.py"].strip() == TRAINING.strip()


def test_a_circle_of_imports_is_an_error_unless_it_is_closed_late() -> None:
    building = GOOD | {"training.py": f"from data import load_data\n{TRAINING}\n\nload_data(1)\n"}
    late = building | {
        "data.py": f"{DATA}\n\ndef late():\n    from training import train\n    return train\n"
    }
    early = building | {"data.py": f"from training import train\n{DATA}\n\ndef late():\n    return train\n"}
    assert not [f for f in look(late) if f.rule == "circular-import"]
    assert {f.file for f in look(early) if f.rule == "circular-import"} == {"data.py", "training.py"}


def test_a_name_of_a_library_is_spelled_as_it_is_there() -> None:
    model = (
        "from torch import nn\nfrom torch.optim import ADAM\n\n\nclass Net:\n    def __init__(self, width):\n"
        "        self.one = nn.MultiHeadAttention(width, 1), nn.MultiHeadAttention(\n            width, 2)\n"
        "        self.two = ADAM\n        self.width = nn.relu(width)\n"
    )
    text = mended(model=model).files["model.py"]
    assert text.count("nn.MultiheadAttention(") == 2
    assert "MultiHead" not in text
    assert "from torch.optim import Adam as ADAM" in text
    assert "nn.ReLU(width)" in text


def test_an_attribute_that_the_constructor_takes_is_kept() -> None:
    model = (
        "class Net:\n    def __init__(self, width):\n        super().__init__()\n        self.depth = 1\n\n"
        "    def step(self):\n        return self.width + self.depth\n"
    )
    text = mended(model=model).files["model.py"]
    assert "super().__init__()\n        self.width = width\n        self.depth = 1\n" in text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("def train(model, loader):\n    return model(loader)\n", "    return net(data)\n"),
        (
            "def train(net, loader):\n    return [net(x) for x in loader]\n",
            "    return [net(x) for x in data]\n",
        ),
        (
            "def train(net, loader):\n    loader = list(loader)\n    return loader\n",
            "    data = list(data)\n",
        ),
    ],
)
def test_parameters_get_the_names_of_the_plan(written: str, kept: str) -> None:
    training = mended(training=written).files["training.py"]
    assert training.startswith("def train(net, data):\n")
    assert kept in training


@pytest.mark.parametrize(
    "written",
    [
        'def train(net, loader):\n    return f"{net}: {loader}"\n',
        "def train(net, loader):\n    data = 1\n    return net, loader, data\n",
        "def train(net, loader):\n    return loader, lambda loader: net\n",
        "def train(data, net):\n    return data, net\n",
        "def train(net, loader, device):\n    return net, loader, device\n",
        "def train(net, *loader):\n    return net, loader\n",
    ],
)
def test_parameters_whose_names_mean_more_stay(written: str) -> None:
    assert mended(training=written).files["training.py"] == written


def test_a_part_of_a_package_that_is_imported_from_anyway_is_imported_from_it() -> None:
    code = "from sklearn.model_selection import KFold\n\n\ndef folds():\n    return KFold(), datasets.load_digits()\n"
    done = mended(folds=code)
    assert "from sklearn import datasets\n" in done.files["folds.py"]
    alone = mended(folds="def folds():\n    return datasets.load_digits()\n")
    assert "sklearn" not in alone.files["folds.py"]


def test_a_definition_of_the_file_that_is_spelled_otherwise_is_meant() -> None:
    code = "def load_test_set(count):\n    return count\n\n\ndef both(count):\n    return load_testset(count), load_TestSet(1)\n"
    done = mended(sets=code)
    assert "return load_test_set(count), load_test_set(1)\n" in done.files["sets.py"]


def test_a_method_called_on_a_class_is_called_on_an_object_that_is_made_of_nothing() -> None:
    code = (
        "class Rows:\n    def __init__(self, count=3):\n        self.count = count\n\n"
        "    def take(self, seed):\n        return seed, self.count\n\n\n"
        "class Others(Rows):\n    def __init__(self, count):\n        self.count = count\n\n\n"
    )
    done = mended(rows=f"{code}def all_rows():\n    return Rows.take(1), Rows.take(2)\n")
    assert "return Rows().take(1), Rows().take(2)\n" in done.files["rows.py"]
    kept = mended(rows=f"{code}def all_rows():\n    return Others.take(1)\n")
    assert "return Others.take(1)\n" in kept.files["rows.py"]


@pytest.mark.parametrize(
    ("use", "mended"),
    [
        ("scipy.train_test_split(x)", "train_test_split(x)"),
        ("torch.pad_sequence(x)", "pad_sequence(x)"),
        ("torch.upscale(x)", "torch.upscale(x)"),
    ],
)
def test_a_name_of_another_library_is_taken_from_there(use: str, mended: str) -> None:
    code = f'"""Splits."""\n\nimport {use.partition(".")[0]}\n\n\ndef split(x):\n    """Splits."""\n    return {use}\n'
    done = mend({"data.py": code}, check_repository)
    assert f"return {mended}\n" in done.files["data.py"]


@pytest.mark.parametrize(
    ("test", "first"),
    [
        ("loss < best", 'float("inf")'),
        ("best > loss", 'float("inf")'),
        ("loss >= best", 'float("-inf")'),
        ("best < loss", 'float("-inf")'),
    ],
)
def test_a_best_value_that_is_read_first_begins_with_the_worst(test: str, first: str) -> None:
    head = '"""Trains."""\n\n\ndef train(losses):\n    """Trains."""\n'
    rest = f"    for loss in losses:\n        if {test}:\n            best = loss\n    return losses\n"
    done = mend({"training.py": head + rest}, check_repository)
    assert done.files["training.py"] == f"{head}    best = {first}\n{rest}"


def test_another_value_that_is_read_first_stays_a_finding() -> None:
    code = "def train(losses):\n    for loss in losses:\n        if loss < best:\n            other = loss\n    return other\n"
    assert mend({"training.py": code}, check_repository).files["training.py"] == code
