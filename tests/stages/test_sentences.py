"""Sentences that were cut."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.stages.planning.architecture import MOST_OF_APPROACH
from offline_coder.stages.planning.sentences import whole_sentence
from tests.conftest import ROOT

BEGINNING = "The method of this paper is made of two parallel branches: a global one for the original input"


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        (f"{BEGINNING} and a local one for an upscaled,", f"{BEGINNING}."),
        (f"{BEGINNING}, and a head. We", f"{BEGINNING}, and a head."),
        (f"{BEGINNING} for the 3,", f"{BEGINNING}."),
        (f"{BEGINNING} using a", f"{BEGINNING}."),
        ("The method of this paper is one network, and", "The method of this paper is one network."),
        (f"{BEGINNING}.", f"{BEGINNING}."),
        ("A  network\nof two layers", "A network of two layers."),
        ("It is made of parts: the setting (s s. s. s. s. s.", "It is made of parts: the setting."),
        ("It is is a network (of two layers)", "It is is a network (of two layers)."),
    ],
)
def test_a_sentence_ends_where_what_was_said_is_whole(cut: str, whole: str) -> None:
    assert whole_sentence(cut, len(cut)) == whole


@given(st.text(alphabet="ab ,.;:and", max_size=200))
def test_whatever_is_cut_has_an_end_and_stays_so(text: str) -> None:
    done = whole_sentence(text, 100)
    assert done.endswith((".", "!", "?"))
    assert whole_sentence(done, 100) == done


def test_a_sentence_that_was_not_cut_only_gets_its_full_stop() -> None:
    said = f"{BEGINNING} and a local one, then a head for the 3"
    assert whole_sentence(said, len(said) + 1) == f"{said}."
    grammar = json.loads((ROOT / "grammars" / "architecture.schema.json").read_text("utf-8"))
    assert re.fullmatch(grammar["properties"]["approach"]["pattern"], f"The method of this paper {120 * 'a'}")
    assert len(f"The method of this paper {120 * 'a'}") == MOST_OF_APPROACH
