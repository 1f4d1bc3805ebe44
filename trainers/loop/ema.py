"""An exponential moving average of a network's weights: what is validated and exported."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn


class Average:
    """Holds `network`, a copy whose weights trail those it is updated from.

    The first `start` updates copy the weights. From then on they are averaged, with a decay that warms up as
    min(decay, (1 + n) / (10 + n)) over the n-th average, so that the first steps, which know little, are soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float, start: int = 0) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.start = start
        self.updates = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the weights of `network`; buffers are copied."""
        averaged = self.updates - self.start
        decay = min(self.decay, (1 + averaged) / (10 + averaged)) if averaged >= 0 else 0.0
        self.updates += 1
        mine = list(self.network.parameters())
        torch._foreach_lerp_(mine, list(network.parameters()), 1 - decay)  # pyright: ignore
        for target, source in zip(self.network.buffers(), network.buffers(), strict=True):
            target.copy_(source)

    def state_dict(self) -> dict[str, Any]:
        """The averaged weights, and how many updates they have had."""
        return {"network": self.network.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.network.load_state_dict(state["network"])
        self.updates = state["updates"]
