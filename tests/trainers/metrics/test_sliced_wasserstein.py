"""Sliced Wasserstein distance: against a plain reading of its definition, on shifted and mixed sets, and its intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trainers.metrics.sliced_wasserstein as module
from tests.conftest import ROOT
from tests.search import examples
from trainers.metrics.bootstrap import Interval
from trainers.metrics.crops import random_crops
from trainers.metrics.sliced_wasserstein import (
    sliced_wasserstein,
    sliced_wasserstein_interval,
    sliced_wasserstein_ratio,
)

FEW = {"patches": 16, "directions": 24}


def noise(seed: int, count: int = 12, size: int = 16, middle: float = 128, spread: float = 30) -> np.ndarray:
    drawn = np.random.RandomState(seed).normal(middle, spread, (count, size, size, 3))
    return np.clip(np.rint(drawn), 0, 255).astype(np.uint8)


def test_a_set_is_at_no_distance_from_itself() -> None:
    pictures = noise(0, size=32)
    found = sliced_wasserstein(pictures, pictures, **FEW)
    assert found.sizes == ((32, 32), (16, 16))
    assert found.values == (0, 0)
    assert found.mean == 0


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((16, 16), ((16, 16),)),
        ((28, 28), ((28, 28),)),
        ((64, 64), ((64, 64), (32, 32), (16, 16))),
        ((65, 40), ((65, 40), (33, 20))),
    ],
)
def test_levels_end_at_16_pixels_or_just_above(size: tuple[int, int], sizes: tuple[tuple[int, int], ...]) -> None:
    pictures = np.random.RandomState(1).randint(0, 256, (4, size[1], size[0], 3), np.uint8)
    found = sliced_wasserstein(pictures[:2], pictures[2:], **FEW)
    assert found.sizes == sizes
    assert len(found.values) == len(sizes)
    assert found.mean == pytest.approx(np.mean(found.values))
    assert min(found.values) > 0


def test_every_level_is_what_the_next_one_leaves_of_the_picture() -> None:
    """The pyramid is Burt and Adelson's: each band plus the expanded level below it gives the level back."""
    window = np.array([1, 4, 6, 4, 1]) / 16

    def blurred(plane: np.ndarray) -> np.ndarray:
        padded = np.pad(plane, 2, mode="reflect")
        views = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
        return (views * np.outer(window, window)).sum((2, 3))

    picture = np.random.RandomState(2).randint(0, 256, (1, 37, 34, 3), np.uint8)
    for channel in range(3):
        fine = picture[0, ..., channel].astype(float)
        for level in range(2):
            coarse = blurred(fine)[::2, ::2]
            spread = np.zeros_like(fine)
            spread[::2, ::2] = coarse
            band = module._band(picture, level, last=False)[0, channel]
            assert np.allclose(band, fine - 4 * blurred(spread), atol=1e-3)
            assert np.allclose(module._band(picture, level + 1, last=True)[0, channel], coarse, atol=1e-3)
            fine = coarse


def test_there_are_as_many_levels_as_the_size_has_and_no_border_shows() -> None:
    """Where MMagic's ends after four levels, and its bands hold the edge between the picture and the grey beyond it."""
    flat = np.full((2, 256, 256, 3), 200, np.uint8)
    assert [width for width, _ in module._sizes(256, 256)] == [256, 128, 64, 32, 16]
    for level in range(5):
        band = module._band(flat, level, last=level == 4)
        assert np.allclose(band, 200 if level == 4 else 0, atol=1e-3)


def test_what_differs_from_published_figures_is_said_where_figures_are() -> None:
    said = [(ROOT / "docs" / name / "README.md").read_text(encoding="utf-8") for name in ("generators", "day-night")]
    for text in (module.__doc__ or "", *said):
        assert "Karras et al." in text and "MMagic" in text and "pyramid" in text


def test_the_distance_is_the_mean_over_directions_of_sorted_differences() -> None:
    """One level, so that patches are pixels; a picture of the patch's size has one place to cut it from."""
    level_a, level_b = (module._Level(noise(seed, 20, 7), 0, True, 1, 0) for seed in (3, 4))
    random = np.random.RandomState([5, 0, 1])
    drawn = random.standard_normal((6, 147))
    drawn /= np.sqrt((drawn**2).sum(1, keepdims=True))
    expected = []
    patches = []
    for level in (level_a, level_b):
        pixels = level.pictures.transpose(0, 3, 1, 2).astype(float)
        pixels = (pixels - pixels.mean((0, 2, 3), keepdims=True)) / pixels.std((0, 2, 3), keepdims=True)
        patches.append(pixels.reshape(20, 147))
    for direction in drawn:
        a, b = (np.sort(patch @ direction) for patch in patches)
        expected.append(np.abs(a - b).mean())
    found = [module._distance(a, b) for a, b in module._projections([level_a, level_b], 6, 5, "each")]
    assert found == pytest.approx(expected, rel=1e-4)


