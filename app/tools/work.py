"""The work of the tools: each is applied off the GUI thread, and its result is one undo step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core import errors
from app.core.jobs import Job, JobQueue
from app.core.messages import MessageBar
from app.documents.document import Document
from app.documents.open_document import OpenDocument
from app.mask.masks import Masks
from app.photos import photo
from app.photos.photo import Photo
from app.photos.pyramid import is_converted
from engines.pixels import Mask
from engines.progress import Progress, stretch

SHOWN, SHOWN_CONVERTED = 0.1, 0.5  # what a pixel costs until it can be shown, of one that a tool changes

Work = Callable[[Photo, Mask | None, Progress], tuple[Any, Mask | None]]
"""Gives the new pixels and, where their places changed, the mask that fits them; None: it stays as it is."""


def run(work: Work, source: Photo, mask: Mask | None, *, progress: Progress) -> tuple[Photo, Mask | None]:
    """`work` done on `source`, ready to be shown. Raises DuskroomError, Cancelled."""
    area = source.picture.width * source.picture.height
    showing = round(area * (SHOWN_CONVERTED if is_converted(source.picture.metadata.icc) else SHOWN))
    pixels, fitting = work(source, mask, stretch(progress, 0, area, area + showing))
    for made in (pixels, fitting):
        if made is not None and made.flags.writeable:
            made.flags.writeable = False  # it is ours alone, and need not be copied
    view = stretch(progress, area, showing, area + showing)
    return photo.of(replace(source.picture, pixels=pixels), progress=view), fitting


class ToolWork(QObject):
    """Runs one tool at a time."""

    started = Signal(object)  # the job
    applied = Signal()
    fitting = Signal(object, object)  # an open document, and the mask that fits what was just made for it

    def __init__(
        self, queue: JobQueue, document: Document, messages: MessageBar, masks: Masks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._queue, self._document, self._messages, self._masks = queue, document, messages, masks

    def start(self, name: str, work: Work, step: Mapping[str, Any]) -> Job | None:
        """Apply `work` as the step `name`; None where there is no photo or something else is running."""
        source = self._document.photo
        if source is None or self._queue.is_busy or self._masks.is_drawing:
            return None
        # With several documents the result belongs to the one it was started for, whichever is shown then.
        place = self._document.current
        job = self._queue.submit(run, work, source, self._masks.mask)
        job.finished.connect(lambda made: self._finished(place, source, name, step, *made))
        job.failed.connect(self.tell)
        self.started.emit(job)
        return job

    def _finished(
        self,
        place: OpenDocument | None,
        source: Photo,
        name: str,
        step: Mapping[str, Any],
        result: Photo,
        mask: Mask | None,
    ) -> None:
        shown = self._document.photo is source
        if place is None or not place.shows(source):
            return
        place.replace(name, result, step)
        if mask is not None:
            self.fitting.emit(place, mask)
        if shown:
            self.applied.emit()

    def tell(self, error: BaseException) -> None:
        """Say what went wrong."""
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", errors.details(error))
