"""Muon: orthogonal steps whatever the gradient's size, and a small problem solved."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from trainers.loop.muon import RMS_OF_ADAM, Muon, orthogonalise


@given(st.integers(1, 12), st.integers(12, 40), st.floats(1e-4, 1e4))
def test_singular_values_come_near_1(rows: int, columns: int, size: float) -> None:
    torch.manual_seed(rows * 100 + columns)
    values = torch.linalg.svdvals(orthogonalise(size * torch.randn(2, rows, columns)))
    assert float(values.max()) < 1.35
    assert float(values.mean()) > 0.6


def test_the_step_does_not_depend_on_the_size_of_the_gradient() -> None:
    torch.manual_seed(0)
    gradient = torch.randn(8, 4, 3, 3)
    steps = []
    for size in (1.0, 1000.0):
        weight = torch.zeros(8, 4, 3, 3, requires_grad=True)
        weight.grad = gradient * size
        Muon([weight], lr=0.1).step()
        steps.append(weight.detach().clone())
    torch.testing.assert_close(steps[0], steps[1], rtol=1e-3, atol=1e-5)
    rms = float(steps[0].square().mean().sqrt())
    assert 0.5 * 0.1 * RMS_OF_ADAM < rms < 1.5 * 0.1 * RMS_OF_ADAM


def test_weights_of_one_shape_step_as_each_would_alone() -> None:
    torch.manual_seed(1)
    starts = [torch.randn(6, 2, 3, 3) for _ in range(3)] + [torch.randn(20, 1, 3, 3)]
    gradients = [torch.randn_like(start) for start in starts]

    def stepped(groups: list[list[int]]) -> list[torch.Tensor]:
        weights = [start.clone().requires_grad_() for start in starts]
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient.clone()
        for group in groups:
            Muon([weights[i] for i in group], lr=0.01).step()
        return [weight.detach() for weight in weights]

    for a, b in zip(stepped([[0, 1, 2, 3]]), stepped([[0], [1], [2], [3]]), strict=True):
        torch.testing.assert_close(a, b)


def test_it_minimises() -> None:
    torch.manual_seed(0)
    target = torch.randn(8, 16)
    weight = torch.zeros(8, 16, requires_grad=True)
    optimiser = Muon([weight], lr=0.05)
    for step in range(200):
        optimiser.param_groups[0]["lr"] = 0.2 * (1 - step / 200)
        optimiser.zero_grad()
        (weight - target).square().sum().backward()
        optimiser.step()
    assert float((weight.detach() - target).square().mean()) < 0.01
