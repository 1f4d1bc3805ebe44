"""The parts of an adversarial loop, each alone; and every objective at work on a ring of eight Gaussians."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engines.errors import RecipeError
from tests.benchmarks.ring import DEVIATION, MODES, SETTINGS, centres, count_modes, draw_ring
from tests.conftest import ROOT
from trainers.adversarial.sides import (
    clip_weights,
    discriminator_lead,
    discriminator_loss,
    frozen,
    generator_loss,
    generator_ramp,
    turns,
)
from trainers.losses.auxiliary import AUXILIARY
from trainers.losses.tables import OBJECTIVES
from trainers.metrics.spread import spread
from trainers.networks.dcgan import DCGANDiscriminator
from trainers.networks.discriminators import without_batch_norm
from trainers.networks.mlp import MLPDiscriminator, MLPGenerator


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def pair() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return MLPGenerator(4, (2,), 8, 1), MLPDiscriminator((2,), 8, 1)


def gradients(network: nn.Module) -> list[bool]:
    return [weight.grad is not None for weight in network.parameters()]


# The two losses


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_loss_reaches_its_own_side_only(name: str, pair: tuple[nn.Module, nn.Module]) -> None:
    generator, discriminator = pair
    fake = generator(torch.randn(6, 4))
    discriminator_loss(OBJECTIVES[name], discriminator, torch.randn(6, 2), fake, source()).total.backward()
    assert not any(gradients(generator)) and all(gradients(discriminator))
    discriminator.zero_grad(set_to_none=True)
    generator_loss(OBJECTIVES[name], discriminator, fake).total.backward()
    assert all(gradients(generator)) and not any(gradients(discriminator))
    assert all(weight.requires_grad for weight in discriminator.parameters())


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_total_is_the_sum_of_its_terms(name: str, pair: tuple[nn.Module, nn.Module]) -> None:
    _, discriminator = pair
    objective = OBJECTIVES[name]
    real, fake = torch.randn(6, 2), torch.randn(6, 2)
    loss = discriminator_loss(objective, discriminator, real, fake, source(1))
    wanted = {"adversarial": objective.judged(discriminator(real), discriminator(fake), real, fake)}
    if objective.penalty is not None:
        wanted["penalty"] = objective.penalty_weight * objective.penalty(discriminator, real, fake, source(1))
    assert loss.terms.keys() == wanted.keys()
    for term, value in wanted.items():
        torch.testing.assert_close(loss.terms[term], value.detach())
    torch.testing.assert_close(loss.total, torch.stack(list(wanted.values())).sum())
    assert not any(term.requires_grad for term in loss.terms.values())


def test_auxiliary_losses_are_added_with_their_weights(pair: tuple[nn.Module, nn.Module]) -> None:
    _, discriminator = pair
    real, fake = torch.zeros(6, 2), torch.ones(6, 2, requires_grad=True)
    chosen = {name: (AUXILIARY[name], weight) for name, weight in (("feature-matching", 2.0), ("l1", 3.0))}
    loss = generator_loss(OBJECTIVES["hinge"], discriminator, fake, real=real, auxiliary=chosen)
    assert set(loss.terms) == {"adversarial", "feature-matching", "l1"}
    assert loss.terms["l1"].item() == pytest.approx(3.0)
    layers = discriminator.judge(fake).features, discriminator.judge(real).features  # type: ignore[operator]
    means = layers[0][0].mean(0) - layers[1][0].mean(0)
    assert loss.terms["feature-matching"].item() == pytest.approx(2 * means.detach().square().mean().item())
    torch.testing.assert_close(loss.total.detach(), torch.stack(list(loss.terms.values())).sum())
    loss.total.backward()
    assert fake.grad is not None and not any(gradients(discriminator))


def test_an_auxiliary_classifier_on_both_sides() -> None:
    torch.manual_seed(0)
    discriminator = DCGANDiscriminator(32, 8, classes=3)
    real, fake = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32, requires_grad=True)
    real_labels, fake_labels = torch.tensor([0, 1]), torch.tensor([2, 2])
    chosen = {"auxiliary-classifier": (AUXILIARY["auxiliary-classifier"], 1.0)}
    loss = discriminator_loss(
        OBJECTIVES["bce"],
        discriminator,
        real,
        fake,
        source(),
        real_labels=real_labels,
        fake_labels=fake_labels,
        auxiliary=chosen,
    )
    loss.total.backward()
    assert discriminator.classifier is not None and discriminator.classifier.weight.grad is not None
    both = loss.terms["auxiliary-classifier"]
    outputs = loss.outputs
    assert outputs.real_class_logits is not None and outputs.fake_class_logits is not None
    cross_entropy = nn.functional.cross_entropy
    torch.testing.assert_close(
        both,
        (
            cross_entropy(outputs.real_class_logits, real_labels)
            + cross_entropy(outputs.fake_class_logits, fake_labels)
        ).detach(),
    )
    mine = generator_loss(OBJECTIVES["bce"], discriminator, fake, real=real, fake_labels=fake_labels, auxiliary=chosen)
    assert mine.outputs.real_class_logits is None
    assert mine.terms["auxiliary-classifier"] < both


def test_a_conditional_discriminator_is_given_the_labels() -> None:
    class Conditional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
            return self.scale * (pictures.sum(1) + labels)

    discriminator = Conditional()
    real, fake = torch.zeros(2, 3), torch.zeros(2, 3)
    labels = {"real_labels": torch.tensor([1, 2]), "fake_labels": torch.tensor([3, 4]), "conditional": True}
    loss = discriminator_loss(OBJECTIVES["wgan-gp"], discriminator, real, fake, source(), **labels)
    assert loss.terms["adversarial"].item() == pytest.approx(3.5 - 1.5)
    assert loss.terms["penalty"].item() == pytest.approx(10 * (3**0.5 - 1) ** 2, rel=1e-5)
    mine = generator_loss(
        OBJECTIVES["wgan-gp"], discriminator, fake, fake_labels=labels["fake_labels"], conditional=True
    )
    assert mine.total.item() == pytest.approx(-3.5)


def test_what_a_plain_discriminator_cannot_give_is_said() -> None:
    chosen = {"feature-matching": (AUXILIARY["feature-matching"], 1.0)}
    with pytest.raises(RecipeError, match="shows none"):
        generator_loss(OBJECTIVES["bce"], nn.Linear(2, 1), torch.zeros(2, 2), real=torch.zeros(2, 2), auxiliary=chosen)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_pictures_in_half_precision(name: str) -> None:
    """DCGAN's discriminator, with batch norm or without as the objective asks, in bfloat16: gradients for both sides."""
    objective = OBJECTIVES[name]
    torch.manual_seed(0)
    discriminator: nn.Module = DCGANDiscriminator(32, 8)
    if objective.per_sample_penalty:
        discriminator = without_batch_norm(discriminator)
    fake = torch.rand(2, 3, 32, 32, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        loss = discriminator_loss(objective, discriminator, torch.rand(2, 3, 32, 32), fake, source())
    loss.total.backward()
    assert loss.total.dtype == torch.float32
    slopes = [weight.grad for weight in discriminator.parameters() if weight.grad is not None]
    assert all(bool(torch.isfinite(slope).all()) for slope in slopes) and any(bool(slope.any()) for slope in slopes)
    with torch.autocast("cpu", torch.bfloat16):
        loss = generator_loss(objective, discriminator, fake)
    loss.total.backward()
    assert fake.grad is not None and bool(fake.grad.any())


# The small parts


def test_turns() -> None:
    assert turns(1, 1) == ("discriminator", "generator")
    assert turns(3, 2) == ("discriminator",) * 3 + ("generator",) * 2
    for steps in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="1 step or more"):
            turns(*steps)


