"""A picture made smaller by averaging areas, from bands of rows, with memory that grows with the small one only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.pixels import Pixels

Numbers = NDArray[np.float64]

_STEP_BYTES = 8 << 20  # of rows held as numbers at a time,
_STEP_ROWS = 256  # and how many at most: their shares are a matrix


def reduced_size(width: int, height: int, shorter: int, pixels: int) -> tuple[int, int]:
    """The width and height to which a picture is reduced: its shorter side at most `shorter`, at most about `pixels` in all.

    The shape is kept as far as whole pixels allow; nothing is enlarged, and no side is below 1.
    """
    factor = min(1.0, shorter / min(width, height), (pixels / (width * height)) ** 0.5)
    return max(1, round(width * factor)), max(1, round(height * factor))


class Reduction:
    """Takes the rows of a picture from top to bottom and averages them to `width` × `height` pixels of 16 bits.

    A pixel of the result is the mean of the area it covers, edges of that area counted by their share. Sums are of whole
    numbers that float64 holds exactly up to 100 gigapixels, so how the rows are divided into bands changes nothing. Colours are
    averaged as they are stored, not as light: the colour transform that is fitted to them is linear in what is stored, and
    so are the pictures that networks are trained on. With alpha each colour counts by its alpha.
    """

    def __init__(self, source: tuple[int, int, int], dtype: np.dtype[Any], width: int, height: int) -> None:
        self._height, self._width, self._channels = source
        self._to = height, width
        self._top_level = int(np.iinfo(dtype).max)
        self._at = 0
        self._open: Numbers = np.zeros((1, self._width, self._channels))
        self._first = 0  # the row of the result that `_open` adds up
        self._out: Pixels = np.empty((height, width, self._channels), np.uint16)

    def add(self, rows: Pixels) -> None:
        """Take the next rows, (any number, W, C)."""
        step = min(_STEP_ROWS, max(1, _STEP_BYTES // (self._width * self._channels * 8)))
        for start in range(0, len(rows), step):
            self._add(rows[start : start + step])

    def pixels(self) -> Pixels:
        """The reduced picture, (height, width, C) of uint16, once all rows were added."""
        if self._at != self._height:
            raise ValueError(f"{self._at} of {self._height} rows were added")
        return self._out

    def _add(self, rows: Pixels) -> None:
        small, tall, count = self._to[0], self._height, len(rows)
        # In units in which a row of the source is `small` high and one of the result `tall`, all borders are whole.
        last = -(-(self._at + count) * small // tall)
        upper = (self._at + np.arange(count)) * small
        target = np.arange(self._first, last)[:, None] * tall
        shares = np.minimum(upper + small, target + tall) - np.maximum(upper, target)
        weights = np.maximum(shares, 0).astype(np.float64)
        numbers = rows.astype(np.float64)
        if self._channels == 4:
            numbers[..., :3] *= numbers[..., 3:]
        sums = (weights @ numbers.reshape(count, -1)).reshape(-1, self._width, self._channels)
        sums[0] += self._open[0]
        self._at += count
        done = self._at * small // tall
        if done > self._first:
            self._out[self._first : done] = self._levels(self._across(sums[: done - self._first]))
        self._open = sums[done - self._first :] if last > done else np.zeros((1, self._width, self._channels))
        self._first = done

    def _across(self, sums: Numbers) -> Numbers:
        """Sums (n, W, C) of columns as sums (n, width, C) of areas, in units in which an area is W × H large."""
        small, wide = self._to[1], self._width
        before = np.zeros((len(sums), wide + 1, self._channels))
        np.cumsum(sums, axis=1, out=before[:, 1:])
        borders = np.arange(small + 1) * wide
        whole, part = borders // small, (borders % small).astype(np.float64)[:, None]
        up_to = small * before[:, whole] + part * sums[:, np.minimum(whole, wide - 1)]
        return np.diff(up_to, axis=1)

    def _levels(self, areas: Numbers) -> Pixels:
        unit = self._width * self._height
        if self._channels == 4:
            alpha = areas[..., 3:]
            areas[..., :3] = np.divide(areas[..., :3], alpha, out=np.zeros_like(areas[..., :3]), where=alpha > 0)
            areas[..., 3:] = alpha / unit
        else:
            areas /= unit
        return np.rint(areas * (65535 / self._top_level)).astype(np.uint16)
