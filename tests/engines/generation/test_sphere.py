"""Directions: turns stay on the sphere whatever lies between, and curves leave a point the way they came."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engines.generation.sphere import between, bezier, handles, polar, turn, units
from tests.search import examples

seeds = st.integers(0, 2**31)


def directions(seed: int, count: int, size: int) -> np.ndarray:
    return units(np.random.default_rng(seed).standard_normal((count, size)))[0]


def test_0_has_no_direction_of_its_own() -> None:
    points = np.array([[0, 0], [0, 2], [0, 0], [3, 0], [0, 0]], np.float64)
    made, lengths = polar(points)
    np.testing.assert_array_equal(made, [[0, 1], [0, 1], [0, 1], [1, 0], [1, 0]])
    np.testing.assert_array_equal(lengths, [0, 2, 0, 3, 0])
    np.testing.assert_array_equal(units(points)[0][0], [0, 0])
    np.testing.assert_array_equal(polar(np.zeros((2, 3)))[0], np.zeros((2, 3)))


@given(seeds, st.integers(2, 30), st.sampled_from((1.0, -1.0, None)))
def test_the_way_to_another_is_at_right_angles(seed: int, size: int, factor: float | None) -> None:
    start, end = directions(seed, 2, size)
    end = end if factor is None else factor * start  # the same, opposite, or any
    towards, sine, cosine = between(start, end)
    assert abs(towards @ start) < 1e-9 and abs(np.linalg.norm(towards) - 1) < 1e-9
    np.testing.assert_allclose(cosine * start + sine * towards, end, atol=1e-8)


@examples(30)
@given(seeds, st.integers(2, 30))
def test_turns_broadcast_and_stay_on_the_sphere(seed: int, size: int) -> None:
    starts, ends = directions(seed, 4, size), directions(seed + 1, 4, size)
    ends[0], ends[1] = starts[0], -starts[1]
    t = np.array([0, 0.3, 0.7, 1])
    each = turn(starts, ends, t)
    np.testing.assert_allclose(np.linalg.norm(each, axis=1), 1, atol=1e-9)
    for i in range(4):
        np.testing.assert_allclose(each[i], turn(starts[i], ends[i], t[i]), atol=1e-12)
        np.testing.assert_allclose(turn(starts[i], ends[i], t)[[0, 3]], [starts[i], ends[i]], atol=1e-8)


@examples(30)
@given(seeds, st.integers(3, 6), st.booleans())
def test_handles_lie_on_one_great_circle_with_their_point(seed: int, count: int, loop: bool) -> None:
    points = directions(seed, count, 12)
    leaving, arriving = handles(points, loop)
    for i in range(count) if loop else range(1, count - 1):
        assert np.linalg.matrix_rank(np.stack([points[i], leaving[i], arriving[i]]), tol=1e-6) == 2
        assert between(points[i], leaving[i])[0] @ between(points[i], arriving[i])[0] < -0.999


def test_a_curve_through_points_of_one_great_circle_stays_on_it() -> None:
    angles = np.array([0, 0.1, 1.5, 1.6, 3.0])
    points = np.stack([np.cos(angles), np.sin(angles), np.zeros(5)], axis=1)
    leaving, arriving = handles(points, loop=False)
    gone = [
        bezier(points[i], leaving[i], arriving[i + 1], points[i + 1], np.linspace(0, 1, 50, endpoint=False))
        for i in range(4)
    ]
    way = np.concatenate(gone)
    np.testing.assert_allclose(way[:, 2], 0, atol=1e-12)
    reached = np.unwrap(np.arctan2(way[:, 1], way[:, 0]))
    assert (np.diff(reached) > 0).all() and reached[-1] < 3.0 < math.pi  # never back, however unevenly they lie
