"""Opening: a dialog, a drop or the command line names photos; they are read off the GUI thread and become documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QUrl, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core import errors
from app.core.jobs import Job, JobQueue
from app.core.messages import MessageBar
from app.core.settings import Settings
from app.documents.document import Document
from app.photos.photo import Photo
from app.states import state as states
from app.states.state import Place, Stamp
from engines.errors import shown
from engines.pictures.formats import FORMATS


class Opening(QObject):
    """Opens photos beside those that are open."""

    started = Signal(object, str)  # the job, what it does
    changed = Signal()  # whether a photo is being opened
    first_look = Signal(object)  # the Photo that is being opened, much reduced; nothing may be done to it

    _first_look_arrived = Signal(object, object)  # from the thread of the job: its path, the Photo

    def __init__(self, queue: JobQueue, document: Document, messages: MessageBar, settings: Settings) -> None:
        super().__init__()
        self._document = document
        self._messages = messages
        self._settings = settings
        self._jobs: list[Job] = []  # those that are not over, in order
        self._first_look_arrived.connect(self._show_first_look)

    @property
    def is_busy(self) -> bool:
        """Whether a photo is being opened."""
        return bool(self._jobs)

    def cancel(self) -> None:
        """Open nothing of what is being opened."""
        for job in self._jobs:
            job.cancel()

    def ask(self, parent: QWidget, then: Callable[[list[Path]], None]) -> QFileDialog:
        """Show the dialog that asks for photos; `then(paths)` once some are chosen."""
        every = " ".join(f"*{suffix} *{suffix.upper()}" for known in FORMATS for suffix in known.suffixes)
        dialog = QFileDialog(parent, self.tr("Open Photos"), self._settings.open_folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([self.tr("Photos ({suffixes})").format(suffixes=every), self.tr("All files (*)")])
        dialog.filesSelected.connect(lambda paths: then([Path(path) for path in paths]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def pick(self, paths: Sequence[Path]) -> Path | None:
        """The first of `paths` that can be opened, as `pick_all` says."""
        picked = self.pick_all(paths[:1])
        return picked[0] if picked else None

    def pick_all(self, paths: Sequence[Path]) -> list[Path]:
        """Those of `paths` that can be opened, absolute and each once; what cannot be is said in the message bar."""
        self._messages.clear()
        if not paths:
            self._messages.tell(
                self.tr("Only files of this computer can be opened; save the picture to a folder first."), "warning"
            )
        picked: list[Path] = []
        for path in map(_absolute, paths):
            if os.path.isdir(path):
                self._messages.tell(
                    self.tr("“{name}” is a folder; open one of the photos in it.").format(name=shown(path)),
                    "warning",
                    str(path),
                )
            elif path not in picked:
                picked.append(path)
        return picked

    def open_all(self, paths: Sequence[Path]) -> None:
        """Open the photos at `paths`: the first is shown, the others wait in the film strip until they are chosen.

        One that is open already is not opened twice, but shown.
        """
        fresh = [path for path in paths if self._document.find(path) is None]
        known = self._document.find(paths[0]) if paths else None
        if known is not None:
            self._document.select(known)
            for path in fresh:
                self._document.add_unread(path)
        elif fresh:
            self._open_first(fresh)

    def _open_first(self, paths: Sequence[Path]) -> None:
        job = self.open(paths[0])
        opened: list[bool] = []
        job.finished.connect(lambda _: opened.append(True))

        def add_the_rest() -> None:
            if opened or job.is_cancelling:
                for path in paths[1:]:
                    self._document.add_unread(path)
            elif paths[1:]:
                self._open_first(paths[1:])

        job.ended.connect(add_the_rest)

    def open(self, path: Path) -> Job:
        """Open the photo at `path` beside those that are open, and show it."""
        job = self._document.files.submit(
            states.read, Place(None, path, None), lambda small: self._first_look_arrived.emit(path, small)
        )
        self._jobs.append(job)
        job.finished.connect(lambda result: self._opened(path, *result))
        job.failed.connect(lambda error: self._failed(path, error))
        job.ended.connect(lambda: self._ended(job))
        self.started.emit(job, self.tr("Opening {name}…").format(name=shown(path)))
        self.changed.emit()
        return job

    def _show_first_look(self, path: Path, small: Photo) -> None:
        if self._jobs and not self._jobs[0].is_cancelling and small.picture.source == path:
            self.first_look.emit(small)

    def _ended(self, job: Job) -> None:
        self._jobs.remove(job)
        self.changed.emit()

    def _opened(self, path: Path, result: Photo, stamp: Stamp | None) -> None:
        self._settings.open_folder = str(path.parent)
        self._document.open(result, stamp)
        for notice in result.picture.notices:
            self._messages.tell(notice, "information", str(path))

    def _failed(self, path: Path, error: BaseException) -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", f"{path}\n\n{errors.details(error)}")


def _absolute(path: Path) -> Path:
    """The same file also for who asks later and from elsewhere: a watch, a save, a start after a crash."""
    try:
        return path.absolute()
    except OSError:  # the folder that one is in is gone
        return path


def dropped_paths(data: QMimeData) -> list[Path]:
    """The files of this machine in what is dropped; empty where there are none."""
    urls: list[QUrl] = data.urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
