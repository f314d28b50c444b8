"""Errors that PyTorch explains itself are mended where they happen, without a model."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from offline_coder.stages.known_errors import known_changes
from offline_coder.stages.smoke import Failure, SmokeRun

HEAD = "import numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
EMBED = "    embed = nn.Embedding(9, 4)\n"
LAYER = "    layer = nn.Linear(4, 2)\n"


def failed(text: str, wired: bool = False, path: str = "model.py") -> SmokeRun:
    """The run of a file whose function f() fails, with the traceback that it really leaves."""
    try:
        names: dict[str, object] = {}
        exec(compile(text, path, "exec"), names)
        names["f"]()  # type: ignore[operator]
    except Exception:
        return SmokeRun("failed", "x", (Failure("x", traceback.format_exc()),), {path: text}, wired=wired)
    raise AssertionError("it does not fail")


def told(run: SmokeRun, shapes: str) -> SmokeRun:
    """The run with what it tells of the tensors in the line that failed."""
    return replace(run, failures=(replace(run.failures[0], text=f"{run.failures[0].text}There: {shapes}\n"),))


def works(files: Mapping[str, str]) -> bool:
    names: dict[str, object] = {}
    exec(files["model.py"], names)
    try:
        names["f"]()  # type: ignore[operator]
    except (RuntimeError, TypeError, IndexError):
        return False
    return True


@pytest.mark.parametrize(
    ("body", "new"),
    [
        (f"{EMBED}    x = torch.ones(3)\n    return embed(x)\n", "embed(x.long())"),
        (f"{EMBED}    return F.relu(embed(torch.ones(3) * 2))\n", "embed((torch.ones(3) * 2).long())"),
        (f"{EMBED}    x = np.ones(3)\n    return embed(x)\n", "embed(torch.as_tensor(x, dtype=torch.long))"),
        (f"{LAYER}    x = np.ones((3, 4))\n    return layer(x)\n", "torch.as_tensor(x, dtype=torch.float32)"),
        (f"{LAYER}    x = torch.ones(3, 4).double()\n    return layer(\n        x\n    )\n", "x.float()"),
        ("    x = torch.ones(1, 1, 5, 5).long()\n    return nn.Conv2d(1, 1, 3)(x)\n", "(x.float())"),
        ("    x = torch.ones(2, 1, 4).double()\n    return nn.LSTM(4, 4)(x)\n", "(x.float())"),
        ("    x, y = torch.ones(3, 4), torch.ones(3)\n    return F.cross_entropy(x, y)\n", "(x, y.long())"),
        (
            "    x, y = torch.ones(3, 4), np.ones(3)\n    return F.cross_entropy(x, y)\n",
            "(x, torch.as_tensor(y, dtype=torch.long))",
        ),
        (
            "    x = torch.ones(2, 3, 4)\n    return nn.MultiheadAttention(4, 2)(x)\n",
            "nn.MultiheadAttention(4, 2)(x, x, x)",
        ),
        (
            "    x = torch.ones(2)\n    dataset = torch.utils.data.TensorDataset(x, x)\n"
            "    return dataset.inputs + 1\n",
            "dataset.tensors[0] + 1",
        ),
        (
            "    layers = nn.ModuleList([nn.Linear(4, 3), nn.ReLU()])\n    return layers(torch.ones(2, 4))\n",
            "layers = nn.Sequential(*[nn.Linear(4, 3), nn.ReLU()])",
        ),
        (
            "    x, size = torch.ones(2, 3, 4), 2\n    return x.reshape(x.size(0), size)\n",
            "x.reshape(x.size(0), -1)",
        ),
        ("    x = torch.ones(3)\n    return F.one_hot(x, 4)\n", "one_hot(x.long(), 4)"),
        (
            "    x = torch.ones(3)\n    loss = x.sum()\n    loss += 0.1 * x\n    return loss.item()\n",
            "loss += (0.1 * x).mean()",
        ),
        (
            "    x, attn = torch.ones(3, 5, 4), nn.MultiheadAttention(4, 2)\n    return attn(x, x)\n",
            "attn(x, x, x)",
        ),
        (
            "    x, attn = torch.ones(3, 5, 4), nn.MultiheadAttention(4, 2)\n    y = attn(x, x, x)\n"
            "    return nn.LayerNorm(4)(y)\n",
            "y = attn(x, x, x)[0]",
        ),
        (
            "    x, lstm = torch.ones(3, 5, 4), nn.LSTM(4, 4)\n    return x + lstm(x)\n",
            "x + lstm(x)[0]",
        ),
        (
            "    kind, x = 'ReLU', torch.ones(2, 4)\n    return nn.Sequential(nn.Linear(4, 3), kind)(x)\n",
            "nn.Sequential(nn.Linear(4, 3), getattr(nn, kind)())(x)",
        ),
        (
            "    kind, x = 'GELU', torch.ones(2)\n    return kind(x)\n",
            "getattr(torch.nn.functional, kind.lower())(x)",
        ),
        ("    x = torch.ones(3)\n    return (x == 1).mean().item()\n", "(x == 1).float()"),
        ("    x = torch.ones(3, requires_grad=True)\n    return x.numpy()\n", "x.detach().numpy()"),
        ("    x = torch.ones(3, 4).t()\n    return x.view(12)\n", "x.contiguous().view(12)"),
        (
            "    from sklearn.model_selection import train_test_split\n    x = np.ones(8)\n"
            "    return train_test_split(x, train_size=8)\n",
            "train_size=min(8, len(x) // 2)",
        ),
        ("    x = torch.tensor([1, 2])\n    return torch.randn_like(x)\n", "randn_like(x.float())"),
        ("    x = torch.tensor([1, 2])\n    return F.normalize(x, dim=0)\n", "normalize(x.float(), dim=0)"),
        ("    x = torch.tensor([1, 2])\n    return torch.var(x)\n", "var(x.float())"),
        (
            "    x, y = torch.ones(2, 3, 4), torch.ones(2, 3).long()\n    return F.cross_entropy(x, y)\n",
            "(x.transpose(1, 2), y)",
        ),
        (
            "    loss = torch.ones(3, requires_grad=True) * 2\n    loss.backward()\n",
            "loss.mean().backward()",
        ),
        (f"{LAYER}    return layer(torch.ones(3, 5))\n", "nn.Linear(5, 2)"),
        ("    t, layer = 3, nn.Linear(1, 2)\n    return layer(t)\n", "torch.tensor([[t]], dtype="),
        (
            f"{LAYER}    other = nn.Linear(in_features=2 * 2, out_features=3)\n"
            "    return other(torch.ones(1, 7))\n",
            "nn.Linear(in_features=7, out_features=3)",
        ),
    ],
)
def test_what_pytorch_says_is_done_where_it_failed(body: str, new: str) -> None:
    run = failed(f"{HEAD}def f():\n{body}")
    changed = [each for each in known_changes(run) if works({each.file: each.text})]
    assert changed
    assert new in changed[0].text
    assert changed[0].text.count("\n") == run.files["model.py"].count("\n")


@pytest.mark.parametrize(
    ("written", "sizes", "new"),
    [
        ("x.argmax(dim=1) == y", "(2, 3)", "x.argmax(dim=-1) == y"),
        ("(torch.argmax(x, 1) == y).sum()", "(2, 3)", "(torch.argmax(x, -1) == y).sum()"),
        ("x.argmax(0) == y", "(2, 3)", None),
        ("x.argmax(dim=1) == y", "(2, 5)", None),
    ],
)
def test_the_best_class_is_sought_among_the_classes(written: str, sizes: str, new: str | None) -> None:
    body = f"    x, y = torch.ones(2, 3, 4), torch.ones({sizes})\n    return {written}\n"
    run = told(failed(f"{HEAD}def f():\n{body}"), f"x float32 (2, 3, 4), y float32 {sizes}")
    changed = [each.text for each in known_changes(run) if works({each.file: each.text})]
    assert [text.partition("return ")[2].strip() for text in changed] == ([new] if new else [])


@pytest.mark.parametrize(
    "measured",
    ["(model(X_val).argmax(-1) == {}).float()", "F.cross_entropy(model(X_val), {})"],
)
def test_targets_are_of_the_split_of_the_inputs(measured: str) -> None:
    head = "    model, X_val, y_train = nn.Linear(2, 3), torch.ones(4, 2), torch.ones(5).long()\n"
    body = f"{head}    y_val = torch.ones(4).long()\n    return {measured}\n"
    run = failed(f"{HEAD}def f():\n{body.format('y_train')}")
    changed = [each.text for each in known_changes(run) if works({each.file: each.text})]
    assert changed == [f"{HEAD}def f():\n{body.format('y_val')}"]


TWICE = """class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(4, 3)
        self.layer = nn.Linear(3, 2)

    def forward(self, style):
        return self.layer(self.embed(style)[..., :3]).reshape(5, 2)


