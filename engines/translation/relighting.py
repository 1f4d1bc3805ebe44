"""Relight: the network sees the whole picture, reduced, and what it makes of the colours is carried to the full size.

Either the network paints the small picture, and a colour transform is fitted to what became of it
(`engines.translation.relight`), or it says itself how colours change (`engines.translation.grid`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from engines.colour.profiles import Space
from engines.edit.blend import blend
from engines.errors import ModelError, OutOfMemory
from engines.models.model import Model
from engines.pixels import Mask, Pixels
from engines.progress import Progress
from engines.tiles.row_source import FILL_REACH, PixelRows, RowSource
from engines.tiles.tensor import fill_transparent, pad, to_tensor
from engines.translation.grid import GridTransform
from engines.translation.redrawing import Light, own, redrawn
from engines.translation.reduction import Reduction, reduced_size
from engines.translation.relight import ColourTransform

VIEW = 512  # the view of a model that does not say its own
REDUCED_PIXELS = (
    2_000_000  # of the picture that is relit, at most: a panorama's long side would otherwise be without bounds
)
_BAND_PIXELS = 1_000_000  # of what is relit at a time
_NETWORK_PIXEL = 30  # how many pixels of reading or relighting one pixel through the network counts for in the progress


class Transform(Protocol):
    """What turns rows (n, W, 3) of the large picture, from row `top` on, into what they become; `rows` at a time at least."""

    @property
    def rows(self) -> int: ...
    def apply(self, pixels: Pixels, top: int) -> Pixels: ...


def relit(
    source: RowSource,
    model: Model,
    space: Space,
    strength: float,
    mask: Mask | None,
    tile: int | None,
    progress: Progress,
) -> Iterator[Pixels]:
    """The bands of `engines.translation.translate.translate_bands` for the method relight."""
    width, height = source.width, source.height
    small_width, small_height = reduced_size(width, height, model.card.view or VIEW, REDUCED_PIXELS)
    area, painting = width * height, small_width * small_height * _NETWORK_PIXEL
    total = 2 * area + painting
    step = max(1, _BAND_PIXELS // width)

    reduction = Reduction((height, width, source.channels), source.dtype, small_width, small_height)
    progress(0, total, "looking at the picture")
    for top in range(0, height, step):
        rows = source.read(step)
        reduction.add(rows)
        progress(width * (top + len(rows)), total, "looking at the picture")
    small = reduction.pixels()
    del reduction
    small = fill_transparent(small, FILL_REACH) if source.channels == 4 else small

    def report(done: int, of: int, text: str) -> None:
        progress(area + painting * done // of, total, text)

    inner = Progress(report, progress.notice, within=progress)
    in_grid = bool(model.card.outputs)
    transform: Transform
    if in_grid:
        transform = _said(space.to_srgb(small), model, width, height, inner)
    else:
        transform = _fitted(small, model, space, tile, width, height, inner, progress)

    step = max(1, step // transform.rows) * transform.rows
    source.rewind()
    for top in range(0, height, step):
        rows = source.read(step)
        band = own(rows, space)
        if in_grid:  # said of sRGB
            changed = space.from_srgb(transform.apply(space.to_srgb(rows[..., :3]), top), source.dtype)
        else:
            changed = transform.apply(band[..., :3], top)
        share = None if mask is None else mask[top : top + len(band)]
        band[..., :3] = blend(band[..., :3], changed, strength, share)
        yield band
        progress(area + painting + width * (top + len(band)), total, "relighting")


def _fitted(
    small: Pixels,
    model: Model,
    space: Space,
    tile: int | None,
    width: int,
    height: int,
    inner: Progress,
    progress: Progress,
) -> ColourTransform:
    """The transform fitted to what the network paints of the `small` picture."""
    seen = space.to_srgb(small)
    painted = np.concatenate(list(redrawn(PixelRows(seen), model, Space(None), 1.0, None, tile, inner)))
    # Fitted in the colours of the result, so that the large picture needs no conversion and loses nothing to one.
    before, after = seen if space.is_one_way else small, space.from_srgb(painted, small.dtype)
    return ColourTransform(before, after, width, height, progress)


def _said(small: Pixels, model: Model, width: int, height: int, progress: Progress) -> GridTransform:
    """The transform that the network says of the `small` picture, in sRGB.

    Raises ModelError where it says none, or one that turns a bright picture black.
    """
    size = model.card.size
    tall, wide = small.shape[:2]
    tensor = pad(to_tensor(small), size.fit(tall), size.fit(wide))
    progress(0, 1, "asking the model")
    try:
        grid, lights = model.run_all(tensor, progress)
    except (OutOfMemory, MemoryError) as error:
        if model.provider == "CPU":
            raise OutOfMemory(f"There is not enough memory for “{model.card.name}”; close programs.") from error
        progress.notice("The GPU has too little memory for this model; the CPU goes on with the work.")
        model.fall_back_to_cpu()
        grid, lights = model.run_all(tensor, progress)
    try:
        if lights.shape != tensor.shape or grid.ndim != 4 or len(grid) != 1:
            raise ValueError(f"the lights have the shape {lights.shape}")
        cell = tensor.shape[2] // grid.shape[2]
        # Beyond the picture the network saw its border repeated: the cells there are cut off with it.
        grid = grid[0, :, : -(-tall // cell), : -(-wide // cell)]
        lights = np.ascontiguousarray(lights[0, :, :tall, :wide])
        transform = GridTransform(grid, lights, cell, width, height)
        light = Light(model.card.name)
        shown = to_tensor(GridTransform(grid, lights, cell, wide, tall).apply(small, 0))
        light.look(tensor, shown)
        light.judge()
    except (ValueError, ZeroDivisionError) as error:
        raise ModelError(
            f"“{model.card.name}” does not give the grid and lights that its card promises ({error}); use another model."
        ) from error
    progress(1, 1, "asking the model")
    return transform
