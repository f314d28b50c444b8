"""Accuracy on clean and on noisy images."""

from __future__ import annotations

import torch

from config import EvaluationConfig
from data import Part
from losses import add_noise
from model import MLP


@torch.no_grad()
def accuracy(model: MLP, part: Part, noise_level: float, noise_seed: int) -> float:
    """Percentage of right predictions when Gaussian noise of this level is added to the images."""
    generator = torch.Generator().manual_seed(noise_seed)
    images = add_noise(part.images, noise_level, generator) if noise_level > 0 else part.images
    right = model(images).argmax(dim=1) == part.labels
    return 100.0 * int(right.sum()) / len(part.labels)


def evaluate(model: MLP, part: Part, config: EvaluationConfig) -> list[float]:
    """One accuracy for each test noise level, in the order of the configuration."""
    return [accuracy(model, part, level, config.test_noise_seed) for level in config.test_noise_levels]
