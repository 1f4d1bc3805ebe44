"""Upscale: a picture through a super-resolution model, in bands of rows, tile by tile.

A picture is upscaled in its own colour space. Alpha that varies goes through the network too; colours under full
transparency are first filled from visible neighbours, so that they do not bleed into edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engines.errors import ModelError, OutOfMemory
from engines.models.card import ModelCard
from engines.models.model import Model
from engines.pictures.formats import MAX_PIXELS
from engines.pictures.picture import Picture
from engines.pictures.reading import open_picture
from engines.pictures.writing import PictureWriter
from engines.pixels import Pixels
from engines.progress import Progress
from engines.superres.estimate import Plan, plan
from engines.superres.reduce import reduced_bands
from engines.tiles.row_source import PixelRows, RowSource, RowWindow
from engines.tiles.tensor import Tensor
from engines.tiles.tile_runner import BLACK, BRIGHT, Count, TileRunner, overlap_of, tile_of
from engines.tiles.tiling import Span, spans


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


def plan_at(width: int, height: int, card: ModelCard, scale: int | None) -> Plan:
    """How a model with `card` makes `width` × `height` pixels larger by exactly `scale`; None: by its own.

    Where that is less than its own, what it makes is reduced. Raises ModelError where it is more, or no enlargement.
    """
    own = card.scale or 1
    if scale is None or scale == own:
        return plan(width, height, own)
    if not 2 <= scale < own:
        raise ModelError(f"“{card.name}” enlarges {own} times, not {scale}; leave out the scale or choose another.")
    return plan(width, height, own, (width * scale, height * scale))


def upscale(picture: Picture, model: Model, *, tile: int | None = None, progress: Progress | None = None) -> Picture:
    """`picture` enlarged by `model`, whole and in memory, with its metadata.

    Raises as `upscale_bands` does, and OutOfMemory where the result does not fit.
    """
    width, height = upscaled_size(picture.width, picture.height, model.card)
    source = PixelRows(picture.pixels)
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
    scale: int | None = None,
    tile: int | None = None,
    format: str | None = None,
    quality: int | None = None,
    strip: bool = False,
    max_pixels: int = MAX_PIXELS,
    overwrite_source: bool = False,
    progress: Progress | None = None,
) -> UpscaleOutcome:
    """Upscale the file `source` to the file `target`, streaming: JPEG, PNG and TIFF are never whole in memory.

    The result is larger by `scale`, as `plan_at` has it, and what `engines.superres.enlarge.enlarge` makes for that size.
    `format`, `quality` (1 to 100) and `strip` are those of `engines.pictures.writing.PictureWriter`. The target appears only
    when it is whole. Raises PictureError, TargetError, and what `upscale_bands` raises.
    """
    progress = progress or Progress()
    with open_picture(source, max_pixels=max_pixels) as reader:
        todo = plan_at(reader.width, reader.height, model.card, scale)
        with PictureWriter(
            target,
            todo.width,
            todo.height,
            reader.channels,
            reader.dtype,
            reader.metadata,
            format=format,
            quality=quality,
            strip=strip,
            source=source,
            overwrite_source=overwrite_source,
        ) as writer:
            bands = upscale_bands(reader, model, tile=tile, progress=progress)
            for band in reduced_bands(bands, todo) if todo.is_reduced else bands:
                writer.write(band)
                del band  # so that it is gone before the next one is made
        return UpscaleOutcome(todo.width, todo.height, model.provider, (*reader.notices, *writer.notices))


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
    overlap = overlap_of(card, source.width, source.height)
    tile_width, tile_height = tile_of(source, card, overlap, tile, scale=card.scale)

    def refuse_black(tensor: Tensor, output: Tensor) -> None:
        if float(output.max()) < BLACK and float(tensor.mean()) > BRIGHT:
            raise ModelError(f"“{card.name}” returned a black picture; use another model.")

    tiles = TileRunner(model, overlap, max(tile_width, tile_height), progress, refuse_black, card.scale)
    rows = spans(source.height, tile_height, overlap, card.size.multiple_of)
    columns = spans(source.width, tile_width, overlap, card.size.multiple_of)
    window = RowWindow(source, fill=source.channels == 4 and source.alpha is None)
    count = Count(len(rows) * len(columns), source.width * source.height * card.scale**2, progress)
    for row in rows:
        window.move(row)
        yield _band(source, window, row, columns, tiles, count)


def _band(
    source: RowSource, window: RowWindow, row: Span, columns: list[Span], tiles: TileRunner, count: Count
) -> Pixels:
    """What `row` keeps, enlarged over the whole width: colours, and alpha where there is one."""
    scale = tiles.scale
    colours = window.colours(row)
    alpha = window.alpha(row) if source.channels == 4 and source.alpha is None else None
    band = np.empty(((row.keep_end - row.keep) * scale, source.width * scale, source.channels), source.dtype)
    if source.channels == 4 and source.alpha is not None:
        band[..., 3] = source.alpha
    for column in columns:
        place = band[:, column.keep * scale : column.keep_end * scale]
        place[..., :3] = tiles.run(colours, row, column)
        if alpha is not None:
            place[..., 3] = tiles.run(alpha, row, column)[..., 1]
        count.add()
    return band
