"""Luminance-matched darkening: the mean and the distribution asked for come out, and hues stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.metrics.darkening import darken_to, luminance_quantiles


def luminance(picture: np.ndarray) -> np.ndarray:
    return picture @ np.array([0.299, 0.587, 0.114])


def pictures(seed: int, low: int, high: int) -> list[np.ndarray]:
    random = np.random.RandomState(seed)
    return [random.randint(low, high, (20 + 7 * i, 30 - 5 * i, 3), np.uint8) for i in range(3)]


def test_the_mean_is_the_one_asked_for() -> None:
    days = pictures(0, 80, 250)
    dark = darken_to(days, 30.0)
    assert [picture.shape for picture in dark] == [picture.shape for picture in days]
    assert np.mean([luminance(picture).mean() for picture in dark]) == pytest.approx(30, abs=0.2)
    gains = [picture.astype(float).mean() / day.mean() for picture, day in zip(dark, days, strict=True)]
    assert gains == pytest.approx([gains[0]] * 3, rel=0.01)


def test_the_whole_distribution_is_matched() -> None:
    days, nights = pictures(1, 60, 256), pictures(2, 0, 60)
    dark = darken_to(days, luminance_quantiles(nights))
    found, wanted = luminance_quantiles(dark, 33), luminance_quantiles(nights, 33)
    assert np.abs(found - wanted).max() <= 3
    assert np.abs(found - wanted).mean() < 1


def test_hues_stay() -> None:
    day = np.full((4, 4, 3), (200, 100, 50), np.uint8)
    for target in (60.0, np.array([60.0, 60.0])):
        dark = darken_to([day], target)[0].astype(float)
        assert dark[0, 0] / dark[0, 0, 2] == pytest.approx([4, 2, 1], rel=0.06)
        assert luminance(dark).mean() == pytest.approx(60, abs=1)


def test_a_target_of_the_pictures_own_changes_next_to_nothing() -> None:
    own = pictures(3, 0, 256)
    for target in (float(np.mean([np.rint(luminance(p)).mean() for p in own])), luminance_quantiles(own, 2049)):
        for before, after in zip(own, darken_to(own, target), strict=True):
            assert np.abs(before.astype(int) - after)[luminance(before) > 20].max() <= 4


@given(st.lists(st.integers(0, 255), min_size=1, max_size=12), st.integers(2, 9))
def test_quantiles_rise_from_the_least_to_the_greatest(levels: list[int], count: int) -> None:
    grey = np.repeat(np.array(levels, np.uint8)[None, :, None], 3, axis=2)
    found = luminance_quantiles([grey], count)
    assert len(found) == count
    assert (found[0], found[-1]) == (min(levels), max(levels))
    assert (np.diff(found) >= 0).all()


def test_black_and_bright_pictures_stay_within_8_bits() -> None:
    black, white = np.zeros((3, 3, 3), np.uint8), np.full((3, 3, 3), 255, np.uint8)
    assert (darken_to([black], 40.0)[0] == 0).all()
    assert (darken_to([white // 2, white], 255.0)[1] == 255).all()


def test_every_picture_weighs_the_same() -> None:
    small, large = np.full((2, 2, 3), 200, np.uint8), np.full((40, 40, 3), 100, np.uint8)
    assert luminance_quantiles([small, large], 5).tolist() == [100, 100, 100, 200, 200]


@pytest.mark.parametrize("target", [-1.0, 256.0, np.nan, [], [[1.0]]])
def test_what_is_no_luminance_is_refused(target) -> None:
    with pytest.raises(ValueError, match="Luminance to match must be a number from 0 to 255"):
        darken_to(pictures(4, 0, 9), np.array(target))


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ValueError, match="must rise from the least to the greatest"):
        darken_to(pictures(5, 0, 9), np.array([5.0, 4.0]))
    with pytest.raises(ValueError, match="one picture at least"):
        darken_to([], 5.0)
    with pytest.raises(ValueError, match="two quantiles at least, not 1"):
        luminance_quantiles(pictures(6, 0, 9), 1)
    with pytest.raises(ValueError, match=r"Picture 0 must be uint8 RGB"):
        darken_to([np.zeros((3, 3), np.uint8)], 5.0)
