"""Grid and lights: what the formula says, at any size and in any bands, with the photo's edges and without creases."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.translation.grid import LUMINANCE, MAP, GridTransform
from tests.search import examples

CELL = 16


def maps(tones: int, rows: int, columns: int, seed: int = 0, deviation: float = 0.15) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.standard_normal((MAP * tones, rows, columns)) * deviation).astype(np.float32)


def noise(height: int, width: int, dtype: type = np.uint8, seed: int = 1) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, top + 1, (height, width, 3)).astype(dtype)


def b_spline(away: float) -> float:
    away = abs(away)
    return 0.75 - away**2 if away < 0.5 else 0.5 * max(0.0, 1.5 - away) ** 2


def by_the_formula(pixels: np.ndarray, grid: np.ndarray, lights: np.ndarray) -> np.ndarray:
    """The picture by the module's formula, pixel by pixel, where the large picture is the small one."""
    tones = len(grid) // MAP
    rows, columns = grid.shape[1:]
    out = np.empty(pixels.shape)
    for y, x in np.ndindex(pixels.shape[:2]):
        p = pixels[y, x] / 255.0
        place = float(np.dot(p, LUMINANCE)) * (tones - 1)
        here = np.zeros(len(grid))
        v, u = (y + 0.5) / CELL - 0.5, (x + 0.5) / CELL - 0.5
        for r in range(-1, rows + 1):
            for c in range(-1, columns + 1):
                share = b_spline(v - r) * b_spline(u - c)
                here += share * grid[:, min(max(r, 0), rows - 1), min(max(c, 0), columns - 1)]
        by_tone = here.reshape(tones, 3, 4)
        value = p.copy()
        for tone in range(tones):
            value += max(0.0, 1 - abs(place - tone)) * by_tone[tone] @ np.append(p, 1.0)
        out[y, x] = value + lights[:, y, x]
    return np.clip(out * 255, 0, 255)


def test_it_is_the_formula_where_nothing_was_reduced() -> None:
    pixels = noise(40, 37)
    grid = maps(5, 3, 3)
    lights = (np.random.default_rng(2).standard_normal((3, 40, 37)) * 0.05).astype(np.float32)
    result = GridTransform(grid, lights, CELL, 37, 40).apply(pixels, 0)
    # Between nodes the maps are straight lines, which costs at most a level or two of these rough ones.
    difference = np.abs(result - by_the_formula(pixels, grid, lights))
    assert float(difference.max()) < 2 and float(difference.mean()) < 0.4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_nothing_said_is_the_photo_itself(dtype: type) -> None:
    pixels = noise(61, 83, dtype)
    nothing = np.zeros((MAP * 6, 2, 3), np.float32), np.zeros((3, 24, 33), np.float32)
    assert np.array_equal(GridTransform(*nothing, CELL, 83, 61).apply(pixels, 0), pixels)


@examples(30)
@given(st.data(), st.integers(1, 120), st.integers(1, 90), st.integers(2, 7))
def test_bands_are_the_same_bytes(data: st.DataObject, height: int, width: int, tones: int) -> None:
    small_height, small_width = -(-height // 2), -(-width // 2)
    lights = (np.random.default_rng(3).standard_normal((3, small_height, small_width)) * 0.1).astype(np.float32)
    grid = maps(tones, -(-small_height // CELL), -(-small_width // CELL))
    transform = GridTransform(grid, lights, CELL, width, height)
    pixels = noise(height, width)
    whole = transform.apply(pixels, 0)
    cuts = sorted({0, height, *data.draw(st.lists(st.integers(0, height), max_size=4))})
    bands = [transform.apply(pixels[a:b], a) for a, b in pairwise(cuts)]
    assert np.array_equal(np.concatenate(bands), whole)


def test_an_edge_of_the_photo_stays_as_sharp_as_it_was() -> None:
    """A map for dark and another for bright meet at the edge itself, not where the small picture blurs it."""
    pixels = np.full((200, 300, 3), 20, np.uint8)
    pixels[:, 151:] = 220
    grid = np.zeros((MAP * 2, 1, 2), np.float32)
    for colour in range(3):
        grid[MAP + 5 * colour] = -0.8  # what is bright becomes dark
    result = GridTransform(grid, np.zeros((3, 13, 19), np.float32), CELL, 300, 200).apply(pixels, 0)
    assert len(np.unique(result[:, :151])) == 1 and len(np.unique(result[:, 151:])) == 1


def test_an_even_sky_gets_no_creases() -> None:
    """Maps that rise and fall from cell to cell change an even area without a jump of the slope."""
    sky = np.full((64, 2048, 3), 32768, np.uint16)
    grid = np.zeros((MAP * 2, 1, 8), np.float32)
    grid[3::4] = np.array([0, 0.2, 0, 0.2, 0.2, 0, 0.2, 0], np.float32)
    result = GridTransform(grid, np.zeros((3, 4, 128), np.float32), CELL, 2048, 64).apply(sky, 0)[30, :, 0] / 65535.0
    slopes = np.diff(result)
    straight = 0.2 / 256  # the slope of a straight line from one cell's middle to the next one's
    assert float(np.abs(np.diff(slopes)).max()) < straight / 3


def test_lights_are_added_where_they_are() -> None:
    dark = np.zeros((120, 160, 3), np.uint8)
    lights = np.zeros((3, 30, 40), np.float32)
    lights[:, 10, 20] = (1.0, 0.8, 0.4)
    result = GridTransform(np.zeros((MAP * 2, 2, 3), np.float32), lights, CELL, 160, 120).apply(dark, 0)
    y, x = np.unravel_index(int(result[..., 0].argmax()), result.shape[:2])
    assert abs(y - 41.5) <= 1 and abs(x - 81.5) <= 1
    assert result[y, x, 0] > result[y, x, 1] > result[y, x, 2] > 80 and result[41, 120].max() == 0


@pytest.mark.parametrize("shape", [(MAP * 2, 2, 2), (MAP, 2, 3), (MAP * 2 + 1, 2, 3), (MAP * 33, 2, 3)])
def test_a_grid_that_does_not_fit_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="has not the shape"):
        GridTransform(np.zeros(shape, np.float32), np.zeros((3, 20, 40), np.float32), CELL, 160, 80)