def f():
    return Net()(torch.full((5, 3), 9.0))
"""


def test_what_is_embedded_already_is_not_embedded_again() -> None:
    changed = [each for each in known_changes(failed(HEAD + TWICE)) if works({each.file: each.text})]
    assert ["self.layer(style[..., :3])" in each.text for each in changed] == [True]


def test_arrays_are_cut_at_shares_of_their_length() -> None:
    head = (
        "    from torch.utils.data import DataLoader, TensorDataset\n    share, x = 0.5, torch.arange(20)\n"
    )
    body = f"{head}    a, b = np.split(x.numpy(), [int({{}})])\n    DataLoader(TensorDataset(torch.tensor(a)), shuffle=True)\n"
    run = failed(f"{HEAD}def f():\n{body.format('share * 0.8')}")
    changed = [each.text for each in known_changes(run) if works({each.file: each.text})]
    assert changed == [f"{HEAD}def f():\n{body.format('(share * 0.8) * len(x.numpy())')}"]


MIXED = """class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.styles = nn.Embedding(4, 3)
        self.scores = nn.Linear(5, 4)

    def forward(self, x):
        return self.styles(self.scores(x))


def f():
    return Net()(torch.ones(2, 5)).reshape(2, 3)
"""


def test_entries_of_an_embedding_are_mixed_by_the_scores_for_them() -> None:
    changed = [each for each in known_changes(failed(HEAD + MIXED)) if works({each.file: each.text})]
    assert [
        "return (torch.softmax(self.scores(x), dim=-1) @ self.styles.weight)" in each.text for each in changed
    ] == [True]


@pytest.mark.parametrize(
    ("shape", "size", "new"),
    [
        ((2, 3, 4, 5), 20, ["x.flatten(2)"]),
        ((2, 3, 4, 5), 60, ["x.flatten(1)"]),
        ((2, 3, 4), 24, []),
        ((2, 3, 4), 7, []),
    ],
)
def test_parts_are_put_together_where_a_layer_takes_them_as_one(
    shape: tuple[int, ...], size: int, new: list[str]
) -> None:
    text = f"{HEAD}def f():\n    x, layer = torch.ones{shape}, nn.Linear({size}, 2)\n    return layer(x)\n"
    edits = [
        each for each in known_changes(told(failed(text), f"x float32 {shape}")) if "flatten" in each.means
    ]
    assert [each.means.partition(" in ")[0] for each in edits] == new
    assert all(works({"model.py": each.text}) for each in edits)


NETWORK = f"""{HEAD}class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.timesteps = 3
        self.body = nn.Linear(2, 8)

    def forward(self, x, noise):
        out = self.body(x)
        return out + noise


