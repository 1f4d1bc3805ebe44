"""How different samples are from one another: what falls when a generator collapses."""

from __future__ import annotations

import torch
from torch import Tensor


def spread(samples: Tensor) -> float:
    """How different samples, (N, ...), are from one another: the mean over pairs of the root of their mean squared difference.

    In the unit of the samples; 0 where all are alike, or there is only one. A generator has collapsed where the spread
    of its samples is a small part of the spread of as many pieces of data.
    """
    flat = samples.detach().float().flatten(1)
    if len(flat) < 2:
        return 0.0
    return float(torch.pdist(flat).mean()) / flat.shape[1] ** 0.5


def spreads(samples: Tensor, labels: Tensor | None) -> dict[int, float]:
    """The `spread` of the samples of each label that has four or more of them; of all, as label 0, where there are none."""
    if labels is None:
        labels = torch.zeros(len(samples), dtype=torch.long, device=samples.device)
    found = {int(label): samples[labels == label] for label in labels.unique()}
    return {label: spread(mine) for label, mine in found.items() if len(mine) >= 4}
