"""Nearest training pictures: copies and moved copies are found, the sheet is laid out, memorising shows in the ratio."""

from __future__ import annotations

import numpy as np
import pytest

import trainers.metrics.neighbours as module
from trainers.metrics.neighbours import memorisation_ratio, nearest_neighbours, neighbour_sheet


def blots(seed: int, count: int, size: int = 32) -> np.ndarray:
    """Smooth pictures: a few random colours, enlarged."""
    coarse = np.random.RandomState(seed).randint(0, 256, (count, 4, 4, 3)).astype(np.float64)
    for axis in (1, 2):
        at = np.linspace(0, 3, size)
        low = np.minimum(at.astype(int), 2)
        part = (at - low).reshape([-1 if i == axis else 1 for i in range(4)])
        coarse = coarse.take(low, axis) * (1 - part) + coarse.take(low + 1, axis) * part
    return coarse.round().astype(np.uint8)


def test_a_copy_is_found_at_distance_0() -> None:
    training = blots(0, 30)
    found = nearest_neighbours(training[[7, 3, 29]], training, count=4)
    assert found.indices[:, 0].tolist() == [7, 3, 29]
    assert found.distances[:, 0].tolist() == [0, 0, 0]
    assert (np.diff(found.distances, axis=1) >= 0).all()
    assert found.distances[0, 1] > 5
    assert all(len(set(row)) == 4 for row in found.indices.tolist())


def test_a_moved_copy_is_still_found_and_near() -> None:
    training = blots(1, 30)
    moved = np.roll(training[5:6], (2, -2), axis=(1, 2))  # one cell of 2×2 pixels each way
    found = nearest_neighbours(moved, training, count=2)
    assert found.indices[0, 0] == 5
    assert found.distances[0, 0] == pytest.approx(0, abs=1e-9)
    half = nearest_neighbours(np.roll(training[5:6], 1, axis=2), training, count=2)
    assert half.indices[0, 0] == 5
    assert half.distances[0, 0] < half.distances[0, 1] / 3


def test_distances_are_of_levels_in_8_bits() -> None:
    grey = np.full((2, 16, 16, 3), 100, np.uint8)
    found = nearest_neighbours(grey + np.uint8(30), grey)
    assert found.distances.tolist() == [[30], [30]]
    assert found.indices.tolist() == [[0], [0]] or found.indices.tolist() == [[1], [1]]


def test_sizes_of_samples_and_training_pictures_may_differ_and_blocks_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples, training = blots(2, 7, 64), np.concatenate([blots(3, 12, 32), blots(2, 7, 32)])
    once = nearest_neighbours(samples, training, 3)
    assert once.indices[:, 0].tolist() == [12, 13, 14, 15, 16, 17, 18]
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(module, "PIXELS_AT_ONCE", 3000)
    again = nearest_neighbours(samples, training, 3)
    assert (again.indices == once.indices).all()
    assert np.allclose(again.distances, once.distances)


def test_a_generator_that_remembers_has_a_small_ratio() -> None:
    training, held_out, fresh = blots(4, 60), blots(5, 20), blots(6, 20)
    nearly = np.clip(training[:20] + np.random.RandomState(7).normal(0, 4, (20, 32, 32, 3)), 0, 255).astype(np.uint8)
    assert memorisation_ratio(training[:20], training, held_out) == 0
    assert memorisation_ratio(nearly, training, held_out) < 0.2
    assert memorisation_ratio(fresh, training, held_out) == pytest.approx(1, abs=0.15)
    assert memorisation_ratio(held_out, training, held_out) == 1
    assert memorisation_ratio(training[:3], training, training[3:6]) == 1
    assert memorisation_ratio(fresh, training, training[3:6]) == np.inf


def test_the_sheet_shows_each_sample_beside_its_neighbours() -> None:
    samples = np.stack([np.full((5, 4, 3), 10 + i, np.uint8) for i in range(2)])
    training = np.stack([np.full((5, 4, 3), 100 + i, np.uint8) for i in range(6)])
    sheet = neighbour_sheet(samples, training, np.array([[3, 0, 5], [1, 1, 2]]))
    # Height 2 + 2 · (5 + 2); width 2 + 4 + 8 + 3 · (4 + 2).
    assert sheet.shape == (16, 32, 3)
    assert sheet.dtype == np.uint8
    expected = np.full((16, 32), 255)
    for top, row in ((2, (10, 103, 100, 105)), (9, (11, 101, 101, 102))):
        for left, level in zip((2, 14, 20, 26), row, strict=True):
            expected[top : top + 5, left : left + 4] = level
    assert (sheet == expected[..., None]).all()


def test_what_does_not_fit_is_said() -> None:
    some = blots(8, 3)
    with pytest.raises(ValueError, match="Of 3 training pictures the nearest 4 cannot be found."):
        nearest_neighbours(some, some, count=4)
    with pytest.raises(ValueError, match="The samples must measure at least 16 pixels each way, not 15×32."):
        nearest_neighbours(some[:, :, :15], some)
    with pytest.raises(
        ValueError, match=r"The training pictures must be uint8 RGB \(N, H, W, 3\), not uint8 \(32, 32, 3\)."
    ):
        nearest_neighbours(some, some[0])
    with pytest.raises(ValueError, match="pictures of one size"):
        neighbour_sheet(some, some[:, 1:], np.zeros((3, 1), int))
    with pytest.raises(ValueError, match=r"A sheet of 3 samples needs as many rows of indices, not \(3,\)."):
        neighbour_sheet(some, some, np.zeros(3, int))
    with pytest.raises(ValueError, match="The indices must lie between 0 and 2"):
        neighbour_sheet(some, some, np.full((3, 1), 3))
