"""Fully connected networks: a generator and a discriminator for samples of any shape, from points to small pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from trainers.networks.discriminators import Judgement


class MLPGenerator(nn.Module):
    """`z` (N, latent_size) → samples (N, *shape), unbounded: `layers` hidden layers of `width` with ReLU."""

    def __init__(self, latent_size: int = 16, shape: Sequence[int] = (2,), width: int = 64, layers: int = 2) -> None:
        super().__init__()
        self.latent_size = latent_size
        self.shape = tuple(shape)
        self.hidden = _hidden(latent_size, width, layers, nn.ReLU())
        self.sample = nn.Linear(width, math.prod(self.shape))

    def forward(self, z: Tensor) -> Tensor:
        x = z
        for layer in self.hidden:
            x = layer(x)
        return self.sample(x).unflatten(1, self.shape)


class MLPDiscriminator(nn.Module):
    """Samples (N, *shape) → logits (N,): `layers` hidden layers of `width` with LeakyReLU 0.2."""

    def __init__(self, shape: Sequence[int] = (2,), width: int = 64, layers: int = 2) -> None:
        super().__init__()
        self.hidden = _hidden(math.prod(shape), width, layers, nn.LeakyReLU(0.2))
        self.verdict = nn.Linear(width, 1)

    def forward(self, samples: Tensor) -> Tensor:
        return self.judge(samples).logits  # type: ignore[return-value]

    def judge(self, samples: Tensor) -> Judgement:
        """Logits (N,), and as features what each hidden layer returns."""
        features: list[Tensor] = []
        x = samples.flatten(1)
        for layer in self.hidden:
            x = layer(x)
            features.append(x)
        return Judgement(self.verdict(x).flatten(), features)


def _hidden(inputs: int, width: int, layers: int, activation: nn.Module) -> nn.ModuleList:
    if layers < 1:
        raise ValueError(f"A fully connected network here has one hidden layer or more, not {layers}.")
    sizes = [inputs] + [width] * layers
    return nn.ModuleList(nn.Sequential(nn.Linear(a, b), activation) for a, b in pairwise(sizes))
