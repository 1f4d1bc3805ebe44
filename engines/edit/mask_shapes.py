"""Shapes of a mask: brush strokes without gaps, gradients, feather and inversion, on uint8 (H, W)."""

from __future__ import annotations

import math

import numpy as np

from engines.pixels import Box, Mask, Place

_ROWS = 256
_BRUSH_ROWS = 32  # of a brush at a time: what is computed of it stays in the processor's cache


def paint(
    mask: Mask,
    start: Place,
    end: Place,
    radius: float,
    hardness: float = 0.5,
    *,
    erase: bool = False,
    going_on: bool = False,
) -> Box | None:
    """Draw a brush from `start` to `end` (x, y) into `mask`, in place; gives the box that may have changed, None: nothing.

    A pixel counts by its distance from the line: full up to `hardness` (0 to 1) times `radius`, then softly to nothing at
    `radius`. So there are no dabs that could leave gaps, however fast the hand, and going over a place again adds nothing.
    `going_on`: the same brush was drawn up to `start` already, so that only what is ahead of that is left to do.
    """
    length = math.dist(start, end)
    pieces = max(1, math.ceil(length / max(radius, 8.0)))  # boxes of short pieces hold little but the brush itself
    changed: Box | None = None
    for number in range(pieces):
        a, b = (tuple(s + (e - s) * t / pieces for s, e in zip(start, end, strict=True)) for t in (number, number + 1))
        box = _piece(mask, (a[0], a[1]), (b[0], b[1]), radius, hardness, erase, going_on)
        changed, going_on = union(changed, box), True
    return changed


def _piece(mask: Mask, a: Place, b: Place, radius: float, hardness: float, erase: bool, going_on: bool) -> Box | None:
    height, width = mask.shape
    top, bottom = max(0, math.floor(min(a[1], b[1]) - radius)), min(height, math.ceil(max(a[1], b[1]) + radius))
    core = min(hardness * radius, radius - min(1.0, radius / 2))  # the hardest edge is a pixel wide still
    changed: Box | None = None
    for start in range(top, bottom, _BRUSH_ROWS):
        end = min(start + _BRUSH_ROWS, bottom)
        for left, right in _spans(start, end, a, b, radius, core if going_on else None):
            left, right = max(0, left), min(width, right)
            if left >= right:
                continue
            part = mask[start:end, left:right]
            strength = _strength(left, right, start, end, a, b, radius, core)
            if erase:
                np.minimum(part, 255 - strength, out=part)
            else:
                np.maximum(part, strength, out=part)
            changed = union(changed, (left, start, right, end))
    return changed


def _spans(top: int, bottom: int, a: Place, b: Place, radius: float, drawn: float | None) -> list[tuple[int, int]]:
    """Which columns of these rows a brush from `a` to `b` may change: from the first to before the second of each pair.

    `drawn`: the brush is at `a` already, and full so far around it; what is behind `a` and what is full stays as it is.
    """
    above, below = top + 0.5, bottom - 0.5  # the middles of the first and the last row
    off = max(0.0, min(a[1], b[1]) - below, above - max(a[1], b[1]))
    if off >= radius:
        return []
    reach = math.sqrt(radius * radius - off * off)
    left, right = min(a[0], b[0]) - reach, max(a[0], b[0]) + reach
    if drawn is None:
        return [(math.floor(left), math.ceil(right))]
    dx, dy = b[0] - a[0], b[1] - a[1]
    farthest = max((above - a[1]) * dy, (below - a[1]) * dy)  # of these rows, along the way
    if abs(dx) > 1e-6:
        start = a[0] - farthest / dx
        left, right = (max(left, start - 1), right) if dx > 0 else (left, min(right, start + 1))
    elif farthest <= 0:
        return []
    off = max(abs(above - a[1]), abs(below - a[1]))
    full = math.sqrt(drawn * drawn - off * off) - 1 if off < drawn else 0.0
    if full <= 0:
        return [(math.floor(left), math.ceil(right))]
    first, last = math.floor(min(right, a[0] - full)) + 1, math.ceil(max(left, a[0] + full)) - 1
    return [(math.floor(left), min(first, math.ceil(right))), (max(last, math.floor(left)), math.ceil(right))]


