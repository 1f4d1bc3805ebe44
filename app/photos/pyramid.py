"""The pyramid: a picture as it is shown, 8-bit sRGB, at full size and halved again and again."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.progress import Progress, stretch

SMALLEST = 256  # halving stops once the longer side is this short
CONVERTED = 10  # pixels that are halved in the time in which one is converted
SAME_WITHIN = 2  # levels of 255: a profile that moves no colour further is sRGB by another maker
BAND = 256  # rows at a time: Python's lock is never held for long, and cancelling is quick


@dataclass(frozen=True, eq=False)
class Level:
    """One size of the picture: uint8 (H, W, 3|4), read-only. Colour is multiplied by alpha in all levels but the first."""

    pixels: NDArray[np.uint8]
    premultiplied: bool


@dataclass(frozen=True, eq=False)
class Pyramid:
    """All sizes, the full one first; a pixel of level n covers 2ⁿ × 2ⁿ pixels of the picture."""

    levels: tuple[Level, ...]

    @property
    def width(self) -> int:
        """Of the full size."""
        return self.levels[0].pixels.shape[1]

    @property
    def height(self) -> int:
        """Of the full size."""
        return self.levels[0].pixels.shape[0]

    @property
    def has_alpha(self) -> bool:
        """Whether anything behind the picture may be seen."""
        return self.levels[0].pixels.shape[2] == 4

    def level_for(self, scale: float) -> int:
        """The level to draw from at `scale` screen pixels per picture pixel: the smallest that need not be enlarged."""
        wanted = math.floor(math.log2(1 / scale) + 1e-9) if scale < 1 else 0
        return min(max(wanted, 0), len(self.levels) - 1)


def build(pixels: NDArray[Any], icc: bytes | None, *, progress: Progress) -> Pyramid:
    """The pyramid of `pixels`, uint8 or uint16 (H, W, 3|4), whose colours the profile `icc` explains (None: sRGB).

    Progress counts pixels, those that are converted as `CONVERTED`. Raises Cancelled.
    """
    transform = _transform_to_srgb(icc) if icc is not None else None
    area = pixels.shape[0] * pixels.shape[1]
    deep = area if pixels.dtype != np.uint8 else 0
    converted = area * CONVERTED if transform is not None else 0
    total, done = deep + converted + sum(_areas_halved(*pixels.shape[:2])), deep + converted
    shown = _as_8_bit(pixels, stretch(progress, 0, deep, total))
    if transform is not None:
        shown = _as_srgb(shown, transform, stretch(progress, deep, converted, total))
    levels = [Level(shown, premultiplied=False)]
    for halved in _areas_halved(*pixels.shape[:2]):
        levels.append(Level(_halved(levels[-1], stretch(progress, done, halved, total)), premultiplied=True))
        done += halved
    return Pyramid(tuple(levels))


def is_converted(icc: bytes | None) -> bool:
    """Whether the colours of a picture with that profile are shown otherwise than they are stored."""
    return icc is not None and _transform_to_srgb(icc) is not None


def _areas_halved(height: int, width: int) -> list[int]:
    """The pixels of each size that is halved, the full one first."""
    areas: list[int] = []
    while max(height, width) > SMALLEST:
        areas.append(height * width)
        height, width = (height + 1) // 2, (width + 1) // 2
    return areas


def _as_8_bit(pixels: NDArray[Any], progress: Progress) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)  # the picture's own memory, as a rule
    shown = np.empty(pixels.shape, np.uint8)
    for top in range(0, pixels.shape[0], BAND):
        progress(top, pixels.shape[0], "preparing the view")
        shown[top : top + BAND] = pixels[top : top + BAND] >> 8
    shown.flags.writeable = False
    return shown


def _as_srgb(
    pixels: NDArray[np.uint8], transform: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], progress: Progress
) -> NDArray[np.uint8]:
    """The same colours in sRGB."""
    shown = np.empty_like(pixels)
    for top in range(0, pixels.shape[0], BAND):
        progress(top, pixels.shape[0], "preparing the view")
        band = pixels[top : top + BAND]
        shown[top : top + BAND, :, :3] = transform(np.ascontiguousarray(band[:, :, :3]))
        shown[top : top + BAND, :, 3:] = band[:, :, 3:]
    shown.flags.writeable = False
    return shown


def _transform_to_srgb(icc: bytes) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None:
    """What turns pixels (H, W, 3) with that profile into sRGB; None where that changes nothing, or cannot be done: then the
    profile is left aside, as other viewers do.
    """
    from PIL import Image, ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        # as the engines convert: relative intent with black point compensation, so that what is seen is what is saved
        table = ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("sRGB"),
            "RGB",
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None

    def transform(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        converted = ImageCms.applyTransform(Image.fromarray(pixels), table)
        return np.asarray(converted)

    steps = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    try:
        difference = np.abs(transform(cube).astype(int) - cube)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    return transform if difference.max() > SAME_WITHIN else None  # by what it does: a profile's name may say anything


def _halved(level: Level, progress: Progress) -> NDArray[np.uint8]:
    """Each pixel the mean of 2 × 2; an odd last row or column is the mean of what there is."""
    from PIL import Image

    height, width, channels = level.pixels.shape
    half = np.empty(((height + 1) // 2, (width + 1) // 2, channels), np.uint8)
    for top in range(0, height, BAND):
        progress(top, height, "preparing the view")
        band = level.pixels[top : top + BAND]
        if channels == 4 and not level.premultiplied:
            band = _premultiplied(band)
        # told that the four channels are plain, Pillow treats none of them as alpha
        image = Image.frombytes("RGB" if channels == 3 else "CMYK", (width, band.shape[0]), band)
        half[top // 2 : (top + band.shape[0] + 1) // 2] = np.asarray(image.reduce(2))
    half.flags.writeable = False
    return half


def _premultiplied(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = pixels[:, :, 3:].astype(np.uint16)
    colour = (pixels[:, :, :3] * alpha + 127) // 255
    return np.concatenate([colour.astype(np.uint8), pixels[:, :, 3:]], axis=2)
