"""The last resort: what is left undefined or missing is marked, fails when reached, and nothing else moves."""

from functools import partial
from typing import Any

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import Mended, mend
from offline_coder.checks.settled import rules_with
from offline_coder.checks.standing_in import stand_in
from offline_coder.core.plan import Architecture, ClassPlan, Module, Parameter, Routine

NET = ClassPlan(name="Net", methods=(Routine(name="step", parameters=(Parameter(name="x", type="int"),)),))
MODULE = Module(path="model.py", purpose="adds", classes=(NET,), functions=(Routine(name="add"),))
CONFIG = {"data": {"count": 3}, "model": {"width": 4}, "head": {"width": 5}}
LOOK = partial(check_repository, architecture=Architecture(approach="", modules=(MODULE,)))
GOOD = (
    "class Net:\n    def step(self, x: int) -> int:\n        return x\n\n\ndef add() -> int:\n    return 1\n"
)


def stood_in(text: str) -> tuple[str, Mended]:
    """The file after the last resort."""
    files = {"model.py": text}
    done = stand_in(Mended(files, LOOK(files), ()), (MODULE,), LOOK, ("model.py",), CONFIG)
    return done.files["model.py"], done


def names_of(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(text, names)
    return names


def test_an_undefined_name_is_marked_where_it_is_used() -> None:
    text, done = stood_in(GOOD.replace("return 1", "y = path + 1\n    return load(path, y)"))
    assert not [finding for finding in done.findings if finding.rule == "undefined-name"]
    marked = sorted(finding.subject for finding in done.findings if finding.rule == "stand-in")
    assert marked == ["load", "path", "path"]
    assert 'y = undefined("path") + 1' in text
    with pytest.raises(NotImplementedError, match="nothing defines path"):
        names_of(text)["add"]()
    assert text.count("def undefined(") == 1
    assert all(attempt.tokens == 0 for attempt in done.attempts)


def test_a_name_that_cannot_be_replaced_makes_its_function_a_placeholder() -> None:
    text, done = stood_in(GOOD.replace("return 1", '"""Adds."""\n    total += 1\n    return total'))
    assert not [finding for finding in done.findings if finding.rule == "undefined-name"]
    assert '"""Adds."""\n    raise NotImplementedError(' in text


def test_what_is_needed_on_import_is_taken_out_so_that_the_module_imports() -> None:
    text, done = stood_in("LIMIT = load_limit()\n" + GOOD.replace("class Net:", "@fast\nclass Net(Base):"))
    assert not [finding for finding in done.findings if finding.rule == "undefined-name"]
    assert names_of(text)["Net"]().step(3) == 3


def test_a_default_that_nothing_defines_is_none_so_that_the_module_imports() -> None:
    head = "def split(rows: list[int], size: int = n, *, by: object = key) -> int:\n    return len(rows)\n"
    text, done = stood_in(f"{GOOD}\n\n{head}")
    assert "def split(rows: list[int], size: int = None, *, by: object = None) -> int:" in text
    assert names_of(text)["split"]([1]) == 1
    assert not [finding for finding in done.findings if finding.rule == "undefined-name"]


def test_a_missing_definition_gets_its_head_and_raises() -> None:
    text, done = stood_in("class Net:\n    def other(self) -> int:\n        return 1\n")
    assert not [finding for finding in done.findings if finding.severity == "error"]
    names = names_of(text)
    for use in (names["add"], lambda: names["Net"]().step(1)):
        with pytest.raises(NotImplementedError, match="was not written"):
            use()


def test_a_key_that_config_yaml_has_not_raises_where_it_is_read() -> None:
    look = partial(check_repository, config=CONFIG)
    read = """
import yaml


def path() -> str:
    with open("config.yaml") as file:
        config = yaml.safe_load(file)
    return f"{config['data']['folder']}" + str(config["data"]["count"]) + config["data"]["path"]
"""
    files = {"data.py": read}
    done = stand_in(Mended(files, look(files), ()), (), look, ("data.py",), CONFIG)
    assert done.files["data.py"].endswith('str(config["data"]["count"]) + undefined("data.path")\n')
    assert [finding.subject for finding in done.findings if finding.rule == "stand-in"] == ["data.path"]
    # Inside an f-string Python 3.11 does not say the place.
    errors = [finding.subject for finding in done.findings if finding.severity == "error"]
    assert set(errors) <= {"data.folder"}


def test_what_nobody_takes_is_not_given_in_the_end() -> None:
    text, done = stood_in(f"{GOOD}\n\ndef use() -> int:\n    return add(scale=3)\n")
    assert "return add()" in text
    assert not [finding for finding in done.findings if finding.severity == "error"]


def test_what_is_whole_is_left_alone() -> None:
    text, done = stood_in(GOOD)
    assert (text, done.attempts) == (GOOD, ())


def test_a_head_that_differs_from_the_plan_is_set_right_when_the_body_agrees() -> None:
    files = {"model.py": GOOD.replace("x: int", "y, x")}
    assert "def step(self, x: int):" in mend(files, LOOK).files["model.py"]
    renamed = {"model.py": GOOD.replace("x: int", "y").replace("return x", "return y")}
    assert mend(renamed, LOOK).files["model.py"] == GOOD.replace("x: int) -> int", "x: int)")
    kept = {"model.py": GOOD.replace("x: int", "y").replace("return x", "x = y\n        return x")}
    assert mend(kept, LOOK).files["model.py"] == kept["model.py"]


def test_a_name_that_one_setting_has_is_read_from_the_configuration() -> None:
    text, done = stood_in(GOOD.replace("return 1", "return count * width"))
    assert 'count = CONFIG["data"]["count"]' in text
    assert 'undefined("width")' in text
    assert [finding.subject for finding in done.findings if finding.rule == "stand-in"] == ["width"]
    assert not [finding for finding in done.findings if finding.severity == "error"]


def test_the_configuration_itself_is_read_where_nothing_defines_it() -> None:
    text, done = stood_in(
        GOOD.replace("return 1", 'return config["model"]["width"] + config["data"]["count"]')
    )
    assert "\nconfig = CONFIG\n" in text
    assert not [finding for finding in done.findings if finding.rule in ("undefined-name", "stand-in")]


@pytest.mark.parametrize(
    ("read", "wanted"),
    [
        ("data.count", 'data["count"]'),
        ("data.get('count')", "data.get('count')"),
        ("data['count'] + data.count", """data['count'] + data["count"]"""),
        ("config.data.count", 'config["data"]["count"]'),
    ],
)
def test_a_section_that_nothing_defines_is_read_from_the_configuration(read: str, wanted: str) -> None:
    text, done = stood_in(GOOD.replace("return 1", f"return {read}"))
    assert f"    return {wanted}\n" in text
    assert not [finding for finding in done.findings if finding.severity == "error"]


@pytest.mark.parametrize("read", ["data.height", 'f"{data.count}"'])
def test_a_section_that_cannot_be_read_so_is_marked(read: str) -> None:
    text, _ = stood_in(GOOD.replace("return 1", f"return {read}"))
    assert "CONFIG" not in text


def test_an_attribute_that_one_setting_has_is_read_from_the_configuration() -> None:
    body = "return self.count * self.count + self.width"
    text, done = stood_in(GOOD.replace("return x", body))
    assert 'count = CONFIG["data"]["count"]' in text
    assert "return count * count + self.width" in text
    errors = [finding for finding in done.findings if finding.severity == "error"]
    assert [finding.subject for finding in errors] == ["Net.width"]
    text, _ = stood_in(GOOD.replace("return x", "count = x\n        return self.count + count"))
    assert "self.count + count" in text


def test_the_device_is_a_gpu_if_there_is_one() -> None:
    text, _ = stood_in("import torch\n\n\n" + GOOD.replace("return 1", "return torch.ones(1).to(device)"))
    assert text.count("device = torch.device(") == 1
    assert "undefined" not in text


NETWORK = (
    "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self) -> None:\n"
    "        super().__init__()\n        self.out = nn.Linear(width_in, {size})\n\n"
    "    def step(self, x: int) -> int:\n        return self.out(x)\n\n\n"
    "def add() -> int:\n    return 1\n"
)


def test_a_size_of_a_network_that_nothing_says_is_assumed_and_named() -> None:
    text, done = stood_in(NETWORK.format(size="num_classes"))
    assert "num_classes = 10  # ASSUMPTION of offline-coder: nothing says this size\n" in text
    assumed = [finding for finding in done.findings if finding.rule == "assumed-size"]
    assert sorted((each.subject, each.severity) for each in assumed) == [
        ("num_classes", "warning"),
        ("width_in", "warning"),
    ]
    assert not [finding for finding in done.findings if finding.severity == "error"]


def test_a_size_that_a_network_reads_from_itself_is_assumed_too() -> None:
    text, done = stood_in(NETWORK.format(size="self.num_classes"))
    assert "num_classes = 10  # ASSUMPTION" in text
    assert "nn.Linear(width_in, num_classes)" in text
    assert not [finding for finding in done.findings if finding.severity == "error"]


def test_what_is_no_size_and_what_is_no_network_is_not_assumed() -> None:
    for use in ("output_layer(3)", "max(layers for layers in layers)", "input_size[0]", "heads.count"):
        assert "ASSUMPTION" not in stood_in(NETWORK.format(size=use).replace("width_in", "1"))[0], use
    text, _ = stood_in(NETWORK.format(size="choice"))
    assert 'undefined("choice")' in text
    text, _ = stood_in(GOOD.replace("return 1", "return num_classes"))
    assert 'undefined("num_classes")' in text


def test_a_variable_that_nothing_gives_and_nothing_reads_is_left_out() -> None:
    text, _ = stood_in(GOOD.replace("return 1", "rows = load_rows(3)\n    return 1"))
    assert text == GOOD
    text, _ = stood_in(GOOD.replace("return 1", "rows = load_rows(3)\n    return rows"))
    assert 'rows = undefined("load_rows")(3)' in text


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("num_count", 'num_count = CONFIG["data"]["count"]'),
        ("data_count", 'data_count = CONFIG["data"]["count"]'),
        ("width", 'undefined("width")'),
    ],
)
def test_a_setting_is_known_by_its_other_names_where_it_is_one_alone(name: str, read: str) -> None:
    text, _ = stood_in(GOOD.replace("return 1", f"return {name}"))
    assert read in text


def test_settings_are_read_before_the_model_is_asked() -> None:
    files = {"model.py": GOOD.replace("return 1", "return count")}
    done = mend(files, LOOK, ("model.py",), rules_with(CONFIG))
    assert 'count = CONFIG["data"]["count"]' in done.files["model.py"]
    assert not [finding for finding in done.findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("call", "left"),
    [
        ("torch.optim.Adam([], lr=rate, eps=1e-8)", "torch.optim.Adam([], eps=1e-08)"),
        ("torch.optim.Adam(params=rows)", 'torch.optim.Adam(params=undefined("rows"))'),
        ("torch.optim.Adam([], lr=2 * rate)", 'torch.optim.Adam([], lr=2 * undefined("rate"))'),
    ],
)
def test_what_a_library_has_a_default_for_is_left_to_it(call: str, left: str) -> None:
    text, _ = stood_in("import torch\n\n\n" + GOOD.replace("return 1", f"return {call}"))
    assert left in text
