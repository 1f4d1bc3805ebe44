"""Pixel losses: each takes the network's output and the true picture, RGB in [0, 1], and returns their mean difference."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

PixelLoss = Callable[[Tensor, Tensor], Tensor]


def charbonnier(output: Tensor, truth: Tensor, epsilon: float = 1e-3) -> Tensor:
    """sqrt(difference² + ε²), L1 rounded at the origin: Lai et al., LapSRN, equation 3."""
    return torch.sqrt((output - truth).square() + epsilon * epsilon).mean()


PIXEL_LOSSES: dict[str, PixelLoss] = {
    "l1": F.l1_loss,
    "l2": F.mse_loss,
    "charbonnier": charbonnier,
}
