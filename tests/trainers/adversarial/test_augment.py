"""Differentiable augmentation: what it does to pictures, and that gradients find their way back through it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.search import examples
from trainers.adversarial import augment as module
from trainers.adversarial.augment import AUGMENTATIONS, augment, colour, cutout, translation

EVERY = tuple(AUGMENTATIONS)


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 1) -> Tensor:
    """Pictures of noise in [-0.9, 0.9]: nowhere 0, so that what is put in their place can be told from them."""
    levels = torch.rand(shape, generator=drawn(seed)) * 0.8 + 0.1
    return levels * (torch.rand(shape, generator=drawn(seed + 1)) < 0.5).float().mul(2).sub(1)


def test_without_kinds_pictures_are_the_same() -> None:
    pictures, generator = noise(4, 3, 8, 8), drawn(0)
    state = generator.get_state()
    assert augment(pictures, [], generator) is pictures
    assert torch.equal(generator.get_state(), state)


def test_a_kind_that_there_is_not_is_said() -> None:
    with pytest.raises(ValueError, match="augmentations are colour, .*, not color$"):
        augment(noise(1, 3, 8, 8), ["color"], drawn(0))  # type: ignore[list-item]


@pytest.mark.parametrize("kinds", [*[(kind,) for kind in EVERY], EVERY])
def test_the_same_seed_gives_the_same_and_another_does_not(kinds: Sequence[module.Kind]) -> None:
    pictures = noise(8, 3, 16, 16)
    before = pictures.clone()
    first, again, other = (augment(pictures, kinds, drawn(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(pictures, before)


def test_the_order_of_kinds_does_not_matter() -> None:
    pictures = noise(8, 3, 16, 16)
    assert torch.equal(augment(pictures, EVERY, drawn(0)), augment(pictures, EVERY[::-1], drawn(0)))


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_shape_type_and_memory_format_stay(kind: module.Kind, memory: torch.memory_format, dtype: torch.dtype) -> None:
    pictures = noise(5, 3, 16, 24)
    plain = augment(pictures.to(dtype), [kind], drawn(0))
    changed = augment(pictures.to(dtype).contiguous(memory_format=memory), [kind], drawn(0))
    assert changed.shape == pictures.shape and changed.dtype == dtype
    assert changed.is_contiguous(memory_format=memory)
    torch.testing.assert_close(changed, plain)


@pytest.mark.parametrize("kind", EVERY)
def test_autocast_does_not_change_it(kind: module.Kind) -> None:
    pictures = noise(4, 3, 16, 16).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        changed = augment(pictures, [kind], drawn(0))
        torch.nn.functional.conv2d(changed, torch.ones(2, 3, 3, 3)).float().sum().backward()
    assert torch.equal(changed, augment(pictures, [kind], drawn(0)))
    assert pictures.grad is not None and pictures.grad.isfinite().all() and pictures.grad.any()


@pytest.mark.parametrize("kinds", [*[(kind,) for kind in EVERY], EVERY])
def test_gradients_are_the_true_ones_twice(kinds: Sequence[module.Kind]) -> None:
    pictures = noise(2, 3, 8, 5).double().requires_grad_()

    def changed(given: Tensor) -> Tensor:
        return augment(given, kinds, drawn(5)).square()

    # Colours are worked out in single precision, so differences are taken over a wider step.
    assert torch.autograd.gradcheck(changed, pictures, eps=1e-2, atol=1e-3, fast_mode=True)
    assert torch.autograd.gradgradcheck(changed, pictures, eps=1e-2, atol=1e-3, fast_mode=True)


def by_the_paper(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """The three changes of colours one by one, as they are defined."""
    brightness, saturation, contrast = torch.rand(3, len(pictures), 1, 1, 1, generator=generator)
    brighter = pictures + (brightness - 0.5)
    grey = brighter.mean(dim=1, keepdim=True)
    saturated = (brighter - grey) * (2 * saturation) + grey
    mean = saturated.mean(dim=(1, 2, 3), keepdim=True)
    return (saturated - mean) * (contrast + 0.5) + mean


def test_colours_change_as_the_paper_has_it() -> None:
    pictures = noise(16, 3, 12, 10)
    torch.testing.assert_close(colour(pictures, drawn(2)), by_the_paper(pictures, drawn(2)))


def test_brightness_saturation_and_contrast_spread_over_their_ranges() -> None:
    # A picture of two halves, one of a colour, tells all three: its mean, its contrast and what is left of the colour.
    pictures = torch.zeros(4000, 3, 2, 2)
    pictures[:, :, 0] = torch.tensor([0.6, 0.0, -0.6])[:, None]
    pictures[:, :, 1] = 0.4
    changed = colour(pictures, drawn(0))
    brightness = changed.mean(dim=(1, 2, 3)) - 0.2
    contrast = (changed[:, :, 1].mean(dim=(1, 2)) - changed[:, :, 0].mean(dim=(1, 2))) / 0.4
    saturation = (changed[:, 0, 0, 0] - changed[:, 2, 0, 0]) / 1.2 / contrast
    for values, low, high in ((brightness, -0.5, 0.5), (saturation, 0.0, 2.0), (contrast, 0.5, 1.5)):
        assert low - 1e-4 <= float(values.min()) < low + 0.01 and high - 0.01 < float(values.max()) <= high + 1e-4
        assert abs(float(values.mean()) - (low + high) / 2) < 0.03 * (high - low)
        assert abs(float(values.std()) - (high - low) / 12**0.5) < 0.03 * (high - low)
    apart = torch.corrcoef(torch.stack([brightness, saturation, contrast])).fill_diagonal_(0)
    assert float(apart.abs().max()) < 0.06


def test_translation_moves_whole_pictures_up_to_an_eighth_and_brings_in_zeros() -> None:
    height, width = 16, 24
    pictures = noise(300, 3, height, width)
    moved = translation(pictures, drawn(0))
    seen: set[tuple[int, int]] = set()
    for before, after in zip(pictures, moved, strict=True):
        rows = after.any(dim=0)
        top, left = (int(rows.any(dim=axis).int().argmax()) for axis in (1, 0))
        bottom, right = (int(rows.any(dim=axis).flip(0).int().argmax()) for axis in (1, 0))
        down, along = top - bottom, left - right
        seen.add((down, along))
        expected = torch.zeros_like(before)
        part = before[:, bottom : height - top, right : width - left]
        expected[:, top : height - bottom, left : width - right] = part
        assert torch.equal(after, expected)
    assert seen == {(y, x) for y in range(-2, 3) for x in range(-3, 4)}


def test_cutout_takes_a_square_of_half_the_side_whose_middle_is_in_the_picture() -> None:
    side = 16
    pictures = noise(3000, 3, side, side)
    emptied = cutout(pictures, drawn(0))
    holes = (emptied == 0).all(dim=1)
    assert torch.equal(emptied, pictures * ~holes[:, None])
    heights, widths = holes.any(dim=2).sum(dim=1), holes.any(dim=1).sum(dim=1)
    assert torch.equal(holes.sum(dim=(1, 2)), heights * widths)
    assert (int(heights.min()), int(heights.max())) == (4, 8) and (int(widths.min()), int(widths.max())) == (4, 8)
    whole = float(((heights == 8) & (widths == 8)).float().mean())
    assert abs(whole - (9 / 17) ** 2) < 0.03
    often = holes.float().mean(dim=0)
    assert float(often[7:9, 7:9].min()) > 0.2 and float((often - often.flip(0)).abs().max()) < 0.05


@pytest.mark.parametrize("side", [8, 64])
def test_moves_and_holes_go_with_the_side(side: int) -> None:
    pictures = noise(500, 3, side, side)
    gone = (translation(pictures, drawn(0)) == 0).all(dim=1)
    rows, columns = gone.all(dim=2).sum(dim=1), gone.all(dim=1).sum(dim=1)
    assert int(rows.max()) == int(columns.max()) == side // 8 and int(rows.min()) == int(columns.min()) == 0
    holes = (cutout(pictures, drawn(0)) == 0).all(dim=1)
    heights, widths = holes.any(dim=2).sum(dim=1), holes.any(dim=1).sum(dim=1)
    assert torch.equal(holes.sum(dim=(1, 2)), heights * widths)
    assert int(heights.max()) == int(widths.max()) == side // 2 and int(heights.min()) >= side // 4


def test_what_is_moved_in_or_cut_out_is_zero_whatever_the_colours() -> None:
    changed = augment(torch.full((64, 3, 16, 16), 0.9), ["colour", "translation", "cutout"], drawn(0))
    holes = (changed == 0).all(dim=1).sum(dim=(1, 2))
    assert int(holes.min()) >= 16


def test_noise_has_its_spread_about_the_picture_and_differs_everywhere() -> None:
    pictures = noise(16, 3, 32, 32)
    added = augment(pictures, ["noise"], drawn(0)) - pictures
    assert abs(float(added.mean())) < 0.02 * module.NOISE * 4
    assert abs(float(added.std()) / module.NOISE - 1) < 0.02
    neighbours = torch.stack([added[:-1, :, :-1, :-1], added[1:, :, :-1, :-1], added[:-1, :, 1:, :-1]]).flatten(1)
    assert float(torch.corrcoef(neighbours).fill_diagonal_(0).abs().max()) < 0.03


@examples(25)
@given(st.integers(0, 3), st.integers(1, 20), st.integers(1, 20), st.integers(0, 1000))
def test_pictures_of_any_size_are_changed_and_stay_finite(count: int, height: int, width: int, seed: int) -> None:
    pictures = torch.rand(count, 3, height, width, generator=drawn(seed)) * 2 - 1
    changed = augment(pictures, EVERY, drawn(seed))
    assert changed.shape == pictures.shape and changed.isfinite().all()
    if count:
        assert float(changed.abs().max()) <= (1 + module.BRIGHTNESS) * 1.5 * 2 + 8 * module.NOISE
