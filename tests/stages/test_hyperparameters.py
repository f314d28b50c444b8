"""Check lists of what papers state, written by hand: config.yaml can hold it, mostly without a model."""

from pathlib import Path

import pytest
from plan_tables import Setting, check_lists

from offline_coder.papers.read import read_paper
from offline_coder.stages.planning.candidates import candidates
from offline_coder.stages.planning.naming import entries_of
from tests.conftest import ROOT

LISTS = {known.paper: known for known in check_lists()}
FOUND, SETTLED = 0.95, 0.8
"""Shares of a check list: its values among the candidates, and right in config.yaml without a model."""


@pytest.mark.parametrize("name", LISTS)
def test_what_a_paper_states_is_found(name: str, request: pytest.FixtureRequest) -> None:
    path = ROOT / name if name.startswith("examples/") else folder(request) / name
    known = LISTS[name]
    found = candidates(read_paper(path), 32)
    values = sum(any(one.same(other.value) for other in found) for one in known.settings)
    assert values >= FOUND * len(known.settings)
    settled = entries_of(found, [one.names[0] if one.settled else "" for one in found])
    missing = [one.idea for one in known.missing(settled)]
    assert len(missing) <= (1 - SETTLED) * len(known.settings), missing
    assert all(entry.source == "paper" for entry in settled)


def folder(request: pytest.FixtureRequest) -> Path:
    """Where real papers lie; skips where they do not."""
    papers: Path = request.getfixturevalue("shared_papers")
    return papers


def test_a_check_list_counts_the_right_value_under_a_name_that_fits() -> None:
    setting = Setting(idea="x", names=["layers", "depth"], value=6, section="s1")
    assert setting.answered_by("model.layers", 6)
    assert not setting.answered_by("model.layers", 5)
    assert not setting.answered_by("model.heads", 6)
    words = Setting(idea="x", names=["schedule"], value="cosine annealing", section="s1")
    assert words.answered_by("training.schedule", "Cosine-Annealing")
