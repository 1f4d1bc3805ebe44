"""Upscale: a picture through a super-resolution model, in bands of rows, tile by tile.

A picture is upscaled in its own colour space. Alpha that varies goes through the network too; colours under full
transparency are first filled from visible neighbours, so that they do not bleed into edges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import psutil

from engines.card import ModelCard
from engines.errors import ModelError, OutOfMemory
from engines.model import Model
from engines.picture import Picture
from engines.progress import Progress
from engines.reading import MAX_PIXELS, open_picture
from engines.tensor import Pixels, Tensor, fill_transparent, pad, to_pixels, to_tensor
from engines.tiling import MOST_MEMORY, Span, choose_tile, smallest_tile, spans
from engines.writing import PictureWriter

FILL_REACH = 12  # how far, in pixels, colours are carried under transparency
BLACK = 1.0 / 255.0


class RowSource(Protocol):
    """A picture read from top to bottom; `engines.reading.PictureReader` is one.

    `alpha` is, for 4 channels, the one value that alpha has everywhere, or None where it varies.
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


@dataclass(frozen=True)
class UpscaleOutcome:
    """What became of a file: the size written in pixels, where the model ran, and what the person should know."""

    width: int
    height: int
    provider: str
    notices: tuple[str, ...]


def upscaled_size(width: int, height: int, card: ModelCard) -> tuple[int, int]:
    """The width and height in pixels that a model with `card` makes of `width` × `height`."""
    scale = card.scale or 1
    return width * scale, height * scale


def upscale(picture: Picture, model: Model, *, tile: int | None = None, progress: Progress | None = None) -> Picture:
    """`picture` enlarged by `model`, whole and in memory, with its metadata.

    Raises as `upscale_bands` does, and OutOfMemory where the result does not fit.
    """
    width, height = upscaled_size(picture.width, picture.height, model.card)
    source = _PictureRows(picture)
    try:
        pixels = np.empty((height, width, source.channels), source.dtype)
        top = 0
        for band in upscale_bands(source, model, tile=tile, progress=progress):
            pixels[top : top + band.shape[0]] = band
            top += band.shape[0]
    except MemoryError as error:
        raise OutOfMemory(
            f"A picture of {width}×{height} pixels does not fit in memory; upscale it on the command line, which streams."
        ) from error
    pixels.flags.writeable = False
    return replace(picture, pixels=pixels, notices=())


def upscale_file(
    source: Path,
    target: Path,
    model: Model,
    *,
    tile: int | None = None,
    format: str | None = None,
    quality: int | None = None,
    strip: bool = False,
    max_pixels: int = MAX_PIXELS,
    overwrite_source: bool = False,
    progress: Progress | None = None,
) -> UpscaleOutcome:
    """Upscale the file `source` to the file `target`, streaming: JPEG, PNG and TIFF are never whole in memory.

    `format`, `quality` (1 to 100) and `strip` are those of `engines.writing.PictureWriter`. The target appears only when
    it is whole. Raises PictureError, TargetError, and what `upscale_bands` raises.
    """
    progress = progress or Progress()
    with open_picture(source, max_pixels=max_pixels) as reader:
        width, height = upscaled_size(reader.width, reader.height, model.card)
        with PictureWriter(
            target,
            width,
            height,
            reader.channels,
            reader.dtype,
            reader.metadata,
            format=format,
            quality=quality,
            strip=strip,
            source=source,
            overwrite_source=overwrite_source,
        ) as writer:
            for band in upscale_bands(reader, model, tile=tile, progress=progress):
                writer.write(band)
                del band  # so that it is gone before the next one is made
        return UpscaleOutcome(width, height, model.provider, (*reader.notices, *writer.notices))


def upscale_bands(
    source: RowSource, model: Model, *, tile: int | None = None, progress: Progress | None = None
) -> Iterator[Pixels]:
    """The rows of the enlarged picture from top to bottom, in bands (rows, scale * W, C) of the source's depth.

    `tile` is the side in source pixels of what is run at once; by default what memory allows. Where memory runs out, the
    tile is halved and the work goes on from there; `progress.notice` says so. Progress counts pixels of the output.
    Raises ModelError where the model cannot do it, OutOfMemory, and Cancelled.
    """
    progress = progress or Progress()
    card = model.card
    if card.task != "super-resolution" or card.scale is None:
        raise ModelError(f"“{card.name}” is a model for {card.task}, not super-resolution; choose another.")
    overlap = _overlap(card, source)
    tile_width, tile_height = _tile(source, card, overlap, tile)
    tiles = _Tiles(model, overlap, max(tile_width, tile_height), progress)
    rows = spans(source.height, tile_height, overlap, card.size.multiple_of)
    columns = spans(source.width, tile_width, overlap, card.size.multiple_of)
    window = _RowWindow(source, FILL_REACH if source.channels == 4 and source.alpha is None else 0)
    count = _Count(len(rows) * len(columns), source.width * source.height * card.scale**2, progress)
    for row in rows:
        yield _band(source, window.planes(row), row, columns, tiles, count)


