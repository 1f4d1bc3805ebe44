"""Luminance-matched darkening: what a translation from day to night must beat, for it only dims the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainers.metrics.pairs import check_pictures

Pixels = NDArray[np.uint8]
Array = NDArray[np.float64]

LEVELS = 256


def luminance_quantiles(pictures: Sequence[Pixels], count: int = 257) -> Array:
    """`count` quantiles, from least to greatest, of the luminance of `pictures` together, in whole levels; every
    picture weighs the same.

    Luminance here is Y' of BT.601 in full range, 0 to 255, of the display values. Pictures: uint8 RGB (H, W, 3), of any
    sizes. Raises ValueError where there are none, or fewer than two quantiles are asked for.
    """
    if count < 2:
        raise ValueError(f"A distribution needs two quantiles at least, not {count}.")
    share = np.cumsum(_histogram(pictures))
    # A hair inside the ends, so that the least and the greatest are levels which some pixel has.
    ranks = np.clip(np.linspace(0, 1, count), 1e-9, 1 - 1e-9) * share[-1]
    return np.searchsorted(share, ranks).astype(np.float64)


def darken_to(pictures: Sequence[Pixels], luminance: float | NDArray[np.floating]) -> list[Pixels]:
    """`pictures` with one tone curve for all of them, after which they together have the luminance asked for.

    A number: their mean luminance, each picture weighing the same; the curve is one gain. An array: the whole
    distribution, by its quantiles at even distances from the least to the greatest (`luminance_quantiles` of the pictures
    to be matched); the curve takes each level to the quantile of its rank. Every pixel's red, green and blue are multiplied
    by the same number, so that hues stay. Results are rounded to 8 bits and cut at 255, which a target brighter than the
    pictures can bring about.

    Pictures: uint8 RGB (H, W, 3), of any sizes. Raises ValueError where the target is not luminance from 0 to 255.
    """
    target = np.asarray(luminance, np.float64)
    if target.ndim > 1 or target.size < 1 or not np.isfinite(target).all() or target.min() < 0 or target.max() > 255:
        raise ValueError("Luminance to match must be a number from 0 to 255, or a row of such numbers.")
    histogram = _histogram(pictures)
    levels = np.arange(LEVELS, dtype=np.float64)
    if target.ndim == 0:
        mean = float(histogram @ levels)
        curve = levels * (float(target) / mean if mean else 0.0)
    else:
        if (np.diff(target) < 0).any():
            raise ValueError("Quantiles of luminance must rise from the least to the greatest.")
        ranks = np.cumsum(histogram) - histogram / 2
        curve = np.interp(ranks, np.linspace(0, 1, target.size), target)
    return [_toned(picture, curve) for picture in pictures]


def _luminance(picture: Pixels) -> Array:
    return picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])


def _histogram(pictures: Sequence[Pixels]) -> Array:
    """The part of the pixels at each level of luminance (256,), the mean of the pictures' own."""
    if not len(pictures):
        raise ValueError("There must be one picture at least to take the luminance of.")
    total = np.zeros(LEVELS)
    for index, picture in enumerate(pictures):
        check_pictures(picture[None], f"Picture {index}")
        levels = np.rint(_luminance(picture)).astype(np.int64)
        total += np.bincount(levels.ravel(), minlength=LEVELS) / levels.size
    return total / len(pictures)


def _toned(picture: Pixels, curve: Array) -> Pixels:
    luminance = _luminance(picture)
    wanted = np.interp(luminance, np.arange(LEVELS), curve)
    gain = np.divide(wanted, luminance, out=np.zeros_like(luminance), where=luminance > 0)
    return np.rint(np.clip(picture * gain[..., None], 0, 255)).astype(np.uint8)
