"""Resampling: rows of a picture at another size, by Lanczos, of either depth and with alpha.

A row of the result is the same to the last bit, however the rows are divided into bands: pixels lie at exact fractions of those
of the source, and each sum is taken in one order.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.pixels import Mask, Pixels

REACH = 3  # pixels to either side that Lanczos looks at, at the size that is the smaller

Box = tuple[float, float, float, float]


def resized_rows(
    pixels: Pixels, width: int, height: int, top: int, bottom: int, *, first: int = 0, tall: int | None = None
) -> Pixels:
    """Rows `top` up to `bottom` of `pixels` (H, W, 3 or 4) resized to `width` × `height`, in the same depth.

    `pixels` may be no more than some rows of a picture that has `tall`, from row `first` on: those that `rows_under` tells.
    Stored values are averaged, weighted by Lanczos' window of 3 lobes, as wide as a pixel of the smaller size; centres of
    pixels lie at halves, and beyond the edges is nothing. Colours count by their alpha. Raises ValueError for an empty size,
    or rows that are not inside it.
    """
    if width < 1 or not 0 <= top < bottom <= height:
        raise ValueError(f"rows {top} to {bottom} are not inside {width} × {height}")
    all_rows: int = pixels.shape[0] if tall is None else tall
    if (pixels.shape[1], all_rows) == (width, height):
        return pixels[top - first : bottom - first]
    start, end = rows_under(all_rows, height, top, bottom)
    if start < first or end > first + pixels.shape[0]:
        raise ValueError(f"rows {start} to {end} are not among {first} to {first + pixels.shape[0]}")
    narrow = _across(pixels[start - first : end - first], width)
    index, weights = _taps(all_rows, height, top, bottom)
    index = np.clip(index, start, end - 1) - start  # what is beyond weighs nothing
    out = np.empty((bottom - top, width, pixels.shape[2]), pixels.dtype)
    total = np.empty(narrow.shape[1:], np.float32)
    share = np.empty_like(total)
    for row in range(bottom - top):
        total.fill(0)
        for source, weight in zip(index[row], weights[row], strict=True):
            if weight:
                np.multiply(narrow[source], weight, out=share)
                total += share
        for channel, levels in enumerate(_levels(total, pixels.dtype)):
            out[row, :, channel] = levels
    return out


def rows_ready(there: int, tall: int, height: int) -> int:
    """How many rows of a result of `height` can be made by `resized_rows` of the first `there` rows out of `tall`."""
    if there >= tall:
        return height
    step = tall / height
    ready = max(0, math.floor((there - _margin(step)) / step))
    while ready and math.ceil(ready * step) + _margin(step) > there:
        ready -= 1
    return ready


def rows_under(tall: int, height: int, top: int, bottom: int) -> tuple[int, int]:
    """The first of the rows out of `tall` that make rows `top` up to `bottom` of `height`, and the one after the last."""
    step = tall / height
    return max(0, math.floor(top * step) - _margin(step)), min(tall, math.ceil(bottom * step) + _margin(step))


def resized_mask(mask: Mask, width: int, height: int, top: int, bottom: int) -> Mask:
    """Rows `top` up to `bottom` of `mask` (H, W) resized to `width` × `height`, smoothly."""
    tall, wide = mask.shape
    if (wide, tall) == (width, height):
        return mask[top:bottom]
    start, end = rows_under(tall, height, top, bottom)
    step = tall / height
    box: Box = (0.0, top * step - start, float(wide), min(bottom * step, tall) - start)
    image = Image.fromarray(np.ascontiguousarray(mask[start:end]))
    return np.asarray(image.resize((width, bottom - top), Image.Resampling.BILINEAR, box=box))


def _across(rows: Pixels, width: int) -> NDArray[np.float32]:
    """`rows` (H, W, C) at `width`, as (H, C, width), colours multiplied by alpha: Pillow does each row by itself."""
    height, wide, channels = rows.shape
    out = np.empty((height, channels, width), np.float32)
    weight = None
    if channels == 4:
        weight = rows[..., 3].astype(np.float32)
        weight += _unseen(rows.dtype)
    for channel in range(channels):
        plane = rows[..., channel].astype(np.float32) if channel < 3 or weight is None else weight
        if channel < 3 and weight is not None:
            plane *= weight
        if wide != width:
            plane = np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS))
        out[:, channel] = plane
    return out


def _levels(total: NDArray[np.float32], dtype: np.dtype[np.uint8 | np.uint16]) -> NDArray[np.float32]:
    """A row (C, W) of what `_across` makes in whole levels of `dtype`; it is changed."""
    if total.shape[0] == 4:
        weight = total[3]
        np.copyto(weight, 1, where=weight == 0)
        total[:3] /= weight
        weight -= _unseen(dtype)
    np.clip(total, 0, np.iinfo(dtype).max, out=total)
    return np.rint(total, out=total)


def _unseen(dtype: np.dtype[np.uint8 | np.uint16]) -> np.float32:
    """How much a colour under full transparency counts, in levels: so little that it shows only where there is no other."""
    return np.float32(1e-6 * np.iinfo(dtype).max)


def _taps(tall: int, height: int, top: int, bottom: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Of which rows out of `tall` each of the rows `top` up to `bottom` of `height` is made, and by what weights, (rows, taps)
    both. A row of another phase (2·row + 1)·tall modulo 2·height has other weights, one of the same phase has the same.
    """
    unit = 2 * height  # of a row of the source: all places are whole numbers of it
    centre = (2 * np.arange(top, bottom, dtype=np.int64) + 1) * tall - height
    smaller = max(unit, 2 * tall)  # a row of the smaller size, in the same unit
    lowest = -((REACH * smaller - centre) // unit)
    index = lowest[:, None] + np.arange(2 * REACH * smaller // unit + 1)[None]
    x = (index * unit - centre[:, None]) / smaller
    weights = np.where(np.abs(x) < REACH, np.sinc(x) * np.sinc(x / REACH), 0.0)
    weights[(index < 0) | (index >= tall)] = 0.0
    return index, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _margin(step: float) -> int:
    """The rows of the source around those that lie under a row of the result, of which it is made as well."""
    return math.ceil(REACH * max(1.0, step)) + 1
