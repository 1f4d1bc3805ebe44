"""Grid and lights: colour maps on a bilateral grid, and a layer of added light, carried to a picture of any size.

A network that relights says for every cell of a small picture, and for several tones from black to white, by what affine map
colours change there; and what light is added, pixel by pixel. At each pixel of the large picture the maps are interpolated by
its place and by its own luminance (Gharbi et al. 2017, "Deep Bilateral Learning for Real-Time Image Enhancement", section
3.3), so edges are as sharp as the photo's. There are no tiles, and so no seams.

In [0, 1], with h the share of each tone k, and A and l enlarged to the place of the pixel p:

    large = p + Σ h_k(luminance of p) A_k [p; 1] + l
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.pixels import Pixels
from engines.translation.interpolation import taps

Numbers = NDArray[np.float32]

MAP = 12  # numbers of a map: for each colour of the result three factors and a constant
MOST_TONES = 32
LUMINANCE = (0.299, 0.587, 0.114)
NODES = 8  # to a cell of the grid: between them the maps are interpolated in straight lines
_PIXELS = 1 << 13  # that are computed at a time: they stay in the processor's cache
# A product of matrices of more multiplications is divided among threads, by OpenBLAS, and where another program has one of
# the cores, each product then waits for it: a hundred times as long.
_ALONE = 1 << 18


class GridTransform:
    """The maps of `grid` and the `lights` for a picture of `width` × `height` pixels.

    `grid` (12 · tones, rows, columns) has cells of `cell` pixels of the small picture; for each tone three rows of four
    numbers. `lights` (3, h, w) has the small picture's size. Raises ValueError where they do not fit each other.
    """

    def __init__(self, grid: Numbers, lights: Numbers, cell: int, width: int, height: int) -> None:
        small_height, small_width = lights.shape[1:]
        tones = grid.shape[0] // MAP
        needed = (MAP * tones, -(-small_height // cell), -(-small_width // cell))
        if not 2 <= tones <= MOST_TONES or grid.shape != needed:
            raise ValueError(f"a grid for lights of {small_width}×{small_height} has not the shape {grid.shape}")
        self._size = width, height
        self._lights = lights
        self._tones = tones
        # A cell's share of the large picture is about the same either way: the small one has its shape.
        self._step = max(1, round(cell / NODES * min(width / small_width, height / small_height)))
        self._together = _together(self._step, small_width / width)
        down = _nodes(height, self._step, small_height / height / cell, grid.shape[1])
        across = _nodes(width, self._step, small_width / width / cell, grid.shape[2])
        maps = np.einsum("nyc,xc->nyx", np.einsum("yr,nrc->nyc", down, grid), across)
        # (rows, columns, colours, tones · 4) of nodes
        maps = maps.reshape(tones, 3, 4, *maps.shape[1:]).transpose(3, 4, 1, 0, 2)
        self._maps: Numbers = np.ascontiguousarray(maps.reshape(*maps.shape[:3], 4 * tones), dtype=np.float32)
        place = (np.arange(self._step, dtype=np.float32) + 0.5) / self._step
        shares = [b[:, None] * a[None] for b in (1 - place, place) for a in (1 - place, place)]
        self._shares: Numbers = np.stack(shares).reshape(4, 1, -1).astype(np.float32)

    @property
    def rows(self) -> int:
        """How many rows are computed together; bands of a multiple of them, from the first row on, cost the least."""
        return self._step

    def apply(self, pixels: Pixels, top: int) -> Pixels:
        """The rows (n, W, 3) of the large picture that begin at row `top`, transformed; of the same depth.

        A row is the same whatever rows come along with it.
        """
        out = np.empty_like(pixels)
        step, end = self._step, top + len(pixels)
        for first in range(top // step * step, end, step):
            low, high = max(first, top), min(first + step, end)
            rows = pixels[low - top : high - top]
            if len(rows) < step:  # the sums are then of as many numbers as ever, and so the same
                rows = np.pad(rows, ((low - first, first + step - high), (0, 0), (0, 0)), mode="edge")
            out[low - top : high - top] = self._row_of_cells(rows, first)[low - first : high - first]
        return out

    def _row_of_cells(self, rows: Pixels, first: int) -> Pixels:
        """`rows` (step, W, 3), which begin at row `first`, a multiple of the step, transformed."""
        width, height = self._size
        step, node = self._step, first // self._step
        # Of the rows below the picture's end the last is repeated: they are computed and left out.
        at, down = _taps(first, first + step, height, self._lights.shape[1])
        lights: Numbers = (
            down @ self._lights[:, at : at + down.shape[1]].swapaxes(0, 1).reshape(down.shape[1], -1)
        ).reshape(step, 3, -1)
        out = np.empty_like(rows)
        columns = self._maps.shape[1] - 1
        for cell in range(0, columns, self._together):
            cells = min(self._together, columns - cell)
            left, right = cell * step, min((cell + cells) * step, width)
            corners = [self._maps[node + y, cell + x : cell + x + cells] for y in (0, 1) for x in (0, 1)]
            maps = np.stack(corners, 1).reshape(cells, MAP, -1)
            shown = rows[:, left:right]
            if right - left < cells * step:
                shown = np.pad(shown, ((0, 0), (0, cells * step - (right - left)), (0, 0)), mode="edge")
            start, across = _taps(left, left + cells * step, width, self._lights.shape[2])
            lit = lights[:, :, start : start + across.shape[1]].reshape(3 * step, -1) @ across.T
            added = lit.reshape(step, 3, -1)
            out[:, left:right] = self._cells(shown, maps, added)[:, : right - left]
        return out

    def _cells(self, pixels: Pixels, maps: Numbers, added: Numbers) -> Pixels:
        """`pixels` (step, cells · step, 3) by `maps` (cells, corners · 3, tones · 4), and `added` (step, 3, cells · step)."""
        step, cells = self._step, len(maps)
        top = np.float32(np.iinfo(pixels.dtype).max)
        # (cells, 4, step · step): red, green, blue and 1
        above = np.ones((cells, 4, step, step), np.float32)
        above[:, :3] = pixels.reshape(step, cells, step, 3).transpose(1, 3, 0, 2)
        above[:, :3] *= 1 / top
        above = above.reshape(cells, 4, step * step)
        place = LUMINANCE[0] * above[:, 0] + LUMINANCE[1] * above[:, 1] + LUMINANCE[2] * above[:, 2]
        place *= np.float32(self._tones - 1)
        np.clip(place, 0, self._tones - 1, out=place)
        by_tone = np.empty((cells, self._tones, 4, step * step), np.float32)
        for tone in range(self._tones):
            share = np.abs(place - np.float32(tone))
            np.subtract(1, share, out=share)
            np.maximum(share, 0, out=share)
            np.multiply(share[:, None], above, out=by_tone[:, tone])
        change = (maps @ by_tone.reshape(cells, -1, step * step)).reshape(cells, 4, 3, step * step)
        change *= self._shares
        value = above[:, :3]
        for corner in range(4):
            value += change[:, corner]
        value = value.reshape(cells, 3, step, step).transpose(2, 1, 0, 3).reshape(step, 3, cells * step) + added
        value *= top
        value += np.float32(0.5)
        np.clip(value, 0, top + np.float32(0.25), out=value)  # the cast cuts off the fraction
        return value.transpose(0, 2, 1).astype(pixels.dtype)


def _taps(start: int, end: int, large: int, small: int) -> tuple[int, Numbers]:
    first, matrix = taps(start, end, large, small)
    return first, matrix.astype(np.float32)


def _together(step: int, part: float) -> int:
    """How many cells of `step` pixels are computed at a time, where a pixel is the `part` of one of the small picture."""
    for cells in range(max(1, _PIXELS // step**2), 1, -1):
        if 3 * step * cells * step * (cells * step * part + 5) < _ALONE:
            return cells
    return 1


def _nodes(length: int, step: int, cells: float, count: int) -> Numbers:
    """The matrix (nodes, count) by which a row of `count` numbers, one a cell, is interpolated at a node every `step` pixels.

    `cells` is how many cells a pixel measures. By quadratic B-splines, whose slope has no jumps; beyond the ends the last
    number is repeated. There is a node at pixel 0 and one at the end of `length` or after it.
    """
    place = np.arange(-(-length // step) + 1) * (step * cells) - 0.5
    place = np.clip(place, -0.5, count - 0.5)
    away = np.abs(place[:, None] - np.arange(-1, count + 1))
    shares = np.where(away < 0.5, 0.75 - away**2, 0.5 * np.maximum(1.5 - away, 0) ** 2)
    matrix = shares[:, 1:-1].copy()
    matrix[:, 0] += shares[:, 0]
    matrix[:, -1] += shares[:, -1]
    return matrix.astype(np.float32)