def f():
    x = torch.ones(5, 2)
    return Net()(x, x)
"""


def changed_forward(line: str, shapes: str) -> list[str]:
    """What may mend the network whose forward() ends in `line`."""
    run = told(failed(NETWORK.replace("return out + noise", line)), shapes)
    edits = list(known_changes(run))
    assert all(works({"model.py": each.text}) for each in edits)
    return [each.means for each in edits]


@pytest.mark.parametrize("line", ["return out + noise", "return noise - out"])
def test_a_network_gets_the_layer_that_it_lacks_at_its_end(line: str) -> None:
    means = changed_forward(line, "out float32 (5, 8), noise float32 (5, 2)")
    assert means == ["self.output_layer = nn.Linear(8, 2), for noise"]


def test_its_name_is_another_where_that_is_taken() -> None:
    line = "output_layer = out\n        return out + noise"
    means = changed_forward(line, "out float32 (5, 8), noise float32 (5, 2)")
    assert means == ["self.output_layer2 = nn.Linear(8, 2), for noise"]


@pytest.mark.parametrize(
    ("line", "shapes"),
    [
        ("return out + x", "out float32 (4, 8), x float32 (5, 2)"),
        ("return out + noise", "out float32 (5, 8)"),
        (
            "noise = noise * 1\n        other = noise[:, :1].repeat(1, 3)\n        return other + out",
            "other float32 (5, 3), out float32 (5, 8)",
        ),
    ],
)
def test_other_tensors_that_do_not_fit_get_no_layer(line: str, shapes: str) -> None:
    assert changed_forward(line, shapes) == []


def test_class_numbers_are_no_scores() -> None:
    text = (
        f"{HEAD}def f():\n    scores, classes = torch.ones(3, 4), torch.tensor([0, 1, 3])\n"
        "    return F.kl_div(F.log_softmax(scores, dim=-1), F.softmax(classes, dim=-1), "
        "reduction='batchmean')\n"
    )
    run = told(failed(text), "scores float32 (3, 4), classes int64 (3,)")
    edits = [each for each in known_changes(run) if works({"model.py": each.text})]
    (means,) = [each.means for each in edits]
    assert means.startswith(
        "F.one_hot(classes, scores.size(-1)).float() in place of F.softmax(classes, dim=-1)"
    )


def test_an_attribute_is_read_by_the_name_that_python_names() -> None:
    run = failed(NETWORK.replace("return out + noise", "return x * self.num_timesteps"))
    # Python's own traceback, which a program that ends with an error prints, says it.
    text = run.failures[0].text.rstrip("\n") + ". Did you mean: 'timesteps'?\n"
    (edit,) = known_changes(replace(run, failures=(replace(run.failures[0], text=text),)))
    assert edit.means == "self.timesteps, which is there, in line 15"
    assert works({"model.py": edit.text})


@pytest.mark.parametrize("product", ["torch.matmul(a, b)", "torch.bmm(a, b)", "a @ b"])
def test_tensors_of_one_shape_are_multiplied_by_element(product: str) -> None:
    run = failed(
        f"{HEAD}def f():\n    a, b = torch.ones(2, 3, 4), torch.ones(2, 3, 4)\n    return {product}\n"
    )
    shown = told(run, "a float32 (2, 3, 4), b float32 (2, 3, 4)")
    changed = [each for each in known_changes(shown) if works({each.file: each.text})]
    assert ["return (a * b)" in each.text for each in changed] == [True]
    assert list(known_changes(run)) == []


STEPS = """class Net(nn.Module):
    def __init__(self, steps: int = 9) -> None:
        super().__init__()
        self.steps = steps
        self.layer = nn.Sequential(nn.Linear(steps, 3), nn.ReLU())

    def forward(self, t):
        return self.layer(t)


