"""The configuration: one frozen dataclass for each section of config.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

Objective = Literal["plain", "noise", "noisepair"]


@dataclass(frozen=True)
class DataConfig:
    """How the data set is scaled and split."""

    train_size: int
    validation_size: int
    test_size: int
    split_seed: int
    pixel_max: float


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the network."""

    input_size: int
    hidden_units: int
    classes: int


@dataclass(frozen=True)
class TrainingConfig:
    """What all methods share: Adam and its schedule."""

    epochs: int
    batch_size: int
    learning_rate: float
    adam_beta1: float
    adam_beta2: float
    adam_epsilon: float
    noise_seed_offset: int


@dataclass(frozen=True)
class MethodConfig:
    """One training method: its objective and the values that only this objective uses."""

    objective: Objective
    noise_std: float = 0.0
    pairing_weight: float = 0.0
    stop_gradient: bool = False  # ablation: no gradient through the clean logits of the pairing term


@dataclass(frozen=True)
class EvaluationConfig:
    """On what the trained network is measured."""

    test_noise_levels: tuple[float, ...]
    test_noise_seed: int
    seeds: int


@dataclass(frozen=True)
class Config:
    """All of config.yaml."""

    data: DataConfig
    model: ModelConfig
    training: TrainingConfig
    methods: dict[str, MethodConfig]
    evaluation: EvaluationConfig


def load_config(path: Path) -> Config:
    """Read a YAML file; a missing or unknown key is an error."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    evaluation = dict(raw["evaluation"])
    evaluation["test_noise_levels"] = tuple(evaluation["test_noise_levels"])
    return Config(
        data=DataConfig(**raw["data"]),
        model=ModelConfig(**raw["model"]),
        training=TrainingConfig(**raw["training"]),
        methods={name: MethodConfig(**values) for name, values in raw["methods"].items()},
        evaluation=EvaluationConfig(**evaluation),
    )