def test_frozen_gives_back_what_was_there() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[0].bias.requires_grad_(False)
    before = [weight.requires_grad for weight in network.parameters()]
    with pytest.raises(KeyError), frozen(network):
        assert not any(weight.requires_grad for weight in network.parameters())
        raise KeyError
    assert [weight.requires_grad for weight in network.parameters()] == before == [True, False, True, True]


@given(st.floats(1e-3, 10))
def test_clipped_weights_lie_within_the_limit(limit: float) -> None:
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[-20.0, 20.0], [limit / 2, 0.0]]))
    clip_weights(network, limit)
    torch.testing.assert_close(network.weight.detach(), torch.tensor([[-limit, limit], [limit / 2, 0.0]]))
    assert float(network.bias.detach().abs().max()) <= limit * (1 + 1e-6)


def test_the_lead_by_hand() -> None:
    bce, wgan = OBJECTIVES["bce"], OBJECTIVES["wgan"]
    unsure, sure = torch.zeros(4), torch.full((4,), 50.0)
    assert discriminator_lead(bce, unsure, unsure) == pytest.approx(0)
    assert discriminator_lead(bce, sure, -sure) == pytest.approx(1)
    assert discriminator_lead(bce, -sure, sure) == 0
    assert discriminator_lead(bce, unsure, -sure) == pytest.approx(0.5)
    assert discriminator_lead(OBJECTIVES["lsgan"], unsure + 0.5, unsure + 0.5) == 0
    assert discriminator_lead(OBJECTIVES["hinge"], [sure, sure], [-sure, unsure]) == pytest.approx(0.75)
    assert discriminator_lead(wgan, sure, -sure) is None


