"""The tiles of a picture through a model: how large they are, how far they are, and smaller ones once memory has run out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import psutil

from engines.errors import ModelError, OutOfMemory
from engines.models.card import ModelCard
from engines.models.model import Model
from engines.pixels import Pixels
from engines.progress import Progress
from engines.tiles.row_source import RowSource
from engines.tiles.tensor import Tensor, pad, to_pixels, to_tensor
from engines.tiles.tiling import MOST_MEMORY, Span, choose_tile, smallest_tile, spans

WHOLE_PIXELS = 4_000_000  # of a picture that is run whole, where the model must see all of it
BLACK = 1.0 / 255.0
BRIGHT = 0.1  # the mean of a picture that no model turns black for a reason

Look = Callable[[Tensor, Tensor], None]
"""Is shown each tensor that goes into the model and what came out; raises ModelError where it does not believe it."""


def overlap_of(card: ModelCard, width: int, height: int) -> int:
    """The pixels that a tile needs around what it keeps.

    Raises ModelError where a model must see a picture whole and this one is too large for that.
    """
    if not math.isinf(card.overlap):
        return math.ceil(card.overlap)
    if width * height > WHOLE_PIXELS:
        raise ModelError(
            f"“{card.name}” must see a whole picture at once, and this one is too large for that; use a smaller picture."
        )
    return 0


def tile_of(
    source: RowSource,
    card: ModelCard,
    overlap: int,
    asked: int | None,
    *,
    scale: int = 1,
    bytes_per_sample: int = 0,
    most: int = MOST_MEMORY,
) -> tuple[int, int]:
    """The width and height of a tile: the side that was `asked` for, or what suits the memory there is.

    `scale` is how many times larger the result is, `bytes_per_sample` what the bands of pixels take where that is more than
    the source's depth, `most` the bytes that are taken where there is plenty. Raises ModelError where the side asked for is
    too small.
    """
    if math.isinf(card.overlap):
        return card.size.fit(source.width), card.size.fit(source.height)
    if asked is None:
        sample = max(source.dtype.itemsize, bytes_per_sample)
        return choose_tile(
            source.width,
            source.height,
            overlap,
            card.size.multiple_of,
            per_pixel=card.memory + 3 * 4 * scale**2,
            per_row=2 * source.width * source.channels * sample * (1 + scale**2),  # and the encoder's
            memory=min(psutil.virtual_memory().available / 4, most),
        )
    if asked < (least := smallest_tile(overlap, card.size.multiple_of)):
        raise ModelError(f"A tile of {asked} pixels is too small for “{card.name}”; it needs at least {least}.")
    return asked, asked


class Count:
    """Tells the progress of tiles in pixels of the output: as many for each, since all have one shape and take as long.

    What a tile keeps differs, by whether it lies at an edge.
    """

    def __init__(self, tiles: int, total: int, progress: Progress) -> None:
        self._tiles, self._total, self._progress = tiles, total, progress
        self._tile = 0
        progress(0, total, f"tile 1 of {tiles}")

    def add(self) -> None:
        """Another tile is done."""
        self._tile += 1
        self._progress(self._total * self._tile // self._tiles, self._total, f"tile {self._tile} of {self._tiles}")


class TileRunner:
    """Runs tiles through a model, in ever smaller ones once memory has run out.

    `side` is the longer side of the tiles that will come. `look` is shown all that goes in and comes out. What comes out is
    `scale` times larger.
    """

    def __init__(self, model: Model, overlap: int, side: int, progress: Progress, look: Look, scale: int = 1) -> None:
        self._model = model
        self._overlap = overlap
        self._limit = side
        self._progress = progress
        self._look = look
        self.scale = scale
        self._size = model.card.size

    def run(self, pixels: Pixels, row: Span, column: Span) -> Pixels:
        """What `row` and `column` keep of `pixels` (the row's H, W, 3), as the model makes it.

        Raises ModelError, Cancelled, and OutOfMemory where even the smallest tiles do not fit.
        """
        return _kept(self._run(pixels[:, column.start : column.start + column.size]), row, column, self.scale)

    def _run(self, tile: Pixels) -> Pixels:
        """The whole `tile`: at once, or in parts where it is larger than what fits in memory."""
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
                _place(large, row, column, self.scale)[:] = _kept(self._run(part), row, column, self.scale)
        return large

    def _take_smaller(self, side: int) -> None:
        """Halve the tile, or on a GPU that cannot hold even the smallest go over to the CPU. Raises OutOfMemory at the end."""
        smaller = max(side // 2, smallest_tile(self._overlap, self._size.multiple_of))
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
        self._look(tensor, output)
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
