"""Thumbnails: a photo a few dozen pixels large, from the pyramid it is shown from or from its file."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.photos import photo as photos
from app.photos.photo import Photo
from engines.progress import Progress

WIDTH, HEIGHT = 192, 128  # pixels at most: twice what is shown, for dense screens

NONE: NDArray[np.uint8] = np.zeros((0, 0, 3), np.uint8)  # one that is still being drawn


def of_photo(photo: Photo, *, progress: Progress) -> NDArray[np.uint8]:
    """A small `photo`, uint8 (h, w, 3|4), alpha not premultiplied. Raises Cancelled."""
    from PIL import Image

    progress.check()
    level = photo.pyramid.levels[-1]
    pixels = level.pixels
    if pixels.shape[2] == 4 and level.premultiplied:
        alpha = np.maximum(pixels[:, :, 3:], 1).astype(np.uint16)
        colour = np.minimum(pixels[:, :, :3].astype(np.uint16) * 255 // alpha, 255).astype(np.uint8)
        pixels = np.concatenate([colour, pixels[:, :, 3:]], axis=2)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((WIDTH, HEIGHT))
    return np.asarray(image)


def of_file(path: Path, *, progress: Progress) -> NDArray[np.uint8]:
    """A small picture of the file at `path`, decoded at reduced size where it is a JPEG. Raises PictureError, Cancelled."""
    from PIL import Image, ImageOps

    from engines.pictures.reading import open_picture

    progress.check()
    with open_picture(path):  # says what is wrong, and refuses a size that is not to be believed
        pass
    with contextlib.suppress(OSError, ValueError, SyntaxError), Image.open(path, formats=["JPEG"]) as image:
        image.draft("RGB", (WIDTH, HEIGHT))
        small = ImageOps.exif_transpose(image).convert("RGB")
        small.thumbnail((WIDTH, HEIGHT))
        return np.asarray(small)
    return of_photo(photos.load(path, progress=progress), progress=progress)
