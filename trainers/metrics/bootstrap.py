"""Bootstrap: how far a measure of a set might lie elsewhere, had other pictures been drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A measured value and the ends of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def draw_counts(
    pictures: int, groups: Sequence[int] | None, resamples: int, seed: tuple[int, int]
) -> NDArray[np.float32]:
    """How often each of so many pictures is in each resample, drawn with replacement: (resamples, pictures).

    `groups` names a number for each picture; those of one number are drawn together, and without it each for itself.
    `seed`: the person's and the set's. Raises ValueError where groups are missing or resamples fewer than two.
    """
    if resamples < 2:
        raise ValueError(f"An interval needs two resamples at least, not {resamples}.")
    names = np.arange(pictures) if groups is None else np.asarray(groups)
    if names.shape != (pictures,):
        raise ValueError(f"There must be a group for each of the {pictures} pictures, not {names.shape}.")
    found, places = np.unique(names, return_inverse=True)
    random = np.random.RandomState([*seed, 2])
    drawn = random.multinomial(len(found), np.full(len(found), 1 / len(found)), size=resamples)
    return drawn[:, places].astype(np.float32)


def percentile_interval(value: float, drawn: NDArray[np.float64]) -> Interval:
    """The percentiles of the resamples' values, shifted so that their mean is `value`; not below 0."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(drawn - drawn.mean() + value, [tail, 100 - tail])
    return Interval(float(value), float(max(low, 0.0)), float(high))
