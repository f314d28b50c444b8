"""Training of one network with one seed."""

from __future__ import annotations

import torch

from config import Config, MethodConfig
from data import Part
from losses import training_loss
from model import MLP


def train(part: Part, config: Config, method: MethodConfig, seed: int) -> MLP:
    """Train a new network on the training part (Algorithm 1). The seed decides everything."""
    settings = config.training
    torch.manual_seed(seed)  # the initial weights
    model = MLP(config.model)
    order = torch.Generator().manual_seed(seed)
    noise = torch.Generator().manual_seed(seed + settings.noise_seed_offset)
    optimizer = torch.optim.Adam(
        model.parameters(),
        lr=settings.learning_rate,
        betas=(settings.adam_beta1, settings.adam_beta2),
        eps=settings.adam_epsilon,
    )
    for _ in range(settings.epochs):
        shuffled = torch.randperm(len(part.labels), generator=order)
        for batch in shuffled.split(settings.batch_size):
            loss = training_loss(model, part.images[batch], part.labels[batch], method, noise)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
