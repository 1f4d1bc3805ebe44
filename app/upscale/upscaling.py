"""Upscaling: the model a person chose is run on the photo off the GUI thread, and its result is one undo step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core import errors
from app.core.jobs import Job, JobQueue
from app.core.messages import MessageBar
from app.core.settings import Settings
from app.documents.document import Document
from app.documents.open_document import OpenDocument
from app.photos.photo import Photo
from app.upscale.work import Box, Mask, OpenedModel, Part, Upscaled, UpscaleOptions, upscale_photo

if TYPE_CHECKING:
    from engines.models.library import ModelEntry


class Upscaling(QObject):
    """Runs one upscale at a time.

    `visible()` gives the part of the photo in sight, `mask()` where the photo may be changed, `speed_of(entry)` how fast a
    model is; each None where there is nothing to say.
    """

    started = Signal(object)  # the job
    ran_on = Signal(str)  # the device, as the model that runs says itself
    fitting = Signal(object, object)  # an open document, and the mask that fits what was just made for it
    part_made = Signal(object)  # a Part of the document's photo
    measured = Signal(object, float)  # the model's entry, the speed it had

    _part_arrived = Signal(object)  # a Part, from the thread of the job

    def __init__(self, queue: JobQueue, document: Document, messages: MessageBar, settings: Settings) -> None:
        super().__init__()
        self._queue = queue
        self._document = document
        self._messages = messages
        self._settings = settings
        self._opened = OpenedModel()
        self._job: Job | None = None
        self.visible: Callable[[], Box | None] = lambda: None
        self.mask: Callable[[], Mask | None] = lambda: None
        self.speed_of: Callable[[ModelEntry], float | None] = lambda entry: None
        self._part_arrived.connect(self._show_part)

    def start(self, entry: ModelEntry, options: UpscaleOptions | None = None) -> Job | None:
        """Upscale the document's photo; None where there is none or something else is running."""
        source, place = self._document.photo, self._document.current
        if source is None or place is None or self._queue.is_busy:
            return None
        options = options or UpscaleOptions()
        mask = self.mask()
        threads = self._settings.threads
        job = self._job = self._queue.submit(
            upscale_photo,
            source,
            entry,
            self._opened,
            self.ran_on.emit,
            options=options,
            mask=mask,
            first=self.visible(),
            speed=self.speed_of(entry),
            threads=threads,
            on_part=self._part_arrived.emit,
        )
        job.finished.connect(lambda result: self._learn(entry, threads, result.speed))
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

    def _learn(self, entry: ModelEntry, threads: int, speed: float | None) -> None:
        if speed is not None and threads == self._settings.threads:
            self.measured.emit(entry, speed)

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
        if result.plan.is_reduced:
            step["reduced_from"] = [result.plan.made_width, result.plan.made_height]
        place.replace(self.tr("Upscale with {model}").format(model=name), result.photo, step)
        if result.fitting is not None:
            self.fitting.emit(place, result.fitting)
        for notice in picture.notices:
            if notice not in source.picture.notices:
                self._messages.tell(notice, "information")

    def _failed(self, error: BaseException) -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", errors.details(error))
