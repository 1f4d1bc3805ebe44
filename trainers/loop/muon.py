"""Muon: momentum whose step for each convolution is orthogonalised, which trains these networks in far fewer steps.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), with the scale of Liu et al., "Muon is
Scalable for LLM Training" (2025, equation 4), by which a rate serves matrices of all shapes. A convolution's weight
(out, in, k, k) is taken as the matrix (out, in·k·k).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

QUINTIC = (3.4445, -4.7750, 2.0315)  # the iteration's coefficients, from Jordan et al.
ITERATIONS = 5
RMS_OF_ADAM = 0.2  # the root mean square of Adam's typical step, which the scale matches


def orthogonalise(matrices: Tensor) -> Tensor:
    """The nearest matrices with singular values about 1 (0.7 to 1.2), for a stack (B, rows, columns), rows ≤ columns.

    Newton and Schulz's iteration with a quintic polynomial; the matrices' own size does not matter.
    """
    a, b, c = QUINTIC
    x = matrices / (torch.linalg.matrix_norm(matrices, keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


class Muon(torch.optim.Optimizer):
    """Steps every weight of two or more dimensions along its orthogonalised Nesterov momentum.

    Weights of one shape are stepped together. `lr` has the meaning and the usual values of Adam's.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            momentum: float = group["momentum"]
            by_shape: dict[tuple[int, ...], list[tuple[Tensor, Tensor]]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                state["momentum"].mul_(momentum).add_(weight.grad)
                direction = weight.grad.add(state["momentum"], alpha=momentum)
                by_shape[tuple(weight.shape)].append((weight, direction.reshape(weight.shape[0], -1)))
            for pairs in by_shape.values():
                stack = torch.stack([direction for _, direction in pairs])
                wide = stack.shape[1] <= stack.shape[2]
                steps = orthogonalise(stack) if wide else orthogonalise(stack.mT).mT
                scale = RMS_OF_ADAM * max(stack.shape[1:]) ** 0.5
                for (weight, _), step in zip(pairs, steps, strict=True):
                    weight.add_(step.reshape(weight.shape), alpha=-group["lr"] * scale)
