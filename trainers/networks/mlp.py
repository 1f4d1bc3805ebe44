"""Fully connected networks: a generator and a discriminator for samples of any shape, from points to small pictures.

Goodfellow et al. 2014, "Generative Adversarial Nets", section 5, trained such ones; Mirza & Osindero 2014, "Conditional
Generative Adversarial Nets", section 4.1, gave both the label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainers.networks.discriminators import Judgement


class MLPGenerator(nn.Module):
    """`z` (N, latent_size) → samples (N, *shape), unbounded: `layers` hidden layers of `width` with ReLU.

    With `labels` > 0 it also takes `label`, int64 (N) below it, joined to `z` as as many numbers, one of them 1 and the others
    0. `bounded` ends it in a hyperbolic tangent: samples are in [-1, 1].
    """

    def __init__(
        self,
        latent_size: int = 16,
        shape: Sequence[int] = (2,),
        width: int = 64,
        layers: int = 2,
        labels: int = 0,
        bounded: bool = False,
    ) -> None:
        super().__init__()
        self.latent_size = latent_size
        self.labels = labels
        self.bounded = bounded
        self.shape = tuple(shape)
        self.hidden = _hidden(latent_size + labels, width, layers, nn.ReLU())
        self.sample = nn.Linear(width, math.prod(self.shape))

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        x = _joined(z.flatten(1), label, self.labels)
        for layer in self.hidden:
            x = layer(x)
        samples = self.sample(x).unflatten(1, self.shape)
        return torch.tanh(samples) if self.bounded else samples


class MLPDiscriminator(nn.Module):
    """Samples (N, *shape) → logits (N,): `layers` hidden layers of `width` with LeakyReLU 0.2.

    With `labels` > 0 it also takes `label`, int64 (N), joined to the samples as `MLPGenerator` joins it to `z`. In training
    each number of a hidden layer is left out with the chance `dropout`, from 0 to below 1: Goodfellow et al. 2014, section 5.
    """

    def __init__(
        self,
        shape: Sequence[int] = (2,),
        width: int = 64,
        layers: int = 2,
        labels: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ValueError(f"“dropout” is a chance from 0 to below 1, not {dropout}; 0.5 is usual.")
        self.labels = labels
        after = [nn.LeakyReLU(0.2), *([nn.Dropout(dropout)] if dropout else [])]
        self.hidden = _hidden(math.prod(shape) + labels, width, layers, *after)
        self.verdict = nn.Linear(width, 1)

    def forward(self, samples: Tensor, label: Tensor | None = None) -> Tensor:
        return self.judge(samples, label).logits  # type: ignore[return-value]

    def judge(self, samples: Tensor, label: Tensor | None = None) -> Judgement:
        """Logits (N,), and as features what each hidden layer returns."""
        features: list[Tensor] = []
        x = _joined(samples.flatten(1), label, self.labels)
        for layer in self.hidden:
            x = layer(x)
            features.append(x)
        return Judgement(self.verdict(x).flatten(), features)


def mlp_generator(size: int, latent_size: int, width: int = 512, layers: int = 2, labels: int = 0) -> MLPGenerator:
    """A generator of pictures (N, 3, size, size) in [-1, 1]."""
    return MLPGenerator(latent_size, (3, size, size), width, layers, labels, bounded=True)


def mlp_discriminator(
    size: int, width: int = 256, layers: int = 2, labels: int = 0, dropout: float = 0.0
) -> MLPDiscriminator:
    """The discriminator of pictures (N, 3, size, size)."""
    return MLPDiscriminator((3, size, size), width, layers, labels, dropout)


def _joined(numbers: Tensor, label: Tensor | None, labels: int) -> Tensor:
    if not labels:
        return numbers
    assert label is not None, "this network is conditional"
    return torch.cat([numbers, F.one_hot(label, labels).to(numbers)], dim=1)


def _hidden(inputs: int, width: int, layers: int, *after: nn.Module) -> nn.ModuleList:
    if layers < 1:
        raise ValueError(f"A fully connected network here has one hidden layer or more, not {layers}.")
    sizes = [inputs] + [width] * layers
    return nn.ModuleList(nn.Sequential(nn.Linear(a, b), *after) for a, b in pairwise(sizes))
