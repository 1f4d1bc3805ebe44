"""Opening: a dialog, a drop or the command line names a photo; it is read off the GUI thread and becomes the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QUrl, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app import errors, photo
from app.document import Document
from app.jobs import Job, JobQueue
from app.message_bar import MessageBar
from app.photo import Photo
from app.settings import Settings
from engines.formats import FORMATS, shown


class Opening(QObject):
    """Opens one photo at a time; whatever else runs is cancelled for it."""

    started = Signal(object, str)  # the job, what it does

    def __init__(self, queue: JobQueue, document: Document, messages: MessageBar, settings: Settings) -> None:
        super().__init__()
        self._queue = queue
        self._document = document
        self._messages = messages
        self._settings = settings
        self._job: Job | None = None

    def ask(self, parent: QWidget, then: Callable[[list[Path]], None]) -> QFileDialog:
        """Show the dialog that asks for a photo; `then(paths)` once one is chosen."""
        every = " ".join(f"*{suffix} *{suffix.upper()}" for known in FORMATS for suffix in known.suffixes)
        dialog = QFileDialog(parent, self.tr("Open a Photo"), self._settings.open_folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Photos ({suffixes})").format(suffixes=every), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda path: then([Path(path)]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def pick(self, paths: Sequence[Path]) -> Path | None:
        """The one of `paths` that can be opened; what cannot be, and what is left alone, is said in the message bar."""
        self._messages.clear()
        if not paths:
            self._messages.tell(
                self.tr("Only files of this computer can be opened; save the picture to a folder first."), "warning"
            )
            return None
        path = Path(paths[0])
        if path.is_dir():
            self._messages.tell(
                self.tr("“{name}” is a folder; open one of the photos in it.").format(name=shown(path)),
                "warning",
                str(path),
            )
            return None
        if len(paths) > 1:
            self._messages.tell(
                self.tr(
                    "Duskroom edits one photo at a time: “{name}” is opened, and {count} more are left alone."
                ).format(name=shown(path), count=len(paths) - 1)
            )
        return path

    def open(self, path: Path) -> Job:
        """Open the photo at `path`; whatever else runs is cancelled."""
        self._queue.cancel("work")
        job = self._job = self._queue.submit(photo.load, path)
        job.finished.connect(lambda result: self._opened(job, path, result))
        job.failed.connect(lambda error: self._failed(path, error))
        self.started.emit(job, self.tr("Opening {name}…").format(name=shown(path)))
        return job

    def _opened(self, job: Job, path: Path, result: Photo) -> None:
        if job is not self._job:
            return
        self._settings.open_folder = str(path.parent)
        self._document.open(result)
        for notice in result.picture.notices:
            self._messages.tell(notice, "information", str(path))

    def _failed(self, path: Path, error: BaseException) -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", f"{path}\n\n{errors.details(error)}")


def dropped_paths(data: QMimeData) -> list[Path]:
    """The files of this machine in what is dropped; empty where there are none."""
    urls: list[QUrl] = data.urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