def _band(
    source: RowSource, planes: list[Pixels], row: Span, columns: list[Span], tiles: _Tiles, count: _Count
) -> Pixels:
    """What `row` keeps, enlarged over the whole width: colours, and alpha where there is one."""
    scale = tiles.scale
    band = np.empty(((row.keep_end - row.keep) * scale, source.width * scale, source.channels), source.dtype)
    if source.channels == 4 and source.alpha is not None:
        band[..., 3] = source.alpha
    for column in columns:
        place = band[:, column.keep * scale : column.keep_end * scale]
        place[..., :3] = tiles.enlarge(planes[0], row, column)
        if len(planes) == 2:
            place[..., 3] = tiles.enlarge(planes[1], row, column)[..., 1]
        count.add(place.shape[0] * place.shape[1])
    return band


def _overlap(card: ModelCard, source: RowSource) -> int:
    if not math.isinf(card.overlap):
        return math.ceil(card.overlap)
    if source.width * source.height > 4_000_000:
        raise ModelError(
            f"“{card.name}” must see a whole picture at once, and this one is too large for that; use a smaller picture."
        )
    return 0


class _Count:
    """Tells the progress of tiles in pixels of the output."""

    def __init__(self, tiles: int, total: int, progress: Progress) -> None:
        self._tiles, self._total, self._progress = tiles, total, progress
        self._tile = self._done = 0
        progress(0, total, f"tile 1 of {tiles}")

    def add(self, pixels: int) -> None:
        """Another tile is done, and with it `pixels`."""
        self._tile += 1
        self._done += pixels
        self._progress(self._done, self._total, f"tile {self._tile} of {self._tiles}")


def _tile(source: RowSource, card: ModelCard, overlap: int, asked: int | None) -> tuple[int, int]:
    """The width and height of a tile: the side that was `asked` for, or what suits the memory there is."""
    if math.isinf(card.overlap):
        return card.size.fit(source.width), card.size.fit(source.height)
    if asked is None:
        scale = card.scale or 1
        return choose_tile(
            source.width,
            source.height,
            overlap,
            card.size.multiple_of,
            per_pixel=card.memory + 3 * 4 * scale**2,
            per_row=2 * source.width * source.channels * source.dtype.itemsize * (1 + scale**2),  # and the encoder's
            memory=min(psutil.virtual_memory().available / 4, MOST_MEMORY),
        )
    if asked < (least := smallest_tile(overlap)):
        raise ModelError(f"A tile of {asked} pixels is too small for “{card.name}”; it needs at least {least}.")
    return asked, asked


