"""Resizing to any size by Lanczos' window, in bands of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.colour.srgb import decode, encode
from engines.progress import Progress

LOBES = 3
_BAND_PIXELS = 1 << 18


def resize(
    pixels: NDArray[Any], width: int, height: int, *, linear: bool | None = None, progress: Progress | None = None
) -> NDArray[Any]:
    """`pixels` (H, W, C), uint8 or uint16, as (height, width, C); the same pixels where the size is the same.

    `linear` is whether light is averaged rather than stored values. None: where the result has fewer pixels. Fine bright
    and dark patterns then keep their brightness; in enlarging nothing is averaged, and the overshoot of the window, which
    in light is far more visible on the dark side of an edge, is even on both sides in stored values. Alpha (C = 4) is
    multiplied in, and itself never taken for light. Progress counts pixels. Raises ValueError and Cancelled.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a picture has at least one pixel a side, not {width} × {height}")
    old_height, old_width, channels = pixels.shape
    if (width, height) == (old_width, old_height):
        return pixels
    by_light = (width * height < old_width * old_height if linear is None else linear) and channels >= 3
    top = int(np.iinfo(pixels.dtype).max)
    values = np.arange(top + 1) / top
    table = (decode(values) if by_light else values).astype(np.float32)
    across, down = _taps(old_width, width), _taps(old_height, height)
    result = np.empty((height, width, channels), pixels.dtype)
    step = max(1, _BAND_PIXELS // max(width, old_width))
    for start in range(0, height, step):
        end = min(start + step, height)
        index, weights = down[0][start:end], down[1][start:end]
        first, last = int(index.min()), int(index.max())
        narrow = np.empty((last + 1 - first, width, channels), np.float32)
        for row in range(first, last + 1, step):
            if progress is not None:
                progress(start * width, height * width, "resizing")
            some = pixels[row : min(row + step, last + 1)]
            narrow[row - first : row - first + len(some)] = _horizontally(_light(some, table, top), *across)
        total = np.zeros((end - start, width, channels), np.float32)
        for tap in range(index.shape[1]):
            total += narrow[index[:, tap] - first] * weights[:, tap, None, None]
        result[start:end] = _levels(total, by_light, top, pixels.dtype)
    if progress is not None:
        progress(height * width, height * width, "resizing")
    return result


def _light(rows: NDArray[Any], table: NDArray[np.float32], top: int) -> NDArray[np.float32]:
    if rows.shape[2] != 4:
        return table[rows]
    alpha = rows[..., 3:].astype(np.float32) / np.float32(top)
    return np.concatenate([table[rows[..., :3]] * alpha, alpha], axis=2)


def _horizontally(
    rows: NDArray[np.float32], index: NDArray[np.int64], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    total = np.zeros((rows.shape[0], index.shape[0], rows.shape[2]), np.float32)
    for tap in range(index.shape[1]):
        total += rows[:, index[:, tap]] * weights[None, :, tap, None]
    return total


def _levels(total: NDArray[np.float32], linear: bool, top: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    if total.shape[2] == 4:
        total[..., :3] /= np.maximum(total[..., 3:], np.float32(1e-6))
    np.clip(total, 0, 1, out=total)
    colours = encode(total[..., :3].astype(np.float64)) if linear else total[..., :3]
    made = np.empty(total.shape, dtype)
    made[..., :3] = np.rint(colours * top)
    if total.shape[2] == 4:
        made[..., 3] = np.rint(total[..., 3] * top)
    return made


def _taps(old: int, new: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each new place the old ones it is made of and their weights, (new, taps) both; beyond the ends the last repeats."""
    stretch = max(1.0, old / new)
    reach = LOBES * stretch
    centre = (np.arange(new) + 0.5) * (old / new) - 0.5
    index = np.floor(centre - reach).astype(np.int64)[:, None] + np.arange(int(2 * reach) + 3)[None]
    x = (index - centre[:, None]) / stretch
    weights = np.where(np.abs(x) < LOBES, np.sinc(x) * np.sinc(x / LOBES), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.clip(index, 0, old - 1), weights.astype(np.float32)
