"""Requirements are passages of the paper: chosen by a model, never written by it."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passage_labels import Labels, labels

from offline_coder.checks.provenance import stands_in
from offline_coder.core.plan import Architecture, ConfigEntry, Module
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.paper import Block, Paper, Section
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render
from offline_coder.stages.planning.architecture import with_owners
from offline_coder.stages.planning.config import texts_of
from offline_coder.stages.planning.passages import Passage, passages
from offline_coder.stages.planning.requirements import find_requirements, owner_of, settle
from tests.conftest import ROOT

BODY = """# A Paper

## 1 Introduction

Language models have recently become large. We use 3 layers in the introduction.

## 2 Related Work

We train with a batch size of 7, said Smith et al.

## 3 Method

The encoder maps each input to a hidden vector with a fully connected layer of our network.
We compare the output of the network with its baseline many times.
{more}

$$
y = W x + b
$$

## 4 Experiments

We train with Adam and a batch size of 64.

| Hyperparameter | Value |
|---|---|
| Dropout | 0.1 |
| Notes | none |

| Method | Accuracy |
|---|---|
| Baseline | 91.2 |
| Ours | 93.4 |
"""


def paper(more: str = "") -> Paper:
    """A paper with one passage of each kind of certainty."""
    return read_markdown(BODY.format(more=more))


def found(answer: str, text: Paper, settings: StageSettings) -> tuple[list[Passage], int, list[Request]]:
    """The passages kept when the model answers `answer` wherever it is allowed, else nothing."""
    asked: list[Request] = []

    def reply(request: Request) -> str:
        asked.append(request)
        schema = json.loads(request.form()["constraint"]["json_schema"])["properties"]
        return json.dumps(
            {name: answer if answer in kinds["enum"] else "nothing" for name, kinds in schema.items()}
        )

    kept = asyncio.run(find_requirements(ScriptedEngine(reply), text, settings))
    return list(kept.passages), kept.unasked, asked


def test_what_leaves_no_doubt_is_not_asked() -> None:
    kept, _, asked = found("nothing", paper(), StageSettings())
    kinds = {passage.statement: passage.kinds[0] for passage in kept}
    assert kinds["We train with Adam and a batch size of 64."] == "hyperparameter"
    assert kinds["Dropout: 0.1"] == "hyperparameter"
    assert kinds["Ours: 93.4"] == "evaluation"
    assert kinds["y = W x + b"] == "model"
    assert "Notes: none" not in kinds
    assert not any("Smith" in statement or "recently" in statement for statement in kinds)
    assert "batch size of 64" not in asked[0].messages[-1].content.partition("# Task")[2]


def test_the_model_chooses_the_kind_of_what_is_in_doubt() -> None:
    for answer in ("evaluation", "model"):
        kept, _, _ = found(answer, paper(), StageSettings())
        kinds = {passage.statement: passage.kinds[0] for passage in kept}
        assert kinds["We compare the output of the network with its baseline many times."] == answer


def test_requests_are_independent_and_the_budget_is_kept() -> None:
    more = " ".join(f"We compare the network layer {word} with the baseline {word}." for word in "abcdefghi")
    kept, unasked, asked = found("model", paper(more), StageSettings(requirement_requests=6))
    assert len(asked) == 6
    assert unasked > 0
    assert not any("# Paper" in request.messages[1].content for request in asked), "read once, elsewhere"
    doubtful = [passage for passage in passages(paper(more)) if not passage.sure]
    assert len(doubtful) == 6 + unasked
    assert len(kept) <= 6 + len(passages(paper(more))) - len(doubtful)


def passage(quote: str, section: str = "s1") -> Passage:
    return Passage(section, quote, quote, ("training",), True, 0)


def test_duplicates_are_merged_and_numbers_keep_apart() -> None:
    said = "We train the small network with the Adam optimizer for 20 epochs"
    again = "We train the small network with the Adam optimizer for 20 epochs here"
    other = "We train the small network with the Adam optimizer for 30 epochs"
    config = (
        ConfigEntry(key="training.epochs", value=20, source="paper", section="s2", quote=again),
        ConfigEntry(key="training.steps", value=7, source="paper", section="s3", quote="7 steps"),
        ConfigEntry(key="training.seed", value=1, source="assumption", reason="none given"),
    )
    requirements, cited = settle([passage(said), passage(again, "s2"), passage(other)], config)
    assert [requirement.quote for requirement in requirements] == [said, other, "7 steps"]
    assert [entry.requirement for entry in cited] == ["r1", "r3", None]
    assert requirements[2].kind == "hyperparameter"


def test_a_component_keeps_what_it_claims_and_the_rest_has_an_owner_by_kind() -> None:
    requirements, _ = settle(
        [passage(f"Something to train with {name}") for name in ("ab", "cdefg", "hijkl")], ()
    )
    assert len(requirements) == 3
    modules = tuple(
        Module(path=path, purpose="x", requirements=claimed)
        for path, claimed in (
            ("data.py", ()),
            ("losses.py", ("r2",)),
            ("more.py", ("r2", "r2")),
            ("training.py", ()),
        )
    )
    architecture = with_owners(Architecture(approach="x", modules=modules), requirements)
    assert [module.requirements for module in architecture.modules] == [(), ("r2",), (), ("r1", "r3")]


def test_a_setting_belongs_to_the_module_that_it_configures() -> None:
    owners = []
    for quote in ("The encoder has layers = 6.", "We use a batch size of 64.", "A beam size of 4 is used."):
        (requirement,), _ = settle([Passage("s1", quote, quote, ("hyperparameter",), True, 0)], ())
        owners.append(owner_of(requirement))
    assert owners == ["model.py", "training.py", "evaluation.py"]


@given(
    st.text(alphabet="We train layers|loss =0.1 batch\n$\\{}.data,set-", max_size=400),
    st.sampled_from(["paragraph", "table", "equation", "algorithm", "list"]),
)
def test_every_passage_stands_verbatim_in_its_section(text: str, kind: str) -> None:
    block = Block.model_validate({"kind": kind, "text": text})
    whole = Paper(
        title="x",
        sections=(Section(id="s1", number="1", title="Method", level=1, blocks=(block,)),),
        source_format="markdown",
    )
    for one in passages(whole):
        assert one.quote in text
        assert one.kinds


def test_quotes_of_real_papers_are_found_again_in_paper_md(shared_papers: Path) -> None:
    """`check` reads paper.md, not the file that the plan was made from."""
    for name in (
        "transformer/paper.s2orc.json",
        "layerwise_lr_grokking/paper.tex",
        "switch_transformers/paper.md",
    ):
        original = read_paper(shared_papers / name)
        again = texts_of(read_markdown(render(original)))
        everything = passages(original)
        assert len(everything) > 40
        assert all(stands_in(again[one.section], one.quote) for one in everything)


@pytest.mark.parametrize("settings", [StageSettings(), StageSettings(requirement_requests=0)])
def test_a_paper_without_anything_to_do_has_no_requirements(settings: StageSettings) -> None:
    kept, _, asked = found("model", read_markdown("# A\n\n## 1 Thoughts\n\nIt rains.\n"), settings)
    assert kept == []
    assert asked == []


@pytest.mark.parametrize("known", labels(), ids=lambda known: known.paper)
def test_what_a_paper_asks_for_is_not_lost_before_the_model_is_asked(
    known: Labels, request: pytest.FixtureRequest
) -> None:
    example = known.paper.startswith("examples/")
    path = (ROOT if example else request.getfixturevalue("shared_papers")) / known.paper
    found = passages(read_paper(path))
    for label in known.passages:
        offered = {kind for one in found if one.statement.startswith(label.begins) for kind in one.kinds}
        assert offered & set(label.kinds) or not label.kinds, label
