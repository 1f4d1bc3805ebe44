"""Relight: what a network made of a small picture, carried to the large one as a colour transform that varies over it.

At each pixel of the small picture a 3×3 matrix is fitted that turns the photo's colours into the network's, by linear
regression over a window about it, and averaged over the windows that hold the pixel: the guided filter of He, Sun and Tang
(2013), with colour as its guide, fitted at low resolution as in He and Sun (2015). The large picture is then the photo
turned by the matrix, and what the matrix could not say, softened and enlarged smoothly:

    large(x) = A(x) photo(x) + soft(small - A reduced)(x)

Where the network's change follows the photo's colours, edges are as sharp as the photo's. What does not follow them (the
glow of a lamp) is in the second term. Were that not softened, the result reduced again would be just what the network made,
and as blurred as that: a network blurs the finest detail it sees, and the difference would take the photo's away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.pixels import Pixels
from engines.progress import Progress
from engines.translation.interpolation import taps

Numbers = NDArray[np.floating[Any]]

RADIUS = 4  # of a window, in pixels of the small picture: 81 pixels for the 9 numbers of a matrix
SOFT = 2  # the radius of the window over which the second term is averaged, twice
EPSILON = 3e-3  # the variance of colour from which on regression rather than the ratio decides: 14 levels of 255
MOST_GAIN = 2.0  # how much brighter detail may become where a window is even; more would show a night's noise
DARK = 1.0 / 32.0  # keeps the ratio of two nearly black colours near 1

BLOCK = 128, 512  # rows and columns of the large one that are computed at a time: they stay in the processor's cache
_STRIP = 64  # rows of the small picture that are fitted at a time
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


class ColourTransform:
    """A colour transform fitted to a small picture, for a large one of `width` × `height` pixels.

    `before` and `after` are the small picture and what it is to become, (h, w, 3) of uint16. Raises Cancelled.
    """

    def __init__(
        self, before: Pixels, after: Pixels, width: int, height: int, progress: Progress | None = None
    ) -> None:
        self._size = width, height
        self._maps = _fit(before, after, progress or Progress())

    @property
    def rows(self) -> int:
        """How many rows are best computed together: any number."""
        return 1

    def apply(self, pixels: Pixels, top: int) -> Pixels:
        """The rows (n, W, 3) of the large picture that begin at row `top`, transformed; of the same depth."""
        width, height = self._size
        small_height, _, small_width = self._maps.shape
        out = np.empty_like(pixels)
        for row in range(0, len(pixels), BLOCK[0]):
            rows = slice(row, min(row + BLOCK[0], len(pixels)))
            first, down = taps(top + rows.start, top + rows.stop, height, small_height)
            # Both ways as one product of two matrices: a stack of small ones would take many times as long.
            strip = down @ self._maps[first : first + down.shape[1]].reshape(down.shape[1], -1)
            strip = strip.reshape(-1, small_width)
            for column in range(0, width, BLOCK[1]):
                columns = slice(column, min(column + BLOCK[1], width))
                left, across = taps(columns.start, columns.stop, width, small_width)
                maps = strip[:, left : left + across.shape[1]] @ across.T
                out[rows, columns] = _transformed(pixels[rows, columns], maps.reshape(len(down), 12, -1))
        return out


def _transformed(pixels: Pixels, maps: Numbers) -> Pixels:
    """`pixels` (n, m, 3) by the matrices and offsets `maps` (n, 12, m)."""
    top = np.float32(np.iinfo(pixels.dtype).max)
    out = np.empty_like(pixels)
    planes = [pixels[..., colour].astype(np.float32) for colour in range(3)]
    for colour in range(3):
        value = maps[:, 9 + colour] * top
        for guide, plane in enumerate(planes):
            value += maps[:, 3 * colour + guide] * plane
        value += np.float32(0.5)
        np.clip(value, 0, top + np.float32(0.25), out=value)  # the cast cuts off the fraction
        out[..., colour] = value
    return out


def _fit(before: Pixels, after: Pixels, progress: Progress) -> Numbers:
    """The maps (h, 12, w), float32: the nine numbers of a matrix row by row, then the three of an offset."""
    height, width = before.shape[:2]
    maps = np.empty((height, 12, width), np.float32)
    for top in range(0, height, _STRIP):
        progress.check()
        bottom = min(top + _STRIP, height)
        # What is kept needs the windows about it, and they need theirs.
        soft = max(0, top - 2 * SOFT), min(height, bottom + 2 * SOFT)
        inner = max(0, soft[0] - RADIUS), min(height, soft[1] + RADIUS)
        outer = max(0, inner[0] - RADIUS), min(height, inner[1] + RADIUS)
        x, y = (np.moveaxis(one[slice(*outer)] / 65535.0, 2, 0) for one in (before, after))
        matrices = _regression(x, y)[:, inner[0] - outer[0] : inner[1] - outer[0]]
        kept = _box_mean(matrices, RADIUS)[:, soft[0] - inner[0] : soft[1] - inner[0]]
        x, y = (one[:, soft[0] - outer[0] : soft[1] - outer[0]] for one in (x, y))
        rest = np.stack([y[colour] - (kept[3 * colour : 3 * colour + 3] * x).sum(axis=0) for colour in range(3)])
        rest = _box_mean(_box_mean(rest, SOFT), SOFT)
        rows = slice(top - soft[0], bottom - soft[0])
        maps[top:bottom, :9] = kept[:, rows].swapaxes(0, 1)
        maps[top:bottom, 9:] = rest[:, rows].swapaxes(0, 1)
    return maps


def _regression(x: Numbers, y: Numbers) -> Numbers:
    """The matrices (9, n, m) of the regression from `x` to `y`, both (3, n, m), over the window about each pixel.

    Where a window is even, regression cannot tell what becomes of detail finer than the small picture, and would have it
    vanish. So it is drawn not towards 0 but towards the ratio of the two means, as if the light alone had changed.
    """
    mean_x, mean_y = _box_mean(x), _box_mean(y)
    spread = {(i, j): _box_mean(x[i] * x[j]) - mean_x[i] * mean_x[j] for i, j in _PAIRS}
    s00, s01, s02, s11, s12, s22 = (spread[pair] for pair in _PAIRS)
    s00, s11, s22 = s00 + EPSILON, s11 + EPSILON, s22 + EPSILON
    c00, c01, c02 = s11 * s22 - s12 * s12, s02 * s12 - s01 * s22, s01 * s12 - s02 * s11
    c11, c12, c22 = s00 * s22 - s02 * s02, s01 * s02 - s00 * s12, s00 * s11 - s01 * s01
    inverse = ((c00, c01, c02), (c01, c11, c12), (c02, c12, c22))
    determinant = s00 * c00 + s01 * c01 + s02 * c02
    result = np.empty((9, *x.shape[1:]))
    for colour in range(3):
        gain = np.clip((mean_y[colour] + DARK) / (mean_x[colour] + DARK), 0.0, MOST_GAIN)
        beyond = [
            _box_mean(x[i] * y[colour]) - mean_x[i] * mean_y[colour] - gain * spread[min(i, colour), max(i, colour)]
            for i in range(3)
        ]
        for guide in range(3):
            row = inverse[guide]
            slope = (row[0] * beyond[0] + row[1] * beyond[1] + row[2] * beyond[2]) / determinant
            result[3 * colour + guide] = slope + gain if guide == colour else slope
    return result


def _box_mean(values: Numbers, radius: int = RADIUS) -> Numbers:
    """The mean over the window of `radius` about each pixel of (…, n, m), as much of the window as there is."""
    for axis in (-2, -1):
        length = values.shape[axis]
        sums = np.cumsum(values, axis=axis)
        sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis)), sums], axis)
        low = np.maximum(np.arange(length) - radius, 0)
        high = np.minimum(np.arange(length) + radius + 1, length)
        share = 1.0 / (high - low)
        values = (np.take(sums, high, axis) - np.take(sums, low, axis)) * (share[:, None] if axis == -2 else share)
    return values
