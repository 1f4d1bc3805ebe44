"""Geometry: turning by right angles, flipping, cropping and straightening."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engines.progress import Progress

Turn = Literal["rotate_left", "rotate_right", "flip_horizontal", "flip_vertical"]
TURNS: tuple[Turn, ...] = ("rotate_left", "rotate_right", "flip_horizontal", "flip_vertical")
MOST_DEGREES = 45.0
_BAND_PIXELS = 1 << 16
_SLACK = 1e-6  # pixels: rounding alone must not put a corner outside


@dataclass(frozen=True)
class Crop:
    """A frame in the pixels of the picture once that is turned clockwise by `angle` degrees about its middle."""

    left: int
    top: int
    width: int
    height: int
    angle: float = 0.0


def turn(pixels: NDArray[Any], how: Turn) -> NDArray[Any]:
    """`pixels` (H, W, ...) turned by 90° or mirrored, every level as it was; the opposite turn is the exact inverse."""
    if how == "rotate_left":
        made = np.rot90(pixels, 1)
    elif how == "rotate_right":
        made = np.rot90(pixels, -1)
    else:
        made = pixels[:, ::-1] if how == "flip_horizontal" else pixels[::-1]
    return np.ascontiguousarray(made)


def largest_upright(width: int, height: int, angle: float, aspect: float | None = None) -> Crop:
    """The largest upright frame inside a picture turned by `angle` degrees, of the shape `aspect` (width ÷ height) or any."""
    radians = math.radians(abs(angle))
    sine, cosine = math.sin(radians), math.cos(radians)
    if aspect is not None:
        across = min(width / (aspect * cosine + sine), height / (aspect * sine + cosine)) * aspect
        down = across / aspect
    elif (shorter := min(width, height)) <= 2 * sine * cosine * max(width, height) or abs(sine - cosine) < 1e-9:
        half = shorter / 2  # two corners touch the longer sides, the others are free
        across, down = (half / sine, half / cosine) if width >= height else (half / cosine, half / sine)
    else:
        double = cosine * cosine - sine * sine
        across = (width * cosine - height * sine) / double
        down = (height * cosine - width * sine) / double
    wide, high = max(1, math.floor(across + _SLACK)), max(1, math.floor(down + _SLACK))
    frame = Crop((width - wide) // 2, (height - high) // 2, wide, high, angle)
    while not fits(frame, width, height) and (wide > 1 or high > 1):  # a middle on a half pixel can cost one
        wide, high = max(1, wide - 1), max(1, high - 1)
        frame = Crop((width - wide) // 2, (height - high) // 2, wide, high, angle)
    return frame


def fits(crop: Crop, width: int, height: int) -> bool:
    """Whether all of the frame shows picture."""
    if crop.width < 1 or crop.height < 1:
        return False
    for x in (crop.left, crop.left + crop.width):
        for y in (crop.top, crop.top + crop.height):
            at_x, at_y = source_place(x, y, crop.angle, width, height)
            if not (-_SLACK <= at_x <= width + _SLACK and -_SLACK <= at_y <= height + _SLACK):
                return False
    return True


def source_place(x: float, y: float, angle: float, width: int, height: int) -> tuple[float, float]:
    """Where in the picture a place of the turned picture comes from."""
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    x, y = x - width / 2, y - height / 2
    return cosine * x + sine * y + width / 2, -sine * x + cosine * y + height / 2


def horizon_angle(x0: float, y0: float, x1: float, y1: float) -> float:
    """The turn in degrees that makes the line level, or upright where it is nearer to that: -45 to 45."""
    degrees = math.degrees(math.atan2(y1 - y0, x1 - x0))
    return -(degrees - 90 * round(degrees / 90)) + 0.0


def crop(pixels: NDArray[Any], frame: Crop, *, progress: Progress | None = None) -> NDArray[Any]:
    """What `frame` shows of `pixels` (H, W, C), of their dtype. Without an angle every level is as it was.

    Else pixels are interpolated by cubic convolution, with alpha (C = 4) multiplied in. Raises ValueError where the frame is
    not inside the picture, and Cancelled.
    """
    height, width, channels = pixels.shape
    if not fits(frame, width, height):
        raise ValueError(f"{frame} is not inside {width} × {height}")
    if frame.angle == 0:
        return np.ascontiguousarray(pixels[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width])
    top_level = float(np.iinfo(pixels.dtype).max)
    result = np.empty((frame.height, frame.width, channels), pixels.dtype)
    step = max(1, _BAND_PIXELS // frame.width)
    for start in range(0, frame.height, step):
        if progress is not None:
            progress(start * frame.width, frame.height * frame.width, "straightening")
        end = min(start + step, frame.height)
        x = frame.left + np.arange(frame.width)[None] + 0.5
        y = frame.top + np.arange(start, end)[:, None] + 0.5
        result[start:end] = _sampled(pixels, x, y, frame.angle, top_level)
    if progress is not None:
        progress(frame.height * frame.width, frame.height * frame.width, "straightening")
    return result


def _sampled(pixels: NDArray[Any], x: NDArray[Any], y: NDArray[Any], angle: float, top_level: float) -> NDArray[Any]:
    height, width, channels = pixels.shape
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    x, y = x - width / 2, y - height / 2
    at_x, at_y = cosine * x + sine * y + width / 2 - 0.5, -sine * x + cosine * y + height / 2 - 0.5
    base_x, base_y = np.floor(at_x).astype(np.int64), np.floor(at_y).astype(np.int64)
    weights_x, weights_y = _cubic((at_x - base_x).astype(np.float32)), _cubic((at_y - base_y).astype(np.float32))
    total = np.zeros((*at_x.shape, channels), np.float32)
    for down in range(4):
        rows = np.clip(base_y + down - 1, 0, height - 1)
        for right in range(4):
            taken = pixels[rows, np.clip(base_x + right - 1, 0, width - 1)].astype(np.float32)
            if channels == 4:
                taken[..., :3] *= taken[..., 3:] / np.float32(top_level)
            total += taken * (weights_x[right] * weights_y[down])[..., None]
    if channels == 4:
        total[..., :3] /= np.maximum(total[..., 3:], np.float32(1e-6)) / np.float32(top_level)
    return np.rint(np.clip(total, 0, top_level)).astype(pixels.dtype)


def _cubic(t: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Weights of four neighbours (Keys 1981)."""
    return (
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )
