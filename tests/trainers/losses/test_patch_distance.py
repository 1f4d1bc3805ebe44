"""The distance between patches as a loss: what it measures, that a generator can lower it, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from engines.errors import RecipeError
from trainers.losses.auxiliary import AUXILIARY, Outputs
from trainers.losses.patch_distance import patch_distance
from trainers.metrics.sliced_wasserstein import sliced_wasserstein


def drawings(seed: int, count: int = 48, size: int = 32) -> Tensor:
    """Pictures of one even rectangle on an even ground, (count, 3, size, size) in [-1, 1]."""
    source = torch.Generator().manual_seed(seed)
    colours = torch.rand(2, count, 3, 1, 1, generator=source) * 2 - 1
    pictures = colours[0].expand(-1, -1, size, size).clone()
    for index, (top, left) in enumerate(torch.randint(4, size // 2, (count, 2), generator=source).tolist()):
        pictures[index, :, top : top + size // 3, left : left + size // 3] = colours[1, index]
    return pictures


def levels(pictures: Tensor) -> np.ndarray:
    return ((pictures.permute(0, 2, 3, 1) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy()


def distance(fake: Tensor, real: Tensor) -> float:
    torch.manual_seed(0)
    return float(np.mean([float(patch_distance(fake, real)) for _ in range(8)]))


def test_it_is_nothing_between_the_same_even_pictures_and_grows_with_what_differs() -> None:
    real = drawings(0)
    near, noisy = drawings(1), drawings(1) + 0.1 * torch.randn(48, 3, 32, 32)
    assert distance(torch.zeros(4, 3, 32, 32), torch.zeros(4, 3, 32, 32)) == 0
    assert distance(near, real) < 0.7 * distance(noisy, real)
    assert distance(near, real) < 0.7 * distance(near * 0.5, real)  # paler: the real ones' deviation is the measure


def test_it_orders_sets_as_the_measured_distance_does() -> None:
    real = drawings(0)
    sets = [
        drawings(1),
        drawings(1) + 0.05 * torch.randn(48, 3, 32, 32),
        drawings(1) + 0.3 * torch.randn(48, 3, 32, 32),
    ]
    measured = [sliced_wasserstein(levels(one), levels(real), standard="reference", directions=64).mean for one in sets]
    lost = [distance(one, real) for one in sets]
    assert measured == sorted(measured) and lost == sorted(lost)


@pytest.mark.soak
def test_a_generator_can_lower_it() -> None:
    real = drawings(0)
    drawn = (0.3 * torch.randn(48, 3, 32, 32, generator=torch.Generator().manual_seed(2))).requires_grad_()
    optimiser = torch.optim.Adam([drawn], 0.05)
    before = distance(drawn.detach(), real)
    for step in range(60):
        torch.manual_seed(step)
        optimiser.zero_grad()
        patch_distance(drawn, real).backward()
        optimiser.step()
    assert distance(drawn.detach(), real) < 0.5 * before


def test_draws_follow_torchs_seed_alone() -> None:
    real, fake = drawings(0), drawings(1)
    values = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        values.append(float(patch_distance(fake, real)))
    assert values[0] == values[1] != values[2]


def test_the_loss_compares_pictures_as_they_were_before_they_were_changed_at_random() -> None:
    real, fake = drawings(0), drawings(1)
    changed = Outputs(torch.zeros_like(real), torch.zeros_like(fake), original=real, drawn=fake)
    torch.manual_seed(3)
    found = AUXILIARY["sliced-wasserstein"](changed)
    torch.manual_seed(3)
    assert float(found) == float(patch_distance(fake, real)) > 0


def test_pictures_of_one_label_are_compared_with_each_other() -> None:
    pictures = torch.cat([torch.full((8, 3, 32, 32), -0.5), torch.full((8, 3, 32, 32), 0.5)])
    labels = torch.arange(16) // 8
    right = Outputs(pictures, pictures, real_labels=labels, fake_labels=labels)
    swapped = Outputs(pictures, pictures.flip(0), real_labels=labels, fake_labels=labels)
    loss = AUXILIARY["sliced-wasserstein"]
    assert float(loss(right)) == 0 < float(loss(swapped))
    few = torch.arange(16) // 3  # too few of any label: all are compared with all
    assert float(loss(Outputs(pictures, pictures.flip(0), real_labels=few, fake_labels=few))) < 1e-6


def test_it_is_as_exact_within_a_lower_precision() -> None:
    real, fake = drawings(0), drawings(1)
    values = []
    for enabled in (False, True):
        torch.manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            values.append(patch_distance(fake, real))
    assert values[1].dtype == torch.float32 and float(values[0]) == float(values[1])


def test_it_needs_real_pictures_that_are_large_enough() -> None:
    with pytest.raises(RecipeError, match="this step has none"):
        AUXILIARY["sliced-wasserstein"](Outputs(None, drawings(0)))
    with pytest.raises(RecipeError, match="16 pixels or more"):
        patch_distance(torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 8, 8))
