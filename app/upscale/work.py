"""The work of an upscale, off the GUI thread: the part of the photo in sight first, told at once, then the whole."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.photos import photo, pyramid
from app.photos.photo import Photo
from app.photos.pyramid import Pyramid
from engines.errors import Cancelled
from engines.pictures.picture import Picture
from engines.progress import Progress, stretch
from engines.superres.estimate import Cost, Plan, cost, plan

if TYPE_CHECKING:
    from engines.models.library import ModelEntry
    from engines.models.model import Model

Box = tuple[int, int, int, int]
"""A part of a photo in its pixels: left, top, right, bottom; the last two are not in it."""

Mask = NDArray[np.uint8]

MOST_FIRST = 0.5  # of the photo: where more than that is in sight, the whole is what comes first
SMALLEST_SPEED_PIXELS = 200_000  # that an upscale must have taken in for its speed to be worth remembering


@dataclass(frozen=True)
class UpscaleOptions:
    """How a photo is upscaled: to `size` (None: by the model's own scale), and with `strength` 0..1."""

    size: tuple[int, int] | None = None
    strength: float = 1.0


@dataclass(frozen=True, eq=False)
class Part:
    """The part `box` of the photo `source`, upscaled, as it is shown in its place while the whole is made."""

    source: Photo
    box: Box
    pyramid: Pyramid


@dataclass(frozen=True, eq=False)
class Upscaled:
    """The result, how fast the model was, and the mask at the size of the result.

    `speed`: pixels of the photo a second; None where it was over too soon to tell. `fitting`: None where there is no mask, or
    it fits as it is. `plan`: what was done.
    """

    photo: Photo
    speed: float | None
    fitting: Mask | None
    plan: Plan


class OpenedModel:
    """The model used last, kept open. Only ever used on the thread of the lane `work`."""

    def __init__(self) -> None:
        self._model: Model | None = None
        self._key: tuple[object, ...] = ()

    def of(self, entry: ModelEntry, threads: int, progress: Progress) -> Model:
        """The model of `entry` on so many `threads`, opened unless it is so already and its file is the same."""
        from engines.models.model import open_model

        state = entry.path.stat() if entry.path.exists() else None
        key = (entry.path, threads, state and (state.st_mtime_ns, state.st_size, state.st_ino))
        if self._model is None or key != self._key:
            self.close()
            self._model, self._key = open_model(entry.path, threads=threads), key
            if self._model.opening_notice:
                progress.notice(self._model.opening_notice)
        return self._model

    def close(self) -> None:
        """Let go of the model."""
        if self._model is not None:
            self._model.close()
        self._model, self._key = None, ()


@dataclass(frozen=True)
class _Crop:
    """What is upscaled for the part `box`: all `around` it as well, for what the network sees there and the reduction."""

    box: Box
    around: Box
    size: tuple[int, int] | None
    across: float  # pixels of the result for one of the photo
    down: float
    costs: Cost


def upscale_photo(
    source: Photo,
    entry: ModelEntry,
    opened: OpenedModel,
    on_device: Callable[[str], None],
    *,
    options: UpscaleOptions,
    mask: Mask | None,
    first: Box | None,
    speed: float | None,
    threads: int = 0,
    on_part: Callable[[Part], None],
    progress: Progress,
) -> Upscaled:
    """`source` upscaled by the model of `entry`, the part `first` of it before all else; that is told by `on_part`.

    `on_device(name)` is told where it runs; `threads` 0 uses every core. Progress counts all that is done from the first
    pixel to a photo that can be shown, as `engines.superres.estimate.cost` has it by the model's `speed`, as far as that is
    known. Raises DuskroomError, Cancelled.
    """
    from engines.superres.enlarge import enlarge

    progress.check()
    model = opened.of(entry, threads, progress)
    on_device(model.provider)
    picture = source.picture
    try:
        todo = plan(picture.width, picture.height, model.card.scale or 1, options.size)
        converts = pyramid.is_converted(picture.metadata.icc)

        def cost_of(plan: Plan) -> Cost:
            return cost(plan, blends=options.strength < 1.0 or mask is not None, converts=converts, speed=speed)

        crop, whole, before = None, cost_of(todo), 0
        if first is not None and worth_doing_first(first, picture, model.card.overlap):
            crop = _crop(first, picture, model, todo, options.size, cost_of)
            before = crop.costs.total
        total = before + whole.total
        if crop is not None:
            progress(0, total, "the part in sight first")
            on_part(_part(source, model, crop, options, mask, speed, stretch(progress, 0, before, total)))
        begun = time.perf_counter()
        result = enlarge(
            picture,
            model,
            size=options.size,
            strength=options.strength,
            mask=mask,
            speed=speed,
            progress=stretch(progress, before, whole.made + whole.finished, total),
        )
        by_model = (time.perf_counter() - begun) * whole.made / (whole.made + whole.finished)
    except Cancelled:
        raise
    except Exception:
        opened.close()  # whatever state it is in; the next try opens it afresh
        raise
    on_device(model.provider)  # it may have fallen back to the CPU on the way
    seen = todo.worked / by_model if todo.worked >= SMALLEST_SPEED_PIXELS and by_model > 0 else None
    shown = photo.of(result, progress=stretch(progress, total - whole.shown, whole.shown, total))
    return Upscaled(shown, seen, _fitting(mask, result), todo)


def _fitting(mask: Mask | None, result: Picture) -> Mask | None:
    from engines.edit.mask_shapes import fitted

    if mask is None or mask.shape == (result.height, result.width):
        return None
    made = fitted(mask, result.width, result.height)
    made.flags.writeable = False
    return made


def worth_doing_first(box: Box, picture: Picture, overlap: float) -> bool:
    """Whether the part `box` is there long before the whole: it is much smaller, and the model may see a part alone."""
    left, top, right, bottom = box
    area = max(0, right - left) * max(0, bottom - top)
    return 0 < area <= MOST_FIRST * picture.width * picture.height and not math.isinf(overlap)


def _crop(
    box: Box,
    picture: Picture,
    model: Model,
    whole: Plan,
    size: tuple[int, int] | None,
    cost_of: Callable[[Plan], Cost],
) -> _Crop:
    around = math.ceil(model.card.overlap) + 8
    left, top = max(0, box[0] - around), max(0, box[1] - around)
    right, bottom = min(picture.width, box[2] + around), min(picture.height, box[3] + around)
    wide, tall = right - left, bottom - top
    across, down = whole.width / picture.width, whole.height / picture.height
    if size is not None:
        size = max(wide, round(wide * across)), max(tall, round(tall * down))
    costs = cost_of(plan(wide, tall, model.card.scale or 1, size))
    return _Crop(box, (left, top, right, bottom), size, across, down, costs)


def _part(
    source: Photo,
    model: Model,
    crop: _Crop,
    options: UpscaleOptions,
    mask: Mask | None,
    speed: float | None,
    progress: Progress,
) -> Part:
    """The part of `source` as the whole will have it there, at the same scale to within a pixel."""
    from engines.superres.enlarge import enlarge

    (left, top, right, bottom), box, costs = crop.around, crop.box, crop.costs
    pixels = np.ascontiguousarray(source.picture.pixels[top:bottom, left:right])
    large = enlarge(
        replace(source.picture, pixels=pixels),
        model,
        size=crop.size,
        strength=options.strength,
        mask=None if mask is None else mask[top:bottom, left:right],
        speed=speed,
        progress=stretch(progress, 0, costs.made + costs.finished, costs.total),
    )
    x, y = round((box[0] - left) * crop.across), round((box[1] - top) * crop.down)
    wide, tall = round((box[2] - box[0]) * crop.across), round((box[3] - box[1]) * crop.down)
    kept = np.ascontiguousarray(large.pixels[y : y + tall, x : x + wide])
    kept.flags.writeable = False
    view = stretch(progress, costs.total - costs.shown, costs.shown, costs.total)
    return Part(source, box, pyramid.build(kept, source.picture.metadata.icc, progress=view))
