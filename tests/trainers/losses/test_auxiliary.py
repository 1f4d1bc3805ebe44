"""Auxiliary losses against numbers worked out by hand, and the sentences for what they cannot be computed from."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from engines.errors import RecipeError
from trainers.losses.auxiliary import AUXILIARY, Outputs, find_auxiliary, paired
from trainers.losses.tables import PIXEL_LOSSES

REAL = torch.tensor([2.0, -1.0])
FAKE = torch.tensor([0.5, -3.0])


class Scaled:
    """A loss of a person's own, made with an option."""

    def __init__(self, power: int = 1) -> None:
        if power < 1:
            raise ValueError("the power is 1 or more")
        self.power = power

    def __call__(self, outputs: Outputs) -> Tensor:
        return outputs.fake.abs().pow(self.power).sum()


def powered(outputs: Outputs, power: int, factor: float = 1.0) -> Tensor:
    return factor * outputs.fake.abs().pow(power).sum()


class NoLoss:
    """What is made, but cannot be called."""


@pytest.mark.parametrize("name", PIXEL_LOSSES)
def test_pixel_losses_compare_fake_with_real_pictures(name: str) -> None:
    assert AUXILIARY[name](Outputs(REAL, FAKE)).item() == pytest.approx(PIXEL_LOSSES[name](FAKE, REAL).item())


def test_a_pixel_loss_needs_a_real_picture() -> None:
    with pytest.raises(RecipeError, match="this step has none"):
        paired(PIXEL_LOSSES["l1"])(Outputs(real=None, fake=FAKE))


def test_feature_matching_compares_means_over_the_batch() -> None:
    real = [torch.tensor([[1.0, 0.0], [3.0, 0.0]], requires_grad=True), torch.zeros(2, 1, 1, 1)]
    fake = [torch.tensor([[5.0, 1.0], [1.0, 3.0]], requires_grad=True), torch.ones(2, 1, 1, 1)]
    loss = AUXILIARY["feature-matching"](Outputs(REAL, FAKE, real_features=real, fake_features=fake))
    # means (2, 0) and (3, 2): squares 1 and 4; and 1 in the second layer
    assert loss.item() == pytest.approx((2.5 + 1) / 2)
    loss.backward()
    assert real[0].grad is None and fake[0].grad is not None


def test_feature_matching_needs_features() -> None:
    with pytest.raises(RecipeError, match="shows none"):
        AUXILIARY["feature-matching"](Outputs(REAL, FAKE, real_logits=REAL, fake_logits=FAKE))


def test_an_auxiliary_classifier_learns_from_fake_and_real_pictures() -> None:
    logits = torch.tensor([[0.0, math.log(3)]])  # probabilities 1/4 and 3/4
    on_fake = Outputs(REAL, FAKE, fake_class_logits=logits, fake_labels=torch.tensor([1]))
    loss = AUXILIARY["auxiliary-classifier"]
    assert loss(on_fake).item() == pytest.approx(math.log(4 / 3))
    on_both = replace(on_fake, real_class_logits=logits, real_labels=torch.tensor([0]))
    assert loss(on_both).item() == pytest.approx(math.log(4 / 3) + math.log(4))


def test_an_auxiliary_classifier_needs_classes_and_labels() -> None:
    with pytest.raises(RecipeError, match="classes and pictures with labels"):
        AUXILIARY["auxiliary-classifier"](Outputs(REAL, FAKE, fake_labels=torch.tensor([1])))


def test_features_are_matched_on_the_layers_that_are_asked_for() -> None:
    real = [torch.zeros(2, 3), torch.zeros(2, 1, 1, 1)]
    fake = [torch.full((2, 3), 2.0), torch.ones(2, 1, 1, 1)]
    outputs = Outputs(REAL, FAKE, real_features=real, fake_features=fake)
    assert find_auxiliary("feature-matching", {"layers": [1]})(outputs).item() == 4
    assert find_auxiliary("feature-matching", {"layers": [2]})(outputs).item() == 1
    wrong: tuple[Any, ...] = ([3], [0], ["a"], 1)
    for layers in wrong:
        with pytest.raises(RecipeError, match="shows 2 layers"):
            find_auxiliary("feature-matching", {"layers": layers})(outputs)


def test_a_loss_of_ones_own_is_found_by_its_import_path_with_its_options() -> None:
    assert find_auxiliary(f"{__name__}:Scaled", {"power": 2})(Outputs(REAL, FAKE)).item() == pytest.approx(9.25)
    found = find_auxiliary(f"{__name__}:powered", {"power": 2, "factor": 2.0})
    assert found(Outputs(REAL, FAKE)).item() == pytest.approx(18.5)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("mode-seeking", {"power": 2}, "has no option “power”; it takes no options"),
        ("feature-matching", {"layer": 2}, "has no option “layer”; it takes layers"),
        (f"{__name__}:Scaled", {"factor": 2}, "has no option “factor”; it takes power"),
        (f"{__name__}:Scaled", {"power": 0}, "cannot be made with .* the power is 1 or more"),
        (f"{__name__}:Scaled", {"power": "two"}, "cannot be made with"),
        (f"{__name__}:powered", {}, "cannot be made with .* missing a required argument: 'power'"),
        (f"{__name__}:powered", {"outputs": 1}, "has no option “outputs”; it takes power, factor"),
        (f"{__name__}:NoLoss", {}, "gives a NoLoss, which cannot be called"),
        ("torch:sum", {}, "what it takes is not known"),
    ],
)
def test_an_option_that_a_loss_does_not_take_is_a_sentence(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        find_auxiliary(name, options)
