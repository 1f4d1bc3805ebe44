"""Codes that a generator learns to give a meaning by itself: InfoGAN.

Chen et al. 2016, "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets".
A code is described by its kind: the number of values of a categorical one, 0 for a continuous one, which lies in [-1, 1]. A
picture's codes are float32 (N, K), a column each; in that of a categorical code stands the index of its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Kinds = Sequence[int]


def width_of(kinds: Kinds) -> int:
    """How many numbers the codes are for a network: a categorical one is one for each value."""
    return sum(kind or 1 for kind in kinds)


def draw_codes(kinds: Kinds, count: int, generator: torch.Generator) -> Tensor:
    """Codes of `count` pictures, (count, K): each value of a categorical code, and each number in [-1, 1], alike likely."""
    columns = [
        torch.randint(kind, (count,), generator=generator).float()
        if kind
        else torch.rand(count, generator=generator) * 2 - 1
        for kind in kinds
    ]
    return torch.stack(columns, dim=1) if columns else torch.zeros(count, 0)


def expand(codes: Tensor, kinds: Kinds) -> Tensor:
    """Codes (N, K) as a network takes them, (N, width_of(kinds)): categorical ones one-hot, continuous ones as they are."""
    columns = [
        (codes[:, i : i + 1].round() == torch.arange(kind, device=codes.device)).float()
        if kind
        else codes[:, i : i + 1]
        for i, kind in enumerate(kinds)
    ]
    return torch.cat(columns, dim=1) if columns else codes.new_zeros(len(codes), 0)


def information_loss(logits: Tensor, codes: Tensor, kinds: Kinds, continuous: float = 0.1) -> Tensor:
    """What the codes and what Q reads off the pictures do not share: minus equation 5 of the paper, but for a constant.

    `logits` (N, width_of(kinds)) are Q's: of a categorical code the logits of its values, whose cross-entropy counts 1; of a
    continuous one the mean of a Gaussian of variance 1, whose negative log-likelihood counts `continuous` (appendix C).
    """
    total = logits.new_zeros((), dtype=torch.float32)
    first = 0
    for i, kind in enumerate(kinds):
        mine = logits[:, first : first + (kind or 1)].float()
        first += kind or 1
        if kind:
            total = total + F.cross_entropy(mine, codes[:, i].long())
        else:
            total = total + continuous * 0.5 * (mine[:, 0] - codes[:, i]).square().mean()
    return total


def code_controls(kinds: Kinds) -> dict[str, Any]:
    """The codes as the controls of a card: "code 1", "code 2" and so on, a column of the input `codes` each."""
    return {
        f"code {i + 1}": {"kind": "categorical", "column": i, "values": kind}
        if kind
        else {"kind": "continuous", "column": i, "range": [-1, 1]}
        for i, kind in enumerate(kinds)
    }