def f():
    return Net()(torch.tensor([1, 2, 8, 0]))
"""


@pytest.mark.parametrize(
    ("layer", "many"), [("(steps, 3)", "self.steps"), ("(self.steps, 3)", "self.steps"), ("(9, 3)", "9")]
)
def test_the_number_of_a_step_is_told_apart_from_the_others(layer: str, many: str) -> None:
    run = told(failed(HEAD + STEPS.replace("(steps, 3)", layer)), "t int64 (4,)")
    changed = [each for each in known_changes(run) if works({each.file: each.text})]
    assert [f"one_hot(t, {many}).float()" in each.text for each in changed] == [True]


def test_many_numbers_or_an_unknown_size_are_left() -> None:
    unknown = STEPS.replace("(steps, 3)", "(2 * steps, 3)").replace("Net()", "Net(2)")
    assert "one_hot" not in "".join(
        each.text
        for net, shape in ((STEPS, "(4, 2)"), (unknown, "(4,)"))
        for each in known_changes(told(failed(HEAD + net), f"t int64 {shape}"))
    )


def test_each_example_has_its_own_weights() -> None:
    body = (
        "    w, a, b = torch.ones(8, 2), torch.ones(8, 5), torch.ones(8, 5)\n    return w[0] * a + w[1] * b\n"
    )
    run = told(failed(f"{HEAD}def f():\n{body}"), "w float32 (8, 2), a float32 (8, 5), b float32 (8, 5)")
    changed = [each for each in known_changes(run) if works({each.file: each.text})]
    assert ["return w[:, 0:1] * a + w[:, 1:2] * b" in each.text for each in changed] == [True]
    assert list(known_changes(told(failed(f"{HEAD}def f():\n{body}"), "w float32 (8,)"))) == []


NET = """class Net(nn.Module):
    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.other = nn.Linear(4, 3)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(size, 3), nn.ReLU(), nn.Linear(3, 4))

    def forward(self, x):
        return self.layers(x)


def f():
    return Net()(torch.ones(2, 6))
"""


def test_the_layer_that_the_line_names_gets_the_inputs_that_come_first() -> None:
    run = failed(HEAD + NET)
    first, second, third = (each.text for each in known_changes(run))
    assert "size: int = 6" in first
    assert "nn.Flatten(), nn.Linear(6, 3)" in second
    assert "self.other = nn.Linear(6, 3)" in third
    assert [works({"model.py": text}) for text in (first, second, third)] == [True, True, False]


EMBEDS = """class Net(nn.Module):
    def __init__(self, size=8, key=6):
        super().__init__()
        self.size, self.key = size, key
        self.hidden = size
        self.embedding = nn.Embedding(9, WIDTH)
        self.ffn = nn.Sequential(nn.Dropout(0.1), nn.Linear(self.hidden, 3))

    def forward(self, inputs):
        return self.ffn(self.embedding(inputs))