def _strength(left: int, right: int, top: int, bottom: int, a: Place, b: Place, radius: float, core: float) -> Mask:
    """How much a brush from `a` to `b` covers each pixel of a box; full up to `core`."""
    x = np.arange(left, right, dtype=np.float32)[None] + np.float32(0.5 - a[0])
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - a[1])
    dx, dy = b[0] - a[0], b[1] - a[1]
    if (length := math.hypot(dx, dy)) > 1e-3:  # a shorter way is a dab, and its inverse would overflow
        across, down = np.float32(dx / length), np.float32(dy / length)
        along = x * across + y * down
        along -= np.clip(along, 0, np.float32(length))
        distance = y * across - x * down
        np.square(distance, out=distance)
        distance += np.square(along, out=along)
    else:
        distance = x * x + y * y
    np.sqrt(distance, out=distance)
    distance -= np.float32(core)
    distance *= np.float32(1 / (radius - core))
    np.clip(distance, 0, 1, out=distance)
    soft = distance * np.float32(-510)  # 255 less 255 t² (3 - 2 t)
    soft += np.float32(765)
    soft *= np.square(distance, out=distance)
    np.subtract(np.float32(255.5), soft, out=soft)  # rounded by what follows
    return soft.astype(np.uint8)


def union(one: Box | None, other: Box | None) -> Box | None:
    """The smallest box around both."""
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def linear_gradient(height: int, width: int, start: Place, end: Place) -> Mask:
    """255 at and before `start`, 0 at and beyond `end`, evenly between them. Raises ValueError where they are one place."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    square = dx * dx + dy * dy
    if square == 0:
        raise ValueError("a gradient has a length")
    mask: Mask = np.empty((height, width), np.uint8)
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5 - start[0]))[None] * np.float32(dx / square)
    for top in range(0, height, _ROWS):
        y = (np.arange(top, min(top + _ROWS, height), dtype=np.float32) + np.float32(0.5 - start[1]))[:, None]
        mask[top : top + _ROWS] = np.rint(255 * (1 - np.clip(x + y * np.float32(dy / square), 0, 1)))
    return mask


def radial_gradient(height: int, width: int, centre: Place, radius: float) -> Mask:
    """255 at `centre`, 0 at `radius` and beyond, with a smooth way between. Raises ValueError for a radius of 0 or less."""
    if radius <= 0:
        raise ValueError("a gradient has a radius")
    mask: Mask = np.empty((height, width), np.uint8)
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5 - centre[0]))[None]
    for top in range(0, height, _ROWS):
        y = (np.arange(top, min(top + _ROWS, height), dtype=np.float32) + np.float32(0.5 - centre[1]))[:, None]
        far = np.clip(np.hypot(x, y) / np.float32(radius), 0, 1)
        mask[top : top + _ROWS] = np.rint(255 * (1 - far * far * (3 - 2 * far)))
    return mask


def feather(mask: Mask, radius: float) -> Mask:
    """`mask` softened by a Gaussian of `radius` pixels; what is even stays as it is."""
    if radius <= 0:
        return mask.copy()
    from PIL import Image, ImageFilter  # late, here and below: a window starts without it

    return np.array(Image.fromarray(mask).filter(ImageFilter.GaussianBlur(radius)))


def invert(mask: Mask) -> Mask:
    """Apply where it was left alone, and the other way round."""
    return 255 - mask


def fitted(mask: Mask, width: int, height: int) -> Mask:
    """`mask` for the same picture at another size; itself where that is its own."""
    if mask.shape == (height, width):
        return mask
    from PIL import Image

    return np.array(Image.fromarray(mask).resize((width, height), Image.Resampling.BILINEAR))
