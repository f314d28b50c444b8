"""Values are found in the paper, and never anywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.checks.provenance import holds
from offline_coder.papers.paper import Paper
from offline_coder.stages.planning.candidates import candidates
from offline_coder.stages.planning.config import config_tree, config_yaml, entries_of, texts_of


def test_settings_of_sentences_and_tables_are_found(paper: Paper) -> None:
    found = {repr(candidate.value) for candidate in candidates(texts_of(paper), 32)}
    assert {"3", "128", "'ReLU'", "'Adam'", "0.0003", "4096", "20", "0.1", "0.01"} <= found


def test_a_setting_is_offered_the_names_that_stand_near_it(paper: Paper) -> None:
    names = {repr(candidate.value): candidate.names[0] for candidate in candidates(texts_of(paper), 32)}
    assert names["0.0003"] == "training.learning_rate"
    assert names["4096"] == "training.batch_size"
    assert names["20"] == "training.epochs"
    assert names["3"] == "model.layers"
    assert names["128"] == "model.hidden_size"
    assert names["0.1"] == "model.dropout"
    assert names["'Adam'"] == "training.optimizer"


def test_a_setting_that_counts_is_never_a_fraction_nor_a_share_more_than_one() -> None:
    texts = {"s1": "With hidden layers we use 92.3 of them, dropout of 4 and label smoothing = 0.1."}
    found = {candidate.value: candidate.names for candidate in candidates(texts, 32)}
    assert 92.3 not in found or not {"model.layers", "model.hidden_size"} & set(found[92.3])
    assert "model.dropout" not in found.get(4, ())
    assert "training.label_smoothing" in found[0.1]


def test_results_citations_and_references_are_not(paper: Paper) -> None:
    texts = {"s1": "Layers follow Section 3.2 and Table 4 [17]. We reach 97.2 of accuracy."}
    assert candidates(texts, 32) == ()


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
    for candidate in candidates({"s1": text}, 32):
        assert candidate.quote in text
        assert holds(candidate.quote, candidate.value)


def test_config_yaml_loads_as_the_tree_and_names_its_sources(paper: Paper) -> None:
    import yaml

    found = candidates(texts_of(paper), 32)
    names = [f"training.setting_{index}" if index % 3 else "model.same_name" for index in range(len(found))]
    config = entries_of(found, names)
    assert len({entry.key for entry in config}) == len(config)
    text = config_yaml(config)
    assert yaml.safe_load(text) == config_tree(config)
    assert all("# s" in line for line in text.splitlines() if line.startswith("  "))
    assert yaml.safe_load(config_yaml(())) == {}
