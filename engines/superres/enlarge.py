"""Enlarge: a picture to any larger size, as strongly as asked, where a mask lets it.

The model runs as often as it takes to reach the size or go beyond it; what is beyond is reduced again. Less than full strength
is a way between that and a plain enlargement, and so is what a mask leaves out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.edit.blend import blend, check_strength
from engines.edit.resampling import resized_mask, resized_rows
from engines.errors import OutOfMemory
from engines.models.model import Model
from engines.pictures.picture import Picture
from engines.pixels import Mask, Pixels
from engines.progress import Progress, stretch
from engines.superres.estimate import Cost, Plan, cost, plan
from engines.superres.reduce import BAND, reduced_bands
from engines.superres.upscale import upscale, upscale_bands
from engines.tiles.row_source import PixelRows


def enlarge(
    picture: Picture,
    model: Model,
    *,
    size: tuple[int, int] | None = None,
    strength: float = 1.0,
    mask: Mask | None = None,
    tile: int | None = None,
    speed: float | None = None,
    progress: Progress | None = None,
) -> Picture:
    """`picture` enlarged to `size` (width, height) by `model`, in memory; by default to the model's own scale.

    `strength` 0..1 is how much of the model's work there is, against a plain enlargement, and `mask` (H, W of the picture,
    255 = apply) where. With neither, and no size, the result is that of `engines.superres.upscale.upscale`. Progress counts
    pixels that the model makes, and all else as `engines.superres.estimate.cost` has it by the model's `speed`. Raises as
    `upscale` does, and ModelError for a size that cannot be.
    """
    check_strength(strength)
    if mask is not None and mask.shape != picture.pixels.shape[:2]:
        raise ValueError(f"a mask for {picture.pixels.shape[:2]} has that shape, not {mask.shape}")
    progress = progress or Progress()
    scale = model.card.scale or 1
    todo = plan(picture.width, picture.height, scale, size)
    costs = cost(todo, blends=strength < 1.0 or mask is not None, speed=speed)
    total = costs.made + costs.finished
    made, before = picture, 0
    for number in range(1, todo.passes + 1):
        text = f"pass {number} of {todo.passes}, " if todo.passes > 1 else ""
        if number == todo.passes and costs.finished:
            return _finished(picture, made, model, todo, costs, strength, mask, tile, text, progress)
        pixels = made.width * made.height * scale**2
        made = upscale(made, model, tile=tile, progress=stretch(progress, before, pixels, total, text))
        before += pixels
    return made


def _finished(
    picture: Picture,
    source: Picture,
    model: Model,
    todo: Plan,
    costs: Cost,
    strength: float,
    mask: Mask | None,
    tile: int | None,
    text: str,
    progress: Progress,
) -> Picture:
    """The last pass, from `source`, and what is done to its rows as soon as they are there: each stretch of the progress is
    then the same mixture of both, and the time left is right whichever of them takes longer than was thought.
    """
    total = costs.made + costs.finished
    made = costs.made - todo.made_width * todo.made_height  # by the passes before
    finished = 0  # rows

    def report(done: int, of: int, said: str) -> None:
        nonlocal made_now
        made_now = made + done
        progress(made_now + costs.finished * finished // todo.height, total, text + said)

    made_now = made
    inner = Progress(report, progress.notice, within=progress)
    try:
        pixels = np.empty((todo.height, todo.width, picture.pixels.shape[2]), picture.pixels.dtype)
        bands = upscale_bands(PixelRows(source.pixels), model, tile=tile, progress=inner)
        for rows in reduced_bands(bands, todo, step=BAND):
            top, finished = finished, finished + rows.shape[0]
            pixels[top:finished] = _mixed(picture.pixels, rows, todo, top, strength, mask)
            progress(made_now + costs.finished * finished // todo.height, total, "finishing")
    except MemoryError as error:
        raise OutOfMemory(
            f"A picture of {todo.width}×{todo.height} pixels does not fit in memory; choose a smaller size."
        ) from error
    pixels.flags.writeable = False
    return replace(picture, pixels=pixels, notices=())


def _mixed(source: Pixels, rows: Pixels, todo: Plan, top: int, strength: float, mask: Mask | None) -> Pixels:
    """`rows` of the result from row `top` on, which the model made, mixed with those of `source` plainly enlarged."""
    if strength == 1.0 and mask is None:
        return rows
    bottom = top + rows.shape[0]
    plain = resized_rows(source, todo.width, todo.height, top, bottom)
    reach = None if mask is None else resized_mask(mask, todo.width, todo.height, top, bottom)
    return blend(plain, rows, strength, reach)
