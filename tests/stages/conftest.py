"""A small paper with settings in sentences, in a table and in mathematics."""

import pytest

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.plan import Architecture, BuildOrder, Module, Plan
from offline_coder.papers.paper import Block, Paper, Section
from offline_coder.sandbox.choose import find_sandbox
from offline_coder.sandbox.protocol import Sandbox

SENTENCES = (
    "The network has 3 layers of width 128 and uses ReLU.",
    "We train with Adam, a learning rate of $3 \\times 10^{-4}$ and a batch size of 4,096 for 20 epochs.",
)
TABLE = (
    "| Hyperparameter | Value |\n|---|---|\n| Dropout | 0.1 |\n| Weight decay | 1e-2 |\n"
    "| Noise levels | 0.2, 0.4 |"
)


def plan_of_two(modules: tuple[Module, ...]) -> Plan:
    """A plan of model.py and of main.py, which builds on it."""
    return Plan(
        overview="x",
        architecture=Architecture(approach="", modules=modules),
        build_order=BuildOrder(
            order=("model.py", "main.py"), depends_on={"model.py": (), "main.py": ("model.py",)}
        ),
        config=(),
    )


def sandbox_or_skip() -> Sandbox:
    """The sandbox of this machine; without one the test is skipped."""
    try:
        return find_sandbox()
    except MissingPrerequisite as error:
        pytest.skip(str(error))


@pytest.fixture
def paper() -> Paper:
    """Two sections; the values 3, 128, 3e-4, 4096, 20, 0.1, 1e-2 and the list of 0.2 and 0.4 are settings,
    97.2 is a result."""
    return Paper(
        title="A Small Paper",
        abstract="We reach an accuracy of 97.2.",
        sections=(
            Section(
                id="s1",
                number="1",
                title="Method",
                level=1,
                blocks=(Block(kind="paragraph", text=SENTENCES[0]),),
            ),
            Section(
                id="s2",
                number="2",
                title="Training",
                level=1,
                blocks=(Block(kind="paragraph", text=SENTENCES[1]), Block(kind="table", text=TABLE)),
            ),
        ),
        source_format="markdown",
    )
