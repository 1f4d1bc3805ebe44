"""Upscaling: the model a person chose is opened, run on the photo off the GUI thread, and its result is one undo step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app import errors, photo
from app.document import Document
from app.jobs import Job, JobQueue
from app.message_bar import MessageBar
from app.photo import Photo
from engines.errors import Cancelled
from engines.progress import Progress

if TYPE_CHECKING:
    from engines.library import ModelEntry
    from engines.model import Model


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


def upscale_photo(source: Photo, entry: ModelEntry, opened: OpenedModel, on_device, *, progress: Progress) -> Photo:
    """`source` upscaled by the model of `entry`; `on_device(name)` is told where it runs. Raises DuskroomError, Cancelled."""
    from engines.upscale import upscale

    progress.check()
    model = opened.of(entry, progress)
    on_device(model.provider)
    try:
        result = upscale(source.picture, model, progress=progress)
    except Cancelled:
        raise
    except Exception:
        opened.close()  # whatever state it is in; the next try opens it afresh
        raise
    on_device(model.provider)  # it may have fallen back to the CPU on the way
    return photo.of(result, progress=progress)


class Upscaling(QObject):
    """Runs one upscale at a time."""

    started = Signal(object)  # the job
    ran_on = Signal(str)  # the device, as the model that runs says itself

    def __init__(self, queue: JobQueue, document: Document, messages: MessageBar) -> None:
        super().__init__()
        self._queue = queue
        self._document = document
        self._messages = messages
        self._opened = OpenedModel()

    def start(self, entry: ModelEntry) -> Job | None:
        """Upscale the document's photo; None where there is none or something else is running."""
        source = self._document.photo
        if source is None or self._queue.is_busy:
            return None
        job = self._queue.submit(upscale_photo, source, entry, self._opened, self.ran_on.emit)
        job.finished.connect(lambda result: self._finished(source, entry, result))
        job.failed.connect(self._failed)
        job.noticed.connect(lambda sentence: self._messages.tell(sentence, "warning"))
        self.started.emit(job)
        return job

    def close(self) -> None:
        """Let go of the model; only once the queue is closed."""
        self._opened.close()

    def _finished(self, source: Photo, entry: ModelEntry, result: Photo) -> None:
        if source is not self._document.photo:
            return
        name = entry.card.name if entry.card is not None else entry.name
        self._document.replace(self.tr("Upscale with {model}").format(model=name), result)
        for notice in result.picture.notices:
            if notice not in source.picture.notices:
                self._messages.tell(notice, "information")

    def _failed(self, error: BaseException) -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", errors.details(error))
