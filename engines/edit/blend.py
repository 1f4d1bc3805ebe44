"""Blending: how much of a change reaches a picture, by strength and mask."""

from __future__ import annotations

import numpy as np

from engines.pixels import Mask, Pixels


def blend(source: Pixels, changed: Pixels, strength: float = 1.0, mask: Mask | None = None) -> Pixels:
    """`source` moved towards `changed`, both (H, W, C) of one depth, by `strength` 0..1 times `mask` (H, W), 255 = apply.

    Where the two multiply to 0 the source's own levels come out, where they multiply to 1 the changed ones, exactly; in
    between every sample lies between the two, rounded to the nearest level. Raises ValueError where shapes, depths or
    the strength do not fit.
    """
    check_strength(strength)
    if source.shape != changed.shape or source.dtype != changed.dtype:
        raise ValueError(f"{source.shape} {source.dtype} cannot be blended with {changed.shape} {changed.dtype}")
    if mask is not None and (mask.shape != source.shape[:2] or mask.dtype != np.uint8):
        raise ValueError(f"a mask for {source.shape[:2]} is uint8 of that shape, not {mask.shape} {mask.dtype}")
    if strength == 1.0 and mask is None:
        return changed
    if strength == 0.0:
        return source
    # float32 holds every 16-bit level exactly, and a difference of levels times 1.0 or 0.0 as well.
    start = source.astype(np.float32)
    way = changed.astype(np.float32)
    way -= start
    if mask is None:
        way *= np.float32(strength)
    else:
        way *= (mask.astype(np.float32) / np.float32(255.0) * np.float32(strength))[..., None]
    way += start
    return np.rint(way, out=way).astype(source.dtype)


def check_strength(strength: float) -> None:
    """Raise ValueError unless `strength` is a number from 0 to 1."""
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"a strength lies between 0 and 1, not {strength}")
