"""Values are found in the paper, and never anywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.checks.provenance import holds
from offline_coder.core.plan import ConfigEntry
from offline_coder.papers.paper import Block, Paper, Section
from offline_coder.stages.planning.assumed import assumed
from offline_coder.stages.planning.candidates import candidates
from offline_coder.stages.planning.config import config_tree, config_yaml
from offline_coder.stages.planning.naming import entries_of


def saying(text: str, kind: str = "paragraph", title: str = "Method") -> Paper:
    """A paper of one section with one block."""
    block = Block.model_validate({"kind": kind, "text": text})
    section = Section(id="s1", number="1", title=title, level=1, blocks=(block,))
    return Paper(title="A Small Net", sections=(section,), source_format="markdown")


def named(text: str, kind: str = "paragraph") -> dict[str, object]:
    """Key -> value of what is settled in `text` without a model."""
    found = candidates(saying(text, kind, "Training Setup"), 32)
    entries = entries_of(found, [one.names[0] if one.settled else "" for one in found])
    return {entry.key: entry.value for entry in entries}


def test_settings_of_sentences_and_tables_are_found(paper: Paper) -> None:
    found = {repr(candidate.value) for candidate in candidates(paper, 32)}
    assert {"3", "128", "'ReLU'", "'Adam'", "0.0003", "4096", "20", "0.1", "0.01"} <= found


def test_a_setting_is_offered_the_names_that_stand_near_it(paper: Paper) -> None:
    names = {repr(candidate.value): candidate.names[0] for candidate in candidates(paper, 32)}
    assert names["0.0003"] == "training.learning_rate"
    assert names["4096"] == "training.batch_size"
    assert names["20"] == "training.epochs"
    assert names["3"] == "model.layers"
    assert names["128"] == "model.hidden_size"
    assert names["0.1"] == "model.dropout"
    assert names["'Adam'"] == "training.optimizer"


def test_a_setting_that_counts_is_never_a_fraction_nor_a_share_more_than_one() -> None:
    texts = "With hidden layers we use 92.3 of them, dropout of 4 and label smoothing = 0.1."
    found = {candidate.value: candidate.names for candidate in candidates(saying(texts), 32)}
    assert 92.3 not in found or not {"model.layers", "model.hidden_size"} & set(found[92.3])
    assert "model.dropout" not in found.get(4, ())
    assert "training.label_smoothing" in found[0.1]


def test_results_citations_and_references_are_not(paper: Paper) -> None:
    texts = "Layers follow Section 3.2 and Table 4 [17]. We reach 97.2 of accuracy."
    assert candidates(saying(texts), 32) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Given $N$ experts indexed by $i = 1$ to $N$ and a batch with $T$ tokens, the loss is a product.",
        "This $k = 1$ routing strategy is later referred to as a layer.",
        "Weights are drawn as elements of a normal distribution with mean $\\mu = 0$ and a deviation.",
        "All cores are allocated to the dimension or $n = N, m = 1$.",
        "Prior experiments were at the scale of 10B+ parameter models, with experts.",
        "The two models have 395 billion parameters and as few as 2 experts.",
        "Of each of the $N$ experts we desire values of $1/N$.",
        "(footnote 4: we use the logarithm so the units are nats.)",
        "We swept the learning rate in powers of 10.",
        "Routing to $k > 1$ experts gives gradients.",
    ],
)
def test_what_a_symbol_an_index_or_a_model_size_holds_is_no_setting(text: str) -> None:
    found = candidates(saying(text, title="Training Setup"), 32)
    assert not found, [(one.value, one.names) for one in found]


def test_the_tokens_of_a_batch_are_not_those_of_the_training() -> None:
    text = (
        "We train with $2^{20}$ (1,048,576) tokens per batch for 550k steps amounting to 576B total tokens."
    )
    found = {one.value: one.names for one in candidates(saying(text, title="Training Setup"), 32)}
    assert found == {
        1_048_576: ("training.batch_tokens",),
        550_000: ("training.steps",),
        576_000_000_000: ("data.tokens",),
    }


def test_a_settled_value_stands_before_one_that_a_model_named() -> None:
    text = "Each batch has rows, and the rate is 7. We use a batch size of 64."
    found = candidates(saying(text, title="Training Setup"), 32)
    assert [(one.value, one.settled) for one in found] == [(7, False), (64, True)]
    named_by_a_model = ["training.batch_size" for _ in found]
    (entry, *_) = entries_of(found, named_by_a_model)
    assert (entry.key, entry.value) == ("training.batch_size", 64)


@pytest.mark.parametrize(
    ("passage", "value"),
    [
        ("we used warmup_steps = 4000.", 4000),
        ("about 4{,}000 steps", 4000),
        ("a batch of 4,096 tokens", 4096),
        ("$\\epsilon = 10^{-9}$", 1e-9),
        ("and ϵ = 10 -9 .", 1e-9),
        ("rate 3 \\times 10^{-4}", 3e-4),
        ("learning rate 1e-4", 1e-4),
        ("dropout of 10\\%", 0.1),
        ("the Adam optimizer", "adam"),
        ("cosine-annealing", "cosine annealing"),
    ],
)
def test_a_value_is_recognised_however_it_is_written(passage: str, value: float | str) -> None:
    assert holds(passage, value)


@pytest.mark.parametrize(
    ("passage", "value"),
    [("we used 40000 steps", 4000), ("version 1.40.2", 40), ("Adamax", "adam"), ("", 0), ("true", True)],
)
def test_a_value_that_is_not_there_is_not_found(passage: str, value: float | str) -> None:
    assert not holds(passage, value)


@given(st.text(alphabet="0123456789.,-eE ^{}\\timeslayrs=βatch learning rate10−×%[]|\n", max_size=300))
def test_every_candidate_stands_verbatim_in_its_section(text: str) -> None:
    for candidate in candidates(saying(text), 32):
        assert candidate.quote in text
        assert holds(candidate.quote, candidate.value)


def test_config_yaml_loads_as_the_tree_and_names_its_sources(paper: Paper) -> None:
    import yaml

    found = candidates(paper, 32)
    names = [f"training.setting_{index}" if index % 3 else "model.same_name" for index in range(len(found))]
    config = entries_of(found, names)
    assert len({entry.key for entry in config}) == len(config)
    text = config_yaml(config)
    assert yaml.safe_load(text) == config_tree(config)
    assert all("# s" in line for line in text.splitlines() if line.startswith("  "))
    assert yaml.safe_load(config_yaml(())) == {}


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("A network with two layers of 256 units each.", {"model.layers": 2, "model.hidden_size": 256}),
        ("We use warmup for the first 50 steps.", {"training.warmup_steps": 50}),
        (
            "The batch size is 64 for shakespeare and 32 for enwik8.",
            {"training.batch_size": 64, "training.batch_size_enwik8": 32},
        ),
        ("- Embedding layers: $\\eta_e = 8 \\times 10^{-4}$", {"training.learning_rate": 8e-4}),
        ("We set a fixed random seed (1337).", {"training.seed": 1337}),
        ("We repeat it with three random seeds.", {"training.number_of_seeds": 3}),
        ("We set the number of predefined styles $K$ to 4.", {"model.predefined_styles": 4}),
        ("Dropout is set to 10% everywhere.", {"model.dropout": 0.1}),
        ("Each batch holds about 16K tokens.", {"training.batch_tokens": 16_000}),
        ("We use noise levels of 0.2, 0.4 and 0.8.", {"training.noise_std": [0.2, 0.4, 0.8]}),
        ("$d_k = d_v = d_{model} / h = 64$", {}),
        ("It took 12 hours on 8 GPUs to train for 3 epochs.", {"training.epochs": 3}),
        ("We use a cosine learning rate schedule.", {"training.schedule": "cosine"}),
        ("See Algorithm 3 for the layers of run 7 and CIFAR-10, 2D layers $h_{l-1}$.", {}),
        ("We use dropout of 0.1 instead of 0.3.", {"model.dropout": 0.1}),
    ],
)
def test_what_leaves_no_doubt_has_a_name_without_a_model(text: str, settings: dict[str, object]) -> None:
    assert named(text) == settings


def test_an_equation_belongs_to_its_first_left_hand_side() -> None:
    assert named("d_k = d_v = d_{model} / h = 64.", "equation") == {"model.key_size": 64}


SETTINGS_TABLE = """| Hyperparameter | Symbol | Value |
|---|---|---|
| Adam first decay rate | $\\beta_1$ | 0.9 |
| Noise level of Ours | $\\sigma$ | 0.8 |
| Noise level of Base | $\\sigma$ | 0.4 |
| Seed of the split | - | 0 |
| Divisor of the pixel values | - | 16.0 |
| Test noise levels | - | 0.0, 0.2 |"""
COLUMNS_TABLE = (
    "| Model | $d_{model}$ | Layers |\n|---|---|---|\n| Rival | 512 | 6 |\n| Small-base | 256 | 4 |"
)
RESULTS_TABLE = (
    "| Method | Accuracy |\n|---|---|\n| Fixed learning rate | 91.2 |\n| Ours | 93 |\n| Other | 1 |"
)


def test_a_table_of_settings_is_read_row_by_row() -> None:
    assert named(SETTINGS_TABLE, "table") == {
        "data.divisor_pixel": 16.0,
        "training.beta1": 0.9,
        "training.noise_std": 0.8,
        "training.noise_std_base": 0.4,
        "training.noise_std_test": [0.0, 0.2],
        "training.seed": 0,
    }


def test_of_a_table_with_settings_as_columns_the_papers_own_row_counts() -> None:
    assert named(COLUMNS_TABLE, "table") == {"model.hidden_size": 256, "model.layers": 4}
    assert named(RESULTS_TABLE, "table") == {}


def test_what_every_training_needs_is_assumed_where_the_paper_says_nothing() -> None:
    said = ConfigEntry(key="training.steps", value=10, source="paper", section="s1", quote="10 steps")
    assert [(entry.key, entry.source) for entry in assumed((said,))] == [
        ("training.seed", "assumption"),
        ("training.learning_rate", "assumption"),
        ("training.batch_size", "assumption"),
    ]
    assert all(entry.reason for entry in assumed(()))
