"""Translations judged where the answer is known: nothing done, the target itself, and a tone curve."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trainers.metrics.darkening import luminance_quantiles
from trainers.quality.translation import (
    QuickJudge,
    TranslationQuality,
    bright_enough,
    camera_groups,
    judge_translation,
    mean_edge_correlation,
    measure_luminance,
    median_luminance,
    reduce_picture,
)

SMALL: dict[str, Any] = {"size": 16, "shorter_side": 24, "crops": 2, "resamples": 60}


def scenes(photo: np.ndarray, count: int, seed: int, low: int, high: int) -> list[np.ndarray]:
    """Windows of one photograph, of several sizes, with levels from `low` to `high` and a little noise."""
    random = np.random.RandomState(seed)
    pictures = []
    for index in range(count):
        height, width = 24 + 4 * (index % 3), 36 - 3 * (index % 3)
        top, left = random.randint(photo.shape[0] - height), random.randint(photo.shape[1] - width)
        window = photo[top : top + height, left : left + width].astype(float) / 255
        noisy = low + (high - low) * window + random.standard_normal(window.shape) * 3
        pictures.append(np.rint(np.clip(noisy, 0, 255)).astype(np.uint8))
    return pictures


@pytest.fixture
def days(photo_pixels: np.ndarray) -> list[np.ndarray]:
    return scenes(photo_pixels, 6, 1, 90, 250)


@pytest.fixture
def nights(photo_pixels: np.ndarray) -> list[np.ndarray]:
    return scenes(photo_pixels[::-1], 6, 2, 5, 70)


def test_nothing_done_is_a_ratio_of_one(days: list[np.ndarray], nights: list[np.ndarray]) -> None:
    quality = judge_translation(days, nights, days, **SMALL)
    for row in (quality.untranslated, quality.translated):
        assert row.each.ratio == row.reference.ratio == (1.0, 1.0, 1.0)
        assert row.each.value > 0 and row.reference.value > row.each.value
        assert row.edges == pytest.approx(1)
    assert quality.translated == quality.untranslated
    assert quality.same_mean is quality.same_quantiles is quality.others is None


def test_the_targets_themselves_are_near_and_keep_no_edges(days: list[np.ndarray], nights: list[np.ndarray]) -> None:
    sized = [np.asarray(Image.fromarray(n).resize(d.shape[1::-1])) for n, d in zip(nights, days, strict=True)]
    quality = judge_translation(days, sized, sized, **SMALL)
    assert quality.translated.reference.ratio.value < 0.1
    assert quality.translated.reference.ratio.high < 0.5
    assert quality.translated.edges is not None and abs(quality.translated.edges) < 0.4


def test_only_the_reference_standard_sees_brightness(days: list[np.ndarray], nights: list[np.ndarray]) -> None:
    halved = [day // 2 for day in days]
    quality = judge_translation(days, nights, halved, **SMALL)
    assert quality.translated.each.ratio.value == pytest.approx(1, abs=0.1)
    assert quality.translated.reference.ratio.value < 0.7
    assert quality.translated.edges is not None and quality.translated.edges > 0.95


def test_darkening_stands_beside_the_translation(
    photo_pixels: np.ndarray, days: list[np.ndarray], nights: list[np.ndarray]
) -> None:
    luminance = measure_luminance(scenes(photo_pixels, 6, 3, 5, 70))  # other nights than those judged against
    quality = judge_translation(days, nights, days, luminance=luminance, **SMALL)
    assert quality.same_mean is not None and quality.same_quantiles is not None
    for row in (quality.same_mean, quality.same_quantiles):
        assert row.reference.ratio.low <= row.reference.ratio.value <= row.reference.ratio.high
        assert row.reference.ratio.value < 0.6
        assert row.edges is not None and row.edges > 0.8
    assert quality.same_mean.each.value == pytest.approx(
        quality.untranslated.each.value * quality.same_mean.each.ratio.value
    )


def test_real_pictures_of_other_places_show_what_could_be_hoped_for(
    photo_pixels: np.ndarray, days: list[np.ndarray], nights: list[np.ndarray]
) -> None:
    others = scenes(photo_pixels[::-1], 6, 5, 5, 70)
    quality = judge_translation(days, nights, days, others=others, other_groups=[0, 0, 1, 1, 2, 2], **SMALL)
    assert quality.others is not None and quality.others.edges is None
    assert quality.others.reference.ratio.value < 0.3
    assert quality.others.reference.ratio.low < quality.others.reference.ratio.high
    with pytest.raises(ValueError, match="as many others as sources"):
        judge_translation(days, nights, days, others=others[1:], **SMALL)


def test_darkening_is_the_luminance_that_was_given() -> None:
    flat = [np.full((20, 30, 3), level, np.uint8) for level in (100, 200)]
    luminance = measure_luminance(flat)
    assert luminance.mean == pytest.approx(150)
    assert np.array_equal(luminance.quantiles, luminance_quantiles(flat))


def test_frames_of_one_camera_count_as_one(photo_pixels: np.ndarray) -> None:
    nights = scenes(photo_pixels[::-1], 12, 2, 5, 70)
    places = scenes(photo_pixels, 3, 4, 90, 250)
    frames = [place for place in places for _ in range(4)]
    # Each place is translated in its own way: far, less far, not at all.
    translated = [frame // (3 - index // 4) for index, frame in enumerate(frames)]
    groups = camera_groups([f"{index // 4}_{index}.jpg" for index in range(12)])
    once: dict[str, Any] = SMALL | {"crops": 1}
    apart = judge_translation(frames, nights, translated, **once).translated.reference.ratio
    together = judge_translation(frames, nights, translated, source_groups=groups, **once).translated.reference.ratio
    assert together.value == apart.value
    assert together.high - together.low > 1.3 * (apart.high - apart.low)


def test_names_tell_cameras() -> None:
    names = ["800x591_2015.jpg", "campus_day_1.jpg", "800x591_2016.jpg", "campus_day_2.jpg", "street.jpg", "street.png"]
    assert camera_groups(names) == [0, 1, 0, 2, 3, 4]
    assert camera_groups(names, alone=()) == [0, 1, 0, 1, 2, 3]


def test_the_same_pictures_give_the_same_numbers(days: list[np.ndarray], nights: list[np.ndarray]) -> None:
    halved = [day // 2 for day in days]

    def judged() -> TranslationQuality:
        return judge_translation(days, nights, halved, **SMALL)

    assert asdict(judged()) == asdict(judged())
    first, second = (QuickJudge(days, nights, size=16, shorter_side=24) for _ in range(2))
    assert first.judge([s // 2 for s in first.sources]) == second.judge([s // 2 for s in second.sources])


def test_the_quick_judge(days: list[np.ndarray], nights: list[np.ndarray]) -> None:
    quick = QuickJudge(days, nights, size=16, shorter_side=24)
    same, halved = quick.judge(quick.sources), quick.judge([source // 2 for source in quick.sources])
    assert same["SWD each ratio"] == same["SWD reference ratio"] == 1
    assert same["edges"] == pytest.approx(1)
    assert halved["SWD reference ratio"] == pytest.approx(halved["SWD reference"] / same["SWD reference"])
    assert halved["SWD reference ratio"] < 0.7
    flat = [np.full((24, 24, 3), 9, np.uint8)] * 2
    assert math.isnan(QuickJudge(flat, flat, size=16).judge(flat)["SWD reference ratio"])
    with pytest.raises(ValueError, match="Each source needs its picture"):
        quick.judge(quick.sources[1:])


def test_large_pictures_are_judged_reduced(photo_pixels: np.ndarray, nights: list[np.ndarray]) -> None:
    assert reduce_picture(photo_pixels, 24).shape == (24, 32, 3)
    assert reduce_picture(photo_pixels, 72) is photo_pixels
    large = [photo_pixels, photo_pixels[:, ::-1]]
    reduced = [reduce_picture(picture, 24) for picture in large]
    dark, dark_reduced = [p // 2 for p in large], [reduce_picture(p // 2, 24) for p in large]
    assert judge_translation(large, nights[:2], dark, **SMALL) == judge_translation(
        reduced, nights[:2], dark_reduced, **SMALL
    )
    assert [source.shape for source in QuickJudge(large, nights, size=16, shorter_side=24).sources] == [(24, 32, 3)] * 2


def test_black_nights_are_left_out() -> None:
    night = np.full((9, 9, 3), 12, np.uint8)
    lamp = night.copy()
    lamp[:4] = 255  # less than half of the picture
    dusk = np.full((9, 9, 3), 13, np.uint8)
    assert [median_luminance(picture) for picture in (night, lamp, dusk)] == [12, 12, 13]
    assert [median_luminance(np.full((2, 2, 3), level, np.uint8)) for level in range(256)] == list(range(256))
    blue = np.full((4, 4, 3), (0, 0, 100), np.uint8)
    assert median_luminance(blue) == pytest.approx(11.4)
    assert bright_enough([night, lamp, dusk, blue]) == [2]
    assert bright_enough([night, blue, dusk], dark=11.5) == [0, 2]


def test_edges_are_a_mean_over_pictures(days: list[np.ndarray]) -> None:
    assert mean_edge_correlation(days, days) == pytest.approx(1)
    flat = [*days[:3], *(np.zeros_like(day) for day in days[3:])]
    assert mean_edge_correlation(days, flat) == pytest.approx(0.5)


def test_what_does_not_fit_is_said(days: list[np.ndarray], nights: list[np.ndarray]) -> None:
    with pytest.raises(ValueError, match="Each source needs its picture: there are 6 and 5"):
        judge_translation(days, nights, days[1:], **SMALL)
    with pytest.raises(ValueError, match="Picture 0 has not the size of its source"):
        judge_translation(days, nights, [day[1:] for day in days], **SMALL)
    with pytest.raises(ValueError, match="two groups of targets at least"):
        judge_translation(days, nights, days, target_groups=[3] * 6, **SMALL)
    with pytest.raises(ValueError, match="a group for each of the 6 sources"):
        judge_translation(days, nights, days, source_groups=[0, 1], **SMALL)
    with pytest.raises(ValueError, match="at least 16 pixels each way"):
        judge_translation([day[:12] for day in days], nights, [day[:12] for day in days], **SMALL)
