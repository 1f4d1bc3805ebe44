"""Pixels and tensors: exact there and back, padding, and colour under transparency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engines.tiles.tensor import fill_transparent, pad, to_pixels, to_tensor


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_level_comes_back(dtype: type) -> None:
    levels = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(-1, 16, 1).repeat(3, axis=2)
    tensor = to_tensor(levels)
    assert tensor.dtype == np.float32 and tensor.min() == 0 and tensor.max() == 1
    np.testing.assert_array_equal(to_pixels(tensor, np.dtype(dtype)), levels)


def test_values_beyond_the_range_are_clipped() -> None:
    tensor = np.array([[[[-0.5, 0.5, 1.5]]] * 3], np.float32).reshape(1, 3, 1, 3)
    assert to_pixels(tensor, np.dtype(np.uint8))[0, :, 0].tolist() == [0, 128, 255]
    assert to_pixels(tensor, np.dtype(np.uint16))[0, :, 0].tolist() == [0, 32768, 65535]


def test_the_order_of_axes() -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    tensor = to_tensor(pixels)
    assert tensor.shape == (1, 3, 2, 3)
    assert tensor[0, 1, 0, 2] == pixels[0, 2, 1] / np.float32(255)


def test_padding_repeats_the_last_pixels() -> None:
    tensor = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
    padded = pad(tensor, 3, 4)
    assert padded.shape == (1, 1, 3, 4)
    assert padded[0, 0].tolist() == [[0, 1, 1, 1], [2, 3, 3, 3], [2, 3, 3, 3]]
    assert pad(tensor, 1, 1) is tensor


def test_colour_under_transparency_comes_from_the_visible() -> None:
    pixels = np.zeros((9, 9, 4), np.uint8)
    pixels[4, 4] = (200, 100, 50, 255)
    filled = fill_transparent(pixels, 3)
    assert filled[1:8, 1:8].reshape(-1, 3).tolist() == [[200, 100, 50]] * 49
    assert not filled[0].any()


def test_visible_colour_is_never_changed() -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (12, 12, 4)).astype(np.uint8)
    pixels[..., 3] = random.choice([0, 1, 255], (12, 12))
    filled = fill_transparent(pixels, 4)
    seen = pixels[..., 3] > 0
    np.testing.assert_array_equal(filled[seen], pixels[..., :3][seen])


@pytest.mark.parametrize("alpha", [0, 255])
def test_nothing_to_do_changes_nothing(alpha: int) -> None:
    pixels = np.full((4, 4, 4), 7, np.uint8)
    pixels[..., 3] = alpha
    np.testing.assert_array_equal(fill_transparent(pixels, 3), pixels[..., :3])


@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(20, 30), st.integers(1, 6), st.just(4)), elements=st.integers(0, 255)
    ),
    st.integers(1, 4),
    st.integers(5, 14),
)
def test_a_band_with_margin_fills_as_the_whole_does(pixels: np.ndarray, reach: int, top: int) -> None:
    pixels = pixels.copy()
    pixels[..., 3] = np.where(pixels[..., 3] < 200, 0, 255)
    whole = fill_transparent(pixels, reach)
    first, last = max(0, top - reach), min(len(pixels), top + 5 + reach)
    band = fill_transparent(pixels[first:last], reach)
    np.testing.assert_array_equal(band[top - first : top - first + 5], whole[top : top + 5])
