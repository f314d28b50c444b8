"""The reference implementation runs, is what the paper describes, and gives the recorded numbers."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

TOLERANCE = 1.0  # percentage points for one network, as the paper says


@pytest.fixture(scope="module")
def config(reference: SimpleNamespace, example: Path) -> object:
    return reference.config.load_config(example / "reference" / "config.yaml")


@pytest.fixture(scope="module")
def splits(reference: SimpleNamespace, config) -> object:
    return reference.data.load_splits(config.data)


def test_the_split_is_as_described(splits, config) -> None:
    parts = (splits.train, splits.validation, splits.test)
    assert [len(part.labels) for part in parts] == [400, 397, 1000]
    assert all(part.images.shape == (len(part.labels), config.model.input_size) for part in parts)
    assert all(part.images.min() >= 0 and part.images.max() <= 1 for part in parts)
    images = {tuple(image.tolist()) for part in parts for image in part.images}
    assert len(images) == 1797  # no image is in two parts


def test_the_pairing_term_is_a_sum_over_classes_and_a_mean_over_the_batch(reference) -> None:
    clean = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    noisy = torch.tensor([[0.0, 4.0], [0.0, 1.0]])
    assert reference.losses.pairing_term(clean, noisy).item() == (1 + 4 + 1) / 2


def test_pairing_weight_zero_is_plain_training(reference, splits, config) -> None:
    short = replace(config, training=replace(config.training, epochs=1))
    pair = replace(config.methods["noisepair"], pairing_weight=0.0)
    plain = reference.train.train(splits.train, short, config.methods["plain"], seed=3)
    paired = reference.train.train(splits.train, short, pair, seed=3)
    for one, other in zip(plain.parameters(), paired.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_inside_one_linear_region_the_pairing_term_is_the_jacobian_penalty(reference, splits, config) -> None:
    """Equation (6), by sampling with noise too small to switch a hidden unit."""
    torch.manual_seed(0)
    model, std = reference.model.MLP(config.model), 1e-4
    image = splits.train.images[0]
    jacobian = torch.autograd.functional.jacobian(model, image)
    copies = image.expand(20000, -1)
    noisy = reference.losses.add_noise(copies, std, torch.Generator().manual_seed(0))
    with torch.no_grad():
        sampled = reference.losses.pairing_term(model(copies), model(noisy)).item()
    assert sampled == pytest.approx(std**2 * jacobian.pow(2).sum().item(), rel=0.05)


@pytest.mark.parametrize("name", ["plain", "noise", "noisepair"])
def test_a_tiny_run_learns_something_and_repeats_exactly(reference, splits, config, name: str) -> None:
    tiny = replace(config, training=replace(config.training, epochs=2))
    runs = [
        reference.evaluate.evaluate(
            reference.train.train(splits.train, tiny, config.methods[name], seed=0),
            splits.test,
            config.evaluation,
        )
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert runs[0][0] > 30  # ten classes: guessing gives 10 percent


@pytest.mark.parametrize("name", ["plain", "noise", "noisepair"])
def test_a_full_run_gives_the_recorded_accuracy(reference, splits, config, example: Path, name: str) -> None:
    results = json.loads((example / "results.json").read_text(encoding="utf-8"))
    chosen = results["selected"][name]
    recorded = next(e for e in results["entries"] if all(e[key] == value for key, value in chosen.items()))
    model = reference.train.train(splits.train, config, config.methods[name], seed=0)
    measured = reference.evaluate.evaluate(model, splits.test, config.evaluation)
    assert measured == pytest.approx(recorded["test"][0], abs=TOLERANCE)


def test_the_recorded_grid_is_the_grid_of_the_script(reference, example: Path) -> None:
    results = json.loads((example / "results.json").read_text(encoding="utf-8"))
    fields = ("objective", "noise_std", "pairing_weight", "stop_gradient")
    recorded = [tuple(e[field] for field in fields) for e in results["entries"]]
    assert recorded[:-1] == [tuple(getattr(m, field) for field in fields) for m in reference.measure.grid()]
    assert recorded[-1] == (*recorded[recorded.index((*selected_values(results), False))][:3], True)


def selected_values(results: dict) -> tuple[str, float, float]:
    pick = results["selected"]["noisepair"]
    return pick["objective"], pick["noise_std"], pick["pairing_weight"]


def test_an_unknown_configuration_key_is_refused(reference, example: Path, tmp_path: Path) -> None:
    text = (example / "reference" / "config.yaml").read_text(encoding="utf-8")
    (tmp_path / "config.yaml").write_text(text.replace("  epochs: 20", "  epoch: 20"), encoding="utf-8")
    with pytest.raises(TypeError, match="epoch"):
        reference.config.load_config(tmp_path / "config.yaml")


def test_the_command_prints_one_line_a_seed(
    reference, config, tmp_path: Path, example: Path, monkeypatch, capsys
) -> None:
    text = (example / "reference" / "config.yaml").read_text(encoding="utf-8")
    tiny = tmp_path / "config.yaml"
    tiny.write_text(
        text.replace("epochs: 20", "epochs: 1").replace("seeds: 10", "seeds: 2"), encoding="utf-8"
    )
    monkeypatch.setattr("sys.argv", ["main.py", "--config", str(tiny), "--method", "plain", "--all"])
    reference.main.main()
    header, first, second, means = capsys.readouterr().out.splitlines()
    assert header.split() == ["noise", "level:", "0.0", "0.2", "0.4"]
    assert [first[:12], second[:12], means[:12]] == ["seed      0:", "seed      1:", "mean       :"]
