"""An exponential moving average of a network's weights: what is validated and exported."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """Holds `network`, a copy whose weights trail those it is updated from.

    The decay warms up as min(decay, (1 + n) / (10 + n)) over the n-th update, so that the first steps, which know
    little, are soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the weights of `network`; buffers are copied."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        mine = list(self.network.parameters())
        torch._foreach_lerp_(mine, list(network.parameters()), 1 - decay)  # pyright: ignore[reportPrivateUsage]
        for target, source in zip(self.network.buffers(), network.buffers(), strict=True):
            target.copy_(source)
