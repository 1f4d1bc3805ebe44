"""A mask from a picture file: where light applies, where black leaves alone, uint8 (H, W)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from engines.errors import PictureError, shown
from engines.pictures.formats import MAX_PIXELS
from engines.pictures.reading import open_picture
from engines.pixels import Mask, Pixels

_BAND = 256


def load_mask(path: Path, width: int, height: int, *, max_pixels: int = MAX_PIXELS) -> Mask:
    """The mask in the file `path` for a picture of `width` × `height` pixels: (height, width), 255 = apply.

    Colours become their luma, and what is transparent counts as black. A mask of another size is resized where its shape is
    the picture's to within a pixel, so one drawn on a preview serves; it is held in memory, a byte a pixel.

    Raises PictureError where the file cannot be read or its shape is another.
    """
    with open_picture(path, max_pixels=max_pixels) as reader:
        if not _same_shape(reader.width, reader.height, width, height):
            raise PictureError(
                f"The mask “{shown(path)}” is {reader.width}×{reader.height} pixels, which is not the shape of the picture's"
                f" {width}×{height}; make it the same size."
            )
        mask: Mask = np.empty((reader.height, reader.width), np.uint8)
        for top in range(0, reader.height, _BAND):
            rows = reader.read(_BAND)
            mask[top : top + len(rows)] = _luma(rows)
    if mask.shape != (height, width):
        mask = np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.BILINEAR))
    mask.flags.writeable = False
    return mask


def _same_shape(width: int, height: int, of_width: int, of_height: int) -> bool:
    """Whether the sides of one are those of the other, scaled and rounded to whole pixels."""
    return 2 * abs(width * of_height - height * of_width) <= max(width + height, of_width + of_height)


def _luma(rows: Pixels) -> Mask:
    """The luma of Rec. 601 of rows (n, W, 3 or 4), rounded to 8 bits, times alpha where there is one."""
    top = float(np.iinfo(rows.dtype).max)
    luma = rows[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    if rows.shape[2] == 4:
        luma *= rows[..., 3].astype(np.float32) / np.float32(top)
    return np.rint(luma * np.float32(255.0 / top)).astype(np.uint8)
