"""Between picture pixels and what a network takes: uint8 or uint16 (H, W, C) and float32 NCHW in [0, 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.pixels import Pixels

Tensor = NDArray[np.float32]


def to_tensor(pixels: Pixels) -> Tensor:
    """Pixels (H, W, C) as float32 (1, C, H, W) in [0, 1]."""
    top = np.float32(np.iinfo(pixels.dtype).max)
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    tensor = planes.astype(np.float32)
    tensor /= top
    return tensor[None]


def to_pixels(tensor: Tensor, dtype: np.dtype[np.uint8 | np.uint16]) -> Pixels:
    """A tensor (1, C, H, W) as pixels (H, W, C) of `dtype`: clipped to [0, 1] and rounded to the nearest level."""
    top = np.float32(np.iinfo(dtype).max)
    pixels = np.empty((*tensor.shape[2:], tensor.shape[1]), dtype)
    for channel, plane in enumerate(tensor[0]):  # one at a time, so that little memory is needed besides the result
        scaled = plane * top
        scaled += np.float32(0.5)
        np.clip(scaled, 0, top + np.float32(0.25), out=scaled)  # the cast cuts off the fraction
        pixels[..., channel] = scaled
    return pixels


def pad(tensor: Tensor, height: int, width: int) -> Tensor:
    """`tensor` (1, C, H, W) enlarged to the right and downwards to at least (height, width), repeating its last pixels."""
    down, right = max(0, height - tensor.shape[2]), max(0, width - tensor.shape[3])
    if not down and not right:
        return tensor
    return np.pad(tensor, ((0, 0), (0, 0), (0, down), (0, right)), mode="edge")


def fill_transparent(pixels: Pixels, reach: int) -> Pixels:
    """The colours (H, W, 3) of RGBA `pixels`, where alpha is 0 taken from visible neighbours up to `reach` pixels away.

    What lies under transparency is often black or arbitrary; without this it would bleed into visible edges when a
    network mixes neighbours. A pixel's result depends only on pixels within `reach`, so bands give what the whole gives.
    """
    colours = pixels[..., :3]
    visible = pixels[..., 3] > 0
    if visible.all() or not visible.any():
        return colours
    filled = colours.astype(np.float32)
    filled[~visible] = 0
    known = visible.astype(np.float32)
    for _ in range(reach):
        if known.all():
            break
        around = _sum_of_neighbours(filled * known[..., None])
        weight = _sum_of_neighbours(known[..., None])
        new = (known == 0) & (weight[..., 0] > 0)
        filled[new] = around[new] / weight[new]
        known[new] = 1
    result = colours.copy()
    reached = ~visible & (known > 0)
    result[reached] = np.rint(filled[reached]).astype(colours.dtype)
    return result


def _sum_of_neighbours(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """For each pixel the sum over its 3×3 neighbourhood, outside counting as 0."""
    for axis in (0, 1):
        total = values.copy()
        ahead: list[slice] = [slice(None)] * values.ndim
        behind: list[slice] = [slice(None)] * values.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        total[tuple(ahead)] += values[tuple(behind)]
        total[tuple(behind)] += values[tuple(ahead)]
        values = total
    return values
