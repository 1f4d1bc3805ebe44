"""numpy arrays ↔ QImage: the one file that knows both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

_AT_ONCE = (
    1 << 18
)  # bytes that Qt converts on this thread alone: while it waited for others it would hold Python's lock


def region(
    pixels: NDArray[np.uint8], left: int, top: int, right: int, bottom: int, *, premultiplied: bool = False
) -> QImage:
    """The pixels `[top:bottom, left:right]` as an image that shares their memory: no pixel is copied.

    `pixels` is a C-contiguous uint8 array (H, W, 3|4) that must outlive the image and must not change while it is shown.
    A region, and not the whole: Qt's raster engine counts source pixels in 16 bits, and pictures are larger.
    """
    height, width, channels = pixels.shape
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise ValueError(f"region {left, top, right, bottom} is not inside {width} × {height}")
    stride = width * channels
    start = top * stride + left * channels
    end = (bottom - 1) * stride + right * channels
    image_format = _FORMATS[channels, premultiplied and channels == 4]
    return QImage(pixels.reshape(-1)[start:end].data, right - left, bottom - top, stride, image_format)


def quick_to_scale(image: QImage) -> QImage:
    """A copy in the order of bytes that Qt scales smoothly in half the time, which pays for the copy."""
    premultiplied = QImage.Format.Format_ARGB32_Premultiplied
    return image.convertToFormat(premultiplied if image.hasAlphaChannel() else QImage.Format.Format_RGB32)


def quickened(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of `pixels`, uint8 (H, W, 3|4), alpha not multiplied in, in that order: uint8 (H, W, 4) for `quick_region`."""
    height, width = pixels.shape[:2]
    made = np.empty((height, width, 4), np.uint8)
    step = max(1, _AT_ONCE // (4 * width))
    for top in range(0, height, step):
        band = np.ascontiguousarray(pixels[top : top + step])
        image = quick_to_scale(region(band, 0, 0, width, band.shape[0]))
        made[top : top + step] = np.frombuffer(image.constBits(), np.uint8).reshape(band.shape[0], width, 4)
    return made


def quick_region(pixels: NDArray[np.uint8], left: int, top: int, right: int, bottom: int, *, alpha: bool) -> QImage:
    """As `region`, of what `quickened` gave; `alpha`: whether there was any."""
    image_format = QImage.Format.Format_ARGB32_Premultiplied if alpha else QImage.Format.Format_RGB32
    width = pixels.shape[1]
    start, end = (top * width + left) * 4, ((bottom - 1) * width + right) * 4
    return QImage(pixels.reshape(-1)[start:end].data, right - left, bottom - top, 4 * width, image_format)


def from_pixels(pixels: NDArray[np.uint8]) -> QImage:
    """An image with a copy of `pixels`, uint8 (H, W, 3|4)."""
    contiguous = np.ascontiguousarray(pixels)
    return region(contiguous, 0, 0, contiguous.shape[1], contiguous.shape[0]).copy()


def to_pixels(image: QImage) -> NDArray[np.uint8]:
    """The pixels of `image` as uint8 (H, W, 4), RGBA, alpha not multiplied in."""
    straight = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(straight.constBits(), np.uint8).reshape(straight.height(), straight.bytesPerLine())
    return rows[:, : straight.width() * 4].reshape(straight.height(), straight.width(), 4).copy()


_FORMATS = {
    (3, False): QImage.Format.Format_RGB888,
    (4, False): QImage.Format.Format_RGBA8888,
    (4, True): QImage.Format.Format_RGBA8888_Premultiplied,
}
