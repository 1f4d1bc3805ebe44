"""The size of a file that is not written yet: worked out off the GUI thread once the hand rests, and told in words."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QWidget

from app.core.jobs import Job, JobQueue
from app.saving.encoded_size import EncodedSize, encoded_size
from engines.metadata.metadata import Metadata
from engines.pictures.formats import Format
from engines.pictures.picture import Picture

DELAY_MS = 120  # after the last move of a slider, before the size is worked out


class FileSize(QLabel):
    """Tells the size of `picture` in the format that was asked for last."""

    def __init__(self, queue: JobQueue, picture: Picture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._picture = picture
        self._wanted: tuple[Format, int | None, Metadata] | None = None
        self._job: Job | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._work_out)
        self.setAccessibleName(self.tr("Size of the file"))

    def ask(self, format: Format, quality: int | None, metadata: Metadata) -> None:
        """Work out the size with these, in place of what was asked before."""
        self.stop()
        self._wanted = format, quality, metadata
        self.setText(self.tr("is being worked out…"))
        self._timer.start()

    def stop(self) -> None:
        """Work out nothing any more."""
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _work_out(self) -> None:
        assert self._wanted is not None
        format, quality, metadata = self._wanted
        job = self._job = self._queue.submit(
            encoded_size, self._picture, format, quality, metadata, whole=False, lane="preview"
        )
        job.finished.connect(lambda size: self._show(job, size))
        job.failed.connect(lambda error: self._failed(job))
        job.cancelled.connect(lambda: self._given_up(job))

    def _show(self, job: Job, size: EncodedSize) -> None:
        if job is self._job:
            self._job = None
            text = megabytes(size.bytes)
            self.setText(text if size.exact else self.tr("about {size}").format(size=text))

    def _failed(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self.setText(self.tr("known once it is saved"))

    def _given_up(self, job: Job) -> None:
        """Something else was to be seen first, and nobody wants another size: once more."""
        if job is self._job:
            self._job = None
            self._timer.start()


def megabytes(count: int) -> str:
    """A number of bytes as a person reads it: "640 kB", "3.4 MB"."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"
