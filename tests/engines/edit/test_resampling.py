"""Resampling: bands make the whole, levels stay, colours do not bleed out of transparency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.edit.resampling import resized_mask, resized_rows, rows_ready, rows_under


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
    np.testing.assert_array_equal(np.concatenate(bands), whole)


@given(
    st.integers(1, 40), st.integers(1, 70), st.integers(1, 20), st.sampled_from([(3, np.uint8), (4, np.uint16)]),
)  # fmt: skip
def test_the_rows_that_lie_under_a_band_suffice_for_it(h: int, height: int, band: int, kind: tuple[int, type]) -> None:
    pixels = pixels_of(h, 5, *kind)
    whole = resized_rows(pixels, 7, height, 0, height)
    for top in range(0, height, band):
        bottom = min(top + band, height)
        start, end = rows_under(h, height, top, bottom)
        assert 0 <= start < end <= h
        rows = resized_rows(pixels[start:end], 7, height, top, bottom, first=start, tall=h)
        np.testing.assert_array_equal(rows, whole[top:bottom])
        if end - start > 1:
            with pytest.raises(ValueError, match="not among"):
                resized_rows(pixels[start : end - 1], 7, height, top, bottom, first=start, tall=h)


def lanczos(old: int, new: int) -> np.ndarray:
    """The weights (new, old) of Lanczos' window in double precision, from its formula."""
    stretch = max(1.0, old / new)
    x = (np.arange(old)[None] - ((np.arange(new)[:, None] + 0.5) * old / new - 0.5)) / stretch
    weights = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("size", [(27, 33), (30, 45), (71, 90), (1, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_is_the_window_s_formula_rounded_once(size: tuple[int, int], dtype: type) -> None:
    """Between across and down nothing is rounded or cut: that would be up to seven levels of a photo in 8 bits."""
    pixels = pixels_of(36, 44, 3, dtype)
    width, height = size
    exact = np.einsum("yh,hwc,xw->yxc", lanczos(36, height), pixels.astype(float), lanczos(44, width))
    exact = np.clip(exact, 0, np.iinfo(dtype).max)
    found = resized_rows(pixels, width, height, 0, height)
    assert np.abs(found - exact).max() <= 0.5 + 0.02


def test_pillow_in_floats_says_the_same_of_three_quarters() -> None:
    pixels = pixels_of(80, 60, 3, np.uint8)
    expected = [np.asarray(Image.fromarray(pixels[..., c].astype(np.float32)).resize((45, 60), 1)) for c in range(3)]
    expected = np.clip(np.rint(np.dstack(expected)), 0, 255)
    assert np.abs(resized_rows(pixels, 45, 60, 0, 60) - expected).max() <= 1
    # of the same phase: what repeats every four rows comes out repeating every three, away from the edges
    waves = np.tile(pixels[:4], (20, 1, 1))
    rows = resized_rows(waves, 45, 60, 0, 60)[6:-6]
    np.testing.assert_array_equal(rows[3:], rows[:-3])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_colour_that_is_nowhere_visible_stays(dtype: type) -> None:
    top = np.iinfo(dtype).max
    pixels = np.full((12, 16, 4), (top, top // 2, 0, 0), dtype)
    small = resized_rows(pixels, 12, 9, 0, 9)
    assert (small == (top, top // 2, 0, 0)).all()


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
