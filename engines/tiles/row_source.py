"""Rows of a picture as the engines read them: from top to bottom, as many as a row of tiles needs at a time."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from engines.pixels import Pixels
from engines.tiles.tensor import fill_transparent
from engines.tiles.tiling import Span

FILL_REACH = 12  # how far, in pixels, colours are carried under transparency


class RowSource(Protocol):
    """A picture read from top to bottom; `engines.pictures.reading.PictureReader` is one.

    `alpha` is, for 4 channels, the one value that alpha has everywhere, or None where it varies. `rewind` begins again at
    the first row; it raises PictureError where the picture is no longer what it was.
    """

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def dtype(self) -> np.dtype[np.uint8 | np.uint16]: ...
    @property
    def alpha(self) -> int | None: ...
    def read(self, count: int) -> Pixels: ...
    def rewind(self) -> None: ...


class PixelRows:
    """Pixels in memory, (H, W, 3 or 4), as a source of rows."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self._next = 0
        self.height, self.width, self.channels = pixels.shape
        self.dtype = pixels.dtype
        self.alpha: int | None = None
        if self.channels == 4:
            alpha = pixels[..., 3]
            first = int(alpha[0, 0])
            self.alpha = first if bool((alpha == first).all()) else None

    def read(self, count: int) -> Pixels:
        """The next rows; fewer where fewer are left."""
        rows = self._pixels[self._next : self._next + count]
        self._next += count
        return rows

    def rewind(self) -> None:
        """Begin again at the first row."""
        self._next = 0


class RowWindow:
    """The rows of a source that the tiles of one span need, kept for the next span as far as it needs them again.

    With `fill`, colours under full transparency are taken from visible neighbours, so that they do not bleed into edges.
    """

    def __init__(self, source: RowSource, *, fill: bool) -> None:
        self._source = source
        self._margin = FILL_REACH if fill else 0
        self._top = 0
        self._rows: Pixels = np.empty((0, source.width, source.channels), source.dtype)

    def move(self, row: Span) -> None:
        """Read on to `row`; spans come in order."""
        top = max(0, row.start - self._margin)
        bottom = min(self._source.height, row.start + row.size + self._margin)
        kept = self._rows[top - self._top :].copy()
        self._rows = kept  # the rest is let go of before more is read
        new = self._source.read(bottom - top - kept.shape[0])
        self._rows = np.concatenate([kept, new]) if kept.shape[0] else new
        self._top = top

    def colours(self, row: Span) -> Pixels:
        """The colours (H, W, 3) of the rows that `row` reads."""
        inner = self._inner(row.start, row.start + row.size)
        return fill_transparent(self._rows, self._margin)[inner] if self._margin else self._rows[inner, :, :3]

    def alpha(self, row: Span) -> Pixels:
        """Alpha of the rows that `row` reads, as three equal channels (H, W, 3)."""
        return np.repeat(self._rows[self._inner(row.start, row.start + row.size), :, 3:], 3, axis=2)

    def kept(self, row: Span) -> Pixels:
        """The source's own pixels (H, W, C) in the rows that `row` keeps."""
        return self._rows[self._inner(row.keep, row.keep_end)]

    def _inner(self, start: int, end: int) -> slice:
        return slice(start - self._top, end - self._top)
