"""Upscaling: the model a person chose is opened, run on the photo off the GUI thread, and its result is one undo step.

What the person looks at comes first: that part is upscaled at once and told by a signal, then the whole goes on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app import errors, photo
from app.canvas import pyramid
from app.canvas.pyramid import Pyramid
from app.document import Document
from app.history.open_document import OpenDocument
from app.jobs import Job, JobQueue
from app.message_bar import MessageBar
from app.photo import Photo
from engines.errors import Cancelled
from engines.estimate import plan
from engines.picture import Picture
from engines.progress import Progress

if TYPE_CHECKING:
    from engines.library import ModelEntry
    from engines.model import Model

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
    """The result, and how fast it was: pixels of the photo a second; None where it was over too soon to tell."""

    photo: Photo
    speed: float | None


class OpenedModel:
    """The model used last, kept open. Only ever used on the thread of the lane `work`."""

    def __init__(self) -> None:
        self._model: Model | None = None
        self._key: tuple[object, ...] = ()

    def of(self, entry: ModelEntry, progress: Progress) -> Model:
        """The model of `entry`, opened unless it is open already and its file is the same."""
        from engines.model import open_model

        state = entry.path.stat() if entry.path.exists() else None
        key = (entry.path, state and (state.st_mtime_ns, state.st_size, state.st_ino))
        if self._model is None or key != self._key:
            self.close()
            self._model, self._key = open_model(entry.path), key
            if self._model.opening_notice:
                progress.notice(self._model.opening_notice)
        return self._model

    def close(self) -> None:
        """Let go of the model."""
        if self._model is not None:
            self._model.close()
        self._model, self._key = None, ()


def upscale_photo(
    source: Photo,
    entry: ModelEntry,
    opened: OpenedModel,
    on_device: Callable[[str], None],
    *,
    options: UpscaleOptions,
    mask: Mask | None,
    first: Box | None,
    on_part: Callable[[Part], None],
    progress: Progress,
) -> Upscaled:
    """`source` upscaled by the model of `entry`, the part `first` of it before all else; that is told by `on_part`.

    `on_device(name)` is told where it runs. Raises DuskroomError, Cancelled.
    """
    from engines.enlarge import enlarge

    progress.check()
    model = opened.of(entry, progress)
    on_device(model.provider)
    picture = source.picture
    try:
        todo = plan(picture.width, picture.height, model.card.scale or 1, options.size)
        if first is not None and worth_doing_first(first, picture, model.card.overlap):
            progress(0, 1, "the part in sight first")
            on_part(upscale_part(source, model, first, options=options, mask=mask, progress=progress))
        begun = time.perf_counter()
        result = enlarge(picture, model, size=options.size, strength=options.strength, mask=mask, progress=progress)
        seconds = time.perf_counter() - begun
    except Cancelled:
        raise
    except Exception:
        opened.close()  # whatever state it is in; the next try opens it afresh
        raise
    on_device(model.provider)  # it may have fallen back to the CPU on the way
    speed = todo.worked / seconds if todo.worked >= SMALLEST_SPEED_PIXELS and seconds > 0 else None
    return Upscaled(photo.of(result, progress=progress), speed)


def worth_doing_first(box: Box, picture: Picture, overlap: float) -> bool:
    """Whether the part `box` is there long before the whole: it is much smaller, and the model may see a part alone."""
    left, top, right, bottom = box
    area = max(0, right - left) * max(0, bottom - top)
    return 0 < area <= MOST_FIRST * picture.width * picture.height and not math.isinf(overlap)


def upscale_part(
    source: Photo, model: Model, box: Box, *, options: UpscaleOptions, mask: Mask | None, progress: Progress
) -> Part:
    """The part `box` of `source` as the whole will have it there, at the same scale to within a pixel."""
    from engines.enlarge import enlarge

    picture, scale = source.picture, model.card.scale or 1
    todo = plan(picture.width, picture.height, scale, options.size)
    around = math.ceil(model.card.overlap) + 8  # what the network sees around it, and the reduction
    left, top = max(0, box[0] - around), max(0, box[1] - around)
    right, bottom = min(picture.width, box[2] + around), min(picture.height, box[3] + around)
    crop = replace(picture, pixels=np.ascontiguousarray(picture.pixels[top:bottom, left:right]))
    across, down = todo.width / picture.width, todo.height / picture.height
    size = None
    if options.size is not None:
        size = max(right - left, round((right - left) * across)), max(bottom - top, round((bottom - top) * down))
    quiet = Progress(notice=progress.notice, within=progress)
    large = enlarge(
        crop,
        model,
        size=size,
        strength=options.strength,
        mask=None if mask is None else mask[top:bottom, left:right],
        progress=quiet,
    )
    x, y = round((box[0] - left) * across), round((box[1] - top) * down)
    wide, tall = round((box[2] - box[0]) * across), round((box[3] - box[1]) * down)
    kept = np.ascontiguousarray(large.pixels[y : y + tall, x : x + wide])
    kept.flags.writeable = False
    return Part(source, box, pyramid.build(kept, picture.metadata.icc, progress=quiet))


class Upscaling(QObject):
    """Runs one upscale at a time.

    `visible()` gives the part of the photo in sight, `mask()` where the photo may be changed; either None where there is
    nothing to say.
    """

    started = Signal(object)  # the job
    ran_on = Signal(str)  # the device, as the model that runs says itself
    part_made = Signal(object)  # a Part of the document's photo
    measured = Signal(object, float)  # the model's entry, the speed it had

    _part_arrived = Signal(object)  # a Part, from the thread of the job

    def __init__(self, queue: JobQueue, document: Document, messages: MessageBar) -> None:
        super().__init__()
        self._queue = queue
        self._document = document
        self._messages = messages
        self._opened = OpenedModel()
        self._job: Job | None = None
        self.visible: Callable[[], Box | None] = lambda: None
        self.mask: Callable[[], Mask | None] = lambda: None
        self._part_arrived.connect(self._show_part)

    def start(self, entry: ModelEntry, options: UpscaleOptions | None = None) -> Job | None:
        """Upscale the document's photo; None where there is none or something else is running."""
        source, place = self._document.photo, self._document.current
        if source is None or place is None or self._queue.is_busy:
            return None
        options = options or UpscaleOptions()
        mask = self.mask()
        job = self._job = self._queue.submit(
            upscale_photo,
            source,
            entry,
            self._opened,
            self.ran_on.emit,
            options=options,
            mask=mask,
            first=self.visible(),
            on_part=self._part_arrived.emit,
        )
        job.finished.connect(lambda result: self._finished(place, source, entry, options, mask is not None, result))
        job.failed.connect(self._failed)
        job.noticed.connect(lambda sentence: self._messages.tell(sentence, "warning"))
        self.started.emit(job)
        return job

    def close(self) -> None:
        """Let go of the model; only once the queue is closed."""
        self._opened.close()

    def _show_part(self, part: Part) -> None:
        job = self._job
        if part.source is self._document.photo and job is not None and not job.is_over and not job.is_cancelling:
            self.part_made.emit(part)

    def _finished(
        self,
        place: OpenDocument,
        source: Photo,
        entry: ModelEntry,
        options: UpscaleOptions,
        masked: bool,
        result: Upscaled,
    ) -> None:
        """The result belongs to the document that it was started for, whichever is shown now."""
        if result.speed is not None:
            self.measured.emit(entry, result.speed)
        if not place.shows(source):
            return
        name = entry.card.name if entry.card is not None else entry.name
        picture = result.photo.picture
        step = {
            "tool": "upscale",
            "model": name,
            "size": [picture.width, picture.height],
            "strength": options.strength,
            "mask": masked,
        }
        place.replace(self.tr("Upscale with {model}").format(model=name), result.photo, step)
        for notice in picture.notices:
            if notice not in source.picture.notices:
                self._messages.tell(notice, "information")

    def _failed(self, error: BaseException) -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", errors.details(error))
