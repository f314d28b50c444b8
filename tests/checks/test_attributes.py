"""What methods read through self, and networks that have nothing to learn."""

import pytest

from offline_coder.checks.attributes import OF_A_MODULE, check_attributes

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import Module\n\n\n"


def rules(source: str, **others: str) -> list[tuple[str, int, str]]:
    files = {"model.py": source} | {f"{name}.py": text for name, text in others.items()}
    return [(found.rule, found.line, found.subject) for found in check_attributes(files)]


def network(constructor: str, forward: str, bases: str = "nn.Module") -> str:
    return (
        f"{HEAD}class Net({bases}):\n    def __init__(self, width):\n        super().__init__()\n"
        f"        {constructor}\n\n    def forward(self, x):\n        {forward}\n"
    )


@pytest.mark.parametrize("bases", ["nn.Module", "torch.nn.Module", "Module", "object"])
def test_what_forward_reads_and_the_constructor_does_not_make_is_a_finding_there(bases: str) -> None:
    use = "return self.head(self.layer(x)) + self.head(x)"
    source = network("self.layer = nn.Linear(width, 2)", use, bases)
    assert rules(source) == [("missing-attribute", 7, "Net.head")]
    (found,) = check_attributes({"model.py": source})
    assert "Net.forward reads self.head" in found.message
    assert "self.layer" in found.advice


def test_without_a_constructor_it_stands_where_it_is_read() -> None:
    assert rules("class Plain:\n    def step(self):\n        return self.rate\n") == [
        ("missing-attribute", 3, "Plain.rate")
    ]


@pytest.mark.parametrize(
    "use",
    [
        "return self.layer(x), self.training, self.width, self._hidden, self.__class__",
        "self.cache = x\n        return self.layer(self.cache)",
        "return self.scale",  # a buffer, by its name
        "return [head(x) for head in self.children()]",
        "return self.forward.__name__, self.parameters()",
    ],
)
def test_what_the_object_has_is_no_finding(use: str) -> None:
    made = "self.layer = nn.Linear(width, 2); self.width: int = width; self.register_buffer('scale', None)"
    assert rules(network(made, use)) == []


@pytest.mark.parametrize(
    "source",
    [
        "class A(Unknown):\n    def step(self):\n        return self.x\n",
        "class A(metaclass=Meta):\n    def step(self):\n        return self.x\n",
        "@decorated\nclass A:\n    def step(self):\n        return self.x\n",
        "class A:\n    def __getattr__(self, name):\n        return 1\n\n    def step(self):\n        return self.x\n",
        "class A:\n    def __init__(self, **all):\n        vars(self).update(all)\n\n    def step(self):\n"
        "        return self.x\n",
        "class A:\n    def step(self):\n        return getattr(self, 'x', 1) or self.x\n",
        "class A:\n    @classmethod\n    def make(cls):\n        return cls.x\n",
        "class A:\n    def step(self):\n        return self.x\n\n\nclass B(A):\n    x = 1\n",
        "class A:\n    def step(self):\n        return self.x\n\n\ndef late(a):\n    a.x = 1\n",
        "@dataclass(frozen=True)\nclass A:\n    x: int\n\n    def step(self):\n        return self.x\n",
        "class A(A):\n    def step(self):\n        return self.x\n",
    ],
)
def test_what_cannot_be_known_is_no_finding(source: str) -> None:
    assert rules(source) == []


def test_bases_are_followed_through_files() -> None:
    base = "class Base:\n    def __init__(self):\n        self.rate = 1\n\n    def scale(self):\n        return 2\n"
    child = "from base import Base\n\n\nclass Net(Base):\n    def step(self):\n        return self.rate, self.scale(), {}\n"
    assert rules(child.format("1"), base=base) == []
    assert rules(child.format("self.gone"), base=base) == [("missing-attribute", 6, "Net.gone")]


@pytest.mark.parametrize(
    ("constructor", "found"),
    [
        ("self.width = width", True),
        ("self.drop = nn.Dropout(0.1); self.loss = nn.CrossEntropyLoss()", True),
        ("self.parts = nn.Sequential(nn.ReLU(), Other())", True),
        (
            "self.width = width\n\n    def fit(self, net: nn.Module):\n        torch.optim.Adam(net.parameters())",
            True,
        ),
        ("self.layer = nn.Linear(width, width)", False),
        ("self.parts = nn.Sequential(nn.ReLU(), nn.Conv2d(1, 2, 3))", False),
        ("self.scale = nn.Parameter(torch.ones(1))", False),
        ("self.base = AutoModel.from_pretrained('x')", False),
    ],
)
def test_networks_that_all_have_nothing_to_learn(constructor: str, found: bool) -> None:
    other = "\n\nclass Other(Module):\n    def forward(self, x):\n        return x\n".replace(
        "Module", "nn.Module"
    )
    expected = [("no-parameters", 7, "Net")] if found else []
    assert rules(network(constructor, "return x") + other) == expected


def test_a_network_of_another_kind_may_be_the_one_that_learns() -> None:
    other = "\n\nclass Big(PreTrainedModel):\n    pass\n"
    assert rules(network("self.width = width", "return x") + other) == []
    given = network("self.layer = layer", "return x").replace("width)", "layer: nn.Linear)")
    assert rules(given) == []


def test_the_public_attributes_of_a_module_are_those_of_the_installed_torch() -> None:
    nn = pytest.importorskip("torch.nn")
    public = {name for name in dir(nn.Module()) if not name.startswith("_")}
    assert public <= OF_A_MODULE


def test_what_only_another_class_keeps_is_missing_here() -> None:
    source = network("self.layer = nn.Linear(width, 2)", "return self.layer(x) + self.classes")
    other = "class Data:\n    def __init__(self):\n        self.classes = 10\n"
    assert rules(source, data=other) == [("missing-attribute", 7, "Net.classes")]
    outside = "from model import Net\n\nnet = Net(3)\nnet.classes = 10\n"
    assert rules(source, data=other, main=outside) == []


def test_what_a_sibling_keeps_is_there_for_a_class_that_has_both() -> None:
    source = (
        "class Reads:\n    def step(self):\n        return self.rate\n\n\n"
        "class Keeps:\n    def __init__(self):\n        self.rate = 1\n\n\n"
    )
    assert rules(source) == [("missing-attribute", 3, "Reads.rate")]
    assert rules(f"{source}class Both(Keeps, Reads):\n    pass\n") == []
    assert rules(f"{source}class Both(Unknown, Reads):\n    pass\n") == []