class _Tiles:
    """Runs tiles through a model, in ever smaller ones once memory has run out."""

    def __init__(self, model: Model, overlap: int, side: int, progress: Progress) -> None:
        self._model = model
        self._overlap = overlap
        self._limit = side
        self._progress = progress
        self.scale = model.card.scale or 1
        self._size = model.card.size

    def enlarge(self, pixels: Pixels, row: Span, column: Span) -> Pixels:
        """What `row` and `column` keep of `pixels` (the row's H, W, 3), enlarged."""
        return _kept(self._enlarge(pixels[:, column.start : column.start + column.size]), row, column, self.scale)

    def _enlarge(self, tile: Pixels) -> Pixels:
        """The whole `tile` enlarged: at once, or in parts where it is larger than what fits in memory."""
        height, width = tile.shape[:2]
        while max(height, width) <= self._limit or math.isinf(self._model.card.overlap):
            try:
                tensor = pad(to_tensor(tile), self._size.fit(height), self._size.fit(width))
                output = self._checked(self._model.run(tensor, self._progress), tensor)
                return to_pixels(output[:, :, : height * self.scale, : width * self.scale], tile.dtype)
            except (OutOfMemory, MemoryError):
                self._take_smaller(max(height, width))
        large = np.empty((height * self.scale, width * self.scale, 3), tile.dtype)
        for row in spans(height, self._limit, self._overlap, self._size.multiple_of):
            for column in spans(width, self._limit, self._overlap, self._size.multiple_of):
                part = tile[row.start : row.start + row.size, column.start : column.start + column.size]
                _place(large, row, column, self.scale)[:] = _kept(self._enlarge(part), row, column, self.scale)
        return large

    def _take_smaller(self, side: int) -> None:
        """Halve the tile, or on a GPU that cannot hold even the smallest go over to the CPU. Raises OutOfMemory at the end."""
        smaller = max(side // 2, smallest_tile(self._overlap))
        if smaller < side and not math.isinf(self._model.card.overlap):
            self._limit = smaller
            self._model.free_memory()
            self._progress.notice(f"Memory ran out with tiles of {side} pixels; going on with {smaller}.")
        elif self._model.provider != "CPU":
            self._progress.notice("The GPU has too little memory for this model; the CPU goes on with the work.")
            self._model.fall_back_to_cpu()
        else:
            raise OutOfMemory(
                f"There is not enough memory for “{self._model.card.name}” even in its smallest tiles; close programs."
            )

    def _checked(self, output: Tensor, tensor: Tensor) -> Tensor:
        n, channels, height, width = tensor.shape
        expected = (n, channels, height * self.scale, width * self.scale)
        if output.shape != expected:
            raise ModelError(
                f"“{self._model.card.name}” returned {_shape(output)} where its card promises {_shape(expected)}; "
                "use another model."
            )
        if float(output.max()) < BLACK and float(tensor.mean()) > 0.1:
            raise ModelError(f"“{self._model.card.name}” returned a black picture; use another model.")
        return output


def _place(large: Pixels, row: Span, column: Span, scale: int) -> Pixels:
    """Where in the enlarged whole `large` lies what the spans keep."""
    return large[row.keep * scale : row.keep_end * scale, column.keep * scale : column.keep_end * scale]


def _kept(tile: Pixels, row: Span, column: Span, scale: int) -> Pixels:
    """What the spans keep of an enlarged `tile`."""
    top, left = (row.keep - row.start) * scale, (column.keep - column.start) * scale
    height, width = (row.keep_end - row.keep) * scale, (column.keep_end - column.keep) * scale
    return tile[top : top + height, left : left + width]


def _shape(of: Tensor | tuple[int, ...]) -> str:
    shape = of if isinstance(of, tuple) else of.shape
    return "×".join(str(side) for side in shape)


class _RowWindow:
    """The rows of a source that the tiles of one span need, kept for the next span as far as it needs them again."""

    def __init__(self, source: RowSource, margin: int) -> None:
        self._source = source
        self._margin = margin
        self._top = 0
        self._rows: Pixels = np.empty((0, source.width, source.channels), source.dtype)

    def planes(self, row: Span) -> list[Pixels]:
        """The colours (H, W, 3) of the span's rows, and alpha as three equal channels where it varies."""
        top = max(0, row.start - self._margin)
        bottom = min(self._source.height, row.start + row.size + self._margin)
        kept = self._rows[top - self._top :].copy()
        self._rows = kept  # the rest is let go of before more is read
        new = self._source.read(bottom - top - kept.shape[0])
        self._rows = np.concatenate([kept, new]) if kept.shape[0] else new
        self._top = top
        inner = slice(row.start - top, row.start - top + row.size)
        if not self._margin:
            return [self._rows[inner, :, :3]]
        colours = fill_transparent(self._rows, self._margin)[inner]
        alpha = np.repeat(self._rows[inner, :, 3:], 3, axis=2)
        return [colours, alpha]


class _PictureRows:
    """A picture in memory as a source of rows."""

    def __init__(self, picture: Picture) -> None:
        self._pixels = picture.pixels
        self._next = 0
        self.height, self.width, self.channels = picture.pixels.shape
        self.dtype = picture.pixels.dtype
        self.alpha: int | None = None
        if self.channels == 4:
            alpha = picture.pixels[..., 3]
            first = int(alpha[0, 0])
            self.alpha = first if bool((alpha == first).all()) else None

    def read(self, count: int) -> Pixels:
        rows = self._pixels[self._next : self._next + count]
        self._next += count
        return rows
