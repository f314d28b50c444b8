"""Data sets and models are looked up in what the lab has; nothing is guessed."""

from pathlib import Path

import pytest

from offline_coder.core.errors import BadInput
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.read import read_paper
from offline_coder.stages.planning.registry import EMPTY, Entry, Registry, read_registry
from offline_coder.stages.planning.resources import find_resources, path_entries
from tests.conftest import ROOT

PAPER = """# A Paper

## 1 Related Work

Others use the ImageNet dataset.

## 2 Experiments

We train on the WMT-2014 English-German dataset and on the CIFAR-10 dataset.
The model is initialized from GPT-2, and the large dataset is split in two.
"""
LAB = Registry(
    datasets={
        "wmt14": Entry(path="/data/wmt14", aliases=("WMT 2014",)),
        "wmt": Entry(path="/no", aliases=("WMT",)),
    },
    models={"gpt2": Entry(path="/models/gpt2", aliases=("GPT-2",))},
)


def test_names_are_resolved_and_unknown_ones_are_kept_without_a_path() -> None:
    found = find_resources(read_markdown(PAPER), LAB)
    assert [(one.kind, one.name, one.local, one.path) for one in found] == [
        ("dataset", "wmt14", "wmt14", "/data/wmt14"),
        ("dataset", "CIFAR-10", None, None),
        ("model", "gpt2", "gpt2", "/models/gpt2"),
    ]
    assert all(one.quote in PAPER for one in found)


@pytest.mark.parametrize(
    ("sentence", "library"),
    [
        ("We use the digits data set that ships with scikit-learn.", "load_digits"),
        ("The breast cancer dataset of sklearn is small.", "load_breast_cancer"),
        ("Four 2D datasets: circle, dino, line, and moons.", "make_moons"),
        ("We use the MNIST dataset of handwritten digits.", ""),
        ("The digits are drawn with scikit-learn.", ""),
        ("The dataset has moonshots.", ""),
    ],
)
def test_data_that_a_library_has_needs_no_file(sentence: str, library: str) -> None:
    paper = read_markdown(f"# A Paper\n\n## 1 Experiments\n\n{sentence}\n")
    found = [one for one in find_resources(paper, EMPTY) if one.library]
    assert [(one.library, one.quote) for one in found] == (
        [(f"sklearn.datasets.{library}", sentence)] if library else []
    )


def test_the_heads_of_tables_name_nothing() -> None:
    table = "| Model | Pre-trained Neg. |\n| --- | --- |\n| A | 1.5 |\n"
    assert find_resources(read_markdown(f"# A Paper\n\n## 1 Experiments\n\n{table}"), EMPTY) == ()


def test_data_of_the_lab_goes_before_that_of_a_library() -> None:
    lab = Registry(datasets={"digits": Entry(path="/data/digits", aliases=())}, models={})
    paper = read_markdown("# A Paper\n\n## 1 Data\n\nThe digits data set of scikit-learn is used.\n")
    assert [(one.local, one.library) for one in find_resources(paper, lab)] == [("digits", None)]


def test_paths_are_settings_that_say_where_they_come_from() -> None:
    entries = path_entries(find_resources(read_markdown(PAPER), LAB))
    assert [(entry.key, entry.value) for entry in entries] == [
        ("data.wmt14_path", "/data/wmt14"),
        ("model.gpt2_path", "/models/gpt2"),
    ]
    assert all(entry.source == "assumption" and ".toml" in entry.reason for entry in entries)


def test_without_a_registry_everything_is_unknown() -> None:
    found = find_resources(read_markdown(PAPER), EMPTY)
    assert [one.name for one in found] == ["WMT-2014 English-German", "CIFAR-10", "GPT-2"]
    assert all(one.path is None for one in found)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the WMT2014 task", "wmt14"),
        ("wmt_2014", "wmt14"),
        ("WMT\n2014", "wmt14"),
        ("WMT 2016", "wmt"),
        ("XWMT 2014x", None),
        ("", None),
    ],
)
def test_an_alias_is_found_as_whole_words_however_it_is_separated(text: str, name: str | None) -> None:
    assert LAB.find("dataset", text) == name


def test_the_example_is_read_and_fits_real_papers(shared_papers: Path) -> None:
    registry = read_registry(ROOT / "examples" / "registry")
    local = {
        name: {one.local for one in find_resources(read_paper(shared_papers / name), registry)}
        for name in ("transformer/paper.s2orc.json", "multi_style_adapter/paper.tex")
    }
    assert "wmt14" in local["transformer/paper.s2orc.json"]
    assert {"shakespeare_char", "enwik8"} <= local["multi_style_adapter/paper.tex"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a]\nplace = 1", "a.path"),
        ("[a", "datasets.toml"),
        ("a = 3", "a"),
        ('[a]\npath = "/x"\naliases = "b"', "a.aliases"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "datasets.toml").write_text(text)
    with pytest.raises(BadInput, match=r"datasets\.toml") as error:
        read_registry(tmp_path)
    assert says in str(error.value)


def test_a_folder_without_a_registry_is_refused_but_the_user_need_not_have_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match=r"no datasets\.toml"):
        read_registry(tmp_path)
    monkeypatch.setenv("OFFLINE_CODER_HOME", str(tmp_path))
    assert read_registry() == EMPTY
    (tmp_path / "models.toml").write_text('[m]\npath = "/m"\n')
    assert list(read_registry().models) == ["m"]
