"""The digits data set of scikit-learn, scaled and split into train, validation and test."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

from config import DataConfig


@dataclass(frozen=True)
class Part:
    """Images and labels of one part of the data."""

    images: Tensor  # [n, 64], float32 in [0, 1]
    labels: Tensor  # [n], int64 in 0..9


@dataclass(frozen=True)
class Splits:
    """The three disjoint parts."""

    train: Part
    validation: Part
    test: Part


def load_splits(config: DataConfig) -> Splits:
    """Load the images, scale pixels to [0, 1], and make two stratified splits with a fixed seed."""
    images, labels = load_digits(return_X_y=True)
    images = images / config.pixel_max
    train_x, rest_x, train_y, rest_y = train_test_split(
        images, labels, train_size=config.train_size, stratify=labels, random_state=config.split_seed
    )
    val_x, test_x, val_y, test_y = train_test_split(
        rest_x,
        rest_y,
        train_size=config.validation_size,
        test_size=config.test_size,
        stratify=rest_y,
        random_state=config.split_seed,
    )

    def part(x: object, y: object) -> Part:
        return Part(torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.int64))

    return Splits(part(train_x, train_y), part(val_x, val_y), part(test_x, test_y))
