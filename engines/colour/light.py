"""Light: colours of a picture with any RGB profile as light, in which sums and multiples mean something, and back.

Light here has sRGB's primaries and white, and knows no bounds: colours outside sRGB have components below 0 or above 1. So
nothing is lost on the way there and back, but what the picture's own profile cannot hold in the end.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.colour.profiles import srgb_profile
from engines.libvips import libvips
from engines.pixels import Pixels

Numbers = NDArray[np.float64]
Curve = Callable[[Numbers], Numbers]
"""From stored values 0 to 1 to light."""

_STEPS = {8: 1 << 14, 16: 1 << 18}  # of the table from light to levels, over the square root of the light
_TAGS = tuple(zip((b"rXYZ", b"gXYZ", b"bXYZ"), (b"rTRC", b"gTRC", b"bTRC"), strict=True))
_WHITE = np.array((0.9642, 1.0, 0.8249))  # D50, to which profiles refer


class Light(Protocol):
    """The way between the pixels (H, W, 3) of a picture and their light."""

    def of(self, pixels: Pixels) -> Numbers:
        """The light of `pixels`."""
        ...

    def back(self, light: Numbers, dtype: np.dtype[Any]) -> Pixels:
        """The nearest pixels of `dtype`; what the profile cannot hold is cut."""
        ...


def light_of(icc: bytes) -> Light:
    """The light of pictures with the RGB profile `icc`, which can be used both ways, see `engines.colour.profiles.Space`."""
    shape = _shape(icc)
    return _Tabled(icc) if shape is None else _Shaped(*shape)


class _Shaped:
    """Light by a curve for each colour and a matrix, as most profiles have it: there and back to the very level."""

    def __init__(self, curves: list[Curve], primaries: Numbers) -> None:
        srgb = _shape(srgb_profile())
        assert srgb is not None
        self._curves = curves
        self._there = np.linalg.inv(srgb[1]) @ primaries
        self._back = np.linalg.inv(self._there)
        self._lights: dict[int, list[Numbers]] = {}
        self._levels: dict[int, list[Pixels]] = {}

    def of(self, pixels: Pixels) -> Numbers:
        """The light of `pixels`."""
        lights = self._tables(8 * pixels.dtype.itemsize)
        own = np.stack([lights[colour][pixels[..., colour]] for colour in range(3)], axis=-1)
        return own @ self._there.T

    def back(self, light: Numbers, dtype: np.dtype[Any]) -> Pixels:
        """The nearest pixels of `dtype`; what the profile cannot hold is cut."""
        depth = 8 * dtype.itemsize
        self._tables(depth)
        places = light @ self._back.T
        np.clip(places, 0, 1, out=places)
        np.sqrt(places, out=places)
        places *= _STEPS[depth] - 1
        places += 0.5
        index = places.astype(np.int32)
        levels = self._levels[depth]
        return np.stack([levels[colour][index[..., colour]] for colour in range(3)], axis=-1)

    def _tables(self, depth: int) -> list[Numbers]:
        """From levels to light; the way back, made with it, is over the root of the light: fine where shadows are."""
        if depth not in self._lights:
            top, steps = 2**depth - 1, _STEPS[depth]
            at: Numbers = (np.arange(steps, dtype=np.float64) / (steps - 1)) ** 2
            every: Numbers = np.arange(top + 1, dtype=np.float64)
            self._lights[depth] = [curve(every / top) for curve in self._curves]
            self._levels[depth] = [
                np.rint(np.interp(at, light, every)).astype(np.uint16 if depth == 16 else np.uint8)
                for light in self._lights[depth]
            ]
        return self._lights[depth]


class _Tabled:
    """Light by a profile's tables, which libvips knows how to read: to within a few hundredths of a percent."""

    def __init__(self, icc: bytes) -> None:
        self._icc = icc
        pure = np.eye(3, dtype=np.uint16)[None] * np.uint16(65535)
        self._back = _xyz(pure, srgb_profile())[0]  # a row for each of sRGB's primaries, in libvips' own measure
        self._there: Numbers = np.linalg.inv(self._back)

    def of(self, pixels: Pixels) -> Numbers:
        """The light of `pixels`."""
        return _xyz(pixels, self._icc) @ self._there

    def back(self, light: Numbers, dtype: np.dtype[Any]) -> Pixels:
        """The nearest pixels of `dtype`; what the profile cannot hold is cut."""
        image = _image((light @ self._back).astype(np.float32), "float", "xyz", self._icc)
        exported = image.icc_export(depth=8 * dtype.itemsize, intent="relative", black_point_compensation=True)
        return np.frombuffer(exported.write_to_memory(), dtype).reshape(light.shape)


