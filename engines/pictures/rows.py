"""Rows of pixels, from top to bottom, once: out of memory, or out of libvips as they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.libvips import libvips

Pixels = NDArray[Any]

# What is fetched from libvips at a time: enough to keep calls few, little enough to stay in the processor's cache.
_FETCH_BYTES = 1 << 20
_FETCH_ROWS = 16

# libvips' sample formats that become pixels here; the others (complex, signed) hold no photograph.
STORED = {"uchar": "u1", "ushort": "u2", "uint": "u4", "float": "f4", "double": "f8"}


class Damaged(Exception):
    """The file's bytes cannot be decoded; the reader makes a sentence of it."""


class Rows(Protocol):
    """Pixels `(count, width, channels)`, top to bottom, once."""

    width: int
    height: int
    channels: int
    dtype: np.dtype[Any]

    def read(self, count: int) -> Pixels:
        """The next `count` rows; raises `Damaged`."""
        ...

    def close(self) -> None:
        """Let go of the decoder and its memory."""
        ...


class ArrayRows:
    """Rows of pixels that are in memory already."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels: Pixels | None = pixels
        self.height, self.width, self.channels = pixels.shape
        self.dtype = pixels.dtype
        self._at = 0

    def read(self, count: int) -> Pixels:
        """The next rows."""
        assert self._pixels is not None
        rows = self._pixels[self._at : self._at + count]
        self._at += count
        return rows

    def close(self) -> None:
        """Forget the pixels."""
        self._pixels = None


class VipsRows:
    """Rows decoded by libvips as they are asked for, each through `convert` to RGB(A)."""

    def __init__(self, image: Any, convert: Callable[[Pixels], Pixels], channels: int, dtype: np.dtype[Any]) -> None:
        self._kept: Any = None
        self.width: int = image.width
        self.height: int = image.height
        self.channels = channels
        self.dtype = dtype
        self._convert = convert
        self._bands: int = image.bands
        self._stored = np.dtype(STORED[image.format])
        self._image: Any = image
        self._at = 0

    def keep(self, source: Any) -> None:
        """Keep `source`, which may own the bytes that the image is decoded from, alive for as long as the image."""
        self._kept = source

    def read(self, count: int) -> Pixels:
        """The next rows."""
        pyvips = libvips()
        out = np.empty((count, self.width, self.channels), self.dtype)
        step = max(_FETCH_ROWS, _FETCH_BYTES // max(1, self.width * self._bands * self._stored.itemsize))
        for start in range(0, count, step):
            rows = min(step, count - start)
            try:
                # A region for each piece: one kept all along would keep what it fetched before alive in libvips.
                fetched = pyvips.Region.new(self._image).fetch(0, self._at, self.width, rows)
            except pyvips.Error as error:
                raise Damaged(str(error)) from error
            raw = np.frombuffer(fetched, self._stored).reshape(rows, self.width, self._bands)
            out[start : start + rows] = self._convert(raw)
            self._at += rows
        return out

    def close(self) -> None:
        """Let go of the image, which holds the decoder."""
        self._image = None
