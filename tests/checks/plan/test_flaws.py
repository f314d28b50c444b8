"""A corpus of hand-broken plans: one good plan with one planted flaw each, refused with the right message."""

import json
from pathlib import Path

import pytest

from offline_coder.checks.plan import check_plan
from offline_coder.cli.main import main
from offline_coder.stages.planning.reading import read_plan
from tests.checks.plan.good_plan import GOOD, SECTIONS, Edit, adding, edited, good_files, setting

A, B, C, R = "architecture.json", "build_order.json", "config_sources.json", "requirements.json"
MODEL, TRAINING, MAIN = "modules/0", "modules/1", "modules/2"
FORWARD = f"{MODEL}/classes/0/methods/0"


def module(path: str) -> dict[str, object]:
    """A module as JSON."""
    return {"path": path, "purpose": "another"}


FLAWS: dict[str, tuple[str, Edit, str, str]] = {
    "climbs": (A, adding("modules", module("../x.py")), "unsafe-path", "modules[3].path"),
    "absolute": (A, adding("modules", module("/etc/x.py")), "unsafe-path", "modules[3].path"),
    "hidden": (A, adding("modules", module(".x.py")), "unsafe-path", "modules[3].path"),
    "device name": (A, adding("modules", module("aux.py")), "unsafe-path", "modules[3].path"),
    "setup.py": (A, adding("modules", module("setup.py")), "unsafe-path", "run this file by itself"),
    "conftest.py": (A, adding("modules", module("a/conftest.py")), "unsafe-path", "by itself"),
    "sitecustomize": (A, adding("modules", module("sitecustomize.py")), "unsafe-path", "by itself"),
    "no module": (A, adding("modules", module("my-net.py")), "not-importable", "'my-net.py'"),
    "no Python": (A, adding("modules", module("notes.txt")), "not-importable", "'notes.txt'"),
    "hides torch": (A, adding("modules", module("torch.py")), "hides-library", "'torch'"),
    "same but for case": (A, adding("modules", module("Model.py")), "path-collision", "'model.py'"),
    "module and folder": (A, adding("modules", module("model/net.py")), "path-collision", "'model.py'"),
    "planned twice": (A, adding("modules", module("model.py")), "path-collision", "twice"),
    "no entry point": (A, setting(f"{MAIN}/path", "start.py"), "entry-point", "no main.py"),
    "two entry points": (A, adding("modules", module("tools/main.py")), "entry-point", "more than one"),
    "no identifier": (A, setting(f"{MODEL}/classes/0/name", "My Net"), "not-a-name", "classes[0].name"),
    "keyword": (A, setting(f"{FORWARD}/name", "import"), "keyword", "methods[0].name"),
    "keyword parameter": (A, setting(f"{FORWARD}/parameters/0/name", "lambda"), "keyword", "parameters[0]"),
    "two classes": (A, adding(f"{MODEL}/classes", {"name": "Net"}), "duplicate-name", "'Net'"),
    "two methods": (
        A,
        adding(f"{MODEL}/classes/0/methods", {"name": "forward"}),
        "duplicate-name",
        "'forward'",
    ),
    "two parameters": (A, adding(f"{FORWARD}/parameters", {"name": "x"}), "duplicate-name", "'x'"),
    "type": (A, setting(f"{FORWARD}/parameters/0/type", "list[int"), "bad-type", "parameters[0].type"),
    "code as a type": (A, setting(f"{FORWARD}/returns", "x: int"), "bad-type", "methods[0].returns"),
    "default": (A, setting(f"{FORWARD}/parameters/1/default", "= 3"), "bad-default", "'= 3'"),
    "invented default": (
        A,
        setting(f"{FORWARD}/parameters/1/default", "0.3"),
        "untraced-default",
        "parameters[1].default",
    ),
    "default first": (A, adding(f"{FORWARD}/parameters", {"name": "y"}), "bad-signature", "def forward"),
    "self": (A, adding(f"{FORWARD}/parameters", {"name": "self"}), "bad-signature", "'self'"),
    "unknown base": (A, setting(f"{MODEL}/classes/0/bases", ["Nowhere"]), "unknown-base", "'Nowhere'"),
    "base is later": (A, setting(f"{MODEL}/classes/0/bases", ["Net"]), "base-cycle", "Net"),
    "base is itself": (A, setting(f"{MODEL}/classes/0/bases", ["Base"]), "base-cycle", "Base"),
    "call of nothing": (A, setting("calls/0/callee", "lost.py"), "unknown-module", "calls[0].callee"),
    "call of itself": (A, setting("calls/0/callee", "main.py"), "duplicate-call", "calls itself"),
    "unknown field": (A, setting("notes", "x"), "shape", "notes"),
    "unknown requirement": (
        A,
        setting(f"{MAIN}/requirements", ["r9"]),
        "unknown-requirement",
        "modules[2].requirements",
    ),
    "no owner": (A, setting(f"{TRAINING}/requirements", []), "no-owner", "r2"),
    "order lacks one": (B, setting("order", ["model.py", "main.py"]), "not-a-permutation", "is missing"),
    "order repeats": (B, adding("order", "model.py"), "not-a-permutation", "twice"),
    "order invents": (B, adding("order", "x.py"), "not-a-permutation", "no module"),
    "nothing said": (B, setting("depends_on", {"model.py": []}), "missing-dependencies", "'main.py'"),
    "dangling": (B, setting("depends_on/main.py", ["x.py"]), "unknown-module", "depends_on.main.py"),
    "cycle": (B, setting("depends_on/model.py", ["training.py"]), "cycle", "model.py -> training.py"),
    "on itself": (B, setting("depends_on/model.py", ["model.py"]), "cycle", "model.py -> model.py"),
    "not before": (
        B,
        setting("order", ["training.py", "model.py", "main.py"]),
        "not-before",
        "'model.py' is not placed before 'training.py'",
    ),
    "base not imported": (B, setting("depends_on/training.py", []), "missing-dependency", "derives from Net"),
    "call not imported": (B, setting("depends_on/main.py", []), "missing-dependency", "calls 'training.py'"),
    "version pin": (B, setting("packages/0/name", "torch==2.1"), "package-name", "packages[0].name"),
    "invented package": (B, setting("packages/0/name", "torch-magic-x"), "unknown-package", "torch-magic-x"),
    "section": (C, setting("0/section", "s9"), "unknown-section", "training.batch_size.section"),
    "quote": (C, setting("0/quote", "a batch size of 4096, as usual"), "quote-not-found", "batch_size"),
    "value not in the quote": (
        C,
        setting("0/quote", "for 20 epochs."),
        "value-not-in-quote",
        "training.batch_size.value",
    ),
    "no quote": (C, setting("0/quote", None), "not-traced", "training.batch_size"),
    "no reason": (C, setting("1/reason", " "), "no-reason", "training.seed"),
    "assumption with a quote": (C, setting("0/source", "assumption"), "assumption-with-quote", "batch_size"),
    "setting of no requirement": (C, setting("0/requirement", "r9"), "unknown-requirement", "'r9'"),
    "requirement's section": (R, setting("0/section", "s1.1"), "unknown-section", "[0].section"),
    "requirement's quote": (R, setting("0/quote", "The network is deep."), "quote-not-found", "[0].quote"),
    "same id": (R, setting("1/id", "r1"), "duplicate-id", "'r1'"),
    "bad id": (R, setting("1/id", "req-2"), "bad-id", "[1].id"),
    "kind": (R, setting("0/kind", "wish"), "shape", "[0].kind"),
    "says nothing": (R, setting("0/statement", " "), "empty-statement", "[0].statement"),
}


