"""Nearest training pictures of generated ones: whether a generator made something, or remembered it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from trainers.metrics.pairs import check_pictures

Pictures = NDArray[np.uint8]
Grids = NDArray[np.float64]

GRID = 16
"""Cells on each side of the reduced picture that is compared."""
SHIFT = 1
"""Cells by which a sample may be moved in each direction."""
ROWS_AT_ONCE = 256
PIXELS_AT_ONCE = 2**20
GAP = 2
"""Pixels of white between the pictures of a sheet, and four times as many after the samples."""


class Neighbours(NamedTuple):
    """The nearest training pictures of each sample, nearest first."""

    indices: NDArray[np.int64]
    """(N, count): which training pictures."""
    distances: NDArray[np.float64]
    """(N, count): root mean square difference, 0 to 255; 0 for the same picture."""


def nearest_neighbours(samples: Pictures, training: Pictures, count: int = 1) -> Neighbours:
    """The `count` training pictures nearest to each sample.

    Both uint8 RGB (N, H, W, 3), of any size each, GRID pixels each way at least. Pictures are reduced to 16×16 cells by
    averaging; the distance is the root mean square difference of the inner 14×14 cells, the least of nine shifts of the
    sample by up to one cell each way. A picture moved by up to a sixteenth of its side therefore stays near, and detail
    finer than a cell does not count.

    Raises ValueError where shapes do not fit, or there are fewer than `count` training pictures.
    """
    check_pictures(samples, "The samples", GRID)
    check_pictures(training, "The training pictures", GRID)
    if not 1 <= count <= len(training):
        raise ValueError(f"Of {len(training)} training pictures the nearest {count} cannot be found.")
    # About the training's mean, which the differences do not feel and rounding does.
    targets = _cells(training, 0, 0)
    mean = targets.mean(axis=0)
    targets -= mean
    indices = np.empty((len(samples), count), np.int64)
    distances = np.empty((len(samples), count))
    for start in range(0, len(samples), ROWS_AT_ONCE):
        piece = samples[start : start + ROWS_AT_ONCE]
        rows = slice(start, start + len(piece))
        least = np.full((len(piece), len(training)), np.inf)
        moved = [cells - mean for cells in _shifted(piece)]
        for cells in moved:
            np.minimum(least, _squares(cells, targets), out=least)
        chosen = np.argpartition(least, count - 1, axis=1)[:, :count]
        # Those few once more by differences, so that a copy is at exactly 0.
        exact = np.min([np.square(cells[:, None] - targets[chosen]).mean(axis=2) for cells in moved], axis=0)
        order = np.lexsort((chosen, exact), axis=1)
        indices[rows] = np.take_along_axis(chosen, order, axis=1)
        distances[rows] = np.sqrt(np.take_along_axis(exact, order, axis=1))
    return Neighbours(indices, distances)


def memorisation_ratio(samples: Pictures, training: Pictures, held_out: Pictures) -> float:
    """Median nearest training distance of `samples` ÷ that of `held_out` pictures, which were not trained on.

    Near 1: the samples keep the distance from the training pictures that new pictures keep. Below: they lie nearer, up to
    0 where they are copies. Above: they are unlike the data. Infinite where the held-out pictures are themselves copies of
    training pictures and the samples are not; 1 where both are.
    """
    apart = float(np.median(nearest_neighbours(samples, training).distances))
    usual = float(np.median(nearest_neighbours(held_out, training).distances))
    if usual == 0:
        return 1.0 if apart == 0 else np.inf
    return apart / usual


def neighbour_sheet(samples: Pictures, training: Pictures, indices: NDArray[np.int64]) -> Pictures:
    """A sheet to look at, uint8 RGB (H, W, 3): each row a sample, a broad gap, and its nearest training pictures.

    `indices`: (N, count) as `nearest_neighbours` gives them. Raises ValueError where shapes do not fit or an index has no
    picture.
    """
    check_pictures(samples, "The samples")
    check_pictures(training, "The training pictures")
    if samples.shape[1:] != training.shape[1:]:
        raise ValueError(f"A sheet shows pictures of one size, not {samples.shape[1:3]} and {training.shape[1:3]}.")
    if indices.ndim != 2 or len(indices) != len(samples) or not indices.size:
        raise ValueError(f"A sheet of {len(samples)} samples needs as many rows of indices, not {indices.shape}.")
    if indices.min() < 0 or indices.max() >= len(training):
        raise ValueError(f"The indices must lie between 0 and {len(training) - 1}, for that many training pictures.")
    _, height, width, _ = samples.shape
    rows, count = indices.shape
    sheet = np.full((GAP + rows * (height + GAP), 5 * GAP + width + count * (width + GAP), 3), 255, np.uint8)
    for row in range(rows):
        top = GAP + row * (height + GAP)
        sheet[top : top + height, GAP : GAP + width] = samples[row]
        for place, index in enumerate(indices[row]):
            left = 5 * GAP + width + place * (width + GAP)
            sheet[top : top + height, left : left + width] = training[index]
    return sheet


def _grid(pictures: Pictures) -> Grids:
    """Pictures reduced to (N, 16, 16, 3) by averaging, 0 to 255."""
    step = max(1, PIXELS_AT_ONCE // (pictures.shape[1] * pictures.shape[2]))
    grids = []
    for start in range(0, len(pictures), step):
        piece = torch.from_numpy(np.ascontiguousarray(pictures[start : start + step].transpose(0, 3, 1, 2)))
        grids.append(F.adaptive_avg_pool2d(piece.double(), GRID).permute(0, 2, 3, 1).numpy())
    return np.concatenate(grids)


def _cells(pictures: Pictures, down: int, right: int) -> Grids:
    """The inner cells (N, 588) of the reduced pictures, moved by so many cells."""
    grids = _grid(pictures)
    inner = GRID - 2 * SHIFT
    cut = grids[:, SHIFT + down : SHIFT + down + inner, SHIFT + right : SHIFT + right + inner]
    return cut.reshape(len(pictures), -1)


def _shifted(pictures: Pictures) -> Iterator[Grids]:
    for down in range(-SHIFT, SHIFT + 1):
        for right in range(-SHIFT, SHIFT + 1):
            yield _cells(pictures, down, right)


def _squares(a: Grids, b: Grids) -> Grids:
    """Squared distances (N, M), by products: quick, and right to rounding."""
    return (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2 * (a @ b.T)
