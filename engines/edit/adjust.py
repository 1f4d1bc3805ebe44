"""Adjustments of light and colour: exposure, white balance, saturation and contrast, exact or by tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engines.colour.srgb import Numbers, decode, encode
from engines.edit.blend import blend
from engines.pixels import Mask, Pixels
from engines.progress import Progress

if TYPE_CHECKING:
    from engines.colour.light import Light


MIDDLE_GREY = 0.4613561295004  # 18 % of the light, by sRGB's curve
STEEPEST = 2.5  # the contrast curve at middle grey, at 100
BALANCE_STOPS = 3.0  # between red and blue at a temperature of 100; green is half of it off at a tint of 100
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of sRGB's primaries
_BAND_PIXELS = 1 << 18
_NOTHING = 1e-9  # of light: what the sums of matrices leave behind
_STEPS = 1 << 15  # of the table from light to levels: fine near black and near white, where a flat contrast is steepest


@dataclass(frozen=True)
class Adjustments:
    """What is to be done; 0 everywhere is nothing. Raises ValueError outside the ranges.

    `exposure` is in stops, -5 to 5; the others go from -100 to 100. Higher is brighter, steeper, warmer, more magenta and
    more colourful; a saturation of -100 is grey.
    """

    exposure: float = 0.0
    contrast: float = 0.0
    temperature: float = 0.0
    tint: float = 0.0
    saturation: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            most = 5.0 if field.name == "exposure" else 100.0
            value = float(getattr(self, field.name))
            if not -most <= value <= most:
                raise ValueError(f"{field.name} lies between {-most:g} and {most:g}, not {value}")

    @property
    def is_identity(self) -> bool:
        """Whether nothing is changed."""
        return self == Adjustments()


def adjust(
    pixels: Pixels,
    adjustments: Adjustments,
    profile: bytes | None = None,
    *,
    mask: Mask | None = None,
    progress: Progress | None = None,
) -> Pixels:
    """`pixels` (H, W, 3|4) adjusted, of the same depth; alpha stays. `profile` is their ICC profile, None: sRGB.

    `mask` (H, W) says how much of it is applied, see `engines.edit.blend`. Progress counts pixels. With another profile the
    same is done to the same light as in sRGB, but colours outside sRGB are kept as far as the profile can hold what becomes
    of them, see `engines.colour.light`; those that do not change keep their levels. Raises Cancelled.
    """
    if adjustments.is_identity:
        return pixels
    from engines.colour.light import light_of
    from engines.colour.profiles import Space  # late: a window starts without it

    space = Space(profile)
    if space.is_one_way:  # the result would need another profile; its own numbers are as good a place to work in
        space = Space(None)
    height, width = pixels.shape[:2]
    step = max(1, _BAND_PIXELS // width)
    result = pixels.copy()
    if space.is_srgb or space.icc is None:
        apply = _exact(adjustments, np.dtype(pixels.dtype))
    else:
        apply = _unbounded(adjustments, light_of(space.icc), np.dtype(pixels.dtype))
    for top in range(0, height, step):
        if progress is not None:
            progress(top * width, height * width, "adjusting")
        rows = slice(top, min(top + step, height))
        colours = pixels[rows, :, :3]
        made = apply(colours)
        result[rows, :, :3] = made if mask is None else blend(colours, made, 1.0, mask[rows])
    if progress is not None:
        progress(height * width, height * width, "adjusting")
    return result


def preview(adjustments: Adjustments) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """A quick function that adjusts uint8 sRGB (H, W, 3|4), within a level of `adjust`: by tables and a matrix."""
    if adjustments.is_identity:
        return lambda pixels: pixels
    if adjustments.saturation == 0:
        tables = _tables(adjustments, np.dtype(np.uint8))

        def look_up(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
            made = pixels.copy()
            for colour in range(3):
                made[..., colour] = tables[colour][pixels[..., colour]]
            return made

        return look_up
    light = decode(np.arange(256) / 255.0)
    matrix = _matrix(adjustments)
    shares = [[(light * matrix[to, of]).astype(np.float32) for of in range(3)] for to in range(3)]
    places = (1 - (np.arange(_STEPS) / (_STEPS - 1)) ** 2) ** 2
    levels = np.rint(_contrast(encode(places), adjustments.contrast) * 255).astype(np.uint8)

    def mix(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        made = pixels.copy()
        for to in range(3):
            total = shares[to][0][pixels[..., 0]]
            total += shares[to][1][pixels[..., 1]]
            total += shares[to][2][pixels[..., 2]]
            np.clip(total, 0, 1, out=total)
            np.sqrt(total, out=total)
            np.subtract(1, total, out=total)
            np.sqrt(total, out=total)
            total *= np.float32(_STEPS - 1)
            total += np.float32(0.5)
            made[..., to] = levels[total.astype(np.uint16)]
        return made

    return mix


def neutral(colour: tuple[float, float, float]) -> tuple[float, float]:
    """The temperature and tint that make `colour` (sRGB, 0 to 1) grey, cut to their ranges; (0, 0) for black."""
    light = decode(np.array(colour, np.float64))
    if light.min() <= 0:
        return 0.0, 0.0
    red, green, blue = (math.log2(float(value)) for value in light)
    temperature = (blue - red) / BALANCE_STOPS
    tint = (green - (red + blue) / 2) * 2 / BALANCE_STOPS
    return tuple(100.0 * min(max(value, -1.0), 1.0) for value in (temperature, tint))  # pyright: ignore[reportReturnType]


def _gains(adjustments: Adjustments) -> Numbers:
    """Of red, green and blue: white keeps its luminance but for exposure."""
    half = BALANCE_STOPS / 2 / 100
    warm, magenta = adjustments.temperature * half, adjustments.tint * half
    gains = 2.0 ** np.array([warm, -magenta, -warm])
    if warm or magenta:
        gains /= LUMINANCE @ gains
    return gains * 2.0**adjustments.exposure


def _matrix(adjustments: Adjustments) -> Numbers:
    """From light to light: white balance and exposure, then saturation about the luminance."""
    amount = 1.0 + adjustments.saturation / 100
    saturation = amount * np.eye(3) + (1 - amount) * LUMINANCE[None]
    return saturation * _gains(adjustments)[None]


def _contrast(values: Numbers, contrast: float) -> Numbers:
    """A monotone curve through black, middle grey and white, steeper or flatter at middle grey."""
    if contrast == 0:
        return values
    power = STEEPEST ** (contrast / 100)
    dark: Numbers = MIDDLE_GREY * (np.minimum(values, MIDDLE_GREY) / MIDDLE_GREY) ** power
    rest = 1 - MIDDLE_GREY
    bright: Numbers = 1 - rest * ((1 - np.maximum(values, MIDDLE_GREY)) / rest) ** power
    return np.where(values < MIDDLE_GREY, dark, bright)


def _tables(adjustments: Adjustments, dtype: np.dtype[np.uint8 | np.uint16]) -> list[Pixels]:
    """A table of levels for each colour, where colours do not mix."""
    top = int(np.iinfo(dtype).max)
    values = np.arange(top + 1) / top
    made: list[Pixels] = []
    for gain in _gains(adjustments):
        # A gain of exactly 1 leaves the curve out: decoding and encoding would cost the last digits.
        lit = values if gain == 1 else encode(np.clip(decode(values) * gain, 0, 1))
        made.append(np.rint(_contrast(lit, adjustments.contrast) * top).astype(dtype))
    return made


def _exact(adjustments: Adjustments, dtype: np.dtype[np.uint8 | np.uint16]) -> Callable[[Pixels], Pixels]:
    """The function that adjusts bands of `dtype`, (H, W, 3)."""
    if adjustments.saturation == 0:
        tables = _tables(adjustments, dtype)

        def look_up(pixels: Pixels) -> Pixels:
            made: Pixels = np.empty(pixels.shape, dtype)
            for colour in range(3):
                made[..., colour] = tables[colour][pixels[..., colour]]
            return made

        return look_up
    top = int(np.iinfo(dtype).max)
    light = decode(np.arange(top + 1) / top)
    matrix = _matrix(adjustments)

    def mix(pixels: Pixels) -> Pixels:
        lit = np.clip(light[pixels] @ matrix.T, 0, 1)
        return np.rint(_contrast(encode(lit), adjustments.contrast) * top).astype(dtype)

    return mix


def _unbounded(
    adjustments: Adjustments, light: Light, dtype: np.dtype[np.uint8 | np.uint16]
) -> Callable[[Pixels], Pixels]:
    """As `_exact`, for the pixels of another profile: nothing is cut on the way, only by the profile in the end."""
    matrix = _matrix(adjustments)

    def change(pixels: Pixels) -> Pixels:
        before = light.of(pixels)
        after = before @ matrix.T
        if adjustments.contrast != 0:
            after = _mirrored(decode, _contrast_beyond(_mirrored(encode, after), adjustments.contrast))
        made = light.back(after, dtype)
        return np.where(np.abs(after - before).max(axis=2, keepdims=True) < _NOTHING, pixels, made)

    return change


def _mirrored(curve: Callable[[Numbers], Numbers], values: Numbers) -> Numbers:
    """A curve through 0, continued to the other side."""
    return np.copysign(curve(np.abs(values)), values)


def _contrast_beyond(values: Numbers, contrast: float) -> Numbers:
    """The curve of contrast, continued below black and above white by its own image, so that it rises there too."""
    values = np.clip(values, -1, 2)
    inside = np.where(values > 1, 2 - values, np.abs(values))
    curved = _contrast(inside, contrast)
    return np.where(values > 1, 2 - curved, np.copysign(curved, values))
