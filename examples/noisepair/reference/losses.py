"""Input noise, the pairing term, and the three training objectives."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from config import MethodConfig


def add_noise(images: Tensor, noise_std: float, generator: Generator) -> Tensor:
    """Add Gaussian noise to every pixel (Equation 2); nothing is clipped. [batch, 64] -> [batch, 64]."""
    return images + noise_std * torch.randn(images.shape, generator=generator)


def pairing_term(clean_logits: Tensor, noisy_logits: Tensor) -> Tensor:
    """Squared distance of the two logit vectors, summed over classes, averaged over the batch (Equation 3)."""
    return (clean_logits - noisy_logits).pow(2).sum(dim=1).mean()


def training_loss(
    model: nn.Module, images: Tensor, labels: Tensor, method: MethodConfig, generator: Generator
) -> Tensor:
    """The objective of the method for one mini-batch: images [batch, 64], labels [batch]."""
    if method.objective == "plain":
        return cross_entropy(model(images), labels)
    noisy_logits = model(add_noise(images, method.noise_std, generator))
    if method.objective == "noise":
        return cross_entropy(noisy_logits, labels)
    clean_logits = model(images)
    anchor = clean_logits.detach() if method.stop_gradient else clean_logits
    return cross_entropy(clean_logits, labels) + method.pairing_weight * pairing_term(anchor, noisy_logits)
