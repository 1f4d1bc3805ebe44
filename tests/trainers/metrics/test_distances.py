"""Distances between sets of features: closed forms, sets drawn alike, disjoint and equal sets, and invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trainers.metrics.distances as module
from tests.search import examples
from trainers.metrics.distances import frechet_distance, kernel_distance, precision_recall


def gaussian(seed: int, count: int, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Features whose own mean and covariance are exactly these, not only on average."""
    drawn = np.random.RandomState(seed).standard_normal((count, len(mean)))
    drawn -= drawn.mean(axis=0)
    white = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn, rowvar=False))).T
    return white @ np.linalg.cholesky(spread).T + mean


sets = st.tuples(st.integers(0, 2**31 - 1), st.integers(4, 12), st.integers(4, 12), st.integers(1, 5)).map(
    lambda drawn: (
        np.random.RandomState(drawn[0]).standard_normal((drawn[1], drawn[3])),
        np.random.RandomState(drawn[0] ^ 1).standard_normal((drawn[2], drawn[3])) * 2 + 1,
    )
)


def test_frechet_of_gaussians_along_the_axes() -> None:
    """|μ|² + Σ (σa − σb)², where both covariances are diagonal."""
    a = gaussian(0, 50, np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    b = gaussian(1, 70, np.array([1.0, 2.0, -2.0]), np.diag([4.0, 4.0, 1.0]))
    assert frechet_distance(a, b) == pytest.approx(9 + 1 + 0 + 4)


def test_frechet_of_gaussians_that_do_not_share_axes() -> None:
    """In two dimensions the root has a closed form: tr √M = √(tr M + 2 √det M)."""
    one, other = np.array([[2.0, 0.9], [0.9, 1.0]]), np.array([[1.0, -0.5], [-0.5, 3.0]])
    a, b = gaussian(2, 40, np.zeros(2), one), gaussian(3, 40, np.array([0.5, 0.0]), other)
    product = one @ other
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    assert frechet_distance(a, b) == pytest.approx(0.25 + np.trace(one) + np.trace(other) - 2 * root)


def test_frechet_of_fewer_pictures_than_features_is_finite_and_0_of_itself() -> None:
    a, b = np.random.RandomState(4).standard_normal((2, 5, 40))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6 * 40)
    assert 0 < frechet_distance(a, b) < 200


def test_frechet_of_one_feature_that_never_changes() -> None:
    assert frechet_distance(np.ones((4, 1)), np.full((3, 1), 3.0)) == pytest.approx(4)


def test_kernel_distance_follows_its_formula() -> None:
    a, b = np.random.RandomState(5).standard_normal((5, 3)), np.random.RandomState(6).standard_normal((4, 3)) + 1

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / 3 + 1) ** 3)

    within_a = np.mean([kernel(a[i], a[j]) for i in range(5) for j in range(5) if i != j])
    within_b = np.mean([kernel(b[i], b[j]) for i in range(4) for j in range(4) if i != j])
    between = np.mean([kernel(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(within_a + within_b - 2 * between)


def test_kernel_distance_of_sets_drawn_alike_is_0_on_average() -> None:
    random = np.random.RandomState(7)
    found = [kernel_distance(*random.standard_normal((2, 30, 6))) for _ in range(200)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(200)
    assert min(found) < 0 < max(found)
    shifted = [kernel_distance(random.standard_normal((30, 6)), random.standard_normal((20, 6)) + 1) for _ in range(20)]
    assert min(shifted) > max(found)


def test_precision_and_recall_of_equal_and_of_disjoint_sets() -> None:
    a = np.random.RandomState(8).standard_normal((40, 5))
    assert precision_recall(a, a) == (1, 1)
    assert precision_recall(a, a + 1000) == (0, 0)
    same = np.repeat(a[:1], 10, axis=0)
    assert precision_recall(same, same) == (1, 1)  # balls of radius 0 hold their own centres


def test_samples_of_one_kind_only_are_precise_and_recall_little() -> None:
    random = np.random.RandomState(9)
    kinds = np.concatenate([random.standard_normal((30, 4)), random.standard_normal((30, 4)) + 50])
    one = random.standard_normal((60, 4)) * 0.5
    found = precision_recall(one, kinds)
    assert found.precision > 0.9
    assert found.recall <= 0.5
    back = precision_recall(kinds, one)
    assert (back.precision, back.recall) == (found.recall, found.precision)


def test_manifolds_are_balls_to_the_kth_neighbour() -> None:
    reference = np.array([[0.0], [1.0], [3.0], [10.0]])
    # To their nearest others: 1, 1, 2, 7. To their second nearest: 3, 2, 3, 9.
    samples = np.array([[-1.5], [5.5], [11.0], [18.5]])
    assert precision_recall(samples, reference, neighbours=1).precision == 0.5
    assert precision_recall(samples, reference, neighbours=2).precision == 1.0


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = np.random.RandomState(10).standard_normal((2, 23, 4))
    once = kernel_distance(a, b), precision_recall(a, b)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 5)
    assert kernel_distance(a, b) == pytest.approx(once[0])
    assert precision_recall(a, b) == once[1]


@given(sets)
@examples(40)
def test_distances_are_symmetric_and_do_not_know_the_rows_order(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    a, b = drawn
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-5, abs=1e-6)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(a[::-1], b), rel=1e-5, abs=1e-6)
    assert frechet_distance(a, b) >= 0
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    assert kernel_distance(a, b) == pytest.approx(kernel_distance(b[::-1], a), rel=1e-6, abs=1e-9)
    there, back = precision_recall(a, b), precision_recall(b[::-1], a)
    assert (there.precision, there.recall) == (back.recall, back.precision)
    assert 0 <= there.precision <= 1


@pytest.mark.parametrize("measure", [frechet_distance, kernel_distance, precision_recall])
@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((5,), r"Features must be \(N, D\), a row for each picture, not \(5,\)."),
        ((5, 4), "Both sets must have the same features, not 4 and 3 of them."),
        ((1, 3), "pictures at least, not 1 and 6."),
    ],
)
def test_features_that_do_not_fit_are_refused(measure, shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        measure(np.zeros(shape), np.zeros((6, 3)))


def test_features_of_broken_pictures_and_no_neighbours_are_refused() -> None:
    with pytest.raises(ValueError, match="Some features are not finite numbers"):
        frechet_distance(np.full((6, 3), np.nan), np.zeros((6, 3)))
    with pytest.raises(ValueError, match="one neighbour at least, not 0"):
        precision_recall(np.zeros((6, 3)), np.zeros((6, 3)), neighbours=0)
