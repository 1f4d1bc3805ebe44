"""How far two sets of features lie from each other: Fréchet and kernel distance, precision and recall.

Each takes features (N, D), float64, a row for each picture (`random_features`), and none depends on the rows' order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

Features = NDArray[np.float64]

ROWS_AT_ONCE = 512


class PrecisionRecall(NamedTuple):
    """Parts from 0 to 1: of the samples that look like reference pictures, and of the reference that samples cover."""

    precision: float
    recall: float


def frechet_distance(a: Features, b: Features) -> float:
    """Fréchet distance of two sets of features, each taken for a Gaussian: |μa − μb|² + tr(A + B − 2 (A½ B A½)½).

    The formula of FID; on other features than Inception's it is another figure and *not comparable to FID*. The root is
    taken by eigenvalues in float64, and what rounding makes negative counts as 0, so that fewer rows than features are
    allowed; the distance is then too large, the more the fewer rows: compare only sets of equal numbers. Equal sets are
    0 within 1e-6 of their variance. Raises ValueError where the shapes do not fit.
    """
    _check(a, b, 2)
    spread_a, spread_b = np.cov(a, rowvar=False, ddof=1), np.cov(b, rowvar=False, ddof=1)
    spread_a, spread_b = np.atleast_2d(spread_a), np.atleast_2d(spread_b)
    values, vectors = np.linalg.eigh(spread_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    product = root @ spread_b @ root
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh((product + product.T) / 2), 0)).sum()
    apart = float(np.square(a.mean(axis=0) - b.mean(axis=0)).sum())
    return max(0.0, apart + float(np.trace(spread_a) + np.trace(spread_b) - 2 * overlap))


def kernel_distance(a: Features, b: Features) -> float:
    """Squared maximum mean discrepancy with the kernel (x·y / D + 1)³, unbiased: the formula of KID.

    0 on average, and below it as often as above, where both sets are drawn alike, whatever their number: unlike the Fréchet
    distance it may be compared between sets of different sizes. All pairs are used, a block of rows at a time. On other
    features than Inception's *not comparable to KID*. Raises ValueError where the shapes do not fit.
    """
    _check(a, b, 2)
    n, m = len(a), len(b)
    within_a = (_kernel_sum(a, a) - float(_kernel((a * a).sum(axis=1) / a.shape[1]).sum())) / (n * (n - 1))
    within_b = (_kernel_sum(b, b) - float(_kernel((b * b).sum(axis=1) / b.shape[1]).sum())) / (m * (m - 1))
    return within_a + within_b - 2 * _kernel_sum(a, b) / (n * m)


def precision_recall(samples: Features, reference: Features, neighbours: int = 3) -> PrecisionRecall:
    """Precision and recall of generative models (Kynkäänniemi et al. 2019) by manifolds of nearest neighbours.

    The manifold of a set: balls about its members, each reaching to the member's `neighbours`-th nearest other one.
    Precision: the part of `samples` within the manifold of `reference`; recall: the other way round. The paper takes 3
    neighbours and equally many of both. Raises ValueError where the shapes do not fit or a set has too few rows.
    """
    _check(samples, reference, neighbours + 1)
    if neighbours < 1:
        raise ValueError(f"A manifold needs one neighbour at least, not {neighbours}.")
    reach_samples, reach_reference = _reach(samples, neighbours), _reach(reference, neighbours)
    covered = np.zeros(len(reference), bool)
    inside = 0
    for rows, distances in _distances(samples, reference):
        inside += int((distances <= reach_reference).any(axis=1).sum())
        covered |= (distances <= reach_samples[rows, None]).any(axis=0)
    return PrecisionRecall(inside / len(samples), float(covered.mean()))


def _check(a: Features, b: Features, fewest: int) -> None:
    for features in (a, b):
        if features.ndim != 2 or features.shape[1] == 0:
            raise ValueError(f"Features must be (N, D), a row for each picture, not {features.shape}.")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"Both sets must have the same features, not {a.shape[1]} and {b.shape[1]} of them.")
    if min(len(a), len(b)) < fewest:
        raise ValueError(f"Each set needs {fewest} pictures at least, not {len(a)} and {len(b)}.")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("Some features are not finite numbers; look for NaN in what made the pictures.")


def _kernel(product: Features) -> Features:
    return (product + 1) ** 3


def _kernel_sum(a: Features, b: Features) -> float:
    pieces = (a[start : start + ROWS_AT_ONCE] for start in range(0, len(a), ROWS_AT_ONCE))
    return sum(float(_kernel(piece @ b.T / a.shape[1]).sum()) for piece in pieces)


def _reach(features: Features, neighbours: int) -> Features:
    """The distance (N,) of each row from its nearest other row but `neighbours` − 1."""
    # Each row is its own nearest, at exactly 0.
    parts = [np.partition(distances, neighbours, axis=1) for _, distances in _distances(features, features)]
    return np.concatenate([part[:, neighbours] for part in parts])


def _distances(a: Features, b: Features) -> Iterator[tuple[slice, Features]]:
    """Euclidean distances of a block of rows of `a` from all of `b`, and which rows these are."""
    of_b = torch.from_numpy(np.ascontiguousarray(b, np.float64))
    for start in range(0, len(a), ROWS_AT_ONCE):
        rows = slice(start, min(start + ROWS_AT_ONCE, len(a)))
        of_a = torch.from_numpy(np.ascontiguousarray(a[rows], np.float64))
        # From differences, not from products: equal rows are at exactly 0, and both directions agree to the bit.
        yield rows, torch.cdist(of_a, of_b, compute_mode="donot_use_mm_for_euclid_dist").numpy()