def _xyz(pixels: Pixels, icc: bytes) -> Numbers:
    deep = pixels.dtype == np.uint16
    image = _image(pixels, "ushort" if deep else "uchar", "rgb16" if deep else "srgb", icc)
    connected = image.icc_import(embedded=True, pcs="xyz", intent="relative", black_point_compensation=True)
    return np.asarray(connected.numpy(), np.float64)


def _image(values: NDArray[Any], format: str, interpretation: str, icc: bytes) -> Any:
    height, width, channels = values.shape
    data = np.ascontiguousarray(values).data.cast("B")
    image = libvips().Image.new_from_memory(data, width, height, channels, format).copy(interpretation=interpretation)
    image.set_type(libvips().GValue.blob_type, "icc-profile-data", icc)
    return image


def _shape(icc: bytes) -> tuple[list[Curve], Numbers] | None:
    """The curves of a profile and its primaries, XYZ in columns; None where it has tables or what is unknown."""
    try:
        count = struct.unpack_from(">I", icc, 128)[0]
        entries = [struct.unpack_from(">4sII", icc, 132 + 12 * number) for number in range(min(count, 200))]
        tags = {name: icc[start : start + size] for name, start, size in entries}
        if icc[20:24] != b"XYZ " or any(name[:3] in (b"A2B", b"D2B") for name in tags):
            return None
        columns = [np.array(struct.unpack_from(">3i", tags[place], 8)) / 65536 for place, _ in _TAGS]
        curves = [_curve(tags[curve]) for _, curve in _TAGS]
    except (struct.error, KeyError, ValueError):
        return None
    primaries = np.stack(columns, axis=1)
    steps = np.arange(256) / 255
    if any((np.diff(curve(steps)) < 0).any() or not np.isfinite(curve(steps)).all() for curve in curves):
        return None
    if abs(np.linalg.det(primaries)) < 1e-6 or primaries.sum(axis=1).min() <= 0:
        return None
    return curves, primaries * (_WHITE / primaries.sum(axis=1))[:, None]  # they are rounded: white shall be white


def _curve(tag: bytes) -> Curve:
    """Raises ValueError for a kind that is not known, struct.error where it is cut short."""
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        if count == 0:
            return lambda values: values
        points = np.array(struct.unpack_from(f">{count}H", tag, 12), np.float64)
        if count == 1:
            return lambda values: values ** (points[0] / 256)
        places = np.arange(count) / (count - 1)
        return lambda values: np.interp(values, places, points / 65535)
    if tag[:4] != b"para":
        raise ValueError(f"a curve of the kind {tag[:4]!r}")
    kind = struct.unpack_from(">H", tag, 8)[0]
    if kind > 4:
        raise ValueError(f"a parametric curve of the kind {kind}")
    count = (1, 3, 4, 5, 7)[kind]
    numbers: list[float] = [number / 65536 for number in struct.unpack_from(f">{count}i", tag, 12)]
    g, a, b, c, d, e, f = numbers + [0.0] * (7 - count)
    if kind == 0:
        return lambda values: values**g
    if kind in (1, 2):  # below its start it is flat
        start, above, slope, below = -b / a, c, 0.0, c
    else:
        start, above, slope, below = d, e, c, f

    def parametric(values: Numbers) -> Numbers:
        curved: Numbers = np.maximum(a * values + b, 0.0) ** g + above
        return np.where(values >= start, curved, slope * values + below).clip(0.0, 1.0)

    return parametric
