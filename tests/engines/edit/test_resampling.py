"""Resampling: bands make the whole, levels stay, colours do not bleed out of transparency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.edit.resampling import resized_mask, resized_rows, rows_ready


def pixels_of(height: int, width: int, channels: int, dtype: type) -> np.ndarray:
    random = np.random.default_rng(height * 31 + width)
    return random.integers(0, np.iinfo(dtype).max, (height, width, channels), endpoint=True).astype(dtype)


@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 70), st.integers(1, 70), st.integers(1, 20),
    st.sampled_from([(3, np.uint8), (4, np.uint8), (3, np.uint16), (4, np.uint16)]),
)  # fmt: skip
def test_bands_make_the_whole(h: int, w: int, height: int, width: int, band: int, kind: tuple[int, type]) -> None:
    pixels = pixels_of(h, w, *kind)
    whole = resized_rows(pixels, width, height, 0, height)
    assert whole.shape == (height, width, kind[0]) and whole.dtype == kind[1]
    bands = [resized_rows(pixels, width, height, top, min(top + band, height)) for top in range(0, height, band)]
    joined = np.concatenate(bands)
    if kind[0] == 3:  # rounding may differ; alpha near 0 would enlarge that
        assert np.abs(joined.astype(int) - whole).max() <= 1
    assert joined.shape == whole.shape


@given(st.integers(1, 60), st.integers(1, 90), st.integers(1, 60))
def test_what_is_ready_needs_no_row_that_is_not_there(tall: int, height: int, there: int) -> None:
    pixels = pixels_of(tall, 5, 3, np.uint8)
    ready = rows_ready(min(there, tall), tall, height)
    assert 0 <= ready <= height and (ready == height or there < tall)
    if ready:
        some = pixels.copy()
        some[there:] = 255 - some[there:]
        for top in range(ready):
            rows = [resized_rows(each, 7, height, top, ready) for each in (pixels, some)]
            np.testing.assert_array_equal(*rows)
    assert rows_ready(1000, 2000, 3000) > 1400  # and not much less than could be


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_plain_colour_stays_what_it_is(dtype: type) -> None:
    top = np.iinfo(dtype).max
    pixels = np.full((9, 13, 3), (0, top // 3, top), dtype)
    np.testing.assert_array_equal(resized_rows(pixels, 31, 20, 0, 20), np.full((20, 31, 3), (0, top // 3, top), dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_is_transparent_does_not_bleed(dtype: type) -> None:
    top = np.iinfo(dtype).max
    pixels = np.zeros((8, 8, 4), dtype)
    pixels[:, :4] = (top, 0, 0, top)
    pixels[:, 4:] = (0, top, 0, 0)
    large = resized_rows(pixels, 24, 24, 0, 24)
    visible = large[large[..., 3] > top // 8]
    assert visible[:, 1].max() == 0 and visible[:, 0].min() > top * 0.95


def test_the_same_size_is_the_same_pixels_and_nonsense_is_refused() -> None:
    pixels = pixels_of(5, 6, 3, np.uint16)
    np.testing.assert_array_equal(resized_rows(pixels, 6, 5, 1, 4), pixels[1:4])
    for rows in ((3, 3), (-1, 2), (0, 11)):
        with pytest.raises(ValueError):
            resized_rows(pixels, 12, 10, *rows)


def test_a_mask_stays_within_its_levels() -> None:
    mask = np.zeros((6, 6), np.uint8)
    mask[:, 3:] = 255
    large = resized_mask(mask, 12, 12, 0, 12)
    assert large.shape == (12, 12) and large[:, 0].max() == 0 and large[:, -1].min() == 255
    np.testing.assert_array_equal(
        np.concatenate([resized_mask(mask, 12, 12, 0, 5), resized_mask(mask, 12, 12, 5, 12)]), large
    )