def test_it_grows_in_proportion_as_more_of_a_set_is_replaced() -> None:
    reference = noise(6, 24)
    rows = np.random.RandomState(7).randint(0, 256, (24, 16, 1, 3), np.uint8)
    striped = np.repeat(rows, 16, axis=2)
    found = [
        sliced_wasserstein(
            np.concatenate([striped[:part], noise(8, 24)[part:]]), reference, standard=standard, **FEW
        ).mean
        for standard in ("reference", "each")
        for part in (0, 6, 12, 18, 24)
    ]
    assert found[:5] == sorted(found[:5])
    assert [value / found[4] for value in found[1:4]] == pytest.approx([0.25, 0.5, 0.75], abs=0.1)
    assert found[5] < min(found[6:])  # brought to one deviation, a mixture may lie further away than its parts


def test_brightness_counts_only_by_the_standard_of_the_reference() -> None:
    reference = noise(9, middle=60, spread=12)
    apart = [noise(10, middle=60 + step, spread=12) for step in (0, 20, 60, 100)]
    by_reference = [sliced_wasserstein(p, reference, standard="reference", **FEW).mean for p in apart]
    each = [sliced_wasserstein(p, reference, **FEW).mean for p in apart]
    assert by_reference == sorted(by_reference)
    assert by_reference[-1] > 10 * by_reference[0]
    assert each == pytest.approx([each[0]] * 4, rel=0.05)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9), st.lists(st.integers(-9, 9), min_size=1, max_size=9))
def test_sets_of_different_numbers_are_compared_exactly(a: list[int], b: list[int]) -> None:
    """Repeating every number of a set as often as the other set is long does not change its distribution."""
    one, other = np.array(a, np.float32), np.array(b, np.float32)
    equal = np.abs(np.sort(np.repeat(one, len(b))) - np.sort(np.repeat(other, len(a)))).mean()
    assert module._distance(one, other) == pytest.approx(equal)
    assert module._distance(one, other) == pytest.approx(module._distance(other, one))


@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 5))
@examples(15)
def test_it_is_symmetric_and_never_negative(seed: int, first: int, second: int) -> None:
    pictures = np.random.RandomState(seed).randint(0, 256, (first + second, 16, 18, 3), np.uint8)
    a, b = pictures[:first], pictures[first:]
    there, back = (sliced_wasserstein(*sets, patches=8, directions=8) for sets in ((a, b), (b, a)))
    assert there.mean == pytest.approx(back.mean, rel=1e-4)
    assert there.mean >= 0


def test_the_order_of_the_pictures_hardly_matters() -> None:
    """Places are drawn by the picture's place in the set, so that another order is another draw and no more."""
    a, b = noise(11, 40), noise(12, 40, spread=45)
    there, again = sliced_wasserstein(a, b), sliced_wasserstein(a[::-1], b)
    assert there.mean == pytest.approx(again.mean, rel=0.1)


def test_it_follows_its_seed_and_not_the_blocks_it_is_computed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = noise(13, 9, 32), noise(14, 7, 32)
    once = sliced_wasserstein(a, b, seed=3, **FEW)
    assert sliced_wasserstein(a, b, seed=3, **FEW) == once
    assert sliced_wasserstein(a, b, seed=4, **FEW) != once
    monkeypatch.setattr(module, "MEMORY", 3000)  # two directions at a time
    monkeypatch.setattr(module, "PIXELS_AT_ONCE", 2048)  # two pictures
    assert sliced_wasserstein(a, b, seed=3, **FEW).values == pytest.approx(once.values, rel=1e-4)


def test_flat_pictures_are_compared_without_a_division_by_zero() -> None:
    dark, light = np.full((3, 16, 16, 3), 10, np.uint8), np.full((3, 16, 16, 3), 200, np.uint8)
    assert sliced_wasserstein(dark, dark, **FEW).mean == 0
    assert sliced_wasserstein(dark, light, **FEW).mean == pytest.approx(0, abs=0.1)
    assert sliced_wasserstein(dark, light, standard="reference", **FEW).mean > 1000


def test_the_interval_holds_the_value_and_narrows_with_more_pictures() -> None:
    few = sliced_wasserstein_interval(noise(15, 10, spread=45), noise(16, 10), **FEW)
    many = sliced_wasserstein_interval(noise(15, 160, spread=45), noise(16, 160), **FEW)
    for found in (few, many):
        assert found.low < found.value < found.high
    assert many.high - many.low < (few.high - few.low) / 2
    exact = sliced_wasserstein(noise(15, 10, spread=45), noise(16, 10), **FEW)
    assert few.value == pytest.approx(exact.mean)
    assert few == sliced_wasserstein_interval(noise(15, 10, spread=45), noise(16, 10), **FEW)