@pytest.mark.parametrize("name", [name for name, objective in OBJECTIVES.items() if objective.undecided is not None])
def test_no_constant_answer_has_a_lead(name: str) -> None:
    objective = OBJECTIVES[name]
    answers = torch.linspace(-3, 3, 61)
    losses = [float(objective.discriminator(answer[None], answer[None])) for answer in answers]
    assert min(losses) == pytest.approx(objective.undecided, rel=1e-3)


def test_spread_is_in_the_unit_of_the_samples() -> None:
    assert spread(torch.tensor([[0.0, 0.0], [3.0, 4.0]])) == pytest.approx(5 / 2**0.5)
    two = torch.stack([torch.zeros(3, 8, 8), torch.full((3, 8, 8), 0.25)])
    assert spread(two) == pytest.approx(0.25)
    assert spread(two[:1]) == 0.0
    assert spread(torch.ones(5, 3, 8, 8)) == pytest.approx(0.0, abs=1e-6)


def test_a_collapse_is_seen_in_the_spread() -> None:
    data = draw_ring(256, source())
    healthy = draw_ring(256, source(1))
    collapsed = centres()[3] + DEVIATION * torch.randn(256, 2, generator=source(2))
    assert spread(healthy) / spread(data) == pytest.approx(1, abs=0.1)
    assert spread(collapsed) / spread(data) < 0.1


def test_the_generator_waits_and_then_comes_in() -> None:
    assert [generator_ramp(step, alone=2, ramp=4) for step in range(8)] == [0, 0, 0.25, 0.5, 0.75, 1, 1, 1]
    assert [generator_ramp(step, alone=1, ramp=0) for step in range(3)] == [0, 1, 1]
    assert generator_ramp(0, alone=0, ramp=0) == 1


@given(st.integers(0, 500), st.integers(0, 200), st.integers(0, 200))
def test_the_ramp_never_falls(step: int, alone: int, ramp: int) -> None:
    now, then = generator_ramp(step, alone, ramp), generator_ramp(step + 1, alone, ramp)
    assert 0 <= now <= then <= 1
    assert (now == 0) == (step < alone)


# The ring


def test_modes_are_counted_as_they_are_found() -> None:
    whole = draw_ring(2500, source())
    modes, good = count_modes(whole)
    assert modes == MODES and good == pytest.approx(1 - 2.718281828 ** (-9 / 2), abs=0.01)  # three deviations in 2-D
    assert count_modes(centres()[[0, 0, 1]]) == (2, 1.0)
    assert count_modes(torch.zeros(10, 2)) == (0, 0.0)
    few = torch.cat([centres()[:1].repeat(991, 1), centres()[1:2].repeat(9, 1)])
    assert count_modes(few) == (1, 1.0)  # nine of a thousand are not yet a mode


@pytest.mark.soak
@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_objective_learns_the_ring(name: str) -> None:
    """A shorter run of the benchmark than the one that is reported; one thread, so that it is the same everywhere."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.ring", "--short", "--json", name],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["objective"] == name and result["steps"] == SETTINGS[name].short_steps
    assert result["modes"] >= 7, result
    assert result["good"] > 0.1, result


def test_the_objective_weighs_what_is_asked_beside_the_auxiliary_losses() -> None:
    torch.manual_seed(0)
    discriminator = MLPDiscriminator((2,), 8)
    fake, real = torch.randn(6, 2), torch.randn(6, 2)
    chosen = {"feature-matching": (AUXILIARY["feature-matching"], 2.0)}
    losses = {
        weight: generator_loss(OBJECTIVES["bce"], discriminator, fake, weight=weight, real=real, auxiliary=chosen)
        for weight in (0.0, 1.0, 3.0)
    }
    alone = float(losses[0.0].total)
    assert alone == pytest.approx(float(losses[0.0].terms["feature-matching"])) and alone > 0
    assert float(losses[3.0].total) - alone == pytest.approx(3 * (float(losses[1.0].total) - alone), rel=1e-5)


def test_how_far_a_discriminator_with_a_margin_leads_is_not_said() -> None:
    own = replace(OBJECTIVES["loss-sensitive"], undecided=1.0)
    assert discriminator_lead(own, torch.zeros(2), torch.zeros(2)) is None
