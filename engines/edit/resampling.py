"""Resampling: rows of a picture at another size, by Lanczos, of either depth and with alpha."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from engines.pixels import Mask, Pixels

REACH = 3  # pixels to either side that Lanczos looks at, at the size that is the smaller

Box = tuple[float, float, float, float]


def resized_rows(pixels: Pixels, width: int, height: int, top: int, bottom: int) -> Pixels:
    """Rows `top` up to `bottom` of `pixels` (H, W, 3 or 4) resized to `width` × `height`, in the same depth.

    However the rows are divided into bands, they are the same to within a level. Colours count by their alpha.
    Raises ValueError for an empty size, or rows that are not inside it.
    """
    if width < 1 or not 0 <= top < bottom <= height:
        raise ValueError(f"rows {top} to {bottom} are not inside {width} × {height}")
    tall, wide = pixels.shape[:2]
    if (wide, tall) == (width, height):
        return pixels[top:bottom]
    start, end, box = _source(tall, wide, height, top, bottom)
    rows = np.ascontiguousarray(pixels[start:end])
    to = width, bottom - top
    if rows.dtype == np.uint8:
        image = Image.fromarray(rows)
        if rows.shape[2] == 4:
            return np.asarray(_resized(image.convert("RGBa"), to, box).convert("RGBA"))
        return np.asarray(_resized(image, to, box))
    top_level = np.float32(np.iinfo(rows.dtype).max)
    levels = rows.astype(np.float32)
    if rows.shape[2] == 4:
        levels[..., :3] *= levels[..., 3:] / top_level
    planes = [Image.fromarray(np.ascontiguousarray(levels[..., channel])) for channel in range(rows.shape[2])]
    out = np.stack([np.asarray(_resized(plane, to, box)) for plane in planes], axis=-1)
    if rows.shape[2] == 4:
        share = out[..., 3:] / top_level
        out[..., :3] = np.divide(out[..., :3], share, out=np.zeros_like(out[..., :3]), where=share > 0)
    return np.rint(np.clip(out, 0, top_level, out=out), out=out).astype(rows.dtype)


def rows_ready(there: int, tall: int, height: int) -> int:
    """How many rows of a result of `height` can be made by `resized_rows` of the first `there` rows out of `tall`."""
    if there >= tall:
        return height
    step = tall / height
    ready = max(0, math.floor((there - _margin(step)) / step))
    while ready and math.ceil(ready * step) + _margin(step) > there:
        ready -= 1
    return ready


def resized_mask(mask: Mask, width: int, height: int, top: int, bottom: int) -> Mask:
    """Rows `top` up to `bottom` of `mask` (H, W) resized to `width` × `height`, smoothly."""
    tall, wide = mask.shape
    if (wide, tall) == (width, height):
        return mask[top:bottom]
    start, end, box = _source(tall, wide, height, top, bottom)
    image = Image.fromarray(np.ascontiguousarray(mask[start:end]))
    return np.asarray(image.resize((width, bottom - top), Image.Resampling.BILINEAR, box=box))


def _resized(image: Image.Image, to: tuple[int, int], box: Box) -> Image.Image:
    """Across first, then down: which of the two Pillow does first depends on sizes, and rounding on that."""
    across = image.resize((to[0], image.height), Image.Resampling.LANCZOS)
    return across.resize(to, Image.Resampling.LANCZOS, box=(0.0, box[1], float(to[0]), box[3]))


def _source(tall: int, wide: int, height: int, top: int, bottom: int) -> tuple[int, int, Box]:
    """The rows of the source that the result's rows are made of, and where in them these lie, as Pillow's box."""
    step = tall / height
    start = max(0, math.floor(top * step) - _margin(step))
    end = min(tall, math.ceil(bottom * step) + _margin(step))
    return start, end, (0.0, top * step - start, float(wide), min(bottom * step, tall) - start)


def _margin(step: float) -> int:
    """The rows of the source around those that lie under a row of the result, of which it is made as well."""
    return math.ceil(REACH * max(1.0, step)) + 1