@pytest.mark.parametrize("name", FLAWS)
def test_a_planted_flaw_is_refused_by_file_and_key(name: str) -> None:
    file, edit, rule, says = FLAWS[name]
    read = read_plan(edited(file, edit), SECTIONS)
    assert [finding for finding in read.errors if finding.rule == rule and says in finding.message], (
        f"wanted {rule}: {says}; got {[(f.rule, f.message) for f in read.findings]}"
    )


def test_data_of_a_library_that_has_none_such_is_refused() -> None:
    found = {
        "kind": "dataset",
        "name": "x",
        "section": "s2",
        "quote": "We train with Adam",
        "library": "os.x",
    }
    read = read_plan(good_files() | {"resources.json": json.dumps([found])}, SECTIONS)
    assert [finding.rule for finding in read.errors] == ["unknown-library"]
    whole = found | {"library": "sklearn.datasets.load_iris"}
    read = read_plan(good_files() | {"resources.json": json.dumps([whole])}, SECTIONS)
    assert [finding.rule for finding in read.findings] == ["assumption"]


PAPER = """# A Small Network

## Abstract

{abstract}

## 1 Method

{s1}

## 2 Training

{s2}
""".format(**SECTIONS)


@pytest.mark.parametrize("name", FLAWS)
def test_check_names_each_flaw_of_a_folder(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, edit, rule, says = FLAWS[name]
    (tmp_path / "paper.md").write_text(PAPER)
    (tmp_path / "plan").mkdir()
    for name_of_file, text in edited(file, edit).items():
        (tmp_path / "plan" / name_of_file).write_text(text)
    with pytest.raises(SystemExit) as exit_info:
        main(["check", str(tmp_path), "--strict"])
    assert exit_info.value.code == 1
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if f"[{rule}]" in line and says in line], shown


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("overview.md", " \n", "empty"),
        ("architecture.json", "{", "JSON"),
        ("config.yaml", "training: [", "no YAML"),
        ("config.yaml", "batch_size: 3\n", "no tree"),
        ("config.yaml", "training:\n  when: 2020-01-01\n", "training.when"),
    ],
)
def test_a_file_of_another_shape_is_refused(name: str, text: str, says: str) -> None:
    read = read_plan(good_files() | {name: text}, SECTIONS)
    assert read.plan is None
    assert [f for f in read.errors if f.file == f"plan/{name}" and says in f.message]


