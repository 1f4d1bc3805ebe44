"""The contact sheet's work: one crop of a photo through every super-resolution model, one after another, with the time each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.core import errors
from app.photos import pyramid
from app.photos.photo import Photo
from engines.errors import Cancelled
from engines.progress import Progress

if TYPE_CHECKING:
    from engines.models.library import ModelEntry
    from engines.pictures.picture import Picture

CROP = 128  # pixels of the photo, the side of what is shown of it

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Sample:
    """What a model made of the crop: 8-bit sRGB pixels (H, W, 3|4), the seconds that took, and its speed in pixels of the
    photo a second; or the sentence that says why there is nothing.
    """

    index: int
    pixels: NDArray[np.uint8] | None
    seconds: float = 0.0
    speed: float = 0.0
    problem: str = ""


def crop_box(picture: Picture, visible: Box | None) -> Box:
    """The crop from the middle of what is in sight: at most `CROP` pixels each way, and no more than is there."""
    left, top, right, bottom = visible or (0, 0, picture.width, picture.height)
    width, height = min(CROP, picture.width), min(CROP, picture.height)
    x = min(max(0, (left + right - width) // 2), picture.width - width)
    y = min(max(0, (top + bottom - height) // 2), picture.height - height)
    return x, y, x + width, y + height


def make(
    photo: Photo,
    box: Box,
    entries: Sequence[ModelEntry],
    on_sample: Callable[[Sample], None],
    threads: int = 0,
    *,
    progress: Progress,
) -> None:
    """Run each of `entries` on the part `box` of `photo`, on so many `threads` (0: one for each core); `on_sample` is told
    of each as it is there. Raises Cancelled.
    """
    for index, entry in enumerate(entries):
        progress(index, len(entries), entry.name)
        try:
            sample = _sample(photo, box, index, entry, threads, progress)
        except Cancelled:
            raise
        except Exception as error:  # whatever a model does, the others are still shown
            if not errors.is_expected(error):
                errors.record(error)
            sample = Sample(index, None, problem=errors.sentence(error))
        on_sample(sample)
    progress(len(entries), len(entries), "")


def _sample(photo: Photo, box: Box, index: int, entry: ModelEntry, threads: int, progress: Progress) -> Sample:
    from engines.models.model import open_model
    from engines.superres.upscale import upscale

    picture, inner = photo.picture, Progress(within=progress)
    left, top, right, bottom = box
    with open_model(entry.path, threads=threads) as model:
        scale = model.card.scale or 1
        around = 0 if math.isinf(model.card.overlap) else math.ceil(model.card.overlap)
        x, y = max(0, left - around), max(0, top - around)
        part = picture.pixels[y : min(picture.height, bottom + around), x : min(picture.width, right + around)]
        crop = replace(picture, pixels=np.ascontiguousarray(part))
        upscale(crop, model, progress=inner)  # the first run takes memory and is slower than those of a whole photo
        begun = time.perf_counter()
        large = upscale(crop, model, progress=inner).pixels
        seconds = max(time.perf_counter() - begun, 1e-6)
    x, y = (left - x) * scale, (top - y) * scale
    kept = np.ascontiguousarray(large[y : y + (bottom - top) * scale, x : x + (right - left) * scale])
    shown = pyramid.build(kept, picture.metadata.icc, progress=inner).levels[0].pixels
    return Sample(index, shown, seconds, crop.width * crop.height / seconds)


def plain(photo: Photo, box: Box) -> NDArray[np.uint8]:
    """The same part as it is, 8-bit sRGB."""
    left, top, right, bottom = box
    return np.ascontiguousarray(photo.pyramid.levels[0].pixels[top:bottom, left:right])
