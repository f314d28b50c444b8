"""Names that PyTorch has not, in code of small models, and what they mean."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.settled import rules_with

CONFIG: dict[str, object] = {"training": {"warmup_steps": 50}}


def mended(line: str, config: dict[str, object] = CONFIG) -> tuple[str, list[str]]:
    """The module after what a machine can mend, and the rules of the errors that are left."""
    text = (
        '"""Parts."""\n\nimport torch\nfrom torch import nn\n\n\n'
        f'def make(model: nn.Module, width: int, heads: int) -> object:\n    """A part."""\n'
        f"    optimizer = torch.optim.Adam(model.parameters())\n    made = {line}\n    return made, optimizer\n"
    )
    done = mend(
        {"parts.py": text},
        lambda files: check_repository(files, None, config),
        rules=rules_with(config, assume=True),
    )
    return done.files["parts.py"], [f.rule for f in done.findings if f.severity == "error"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("nn.TransformerBlock(width, heads)", "nn.TransformerEncoderLayer(width, heads)"),
        ("torch.nn.EncoderLayer(width, heads)", "torch.nn.TransformerEncoderLayer(width, heads)"),
        ("nn.LayerNormalization(width)", "nn.LayerNorm(width)"),
        ("nn.SelfAttention(width, heads)", "nn.MultiheadAttention(width, heads)"),
        (
            "torch.optim.lr_scheduler.LinearWarmup(optimizer, warmup_steps=50, last_epoch=-1)",
            "torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / warmup_steps))",
        ),
        (
            "torch.optim.lr_scheduler.InverseSquareRootSchedule(optimizer, 3, 50)",
            "torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: "
            "min((step + 1) / warmup_steps, (warmup_steps / (step + 1)) ** 0.5))",
        ),
        ("nn.Embedding(model.embedding_dim)", "nn.Embedding(vocab_size, model.embedding_dim)"),
    ],
)
def test_it_is_written_as_pytorch_has_it(written: str, meant: str) -> None:
    text, errors = mended(written)
    assert f"made = {meant}\n" in text
    assert errors == []


def test_the_warm_up_is_as_long_as_the_paper_says() -> None:
    text, _ = mended("torch.optim.lr_scheduler.WarmupLinear(optimizer)")
    assert 'warmup_steps = CONFIG["training"]["warmup_steps"]' in text


def test_a_schedule_of_another_library_is_the_one_that_config_names() -> None:
    line = "torch.optim.lr_scheduler.get_scheduler('linear', optimizer=optimizer)"
    config: dict[str, object] = {"training": {"schedule": "inverse square root", "warmup_steps": 50}}
    assert "LambdaLR(optimizer, lambda step: min((step + 1) / warmup_steps," in mended(line, config)[0]
    assert line in mended(line)[0]


def test_entries_that_nothing_says_are_assumed_and_others_read() -> None:
    assert "vocab_size = 1000  # ASSUMPTION" in mended("nn.Embedding(model.d_model)")[0]
    told, _ = mended("nn.Embedding(model.d_model)", {"model": {"vocab_size": 37000}})
    assert 'vocab_size = CONFIG["model"]["vocab_size"]' in told


@pytest.mark.parametrize(
    ("written", "config"),
    [
        ("nn.Embedding(model.vocab_size)", CONFIG),
        ("nn.Widget(width)", CONFIG),
        ("torch.optim.lr_scheduler.LinearWarmup(optimizer)", {}),
        ("torch.optim.lr_scheduler.LinearWarmup()", CONFIG),
    ],
)
def test_what_it_means_is_not_guessed(written: str, config: dict[str, object]) -> None:
    text, errors = mended(written, config)
    assert f"made = {written}\n" in text
    assert errors
