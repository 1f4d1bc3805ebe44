"""Relighting: exact where the pictures are of one size, exact for light that is linear, sharp edges, and no creases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import Cancelled
from engines.progress import Progress
from engines.translation.reduction import Reduction
from engines.translation.relight import ColourTransform
from tests.search import examples


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 65536, (height, width, 3)).astype(np.uint16)


def reduced(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    reduction = Reduction(pixels.shape, pixels.dtype, width, height)
    reduction.add(pixels)
    return reduction.pixels()


def smooth(height: int, width: int) -> np.ndarray:
    """A picture with soft and hard edges and texture, 16 bit."""
    y, x = np.mgrid[:height, :width] / 20.0
    planes = [np.sin(x) * np.cos(y), np.cos(x * 0.7 + y), np.where(x + y > 3.5, 0.8, -0.8)]
    texture = np.random.default_rng(1).normal(0, 0.05, (height, width, 1))
    return np.rint(np.clip(np.stack(planes, -1) * 0.35 + 0.5 + texture, 0, 1) * 65535).astype(np.uint16)


@examples(25)
@given(st.integers(1, 90), st.integers(1, 60))
def test_any_size_can_be_fitted_and_one_light_for_all_is_that_light(height: int, width: int) -> None:
    before = noise(height, width)
    result = ColourTransform(before, before // 4, width, height).apply(before, 0)
    assert int(np.abs(result.astype(np.int32) - before // 4).max()) <= 257


def test_detail_that_the_network_blurred_is_the_photos() -> None:
    large = smooth(240, 360)
    dimmed = large // 3
    padded = np.pad(dimmed.astype(np.float64), ((2, 2), (2, 2), (0, 0)), mode="edge")
    blurred = sum(padded[y : y + 240, x : x + 360] for y in range(5) for x in range(5)) / 25
    result = ColourTransform(large, np.rint(blurred).astype(np.uint16), 360, 240).apply(large, 0).astype(np.float64)

    def detail(picture: np.ndarray) -> float:
        return float(np.abs(np.diff(picture.astype(np.float64), axis=1)).mean())

    assert detail(result) > 2.5 * detail(blurred)


def test_light_that_is_linear_in_colour_is_carried_over_exactly() -> None:
    """A darker and bluer copy of the small picture makes the same copy of the large one, detail and all."""
    large = smooth(240, 360)
    matrix = np.array([[0.3, 0.05, 0.0], [0.02, 0.35, 0.05], [0.0, 0.1, 0.5]])
    turned = np.rint(large @ matrix.T).astype(np.uint16)
    small = reduced(large, 60, 40)
    result = ColourTransform(small, np.rint(small @ matrix.T).astype(np.uint16), 360, 240).apply(large, 0)
    assert float(np.abs(result.astype(np.int32) - turned).mean()) < 65535 * 0.004


def test_reduced_further_it_is_the_network_s() -> None:
    large = smooth(240, 360)
    small = reduced(large, 60, 40)
    after = 65535 - small // 2  # nothing that a ratio of light could say
    again = reduced(ColourTransform(small, after, 360, 240).apply(large, 0), 6, 4)
    assert float(np.abs(again.astype(np.int32) - reduced(after, 6, 4)).mean()) < 257 * 1.0


def test_even_parts_keep_their_detail() -> None:
    """Detail finer than the small picture, which sees an even grey, is dimmed as the grey is, not wiped out."""
    y, x = np.mgrid[:160, :160]
    large = np.where((x + y) % 2, 36000, 28000).astype(np.uint16)[..., None].repeat(3, 2)
    small = reduced(large, 20, 20)
    result = ColourTransform(small, small // 4, 160, 160).apply(large, 0).astype(np.float64)
    assert 0.2 < (result.max() - result.min()) / 8000 < 0.35


def test_an_edge_stays_sharp_and_has_no_halo() -> None:
    """A bright sky over a dark roof becomes a dark one: the border stays where it is, a pixel wide."""
    large = np.full((480, 64, 3), 12000, np.uint16)
    large[:243] = (30000, 45000, 60000)
    small = reduced(large, 8, 60)
    bright = small[..., 2] / 60000.0
    after = np.rint((1 - bright)[..., None] * np.array([9000, 8000, 9000]) + bright[..., None] * 2000).astype(np.uint16)
    result = ColourTransform(small, after, 64, 480).apply(large, 0)[:, 32].astype(np.int32)
    assert int(np.abs(result[:140] - result[0]).max()) < 257 * 1  # the sky is even up to near the roof
    assert int(np.abs(result[340:] - result[-1]).max()) < 257 * 1
    assert int(np.abs(result[150:243] - result[0]).max()) < 257 * 6  # and near it by a few levels
    assert int((result[243] - result[242]).min()) > 0.6 * int((result[-1] - result[0]).min())


def test_bands_and_blocks_are_the_whole() -> None:
    large = np.tile(smooth(150, 360), (2, 4, 1))
    small = reduced(large, 144, 30)
    transform = ColourTransform(small, small[::-1].copy(), 1440, 300)
    whole = transform.apply(large, 0).astype(np.int32)
    bands = np.concatenate([transform.apply(large[top : top + 37], top) for top in range(0, 300, 37)])
    assert int(np.abs(bands - whole).max()) <= 1


def test_it_is_smooth_where_the_photo_is() -> None:
    """A ramp of light over an even photo has no steps and no creases at the small picture's pixels."""
    large = np.full((160, 640, 3), 40000, np.uint16)
    small = reduced(large, 80, 20)
    ramp = np.linspace(4000, 36000, 80)[None, :, None] * np.ones((20, 1, 3))
    line = ColourTransform(small, np.rint(ramp).astype(np.uint16), 640, 160).apply(large, 0)[80, 80:-80, 0]
    steps = np.diff(line.astype(np.float64))
    assert steps.min() > 0 and steps.max() / steps.min() < 1.15


def test_cancel_stops_the_fit() -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        ColourTransform(noise(9, 9), noise(9, 9), 9, 9, progress)
