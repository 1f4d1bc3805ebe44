"""Enlarge: a picture to any larger size, as strongly as asked, where a mask lets it.

The model runs as often as it takes to reach the size or go beyond it; what is beyond is reduced again. Less than full strength
is a way between that and a plain enlargement, and so is what a mask leaves out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.blend import Mask, blend, check_strength
from engines.errors import OutOfMemory
from engines.estimate import plan
from engines.model import Model
from engines.picture import Picture
from engines.progress import Progress
from engines.resampling import resized_mask, resized_rows
from engines.upscale import upscale

FINISHING = 0.1  # what a pixel costs that is only resized and blended, of one that a network makes
_BAND = 128  # rows at a time: cancelling is quick


def enlarge(
    picture: Picture,
    model: Model,
    *,
    size: tuple[int, int] | None = None,
    strength: float = 1.0,
    mask: Mask | None = None,
    tile: int | None = None,
    progress: Progress | None = None,
) -> Picture:
    """`picture` enlarged to `size` (width, height) by `model`, in memory; by default to the model's own scale.

    `strength` 0..1 is how much of the model's work there is, against a plain enlargement, and `mask` (H, W of the picture,
    255 = apply) where. With neither, and no size, the result is that of `engines.upscale.upscale`. Progress counts pixels.
    Raises as that does, and ModelError for a size that cannot be.
    """
    check_strength(strength)
    if mask is not None and mask.shape != picture.pixels.shape[:2]:
        raise ValueError(f"a mask for {picture.pixels.shape[:2]} has that shape, not {mask.shape}")
    progress = progress or Progress()
    scale = model.card.scale or 1
    todo = plan(picture.width, picture.height, scale, size)
    blends = strength < 1.0 or mask is not None
    finishing = round(todo.width * todo.height * FINISHING) if blends or todo.is_reduced else 0
    total = todo.worked * scale**2 + finishing
    made, before = picture, 0
    for number in range(1, todo.passes + 1):
        step = _Step(progress, before, total, f"pass {number} of {todo.passes}, " if todo.passes > 1 else "")
        made = upscale(made, model, tile=tile, progress=step.progress)
        before += made.width * made.height
    if not finishing:
        return made
    try:
        pixels = np.empty((todo.height, todo.width, picture.pixels.shape[2]), picture.pixels.dtype)
        for top in range(0, todo.height, _BAND):
            bottom = min(top + _BAND, todo.height)
            rows = resized_rows(made.pixels, todo.width, todo.height, top, bottom)
            if blends:
                plain = resized_rows(picture.pixels, todo.width, todo.height, top, bottom)
                reach = None if mask is None else resized_mask(mask, todo.width, todo.height, top, bottom)
                rows = blend(plain, rows, strength, reach)
            pixels[top:bottom] = rows
            progress(before + finishing * bottom // todo.height, total, "finishing")
    except MemoryError as error:
        raise OutOfMemory(
            f"A picture of {todo.width}×{todo.height} pixels does not fit in memory; choose a smaller size."
        ) from error
    pixels.flags.writeable = False
    return replace(made, pixels=pixels)


class _Step:
    """The progress of one pass, told as a part of the whole."""

    def __init__(self, whole: Progress, before: int, total: int, text: str) -> None:
        self._whole, self._before, self._total, self._text = whole, before, total, text
        self.progress = Progress(self._report, whole.notice, within=whole)

    def _report(self, done: int, total: int, text: str) -> None:
        self._whole(self._before + done, self._total, self._text + text)