@pytest.mark.parametrize("name", ["overview.md", "requirements.json", "config_sources.json"])
def test_a_missing_file_is_named(name: str) -> None:
    files = good_files()
    del files[name]
    read = read_plan(files, SECTIONS)
    assert [(f.file, f.rule) for f in read.findings] == [(f"plan/{name}", "missing-file")]


def test_the_good_plan_is_read_back_and_has_one_assumption() -> None:
    read = read_plan(good_files(), SECTIONS)
    assert read.plan == GOOD
    assert [(f.rule, f.severity) for f in read.findings] == [("assumption", "note")]
    assert check_plan(GOOD, SECTIONS) == read.findings


def test_a_diagram_that_lags_behind_is_only_a_warning() -> None:
    files = good_files()
    read = read_plan(files | {"call_flow.mmd": files["call_flow.mmd"] + "    M1->>M2: more\n"}, SECTIONS)
    assert read.plan == GOOD
    assert not read.errors
    assert [f.file for f in read.findings if f.rule == "out-of-date"] == ["plan/call_flow.mmd"]


def test_a_value_changed_by_hand_becomes_an_assumption() -> None:
    files = good_files()
    changed = files["config.yaml"].replace("4096", "64") + "model:\n  width: 8\n"
    read = read_plan(files | {"config.yaml": changed}, SECTIONS)
    assert read.plan is not None
    assert not read.errors
    entries = {entry.key: entry for entry in read.plan.config}
    for key, value in (("training.batch_size", 64), ("model.width", 8)):
        assert entries[key].value == value
        assert entries[key].source == "assumption"
        assert "by hand" in entries[key].reason


def test_a_requirement_without_a_quote_is_an_assumption() -> None:
    read = read_plan(edited(R, setting("0/quote", None)), SECTIONS)
    assert not read.errors
    assert [f.message for f in read.findings if f.file.endswith(R)] == [
        "[0].quote: r1 is an assumption: no passage of the paper is quoted"
    ]


def test_a_quote_may_differ_in_white_space_and_mathematical_markup_only() -> None:
    same = "The network has 3 layers\nof width d_text{model} = 128"
    assert not read_plan(edited(R, setting("0/quote", same)), SECTIONS).errors
    assert read_plan(edited(R, setting("0/quote", same.replace("The", "the"))), SECTIONS).errors