def f():
    return Net()(torch.ones(2, 4).long())
"""


@pytest.mark.parametrize(
    ("width", "new"), [("self.key", "self.hidden"), ("embedding_dim=6", "embedding_dim=self.hidden")]
)
def test_an_embedding_has_the_width_of_the_layer_behind_it(width: str, new: str) -> None:
    run = failed(HEAD + EMBEDS.replace("WIDTH", width))
    working = [each.text for each in known_changes(run) if works({each.file: each.text})]
    assert HEAD + EMBEDS.replace("WIDTH", new) in working


@pytest.mark.parametrize("given", ["self.size, 3", "outputs=3, width=self.size"])
def test_the_layer_behind_an_embedding_may_be_one_of_another_network(given: str) -> None:
    text = f"""{HEAD}class Net(nn.Module):
    def __init__(self, size=8, key=6):
        super().__init__()
        self.size = size
        self.embedding = nn.Embedding(9, key)
        self.part = Part({given})

    def forward(self, inputs):
        return self.part(self.embedding(inputs))


class Part(nn.Module):
    def __init__(self, width, outputs):
        super().__init__()
        self.width = width
        self.ffn = nn.Linear(width, outputs)

    def forward(self, x):
        return self.ffn(x)


def f():
    return Net()(torch.ones(2, 4).long())
"""
    run = failed(text)
    working = [each.text for each in known_changes(run) if works({each.file: each.text})]
    assert text.replace("(9, key)", "(9, self.size)") in working


def test_a_batch_that_is_compared_as_one_example_is_counted() -> None:
    body = (
        "    right, x, y = 0, torch.tensor([1, 2, 3]), torch.tensor([1, 0, 3])\n"
        "    if x == y:\n        right += 1\n    return right\n"
    )
    (change,) = known_changes(failed(f"{HEAD}def f():\n{body}"))
    names: dict[str, Callable[[], int]] = {}
    exec(change.text, names)
    assert names["f"]() == 2


def test_the_innermost_call_of_the_line_is_tried_first() -> None:
    run = failed(f"{HEAD}def f():\n{EMBED}    return print(embed(torch.ones(3)))\n")
    texts = [each.text.rsplit("return", 1)[1] for each in known_changes(run)]
    assert " print(embed(torch.ones(3).long()))\n" in texts
    assert texts[-1] == " print(embed(torch.ones(3)).long())\n"


@pytest.mark.parametrize(
    ("body", "path", "wired"),
    [
        ("    n = 9\n    return nn.Linear(n, 2)(torch.ones(3, 5))\n", "model.py", False),
        ("    raise ValueError('no')\n", "model.py", False),
        (f"{EMBED}    return embed(*[torch.ones(3)])\n", "model.py", False),
        (f"{EMBED}    return embed(torch.ones(3))\n", "main.py", True),
    ],
)
def test_other_errors_and_a_wired_entry_point_are_left_alone(body: str, path: str, wired: bool) -> None:
    assert not list(known_changes(failed(f"{HEAD}def f():\n{body}", wired, path)))


def test_a_run_without_failures_has_nothing_to_change() -> None:
    assert not list(known_changes(SmokeRun("passed", "x", (), {})))


ATTENTION = (
    "class Attention(nn.Module):\n    def __init__(self, d=4, heads=2):\n        super().__init__()\n"
    "        self.q = nn.Linear({0}, d * heads)\n        self.k = nn.Linear({0}, d * heads)\n"
    "        self.out = nn.Linear(d * heads, d)\n\n    def forward(self, x):\n"
    "        q = self.q(x).view(x.size(0), -1)\n        return self.out(q * self.k(x))\n\n\n"
    "def f():\n    return Attention()(torch.ones(3, {1}))\n"
)


def test_projections_of_one_head_that_get_all_are_made_for_all() -> None:
    run = failed(HEAD + ATTENTION.format("d", 8))
    (changed,) = [each for each in known_changes(run) if "projections of all 8" in each.means]
    assert changed.text == HEAD + ATTENTION.format("d * heads", 8)
    assert works({changed.file: changed.text})
    other = failed(HEAD + ATTENTION.format("d", 6))
    assert not [each for each in known_changes(other) if "projections" in each.means]
