"""Losses and objectives against cases computed by hand, and penalties against a discriminator whose slope is known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engines.errors import RecipeError
from trainers.losses.objectives import Logits, Objective, divergence_penalty, picture_margin
from trainers.losses.tables import OBJECTIVES, PIXEL_LOSSES, make_objective, objective_of
from trainers.recipes.adversarial import OBJECTIVES as NAMES
from trainers.recipes.recipe import ImageGeneration, from_values

REAL = torch.tensor([2.0, -1.0])
FAKE = torch.tensor([0.5, -3.0])


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


BY_HAND = {
    # name: (discriminator, generator) for the logits above
    "bce": (
        (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(-3)) / 2,
        (softplus(-0.5) + softplus(3)) / 2,
    ),
    "lsgan": (0.5 * ((1 + 4) / 2 + (0.25 + 9) / 2), 0.5 * (0.25 + 16) / 2),
    "hinge": ((0 + 2) / 2 + (1.5 + 0) / 2, 2.5 / 2),
    "wgan": (-1.25 - 0.5, 1.25),
}
MARGIN = torch.tensor([3.0])
BY_HAND |= {"loss-sensitive": (((3 - 2 + 0.5) + (3 + 1 - 3)) / 2, 1.25)}
BY_HAND |= {"wgan-gp": BY_HAND["wgan"], "wgan-div": BY_HAND["wgan"], "r1": BY_HAND["bce"]}


class Linear(nn.Module):
    """A discriminator whose slope is `weight` everywhere: w·x, as one logit, or as patches or scales of w·x and more."""

    def __init__(self, weight: Tensor, shape: str = "one") -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.shape = shape

    def forward(self, pictures: Tensor) -> Tensor | list[Tensor]:
        score = (pictures * self.weight).flatten(1).sum(1)
        if self.shape == "patches":  # their mean has the slope 2w
            return torch.stack([score, 3 * score], 1).view(-1, 1, 1, 2)
        if self.shape == "scales":  # the mean of both scales' means has the slope 2w
            return [score, torch.stack([2 * score, 4 * score], 1)]
        return score


def lowered(name: str, real: Logits, fake: Logits) -> Tensor:
    """What the discriminator of the objective `name` lowers; where pictures have a margin it is `MARGIN`."""
    objective = OBJECTIVES[name]
    return objective.discriminator(real, fake, *([] if objective.margin is None else [MARGIN]))


def random_source() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_objective_is_what_its_equation_says(name: str) -> None:
    discriminator, generator = BY_HAND[name]
    assert lowered(name, REAL, FAKE).item() == pytest.approx(discriminator, rel=1e-6)
    assert OBJECTIVES[name].generator(FAKE).item() == pytest.approx(generator, rel=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_shape_of_logits_does_not_matter(name: str) -> None:
    objective = OBJECTIVES[name]
    wanted = lowered(name, REAL, FAKE), objective.generator(FAKE)
    for shape in ((2, 1), (1, 1, 2), (2, 1, 1, 1)):
        got = lowered(name, REAL.view(shape), FAKE.view(shape)), objective.generator(FAKE.view(shape))
        torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_scales_count_alike_whatever_their_size(name: str) -> None:
    objective = OBJECTIVES[name]
    other_real, other_fake = torch.full((2, 1, 5, 5), 0.7), torch.full((2, 1, 5, 5), -0.2)
    both = lowered(name, [REAL, other_real], (FAKE, other_fake))
    alone = lowered(name, REAL, FAKE), lowered(name, other_real, other_fake)
    torch.testing.assert_close(both, (alone[0] + alone[1]) / 2)
    torch.testing.assert_close(
        objective.generator([FAKE, other_fake]), (objective.generator(FAKE) + objective.generator(other_fake)) / 2
    )


def test_no_scale_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="empty list"):
        OBJECTIVES["bce"].generator([])


@pytest.mark.parametrize("name", OBJECTIVES)
def test_formulas_are_float32_under_autocast(name: str) -> None:
    objective = OBJECTIVES[name]
    discriminator = nn.Sequential(nn.Flatten(), nn.Linear(12, 1))
    real, fake = torch.rand(4, 3, 2, 2), torch.rand(4, 3, 2, 2)
    with torch.autocast("cpu", torch.bfloat16):
        logits = discriminator(real), discriminator(fake)
        assert logits[0].dtype == torch.bfloat16
        assert lowered(name, *logits).dtype == torch.float32
        assert objective.generator(logits[1]).dtype == torch.float32
        if objective.penalty is not None:
            within = objective.penalty(discriminator, real.bfloat16(), fake.bfloat16(), random_source())
            assert within.dtype == torch.float32
    if objective.penalty is not None:
        outside = objective.penalty(discriminator, real.bfloat16(), fake.bfloat16(), random_source())
        assert torch.equal(within, outside)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_side_pulls_its_own_way(name: str) -> None:
    real, fake = torch.zeros(3, requires_grad=True), torch.zeros(3, requires_grad=True)
    lowered(name, real, fake).backward()
    assert real.grad is not None and fake.grad is not None
    assert bool((real.grad < 0).all())  # going down the gradient raises the logits of real pictures
    assert bool((fake.grad >= 0).all()) and (name == "lsgan" or bool((fake.grad > 0).all()))
    fake.grad = None
    OBJECTIVES[name].generator(fake).backward()
    assert bool((fake.grad < 0).all())


@given(st.floats(-80, 80), st.floats(-80, 80))
def test_large_logits_stay_finite(real: float, fake: float) -> None:
    for name, objective in OBJECTIVES.items():
        a, b = torch.tensor([real], requires_grad=True), torch.tensor([fake], requires_grad=True)
        loss = lowered(name, a, b) + objective.generator(b)
        gradients = torch.autograd.grad(loss, [a, b])
        assert bool(torch.isfinite(torch.stack([loss.detach(), gradients[0][0], gradients[1][0]])).all())


# Penalties


WEIGHT = torch.tensor([3.0, 0.0, -4.0]).view(3, 1, 1)  # its norm is 5


@pytest.mark.parametrize(("shape", "norm"), [("one", 5.0), ("patches", 10.0), ("scales", 10.0)])
def test_penalties_of_a_known_slope(shape: str, norm: float) -> None:
    if shape == "scales":  # (1 + mean(2, 4)) / 2 = 2
        norm = 5.0 * 2
    discriminator = Linear(WEIGHT.clone(), shape)
    real, fake = torch.rand(4, 3, 1, 1), torch.rand(4, 3, 1, 1)
    wanted = {"wgan-gp": (norm - 1) ** 2, "wgan-div": norm**6, "r1": norm**2 / 2}
    for name, value in wanted.items():
        penalty = OBJECTIVES[name].penalty
        assert penalty is not None
        assert penalty(discriminator, real, fake, random_source()).item() == pytest.approx(value, rel=1e-5)


def test_the_gradient_of_a_penalty_reaches_the_weights() -> None:
    discriminator = Linear(WEIGHT.clone())
    real, fake = torch.rand(4, 3, 1, 1), torch.rand(4, 3, 1, 1)
    penalty = OBJECTIVES["wgan-gp"].penalty
    assert penalty is not None
    penalty(discriminator, real, fake, random_source()).backward()
    # d/dw (‖w‖ - 1)² = 2 (‖w‖ - 1) w / ‖w‖
    torch.testing.assert_close(discriminator.weight.grad, 2 * 4 * WEIGHT / 5)


def test_a_penalty_where_the_slope_is_0_has_a_finite_gradient() -> None:
    for name in ("wgan-gp", "wgan-div", "r1"):
        discriminator = Linear(torch.zeros(3, 1, 1))
        penalty = OBJECTIVES[name].penalty
        assert penalty is not None
        penalty(discriminator, torch.rand(2, 3, 1, 1), torch.rand(2, 3, 1, 1), random_source()).backward()
        assert discriminator.weight.grad is not None and bool(torch.isfinite(discriminator.weight.grad).all())


def test_where_penalties_look() -> None:
    """Of D(x) = x² / 2 the slope is x itself: the penalty tells at which points it was measured."""

    def discriminator(pictures: Tensor) -> Tensor:
        return pictures.flatten(1).square().sum(1) / 2

    real, fake = torch.full((2000, 1), 4.0), torch.full((2000, 1), 2.0)
    r1, between = OBJECTIVES["r1"].penalty, OBJECTIVES["wgan-gp"].penalty
    assert r1 is not None and between is not None
    assert r1(discriminator, real, fake, random_source()).item() == pytest.approx(8.0)
    # the mean of (x - 1)² for x drawn evenly from [2, 4]
    assert between(discriminator, real, fake, random_source()).item() == pytest.approx(13 / 3, rel=0.03)
    # the mean of x⁴ for the same x
    fourth = divergence_penalty(discriminator, real, fake, random_source(), power=4.0)
    assert fourth.item() == pytest.approx((4**5 - 2**5) / 5 / 2, rel=0.05)


def test_a_penalty_is_a_function_of_its_source_of_random_numbers() -> None:
    network = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    penalty = OBJECTIVES["wgan-gp"].penalty
    assert penalty is not None
    real, fake = torch.zeros(16, 2), torch.ones(16, 2)
    torch.manual_seed(1)
    first = penalty(network, real, fake, random_source())
    torch.manual_seed(2)
    again = penalty(network, real, fake, random_source())
    other = penalty(network, real, fake, torch.Generator().manual_seed(4))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_penalty_does_not_reach_the_generator() -> None:
    fake = torch.rand(4, 3, 1, 1, requires_grad=True)
    for name in ("wgan-gp", "wgan-div", "r1"):
        penalty = OBJECTIVES[name].penalty
        assert penalty is not None
        penalty(Linear(WEIGHT.clone()), torch.rand(4, 3, 1, 1), fake, random_source()).backward()
    assert fake.grad is None


# The table and its changes


def test_only_penalties_on_single_pictures_take_batch_norm_out() -> None:
    assert {name for name, objective in OBJECTIVES.items() if objective.per_sample_penalty} == {
        "wgan-gp",
        "wgan-div",
        "r1",
    }
    assert {name for name, objective in OBJECTIVES.items() if objective.clip} == {"wgan"}


def test_the_numbers_of_an_objective_can_be_changed() -> None:
    assert make_objective("wgan-gp") == OBJECTIVES["wgan-gp"]
    assert make_objective("wgan-gp", penalty_weight=5) == replace(OBJECTIVES["wgan-gp"], penalty_weight=5)
    assert make_objective("wgan", clip=0.1).clip == 0.1


def test_label_smoothing_lowers_the_target_of_real_pictures_only() -> None:
    for name in ("bce", "r1"):
        smooth = make_objective(name, smoothing=0.1)
        target = torch.full_like(REAL, 0.9)
        wanted = nn.functional.binary_cross_entropy_with_logits(REAL, target)
        wanted = wanted + nn.functional.binary_cross_entropy_with_logits(FAKE, torch.zeros_like(FAKE))
        torch.testing.assert_close(smooth.discriminator(REAL, FAKE), wanted)
        assert smooth.generator is OBJECTIVES[name].generator


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("wgangp", {}, "no objective called “wgangp”; choose bce, hinge, loss-sensitive, lsgan"),
        ("bce", {"penalty_weight": 1.0}, "“bce” has no penalty"),
        ("r1", {"penalty_weight": -1.0}, "-1"),
        ("hinge", {"clip": 0.1}, "clips no weights"),
        ("wgan", {"clip": 0.0}, "clipped at 0"),
        ("lsgan", {"smoothing": 0.1}, "not for “lsgan”"),
        ("bce", {"smoothing": 0.5}, "0.5 does not"),
    ],
)
def test_a_change_that_makes_no_sense_is_a_sentence(name: str, changes: dict[str, float], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        make_objective(name, **changes)


def test_an_objective_is_frozen() -> None:
    with pytest.raises(AttributeError):
        OBJECTIVES["bce"].clip = 0.1  # type: ignore[misc]
    assert isinstance(OBJECTIVES["bce"], Objective)


# Pixel losses


@pytest.mark.parametrize(
    ("name", "value"), [("l1", 1.5), ("l2", 2.5), ("charbonnier", (math.sqrt(1 + 1e-6) + math.sqrt(4 + 1e-6)) / 2)]
)
def test_pixel_losses(name: str, value: float) -> None:
    output, truth = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0])
    assert PIXEL_LOSSES[name](output, truth).item() == pytest.approx(value)


# What a recipe says

OWN = Objective(OBJECTIVES["lsgan"].discriminator, OBJECTIVES["lsgan"].generator, clip=0.5)


def make_own() -> Objective:
    return OWN


def make_nothing() -> None: ...


def make_trouble() -> Objective:
    raise ValueError("no such thing")


def recipe(**more: object) -> ImageGeneration:
    values = {"task": "image-generation", "name": "tiny", "steps": 1, "data": {"photos": ["."]}}
    made = from_values(values | more)
    assert isinstance(made, ImageGeneration)
    return made


def test_a_recipe_knows_the_objectives_that_there_are() -> None:
    assert set(NAMES) == set(OBJECTIVES)


def test_an_objective_has_the_numbers_of_its_recipe() -> None:
    assert objective_of(recipe(objective="wgan-gp", penalty_weight=3.0)).penalty_weight == 3
    assert objective_of(recipe(objective="wgan", weight_clip=0.2)).clip == 0.2
    assert objective_of(recipe()) is OBJECTIVES["bce"]


@pytest.mark.parametrize("name", ["OWN", "make_own"])
def test_an_objective_of_ones_own_is_found_by_its_import_path(name: str) -> None:
    assert objective_of(recipe(objective=f"{__name__}:{name}", weight_clip=0.1)) == replace(OWN, clip=0.1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BY_HAND", "is no objective: it cannot be called"),
        ("make_nothing", "gives a NoneType, not an Objective"),
        ("softplus", "cannot be made without arguments"),
        ("make_trouble", "cannot be made without arguments .no such thing"),
        ("nobody", "has no “nobody”"),
    ],
)
def test_what_is_no_objective_is_a_sentence(name: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        objective_of(recipe(objective=f"{__name__}:{name}"))


def test_an_unknown_objective_is_said_when_the_recipe_is_read() -> None:
    with pytest.raises(RecipeError, match="“objective” is “wgan-pg”; choose bce, .* import path"):
        recipe(objective="wgan-pg")


def test_pictures_that_differ_more_are_to_be_told_apart_further() -> None:
    real = torch.zeros(2, 3, 4, 4)
    fake = torch.stack([torch.full((3, 4, 4), 0.5), torch.full((3, 4, 4), -1.0)])
    torch.testing.assert_close(picture_margin(real, fake), torch.tensor([12.3, 24.6]))
