"""Random square crops of pictures that differ in size, so that they can be compared as sets of one size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainers.metrics.pairs import check_pictures

Pictures = NDArray[np.uint8]


def random_crops(
    pictures: Sequence[Pictures], size: int, crops: int = 8, seed: int = 0, shorter_side: int | None = None
) -> tuple[Pictures, NDArray[np.int64]]:
    """Square crops of `size` pixels from pictures of any sizes: uint8 (N · crops, size, size, 3), and whose each one is.

    `pictures`: uint8 RGB (H, W, 3), each `size` pixels each way at least. With `shorter_side`, larger pictures are first
    reduced until their shorter side has that many pixels, so that a large photograph is not seen only from near. Places are
    drawn by (seed, index) in parts of the room there is: a picture and its translation are cut at the same places. The
    second array (N · crops,) holds the index of each crop's picture: the `groups` of the intervals.

    Raises ValueError where a picture is too small.
    """
    if crops < 1 or not len(pictures) or size < 1 or (shorter_side is not None and shorter_side < size):
        raise ValueError(
            "Crops need pictures, one crop of each, and a side of one pixel or more that is within “shorter_side”, not "
            f"{len(pictures)} pictures and {crops} crops of {size} pixels."
        )
    cut = np.empty((len(pictures), crops, size, size, 3), np.uint8)
    for index, picture in enumerate(pictures):
        check_pictures(picture[None], f"Picture {index}", size)
        if shorter_side is not None and min(picture.shape[:2]) > shorter_side:
            part = shorter_side / min(picture.shape[:2])
            width, height = round(picture.shape[1] * part), round(picture.shape[0] * part)
            picture = np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))
        places = np.random.RandomState([seed, index]).random_sample((crops, 2))
        corners = (places * (picture.shape[0] - size + 1, picture.shape[1] - size + 1)).astype(int)
        for crop, (top, left) in zip(cut[index], corners, strict=True):
            crop[:] = picture[top : top + size, left : left + size]
    return cut.reshape(-1, size, size, 3), np.repeat(np.arange(len(pictures)), crops)
