"""Redraw: the network paints every pixel of the picture, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engines.colour.profiles import Space
from engines.edit.blend import blend
from engines.errors import ModelError
from engines.models.model import Model
from engines.pixels import Mask, Pixels
from engines.progress import Progress
from engines.tiles.row_source import RowSource, RowWindow
from engines.tiles.tensor import Tensor
from engines.tiles.tile_runner import BLACK, BRIGHT, Count, TileRunner, overlap_of, tile_of
from engines.tiles.tiling import spans

# Bytes that redrawing takes. Networks that translate reach far, and small tiles would compute mostly what they overlap.
_MOST_MEMORY = 480_000_000


def redrawn(
    source: RowSource,
    model: Model,
    space: Space,
    strength: float,
    mask: Mask | None,
    tile: int | None,
    progress: Progress,
) -> Iterator[Pixels]:
    """The bands of `engines.translation.translate.translate_bands` for the method redraw."""
    card = model.card
    overlap = overlap_of(card, source.width, source.height)
    sample = 1 if space.is_srgb else 2
    tile_width, tile_height = tile_of(source, card, overlap, tile, bytes_per_sample=sample, most=_MOST_MEMORY)
    tiles = TileRunner(model, overlap, max(tile_width, tile_height), progress, (light := Light(card.name)).look)
    rows = spans(source.height, tile_height, overlap, card.size.multiple_of)
    columns = spans(source.width, tile_width, overlap, card.size.multiple_of)
    window = RowWindow(source, fill=source.channels == 4)
    count = Count(len(rows) * len(columns), source.width * source.height, progress)
    for row in rows:
        window.move(row)
        colours = space.to_srgb(window.colours(row))
        band = own(window.kept(row), space)
        for column in columns:
            keep = slice(column.keep, column.keep_end)
            share = None if mask is None else mask[row.keep : row.keep_end, keep]
            place = band[:, keep]
            if share is None or share.any():  # what the mask leaves alone need not be painted
                painted = space.from_srgb(tiles.run(colours, row, column), source.dtype)
                place[..., :3] = blend(place[..., :3], painted, strength, share)
            count.add()
        yield band
    if mask is None:  # otherwise it has not seen the whole picture
        light.judge()


def own(rows: Pixels, space: Space) -> Pixels:
    """A copy of `rows` (n, W, C) in the colours of the result: their own, or sRGB where no way leads back to those."""
    band = rows.copy()
    if space.is_one_way:
        band[..., :3] = space.from_srgb(space.to_srgb(rows[..., :3]), rows.dtype)
    return band


class Light:
    """Whether a model turned a whole picture black: a tile of night sky may be, a whole bright picture never is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._brightest = 0.0
        self._sum = self._pixels = 0.0

    def look(self, tensor: Tensor, output: Tensor) -> None:
        """Take note of what went in and came out."""
        self._brightest = max(self._brightest, float(output.max()))
        self._sum += float(tensor.sum(dtype=np.float64))
        self._pixels += tensor.size

    def judge(self) -> None:
        """Raise ModelError where a picture that was not dark has come out black."""
        if self._pixels and self._brightest < BLACK and self._sum / self._pixels > BRIGHT:
            raise ModelError(f"“{self._name}” returned a black picture; use another model.")
