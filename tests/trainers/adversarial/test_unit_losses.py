"""UNIT's loss, term by term, against numbers worked out by hand; and the pool of translated pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from trainers.adversarial.unit_losses import (
    CHROMA,
    Batch,
    Pool,
    beyond_range,
    generators_loss,
    ground_light,
    kl_divergence,
    lost_structure,
    sky_colour,
    translate_picture,
    translated,
)
from trainers.losses.tables import make_objective
from trainers.networks.unit import UNIT, UNITDiscriminator, UNITDiscriminators, initialise

PAPER = {
    "adversarial": 10.0,
    "kl": 0.1,
    "reconstruction": 100.0,
    "cycle_kl": 0.1,
    "cycle": 100.0,
    "perceptual": 0.0,
    "structure": 0.0,
}


class Times(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


class Products(nn.Module):
    """Domain 0 is encoded by × 2 and decoded by × ¼; domain 1 by × 3 and × ½."""

    def __init__(self) -> None:
        super().__init__()
        self.encoders = nn.ModuleList((Times(2.0), Times(3.0)))
        self.decoders = nn.ModuleList((Times(0.25), Times(0.5)))


class Mean(nn.Module):
    """One logit: the mean of a picture, times a weight of 1."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((1, 2, 3)) * self.weight


def even(value: float) -> torch.Tensor:
    return torch.full((1, 3, 2, 2), value)


def tenth(mean: torch.Tensor, which: str) -> torch.Tensor:
    """Noise of 0.1 everywhere for latents, of 0.2 in the cycle."""
    return torch.full_like(mean, 0.1 if which.startswith("latent") else 0.2)


def loss_of(**changes: Any) -> Any:
    discriminators: Any = UNITDiscriminators(Mean(), Mean())
    arguments = {"noise": tenth, "weights": PAPER} | changes
    noise, weights = arguments.pop("noise"), arguments.pop("weights")
    real = (even(0.5), even(-0.2))
    return generators_loss(
        Products(), discriminators, make_objective("lsgan"), Batch(real, real), noise, weights, **arguments
    )


def test_each_term_against_numbers_worked_out_by_hand() -> None:
    # Domain 0: x = 0.5, μ = 1, z = 1.1; itself 0.275; translated 0.55; encoded again 1.65, drawn 1.85; back 0.4625.
    # Domain 1: x = -0.2, μ = -0.6, z = -0.5; itself -0.25; translated -0.125; encoded again -0.25, drawn -0.05; back -0.025.
    expected = {
        "kl₁": 1.0,
        "reconstruction₁": 0.225,
        "cycle_kl₁": 1.0 + 1.65**2,
        "cycle₁": 0.0375,
        "adversarial₂": 0.5 * (0.55 - 1) ** 2,
        "kl₂": 0.36,
        "reconstruction₂": 0.05,
        "cycle_kl₂": 0.36 + 0.0625,
        "cycle₂": 0.175,
        "adversarial₁": 0.5 * (-0.125 - 1) ** 2,
    }
    found = loss_of()
    assert {name: float(term.detach()) for name, term in found.terms.items()} == pytest.approx(expected, rel=1e-5)
    total = (
        10 * (expected["adversarial₁"] + expected["adversarial₂"])
        + 0.1 * (1.0 + 0.36)
        + 100 * (0.225 + 0.05)
        + 0.1 * (expected["cycle_kl₁"] + expected["cycle_kl₂"])
        + 100 * (0.0375 + 0.175)
    )
    assert float(found.total.detach()) == pytest.approx(total, rel=1e-5)
    torch.testing.assert_close(found.fakes[1], even(0.55))
    torch.testing.assert_close(found.fakes[0], even(-0.125))