def test_distances_in_bins_are_close_to_the_exact_ones() -> None:
    random = np.random.RandomState(17)
    a, b = random.laplace(0, 1, 6000).astype(np.float32), random.laplace(0.1, 1.2, 8000).astype(np.float32)
    counts = [np.ones((1, 60), np.float32), np.ones((1, 80), np.float32)]
    once, again = module._binned([a, b], counts, 100)
    assert once[0] == pytest.approx(module._distance(a, b), rel=0.03)
    assert again[0, 0] == pytest.approx(once[0])
    # The first picture of each set alone, drawn as often as it may be.
    counts = [np.eye(1, 60, dtype=np.float32) * 60, np.eye(1, 80, dtype=np.float32) * 80]
    _, alone = module._binned([a, b], counts, 100)
    assert alone[0, 0] == pytest.approx(module._distance(a[:100], b[:100]), rel=0.05)


def test_crops_of_one_picture_are_drawn_together() -> None:
    pictures = [noise(20 + i, 1, 64, middle=60 + 12 * i)[0] for i in range(10)]
    crops, groups = random_crops(pictures, 16, crops=6)
    reference = noise(40, 30, middle=110)
    options = {"standard": "reference", "patches": 8, "directions": 16}
    alone = sliced_wasserstein_interval(crops, reference, resamples=100, **options)
    grouped = sliced_wasserstein_interval(crops, reference, groups=groups.tolist(), resamples=100, **options)
    assert grouped.value == alone.value
    assert grouped.high - grouped.low > 1.5 * (alone.high - alone.low)


def test_the_ratio_tells_a_translation_from_none() -> None:
    nights = noise(50, 30, middle=40, spread=10)
    days = noise(51, 20, middle=170, spread=40)
    dimmed = (days * 0.25).astype(np.uint8)
    options = {"standard": "reference", **FEW}
    found = sliced_wasserstein_ratio(dimmed, days, nights, paired=True, resamples=80, **options)
    assert isinstance(found, Interval)
    assert 0 < found.low < found.value < found.high < 0.5
    both = [sliced_wasserstein(p, nights, **options).mean for p in (dimmed, days)]
    assert found.value == pytest.approx(both[0] / both[1])
    untouched = sliced_wasserstein_ratio(days, days, nights, paired=True, resamples=80, **options)
    assert untouched == pytest.approx((1, 1, 1))


def test_pairs_are_resampled_together_and_others_are_not() -> None:
    nights, days = noise(52, 20, middle=40), noise(53, 20, middle=170)
    together = sliced_wasserstein_ratio(days, days, nights, paired=True, resamples=80, **FEW)
    apart = sliced_wasserstein_ratio(days, days, nights, resamples=80, **FEW)
    assert together.high - together.low == pytest.approx(0)
    assert apart.high - apart.low > 0.01
    assert sliced_wasserstein_ratio(days, days[:10], nights, resamples=2, **FEW).value > 0  # numbers may differ


@pytest.mark.parametrize(
    ("pictures", "options", "sentence"),
    [
        (np.zeros((2, 16, 16)), {}, r"The pictures must be uint8 RGB (N, H, W, 3), not float64 (2, 16, 16)."),
        (np.zeros((0, 16, 16, 3), np.uint8), {}, "The pictures must be one at least, not an empty array."),
        (np.zeros((2, 12, 16, 3), np.uint8), {}, "The pictures must measure at least 16 pixels each way, not 16×12."),
        (np.zeros((2, 16, 20, 3), np.uint8), {}, "All pictures must be of one size, not 16×16 and 20×16;"),
        (np.zeros((2, 16, 16, 3), np.uint8), {"standard": "mine"}, "not by “mine”."),
        (np.zeros((2, 16, 16, 3), np.uint8), {"patches": 0}, "must be one at least, not 0 and 512."),
        (np.zeros((2, 16, 16, 3), np.uint8), {"resamples": 1}, "An interval needs two resamples at least, not 1."),
        (np.zeros((2, 16, 16, 3), np.uint8), {"groups": [1]}, "a group for each of the 2 pictures, not (1,)."),
    ],
)
def test_what_does_not_fit_is_said(pictures: np.ndarray, options: dict, sentence: str) -> None:
    measure = sliced_wasserstein_interval if options.keys() & {"resamples", "groups"} else sliced_wasserstein
    with pytest.raises(ValueError) as raised:
        measure(pictures, noise(0), **options)
    assert sentence in str(raised.value)


def test_a_ratio_without_a_distance_or_pairs_is_refused() -> None:
    days = noise(0)
    with pytest.raises(ValueError, match="the baseline is the reference itself"):
        sliced_wasserstein_ratio(noise(1), days, days, **FEW)
    with pytest.raises(ValueError, match="as many pictures as baselines, not 12 and 11"):
        sliced_wasserstein_ratio(days, days[1:], noise(1), paired=True, **FEW)


def test_numbers_are_reported_in_thousandths() -> None:
    """Two sets of white noise differ by the sampling of it: far below one deviation, which is 1000."""
    found = sliced_wasserstein(noise(60, 60), noise(61, 60), **FEW)
    assert 1 < found.mean < 100
    assert math.isfinite(found.mean)
