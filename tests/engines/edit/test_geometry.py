"""Geometry: turns undo each other, frames stay inside, and nothing is lost where nothing is interpolated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.edit.geometry import TURNS, Crop, crop, fits, horizon_angle, largest_upright, turn
from engines.edit.resize import resize
from engines.errors import Cancelled
from engines.progress import Progress
from tests.search import examples

INVERSE = {"rotate_left": "rotate_right", "rotate_right": "rotate_left"}
PICTURE = np.random.default_rng(2).integers(0, 65536, (21, 34, 4), np.uint16)


@pytest.mark.parametrize("how", TURNS)
def test_turns_have_an_exact_inverse(how) -> None:
    turned = turn(PICTURE, how)
    assert not np.array_equal(turned, PICTURE)
    assert np.array_equal(turn(turned, INVERSE.get(how, how)), PICTURE)


def test_right_is_clockwise() -> None:
    assert np.array_equal(turn(PICTURE, "rotate_right")[0, -1], PICTURE[0, 0])


@examples(150)
@given(
    st.integers(1, 400), st.integers(1, 400), st.floats(-45, 45), st.one_of(st.none(), st.sampled_from([0.5, 1.0, 1.6]))
)
def test_the_largest_frame_is_inside(width: int, height: int, angle: float, aspect: float | None) -> None:
    frame = largest_upright(width, height, angle, aspect)
    assert fits(frame, width, height) or (frame.width, frame.height) == (1, 1)


def test_the_largest_frame_is_large() -> None:
    assert largest_upright(300, 200, 0) == Crop(0, 0, 300, 200, 0)
    assert largest_upright(300, 200, 10).width * largest_upright(300, 200, 10).height > 0.6 * 300 * 200


def test_cropping_upright_keeps_every_level() -> None:
    assert np.array_equal(crop(PICTURE, Crop(3, 4, 10, 11)), PICTURE[4:15, 3:13])


def test_a_frame_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="not inside"):
        crop(PICTURE, Crop(30, 0, 10, 10))


def test_straightening_follows_the_picture() -> None:
    y, x = np.mgrid[0:200, 0:300]
    pixels = np.stack([x * 200, y * 200, x * 0], axis=-1).astype(np.uint16)
    frame = largest_upright(300, 200, 12)
    made = crop(pixels, frame).astype(float)
    row, column = made.shape[0] // 2, made.shape[1] // 2
    slope = (made[row, column + 50, 1] - made[row, column, 1]) / (made[row, column + 50, 0] - made[row, column, 0])
    assert slope == pytest.approx(-np.tan(np.radians(12)), abs=0.01)


def test_the_horizon_becomes_level() -> None:
    assert horizon_angle(0, 0, 100, 10) == pytest.approx(-5.71, abs=0.01)
    assert horizon_angle(0, 0, 10, 100) == pytest.approx(5.71, abs=0.01)
    assert horizon_angle(100, 10, 0, 0) == pytest.approx(-5.71, abs=0.01)


@examples(30)
@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from([np.uint8, np.uint16]), st.sampled_from([3, 4]))
def test_an_even_picture_stays_even(width: int, height: int, dtype: type, channels: int) -> None:
    level = np.iinfo(dtype).max // 3
    pixels = np.full((17, 23, channels), level, dtype)
    made = resize(pixels, width, height)
    assert made.shape == (height, width, channels)
    assert np.abs(made.astype(int) - level).max() <= 1


def test_the_same_size_is_the_same_picture() -> None:
    assert resize(PICTURE, 34, 21) is PICTURE


def test_smaller_keeps_the_light_of_a_fine_pattern() -> None:
    pattern = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    assert abs(int(resize(pattern, 8, 8)[4, 4, 0]) - 188) <= 2
    assert abs(int(resize(pattern, 8, 8, linear=False)[4, 4, 0]) - 128) <= 2


def test_colour_under_transparency_does_not_bleed() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, :4] = (200, 100, 50, 255)
    pixels[:, 4:] = (0, 255, 0, 0)
    made = resize(pixels, 4, 4)
    seen = made[made[..., 3] > 8]
    assert np.abs(seen[:, :3].astype(int) - (200, 100, 50)).max() <= 2


def test_cancel_stops() -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        resize(PICTURE, 9, 9, progress=progress)
    with pytest.raises(Cancelled):
        crop(PICTURE, largest_upright(34, 21, 5), progress=progress)