def test_the_terms_that_the_paper_has_not_against_numbers_worked_out_by_hand() -> None:
    # As above, 0.5 becomes 0.55 and -0.2 becomes -0.125.
    reals = (even(0.6), even(-0.4))
    skies = (torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2))
    skies[1][..., 0] = 1
    grey = (0.0, 0.0)
    ranges = (((0.3, 0.9), grey, grey), (0.0, 1.0)), (((-0.9, 0.05), grey, grey), (-0.8, 0.5))
    batch = Batch((even(0.5), even(-0.2)), reals, skies, ranges)
    weights = {**PAPER, "identity": 2.0, "range": 3.0, "sky": 4.0, "ground": 5.0}
    discriminators: Any = UNITDiscriminators(Mean(), Mean())
    network = Products()
    found = generators_loss(network, discriminators, make_objective("lsgan"), batch, tenth, weights)
    expected = {
        "identity₂": 0.0,  # -0.4 encoded as a day is -0.8, and decoded as a night -0.4
        "identity₁": 0.15,  # 0.6 encoded as a night is 1.8, and decoded as a day 0.45
        "range₂": 0.0,  # 0.55 is a colour
        "range₁": 0.0,
        "sky₂": (0.55 - 0.05) ** 2,  # a day's sky as a night's, too light
        "sky₁": (0.3 - -0.125) ** 2,  # and a night's as a day's, too dark
        "ground₂": (0.55 - 0.5) ** 2,
        "ground₁": (0.0 - -0.125) ** 2,
    }
    extra = {
        name: float(term.detach())
        for name, term in found.terms.items()
        if name[:-1] in ("identity", "range", "sky", "ground")
    }
    assert extra == pytest.approx(expected, rel=1e-5, abs=1e-6)
    rest = sum(PAPER[name[:-1]] * float(term.detach()) for name, term in found.terms.items() if name not in extra)
    total = rest + sum(weights[name[:-1]] * value for name, value in extra.items())
    assert float(found.total.detach()) == pytest.approx(total, rel=1e-5)


def test_what_leaves_black_and_white_is_punished() -> None:
    assert float(beyond_range(torch.tensor([-1.5, -1.0, 0.3, 1.0, 2.0]))) == pytest.approx((0.25 + 1.0) / 5)


def test_a_sky_counts_where_it_is_and_only_beyond_the_light_of_skies() -> None:
    output = torch.stack([even(0.9)[0], even(-0.7)[0]])
    sky = torch.zeros(2, 1, 2, 2)
    night, day = (((low, high), (-0.1, 0.1), (-0.1, 0.1)) for low, high in ((-0.9, -0.5), (0.5, 1.0)))
    assert float(sky_colour(output, sky, night)) == 0  # there is none
    sky[0, 0, 0, 0] = sky[1, 0, 1, 1] = 1
    assert float(sky_colour(output, sky, night)) == pytest.approx(1.4**2 / 2, rel=1e-5)
    assert float(sky_colour(output, sky, day)) == pytest.approx(1.2**2 / 2, rel=1e-5)


def test_a_sky_as_dark_as_skies_but_of_another_colour_counts() -> None:
    blue = torch.full((1, 3, 2, 2), -0.7)
    blue[:, 2] += (
        0.2  # its luminance rises by 0.0228, red less luminance falls by it, and blue less luminance is 0.1772
    )
    ranges = ((-0.9, -0.5), (-0.1, 0.1), (-0.1, 0.1))
    sky = torch.ones(1, 1, 2, 2)
    assert float(sky_colour(blue, sky, ranges)) == pytest.approx((CHROMA * 0.0772) ** 2, rel=1e-4)
    assert float(sky_colour(blue, sky, (ranges[0], ranges[1], (0.0, 0.2)))) == 0
    assert float(sky_colour(blue, sky, (ranges[0], (0.0, 0.1), (0.0, 0.2)))) == pytest.approx(
        (CHROMA * 0.0228) ** 2, rel=1e-4
    )


