"""How a row of numbers is enlarged smoothly, as matrices for any part of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]


def taps(start: int, end: int, large: int, small: int) -> tuple[int, Numbers]:
    """How the places `start` to `end` of `large` are interpolated from a row of `small` numbers: the first number used, and a
    matrix (end - start, numbers used) by which they are multiplied.

    Cubic convolution (Keys 1981): through every number, and smooth, where linear interpolation would show its creases.
    The centres of pixels lie on each other; beyond the ends the last number is repeated.
    """
    place = (np.arange(start, end) + 0.5) * (small / large) - 0.5
    base = np.floor(place).astype(np.int64)
    t = place - base
    weights = np.stack(
        [
            ((-0.5 * t + 1.0) * t - 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1.0,
            ((-1.5 * t + 2.0) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t,
        ]
    )
    index = np.clip(base + np.arange(-1, 3)[:, None], 0, small - 1)
    first, last = int(index.min()), int(index.max())
    matrix = np.zeros((end - start, last - first + 1))
    np.add.at(matrix, (np.arange(end - start)[None].repeat(4, 0), index - first), weights)
    return first, matrix.astype(np.float32)
