"""Reading states back: the one that a person waits for, and one to compare with, each giving way to the next."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.core.jobs import Job, JobQueue
from app.documents.open_document import OpenDocument
from app.states import state as states
from app.states.state import State


class Reading(QObject):
    """Reads in `files`. What comes after another state was asked for, or `stop`, is not told."""

    begun = Signal(object, object)  # the job, and the document
    changed = Signal()  # whether something is being read for the person
    arrived = Signal(
        object, object, object, object
    )  # the document, its state, the photo, the opened file's stamp or None
    failed = Signal(object, object, object)  # the document, its state, and why
    given_up = Signal()  # the person did not want to wait
    compared = Signal(object)  # a document with a state to compare with that is in memory again
    not_compared = Signal(object)  # why

    def __init__(self, files: JobQueue, parent: QObject) -> None:
        super().__init__(parent)
        self._files = files
        self._job: Job | None = None
        self._quiet_job: Job | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a person waits."""
        return self._job is not None

    def read(self, document: OpenDocument, state: State) -> None:
        """Read what is to be shown."""
        self.stop()
        job = self._job = self._files.submit(states.read, state.place())
        job.finished.connect(lambda result: self._over(job) and self.arrived.emit(document, state, *result))
        job.failed.connect(lambda error: self._over(job) and self.failed.emit(document, state, error))
        job.cancelled.connect(lambda: self._over(job) and self.given_up.emit())
        job.ended.connect(self.changed)
        self.begun.emit(job, document)
        self.changed.emit()

    def stop(self) -> None:
        """Nobody waits any more."""
        if self._job is not None:
            job, self._job = self._job, None
            job.cancel()

    def read_quietly(self, document: OpenDocument, state: State) -> None:
        """Read a state that is compared with, if it can be; what is shown does not wait for it."""
        if not state.can_be_read:
            return
        if self._quiet_job is not None:
            self._quiet_job.cancel()
        job = self._quiet_job = self._files.submit(states.read, state.place())

        def arrived(result: tuple) -> None:
            if document.is_open and not state.is_dropped:
                state.hold(result[0])
                self.compared.emit(document)

        def ended() -> None:
            if self._quiet_job is job:
                self._quiet_job = None

        job.finished.connect(arrived)
        job.failed.connect(self.not_compared)
        job.ended.connect(ended)

    def _over(self, job: Job) -> bool:
        """Whether `job` is the one that is waited for; it is not, from now on."""
        if job is not self._job:
            return False
        self._job = None
        return True
