"""Scales: which models enlarge so many times, and what is said where one that enlarges further does it."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from engines.errors import ModelError

_SHARES = {
    Fraction(1, 2): "half",
    Fraction(1, 4): "a quarter",
    Fraction(2, 3): "two thirds",
    Fraction(3, 4): "three quarters",
}


def scale_for(scale: int, scales: Collection[int]) -> int:
    """Of `scales`, which models have, the one that makes ×`scale`: itself, or the next larger, whose result is reduced.

    Raises ModelError where that is no enlargement, or larger than any of them.
    """
    if scale in scales:
        return scale
    if scale < 2:
        raise ModelError(f"×{scale} enlarges nothing; choose a whole number from 2 up.")
    larger = [each for each in scales if each > scale]
    if not larger:
        there = " and ".join(str(each) for each in sorted(scales))
        raise ModelError(f"No model in the library enlarges {scale} times; the scales there are: {there}.")
    return min(larger)


def how_made(scale: int, name: str, model_scale: int) -> str:
    """A sentence on how the model `name`, which enlarges `model_scale` times, makes ×`scale`; empty where it does so itself."""
    if scale == model_scale:
        return ""
    share = Fraction(scale, model_scale)
    return f"×{scale} is made by “{name}” at ×{model_scale}, reduced to {_SHARES.get(share, share)}."
