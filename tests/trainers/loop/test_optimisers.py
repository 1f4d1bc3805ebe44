"""Each optimiser that a recipe names takes one step of a known length."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from engines.errors import RecipeError
from trainers.loop.optimisers import make_optimiser
from trainers.recipes.adversarial import Adversarial
from trainers.recipes.recipe import from_values

GRADIENT, WEIGHT, RATE, DECAY = 3.0, 2.0, 0.1, 0.5
PULLED = GRADIENT + DECAY * WEIGHT  # the gradient with the decay in it


def recipe(**more: Any) -> Adversarial:
    values = {"task": "image-generation", "name": "tiny", "steps": 1, "data": {"photos": ["."]}, "rate": RATE}
    made = from_values(values | more)
    assert isinstance(made, Adversarial)
    return made


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        # the lengths of the first and the second step on the same gradient, without decay
        ("adam", RATE, RATE),
        ("adamw", RATE, RATE),
        ("rmsprop", RATE / math.sqrt(0.1), RATE / math.sqrt(0.1) * 0.5 + RATE / math.sqrt(0.19)),
        ("sgd", RATE * GRADIENT, RATE * GRADIENT * 1.5),
    ],
)
def test_steps_are_as_long_as_the_formulas_say(name: str, first: float, second: float) -> None:
    layer = nn.Linear(1, 1, bias=False)
    optimiser = make_optimiser(recipe(optimiser=name, beta1=0.5, beta2=0.9), layer)
    places = [0.0]
    with torch.no_grad():
        layer.weight.fill_(0.0)
    for _ in range(2):
        layer.weight.grad = torch.full((1, 1), GRADIENT)
        optimiser.step()
        places.append(float(layer.weight.detach()))
    assert places[0] - places[1] == pytest.approx(first, rel=1e-4)
    assert places[1] - places[2] == pytest.approx(second, rel=1e-4)


@pytest.mark.parametrize(("name", "step"), [("sgd", RATE * PULLED), ("adamw", RATE + RATE * DECAY * WEIGHT)])
def test_decay_is_part_of_the_gradient_or_beside_it(name: str, step: float) -> None:
    layer = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(WEIGHT)
    layer.weight.grad = torch.full((1, 1), GRADIENT)
    make_optimiser(recipe(optimiser=name, weight_decay=DECAY), layer).step()
    assert WEIGHT - float(layer.weight.detach()) == pytest.approx(step, rel=1e-4)


def test_an_unknown_optimiser_is_a_sentence() -> None:
    with pytest.raises(RecipeError, match="“optimiser” is 'lion': input should be 'adam'"):
        recipe(optimiser="lion")
