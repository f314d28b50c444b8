"""The network: one hidden layer with ReLU."""

from __future__ import annotations

from torch import Tensor, nn

from config import ModelConfig


class MLP(nn.Module):
    """f(x) = W2 relu(W1 x + b1) + b2 (Equation 1); PyTorch's default initialisation."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.hidden = nn.Linear(config.input_size, config.hidden_units)
        self.output = nn.Linear(config.hidden_units, config.classes)

    def forward(self, images: Tensor) -> Tensor:
        """Images [batch, 64] to logits [batch, 10]."""
        return self.output(self.hidden(images).relu())
