"""How large a file will be: the picture is really encoded, whole where that is quick, else in samples of its parts."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.metadata.metadata import Metadata
from engines.pictures.formats import Format
from engines.pictures.picture import Picture
from engines.pictures.writing import PictureWriter
from engines.progress import Progress

# Pixels that are encoded in about a second on a processor of today; a larger picture is sampled first.
QUICK = {"jpeg": 20_000_000, "png": 8_000_000, "tiff": 8_000_000, "webp": 2_000_000, "avif": 1_000_000}
SIDE = 256  # pixels, of one sample: large enough that what lies at its edges counts little
SAMPLES = 12
BAND = 128  # rows between two looks at whether somebody asked to stop


@dataclass(frozen=True)
class EncodedSize:
    """`exact` where the whole picture was encoded: the file will have these very bytes."""

    bytes: int
    exact: bool


def encoded_size(
    picture: Picture, format: Format, quality: int | None, metadata: Metadata, *, whole: bool, progress: Progress
) -> EncodedSize:
    """The size of `picture` with `metadata` in `format`; not `whole`: by samples, where that is quicker.

    Raises TargetError and Cancelled.
    """
    pixels = picture.pixels
    if whole or pixels.shape[0] * pixels.shape[1] <= QUICK[format.name]:
        return EncodedSize(_encoded(pixels, format, quality, metadata, progress), True)
    samples = _samples(pixels)
    one = samples[:SIDE]
    alone = _encoded(one, format, quality, Metadata(), progress)
    all_of_them = _encoded(samples, format, quality, Metadata(), progress)
    # The difference is free of what every file has once, such as its head and its tables.
    each = (all_of_them - alone) / (len(samples) - SIDE) / SIDE
    head = max(0.0, alone - each * SIDE * SIDE)
    carried = sum(len(part) for part in (metadata.icc, metadata.exif, metadata.xmp) if part)
    return EncodedSize(round(each * pixels.shape[0] * pixels.shape[1] + head + carried), False)


def _samples(pixels: NDArray) -> NDArray:
    """Squares of the picture, spread evenly over it and put under one another: (SAMPLES × SIDE, SIDE, channels)."""
    height, width = pixels.shape[:2]
    across = max(1, min(SAMPLES, round(math.sqrt(SAMPLES * width / height))))
    down = math.ceil(SAMPLES / across)
    parts = []
    for number in range(across * down):
        row, column = divmod(number, across)
        top = round((row + 0.5) / down * height - SIDE / 2)
        left = round((column + 0.5) / across * width - SIDE / 2)
        top, left = min(max(top, 0), max(0, height - SIDE)), min(max(left, 0), max(0, width - SIDE))
        part = pixels[top : top + SIDE, left : left + SIDE]
        # A picture narrower than a sample is repeated by its mirror image, which encodes as it does.
        missing = ((0, SIDE - part.shape[0]), (0, SIDE - part.shape[1]), (0, 0))
        parts.append(np.pad(part, missing, mode="symmetric"))
    return np.ascontiguousarray(np.concatenate(parts))


def _encoded(pixels: NDArray, format: Format, quality: int | None, metadata: Metadata, progress: Progress) -> int:
    """The bytes of a real file, which is gone when this comes back."""
    height, width, channels = pixels.shape
    with tempfile.TemporaryDirectory(prefix="duskroom-size-") as folder:
        target = Path(folder) / f"size{format.suffixes[0]}"
        with PictureWriter(target, width, height, channels, pixels.dtype, metadata, quality=quality) as writer:
            for top in range(0, height, BAND):
                progress.check()
                writer.write(pixels[top : top + BAND])
        return target.stat().st_size
