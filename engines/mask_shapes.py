"""Shapes of a mask: brush strokes without gaps, gradients, feather and inversion, on uint8 (H, W)."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter

from engines.blend import Mask

Place = tuple[float, float]
Box = tuple[int, int, int, int]  # left, top, right, bottom
_ROWS = 256
_BRUSH_ROWS = 32  # of a brush at a time: what is computed of it stays in the processor's cache


def paint(
    mask: Mask, start: Place, end: Place, radius: float, hardness: float = 0.5, *, erase: bool = False
) -> Box | None:
    """Draw a brush from `start` to `end` (x, y) into `mask`, in place; gives the box that may have changed, None: nothing.

    A pixel counts by its distance from the line: full up to `hardness` (0 to 1) times `radius`, then softly to nothing at
    `radius`. So there are no dabs that could leave gaps, however fast the hand, and going over a place again adds nothing.
    """
    length = math.dist(start, end)
    pieces = max(1, math.ceil(length / max(radius, 8.0)))  # boxes of short pieces hold little but the brush itself
    changed: Box | None = None
    for number in range(pieces):
        a, b = (tuple(s + (e - s) * t / pieces for s, e in zip(start, end, strict=True)) for t in (number, number + 1))
        box = _piece(mask, (a[0], a[1]), (b[0], b[1]), radius, hardness, erase)
        changed = union(changed, box)
    return changed


def _piece(mask: Mask, a: Place, b: Place, radius: float, hardness: float, erase: bool) -> Box | None:
    height, width = mask.shape
    left, right = max(0, math.floor(min(a[0], b[0]) - radius)), min(width, math.ceil(max(a[0], b[0]) + radius))
    top, bottom = max(0, math.floor(min(a[1], b[1]) - radius)), min(height, math.ceil(max(a[1], b[1]) + radius))
    if left >= right or top >= bottom:
        return None
    for start in range(top, bottom, _BRUSH_ROWS):
        end = min(start + _BRUSH_ROWS, bottom)
        part = mask[start:end, left:right]
        strength = _strength(left, right, start, end, a, b, radius, hardness)
        if erase:
            np.minimum(part, 255 - strength, out=part)
        else:
            np.maximum(part, strength, out=part)
    return left, top, right, bottom


def _strength(left: int, right: int, top: int, bottom: int, a: Place, b: Place, radius: float, hardness: float) -> Mask:
    """How much a brush from `a` to `b` covers each pixel of a box."""
    x = np.arange(left, right, dtype=np.float32)[None] + np.float32(0.5 - a[0])
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - a[1])
    dx, dy = b[0] - a[0], b[1] - a[1]
    if (square := dx * dx + dy * dy) > 1e-6:  # a shorter way is a dab, and its inverse would overflow
        along = x * np.float32(dx / square) + y * np.float32(dy / square)
        np.clip(along, 0, 1, out=along)
        distance = along * np.float32(dx)
        np.square(np.subtract(x, distance, out=distance), out=distance)
        along *= np.float32(dy)
        distance += np.square(np.subtract(y, along, out=along), out=along)
    else:
        distance = x * x + y * y
    np.sqrt(distance, out=distance)
    core = min(hardness * radius, radius - min(1.0, radius / 2))  # the hardest edge is a pixel wide still
    distance -= np.float32(core)
    distance *= np.float32(1 / (radius - core))
    np.clip(distance, 0, 1, out=distance)
    soft = np.float32(2) * distance
    np.subtract(np.float32(3), soft, out=soft)
    soft *= np.square(distance, out=distance)
    np.subtract(np.float32(1), soft, out=soft)
    soft *= np.float32(255)
    return np.rint(soft, out=soft).astype(np.uint8)


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
    return np.array(Image.fromarray(mask).filter(ImageFilter.GaussianBlur(radius)))


def invert(mask: Mask) -> Mask:
    """Apply where it was left alone, and the other way round."""
    return 255 - mask


def fitted(mask: Mask, width: int, height: int) -> Mask:
    """`mask` for the same picture at another size; itself where that is its own."""
    if mask.shape == (height, width):
        return mask
    return np.array(Image.fromarray(mask).resize((width, height), Image.Resampling.BILINEAR))
