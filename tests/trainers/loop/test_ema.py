"""The average: copies first, then trails."""

from __future__ import annotations

import torch
from torch import nn

from trainers.loop.ema import Average


def network(value: float) -> nn.BatchNorm1d:
    module = nn.BatchNorm1d(2)
    nn.init.constant_(module.weight, value)
    module.running_mean.fill_(value)  # type: ignore[union-attr]
    return module


def test_it_is_a_copy_before_it_starts_and_trails_after() -> None:
    average = Average(network(0.0), 0.999, start=2)
    for value, expected in [(1.0, 1.0), (3.0, 3.0), (13.0, 3 + 0.9 * 10)]:  # first decay: (1 + 0) / (10 + 0)
        average.update(network(value))
        torch.testing.assert_close(average.network.weight.data, torch.full((2,), expected))
        assert average.network.running_mean.tolist() == [value, value]  # type: ignore[union-attr]


def test_the_decay_warms_up_to_its_value() -> None:
    average = Average(network(0.0), 0.5)
    for _ in range(20):
        average.update(network(0.0))
    average.update(network(1.0))
    assert average.network.weight.tolist() == [0.5, 0.5]


def test_it_goes_on_from_its_state() -> None:
    whole, first = Average(network(0.0), 0.9), Average(network(0.0), 0.9)
    for value in (1.0, 2.0):
        whole.update(network(value))
        first.update(network(value))
    second = Average(network(7.0), 0.9)
    second.load_state_dict(first.state_dict())
    for value in (5.0, 6.0):
        whole.update(network(value))
        second.update(network(value))
    assert torch.equal(whole.network.weight, second.network.weight)


def test_it_is_not_trained() -> None:
    average = Average(network(1.0), 0.9)
    assert not average.network.training and not any(weight.requires_grad for weight in average.network.parameters())