def test_the_ground_counts_by_its_mean_and_only_beyond_the_light_of_grounds() -> None:
    output, sky = torch.stack([even(0.0)[0], even(0.0)[0]]), torch.zeros(2, 1, 2, 2)
    output[0, :, 0] = 0.8
    sky[0, :, 0] = 1  # the ground of the first is 0, and that of the second
    output[1, :, 0] = 0.4  # is 0.2 on the whole
    assert float(ground_light(output, sky, (0.0, 0.2))) == pytest.approx(0, abs=1e-6)
    assert float(ground_light(output, sky, (-0.9, -0.5))) == pytest.approx((0.5**2 + 0.7**2) / 2, rel=1e-2)
    assert float(ground_light(output, sky, (0.5, 0.9))) == pytest.approx((0.5**2 + 0.3**2) / 2, rel=1e-2)
    assert float(ground_light(output, torch.ones_like(sky), (0.9, 1.0))) == pytest.approx(
        (0.5**2 + 0.7**2) / 2, rel=1e-3
    )


def test_patches_and_changes_are_of_translations() -> None:
    """Patches are compared with the other domain's real colours, and the discriminator sees what was changed."""
    torch.manual_seed(0)
    network = UNIT(width=4, norm="channel", transposed=False)
    initialise(network, torch.Generator().manual_seed(2))
    discriminators: Any = UNITDiscriminators(Mean(), Mean())
    real = (torch.rand(2, 3, 32, 32) * 2 - 1, torch.rand(2, 3, 32, 32) - 1)
    seen: list[tuple[torch.Tensor, int]] = []

    def changed(pictures: torch.Tensor, domain: int) -> torch.Tensor:
        seen.append((pictures, domain))
        return pictures * 0

    weights = {**PAPER, "patches": 1.0}
    found = generators_loss(
        network, discriminators, make_objective("lsgan"), Batch(real, real), tenth, weights, changed=changed
    )
    assert [domain for _, domain in seen] == [1, 0]
    assert all(torch.equal(pictures, found.fakes[domain]) for pictures, domain in seen)
    assert float(found.terms["adversarial₂"].detach()) == 0.5  # (0 - 1)² / 2
    torch.manual_seed(0)
    assert float(found.terms["patches₂"].detach()) > 0.1 and found.terms["patches₂"].requires_grad


def test_a_grid_s_cycle_goes_through_pictures() -> None:
    """What a grid makes beyond black and white is no hiding-place: the cycle sees it cut off, as a file has it."""
    network = UNIT(width=4, head="grid")
    initialise(network, torch.Generator().manual_seed(2))
    with torch.no_grad():
        network.decoders[1].grid.bias[3::4] = -5.0  # everything becomes black, and far beyond
    shown: list[torch.Tensor] = []
    network.encoders[1].register_forward_pre_hook(lambda _m, args: shown.append(args[0]))
    discriminators: Any = UNITDiscriminators(Mean(), Mean())
    real = (torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16))
    generators_loss(network, discriminators, make_objective("lsgan"), Batch(real, real), tenth, PAPER)
    assert float(shown[-1].detach().min()) == -1 and len(shown) == 2


def test_without_sharing_it_is_cyclegan() -> None:
    found = loss_of(reconstructing=False)
    # Without noise: 0.5 → 1 → 0.5 → 1.5 → 0.375, and -0.2 → -0.6 → -0.15 → -0.3 → -0.15.
    assert {name: round(float(term.detach()), 5) for name, term in found.terms.items()} == {
        "cycle₁": 0.125,
        "adversarial₂": 0.125,
        "cycle₂": 0.05,
        "adversarial₁": pytest.approx(0.5 * 1.15**2, abs=1e-5),
    }


def test_without_a_cycle() -> None:
    assert set(loss_of(cycle=False).terms) == {
        *("kl₁", "reconstruction₁", "adversarial₂"),
        *("kl₂", "reconstruction₂", "adversarial₁"),
    }


def test_a_perceptual_term_compares_each_translation_with_its_source() -> None:
    found = loss_of(weights=PAPER | {"perceptual": 2.0}, perceptual=lambda a, b: (a - b).mean())
    assert float(found.terms["perceptual₂"].detach()) == pytest.approx(0.05)
    assert float(found.terms["perceptual₁"].detach()) == pytest.approx(0.075)
    plain = loss_of()
    assert float((found.total - plain.total).detach()) == pytest.approx(0.25, rel=1e-3)


