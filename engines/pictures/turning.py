"""EXIF orientations baked into rows of pixels; a large picture waits its turn in a temporary file, not in memory."""

from __future__ import annotations

import tempfile
from typing import Any, BinaryIO

import numpy as np

from engines.atomic import write_all
from engines.pictures.rows import Pixels, Rows

# Pixels of up to this many bytes are turned in memory.
_IN_MEMORY = 48 << 20
# Bytes of source rows copied to the file, or of upright rows brought back from it, at a time.
_BLOCK = 16 << 20


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """`pixels` `(H, W, C)` as EXIF `orientation` 1..8 says they are to be seen; a view."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


class Turned:
    """The rows of a picture as its EXIF orientation says it is to be seen."""

    def __init__(self, rows: Rows, orientation: int) -> None:
        self.height, self.width = (rows.width, rows.height) if orientation >= 5 else (rows.height, rows.width)
        self.channels: int = rows.channels
        self.dtype: np.dtype[Any] = rows.dtype
        self._rows = rows
        self._orientation = orientation
        self._at = 0
        self._block: Pixels = np.empty((0, self.width, self.channels), self.dtype)
        self._whole: Pixels | None = None
        self._file: BinaryIO | None = None
        self._stored = (rows.height, rows.width, rows.channels)
        if orientation != 2:
            self._store()

    def read(self, count: int) -> Pixels:
        """The next upright rows."""
        if self._orientation == 2:
            return np.ascontiguousarray(self._rows.read(count)[:, ::-1])
        if self._whole is not None:
            rows = self._whole[self._at : self._at + count]
            self._at += count
            return np.ascontiguousarray(rows)
        out = np.empty((count, self.width, self.channels), self.dtype)
        filled = 0
        while filled < count:
            if not len(self._block):
                self._block = self._fetch()
            piece = self._block[: count - filled]
            out[filled : filled + len(piece)] = piece
            self._block = self._block[len(piece) :]
            filled += len(piece)
        return out

    def close(self) -> None:
        """Let go of the pixels, in memory or on disk."""
        self._rows.close()
        self._whole = None
        if self._file is not None:
            self._file.close()

    def _store(self) -> None:
        height, width, channels = self._stored
        row_bytes = width * channels * self.dtype.itemsize
        if height * row_bytes <= _IN_MEMORY:
            self._whole = turned(self._rows.read(height), self._orientation)
            return
        self._file = tempfile.TemporaryFile(prefix=".duskroom-", buffering=0)  # noqa: SIM115 (`close` closes it)
        step = max(1, _BLOCK // row_bytes)
        for start in range(0, height, step):
            write_all(self._file, np.ascontiguousarray(self._rows.read(min(step, height - start))).data.cast("B"))
        self._rows.close()

    def _fetch(self) -> Pixels:
        """The next block of upright rows from the file: stored rows from either end, or a strip of stored columns."""
        assert self._file is not None
        height, width, channels = self._stored
        pixel = channels * self.dtype.itemsize
        count = min(self.height - self._at, max(1, _BLOCK // (self.width * pixel)))
        backwards = self._orientation in (3, 4, 7, 8)
        start = self.height - self._at - count if backwards else self._at
        self._at += count
        if self._orientation < 5:
            self._file.seek(start * width * pixel)
            stored = np.frombuffer(self._file.read(count * width * pixel), self.dtype).reshape(count, width, channels)
        else:
            stored = np.empty((height, count, channels), self.dtype)
            for row in range(height):
                self._file.seek((row * width + start) * pixel)
                stored[row] = np.frombuffer(self._file.read(count * pixel), self.dtype).reshape(count, channels)
        return np.ascontiguousarray(turned(stored, self._orientation))
