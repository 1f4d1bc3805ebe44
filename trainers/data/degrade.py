"""From a photograph to its small copy: the degradation that a super-resolution network learns to undo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainers.names import find

Pixels = NDArray[np.uint8]
Degradation = Callable[[Pixels, int], Pixels]


def crop_to_multiple(pixels: Pixels, scale: int) -> Pixels:
    """`pixels` (H, W, 3) without the last rows and columns, so that both sides are multiples of `scale`."""
    height, width = (side // scale * scale for side in pixels.shape[:2])
    return pixels[:height, :width]


def bicubic(pixels: Pixels, scale: int) -> Pixels:
    """`pixels` (H, W, 3), sides multiples of `scale`, reduced `scale` times by Pillow's antialiased bicubic filter."""
    height, width = pixels.shape[:2]
    size = (width // scale, height // scale)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


DEGRADATIONS: dict[str, Degradation] = {"bicubic": bicubic}


def find_degradation(name: str) -> Degradation:
    """The degradation called `name`, or the function at the import path `name`. Raises RecipeError."""
    return find(name, DEGRADATIONS, "degradation")
