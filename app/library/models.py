"""Models: what the window asks of the library, listed and added to off the GUI thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core import errors, paths
from app.core.jobs import Job, JobQueue
from app.core.messages import MessageBar
from engines.models.library import ModelEntry, ModelLibrary
from engines.progress import Progress


def entries(*, progress: Progress) -> list[ModelEntry]:
    """Every model there is: those that ship and the person's own."""
    progress.check()
    return ModelLibrary(paths.model_folders()).entries()


def add(file: Path, *, progress: Progress) -> list[ModelEntry]:
    """Copy a model file, and a translation's other direction, into the person's own folder. Raises ModelError, TargetError."""
    progress.check()
    return ModelLibrary(paths.model_folders()).add(file, progress=progress)


class Models(QObject):
    """The library as the window sees it."""

    listed = Signal(object)  # a list of ModelEntry
    added = Signal(str)  # a name

    def __init__(self, queue: JobQueue, messages: MessageBar) -> None:
        super().__init__()
        self._queue = queue
        self._messages = messages

    def list(self) -> Job:
        """Read the library; `listed` follows, later where somebody stops it: without it there is nothing to choose from."""
        job = self._queue.submit(entries)
        job.finished.connect(self.listed)
        job.cancelled.connect(self.list)
        job.failed.connect(self._failed)
        return job

    def ask(self, parent: QWidget) -> QFileDialog:
        """Show the dialog that asks for a model file, and add what is chosen."""
        dialog = QFileDialog(parent, self.tr("Add a Model"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Models (*.onnx)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda path: self.add(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def add(self, file: Path) -> Job:
        """Copy a model into the person's folder; `added`, then `listed` follow."""
        job = self._queue.submit(add, file)
        job.noticed.connect(lambda sentence: self._messages.tell(sentence, "warning"))
        job.finished.connect(self._added)
        job.failed.connect(self._failed)
        return job

    def _added(self, entries: list[ModelEntry]) -> None:
        self.added.emit(entries[0].name)
        for entry in entries:
            name = entry.card.name if entry.card else entry.name
            self._messages.tell(self.tr("“{name}” is in your library now.").format(name=name), passing=True)
        self.list()

    def _failed(self, error: BaseException) -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", errors.details(error))
