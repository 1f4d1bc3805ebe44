"""Precision: autocast, clipping, the scaler, and gradients that are no numbers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from engines.errors import RecipeError
from trainers.loop.device import Precision, choose_device
from trainers.loop.stepping import NotANumber

CPU = torch.device("cpu")


def stepped(precision: Precision, scale: float = 1.0, clip: float = 1e9) -> tuple[nn.Linear, float]:
    torch.manual_seed(0)
    layer = nn.Linear(4, 1, bias=False)
    optimiser = torch.optim.SGD(layer.parameters(), lr=1.0)
    with precision.autocast():
        output = layer(torch.ones(1, 4))
    precision.backward(output.float().sum() * scale)
    return layer, precision.step([optimiser], list(layer.parameters()), clip)


@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16"])
def test_a_step_is_the_same_in_each_up_to_rounding(name: str) -> None:
    layer, norm = stepped(Precision(CPU, name), scale=0.1)
    exact, _ = stepped(Precision(CPU, "float32"), scale=0.1)
    assert norm == pytest.approx(0.2, rel=1e-2)
    torch.testing.assert_close(layer.weight, exact.weight, rtol=1e-2, atol=1e-2)


def test_gradients_are_clipped_to_their_norm() -> None:
    before, _ = stepped(Precision(CPU, "float32"), scale=0.0)
    layer, norm = stepped(Precision(CPU, "float32"), clip=0.5)
    assert norm == pytest.approx(2.0)
    assert float((layer.weight - before.weight).detach().norm()) == pytest.approx(0.5, rel=1e-4)


def test_a_gradient_that_is_no_number_leaves_the_weights_alone() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(4, 1, bias=False)
    before = layer.weight.detach().clone()
    precision = Precision(CPU, "float32")
    precision.backward(layer(torch.full((1, 4), math.inf)).sum())
    with pytest.raises(NotANumber, match="gradient was not a number"):
        precision.step([torch.optim.SGD(layer.parameters(), lr=1.0)], list(layer.parameters()), 1.0)
    assert torch.equal(layer.weight, before)


def test_the_scaler_leaves_out_a_step_that_overflows_and_scales_less() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(4, 1, bias=False)
    before = layer.weight.detach().clone()
    precision = Precision(CPU, "float16")
    factor = precision.scaler.get_scale()
    precision.backward(layer(torch.full((1, 4), 3e38)).sum())
    precision.step([torch.optim.SGD(layer.parameters(), lr=1.0)], list(layer.parameters()), 1.0)
    assert torch.equal(layer.weight, before) and precision.scaler.get_scale() < factor
    again = Precision(CPU, "float32")
    again.load_state_dict(precision.state_dict())
    assert again.name == "float16" and again.scaler.get_scale() == precision.scaler.get_scale()


def test_auto_is_bfloat16_where_there_are_instructions_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for has, expected in [({"avx512_bf16": True, "avx2": True}, "bfloat16"), ({"avx512_bf16": False}, "float32")]:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda has=has: has)
        assert Precision(CPU, "auto").name == expected


def test_the_processor_is_always_there() -> None:
    assert choose_device("cpu") == CPU
    if not torch.cuda.is_available():
        assert choose_device("auto") == CPU
        with pytest.raises(RecipeError, match="finds no GPU"):
            choose_device("cuda")
