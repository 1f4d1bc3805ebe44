"""Reduction: each pixel is the mean of its area, whatever the bands, and transparency has no colour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.translation.reduction import Reduction, reduced_size


def reduced(pixels: np.ndarray, width: int, height: int, band: int) -> np.ndarray:
    reduction = Reduction(pixels.shape, pixels.dtype, width, height)
    for top in range(0, len(pixels), band):
        reduction.add(pixels[top : top + band])
    return reduction.pixels()


@given(st.data(), st.integers(1, 40), st.integers(1, 40), st.sampled_from([np.uint8, np.uint16]))
def test_it_is_the_mean_of_each_area_whatever_the_bands(
    data: st.DataObject, height: int, width: int, dtype: type
) -> None:
    to_height, to_width = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    band = data.draw(st.integers(1, height))
    pixels = (
        np.random.default_rng(height * width).integers(0, np.iinfo(dtype).max + 1, (height, width, 3)).astype(dtype)
    )
    result = reduced(pixels, to_width, to_height, band)
    repeated = pixels.repeat(to_height, 0).repeat(to_width, 1).astype(np.float64)
    means = repeated.reshape(to_height, height, to_width, width, 3).mean(axis=(1, 3)) * (65535 / np.iinfo(dtype).max)
    assert result.dtype == np.uint16 and float(np.abs(result - means).max()) <= 0.5 + 1e-6
    np.testing.assert_array_equal(result, reduced(pixels, to_width, to_height, height))


def test_a_picture_that_fits_stays_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (7, 9, 3)).astype(np.uint16)
    np.testing.assert_array_equal(reduced(pixels, 9, 7, 3), pixels)


@pytest.mark.parametrize("shape", [(60_000, 1, 3), (1, 60_000, 3)])
def test_the_longest_and_thinnest_takes_little_memory(shape: tuple[int, int, int]) -> None:
    pixels = np.full(shape, 77, np.uint8)
    result = reduced(pixels, min(shape[1], 50_000), min(shape[0], 50_000), 60_000)
    assert (result == 77 * 257).all()


def test_what_is_transparent_does_not_tint() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, ::2] = (200, 100, 50, 255)
    pixels[:, 1::2] = (0, 255, 0, 0)
    result = reduced(pixels, 2, 2, 4)
    assert result[0, 0].tolist() == [200 * 257, 100 * 257, 50 * 257, 32768]


def test_rows_that_are_missing_are_said() -> None:
    with pytest.raises(ValueError, match="2 of 4 rows"):
        reduction = Reduction((4, 4, 3), np.dtype(np.uint8), 2, 2)
        reduction.add(np.zeros((2, 4, 3), np.uint8))
        reduction.pixels()


@given(st.integers(1, 100_000), st.integers(1, 100_000))
def test_the_size_keeps_its_bounds(width: int, height: int) -> None:
    small = reduced_size(width, height, 512, 2_000_000)
    assert 1 <= small[0] <= width and 1 <= small[1] <= height
    assert min(small) <= 512 and small[0] * small[1] <= 2_000_000 * 1.01 + max(small)


def test_the_shape_is_kept() -> None:
    assert reduced_size(6000, 4000, 512, 2_000_000) == (768, 512)
    assert reduced_size(300, 200, 512, 2_000_000) == (300, 200)
    assert reduced_size(20_000, 1000, 512, 2_000_000) == (6325, 316)