def test_the_discriminators_get_no_gradient() -> None:
    discriminators: Any = UNITDiscriminators(Mean(), Mean())
    network = Products()
    objective = make_objective("bce")
    generators_loss(
        network, discriminators, objective, Batch(*[(even(0.5), even(-0.2))] * 2), tenth, PAPER
    ).total.backward()
    assert all(weight.grad is None for weight in discriminators.parameters())
    assert all(weight.grad is not None for weight in network.parameters())


def test_divergence_is_the_mean_of_squares() -> None:
    assert float(kl_divergence(torch.tensor([1.0, -2.0, 0.0, 1.0]))) == 1.5


def test_lost_structure_knows_a_negative(photo_pixels: np.ndarray) -> None:
    photo = torch.from_numpy(photo_pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    assert float(lost_structure(photo * 0.3 - 0.6, photo)) < 0.05  # dimmed
    assert float(lost_structure(-photo, photo)) > 1.95
    grey = torch.zeros_like(photo)
    assert float(lost_structure(grey, photo)) == pytest.approx(1, abs=0.01)
    torch.manual_seed(0)
    assert 0.8 < float(lost_structure(torch.rand_like(photo), photo)) < 1.2


def test_a_translation_is_repeated_exactly_and_noise_changes_it(photo_pixels: np.ndarray) -> None:
    network = UNIT(4, 1)
    initialise(network, torch.Generator().manual_seed(0))
    photo = photo_pixels[:30, :41]
    first = translate_picture(network, photo, 0)
    assert first.shape == photo.shape and first.dtype == np.uint8
    np.testing.assert_array_equal(first, translate_picture(network, photo, 0))
    assert not np.array_equal(first, translate_picture(network, photo, 1))
    pictures = torch.rand(1, 3, 16, 16)
    assert not torch.equal(translated(network, pictures, 0, None), translated(network, pictures, 0, tenth))


def pictures_of(*values: float) -> torch.Tensor:
    return torch.tensor(values)[:, None, None, None].expand(-1, 3, 2, 2)


def test_the_pool_keeps_the_last_and_gives_them_back_in_8_bits() -> None:
    pool = Pool(3)
    assert pool.draw(0, 2, torch.Generator()) is None
    pool.add(0, pictures_of(-1, -0.5, 0.0, 1.0))
    generator = torch.Generator().manual_seed(0)
    drawn = torch.cat([pool.draw(0, 1, generator) for _ in range(60)])  # type: ignore[misc]
    values, counts = drawn[:, 0, 0, 0].unique(return_counts=True)
    assert values.tolist() == pytest.approx([-0.5, 0.0, 1.0], abs=0.004)  # the oldest is gone
    assert counts[-1] > 25  # the newest is drawn more often
    assert pool.draw(1, 1, generator) is None


def test_the_pool_is_kept_in_checkpoints() -> None:
    pool, other = Pool(3), Pool(3)
    pool.add(1, pictures_of(0.25, 0.5))
    other.load_state_dict(pool.state_dict())
    a, b = (p.draw(1, 5, torch.Generator().manual_seed(2)) for p in (pool, other))
    assert a is not None and b is not None and torch.equal(a, b)
    assert other.draw(0, 1, torch.Generator()) is None


def test_a_discriminator_of_several_scales_counts_each_alike() -> None:
    discriminators: Any = UNITDiscriminators(UNITDiscriminator(2, 2, 2), UNITDiscriminator(2, 2, 2))
    network = UNIT(2, 1)
    real = (torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32))
    found = generators_loss(network, discriminators, make_objective("lsgan"), Batch(real, real), tenth, PAPER)
    logits = discriminators.of(1)(found.fakes[1])
    expected = sum(0.5 * float((scale - 1).square().mean().detach()) for scale in logits) / 2
    assert float(found.terms["adversarial₂"].detach()) == pytest.approx(expected, rel=1e-4)
