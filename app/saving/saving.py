"""Saving: the photo is written off the GUI thread, in the format, quality and place a person chose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from app.core import errors
from app.core.jobs import Job, JobQueue
from app.core.messages import MessageBar
from app.core.settings import Settings
from app.documents.document import Document
from app.documents.open_document import OpenDocument
from app.photos.photo import Photo
from app.saving.choice import SaveChoice, Version, save_photo, version_of
from engines.errors import shown


class Saving(QObject):
    """Saves one photo at a time, and asks about changes that nobody saved."""

    started = Signal(object, str)  # the job, what it does
    saved = Signal(object)  # the path

    def __init__(self, queue: JobQueue, document: Document, messages: MessageBar, settings: Settings) -> None:
        super().__init__()
        self._queue = queue
        self._document = document
        self._messages = messages
        self._settings = settings
        self._job: Job | None = None

    @property
    def job(self) -> Job | None:
        """The save that runs, if one does."""
        return self._job

    def save(self, parent: QWidget, then: Callable[[], object] | None = None, version: Version | None = None) -> None:
        """Save what is shown, or `version`, to where it was saved before, else ask; `then()` once it is saved."""
        version = version or version_of(self._document.current)
        if version is not None and version.document.save_choice is not None:
            self.write(replace(version.document.save_choice, replaces=True), then, version)
        else:
            self.save_as(parent, then, version)

    def save_as(
        self, parent: QWidget, then: Callable[[], object] | None = None, version: Version | None = None
    ) -> None:
        """Ask where and how, and save what is shown now, or `version`; `then()` once it is saved."""
        from app.saving.dialog import SaveDialog  # the window starts without it

        version = version or version_of(self._document.current)
        if version is None or self._job is not None:
            return
        dialog = SaveDialog(version, self._settings, self._queue, parent)
        dialog.chosen.connect(lambda choice: self.write(choice, then, version))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(
        self, choice: SaveChoice, then: Callable[[], object] | None = None, version: Version | None = None
    ) -> Job | None:
        """Save what is shown, or `version`, as `choice` says."""
        version = version or version_of(self._document.current)
        if version is None or self._job is not None:
            return None
        job = self._job = self._queue.submit(save_photo, version.photo, choice, version.steps)
        job.finished.connect(lambda notices: self._saved(version.photo, choice, notices))
        job.failed.connect(lambda error: self._failed(choice, error))
        job.ended.connect(self._ended)
        self.started.emit(job, self.tr("Saving {name}…").format(name=shown(choice.target)))
        if then is not None:
            job.finished.connect(lambda _: then())
        return job

    def ask_before_losing(self, parent: QWidget, proceed: Callable[[], object], again: Callable[[], object]) -> None:
        """`proceed()` at once where nothing would be lost; else ask, and then at once, not at all, or when saved `again()`:
        the document may have become another while it was written.
        """
        if self._job is not None:  # what is being saved must not be cancelled by closing
            self._job.finished.connect(lambda _: again())
            return
        document = self._document.current
        if document is None or not self._settings.ask_unsaved or not (document.is_modified or document.is_worked_on):
            proceed()
            return
        version, was_modified = version_of(document), document.is_modified
        answer = self._question(parent, document)
        if answer == QMessageBox.StandardButton.Save:
            document.stop_work()
            self.save(parent, again, version)
        elif answer == QMessageBox.StandardButton.Discard and document.is_modified and not was_modified:
            again()  # what was to be stopped came to its end meanwhile, and nobody was asked about that
        elif answer == QMessageBox.StandardButton.Discard:
            proceed()

    def _question(self, parent: QWidget, document: OpenDocument) -> int:
        """Ask about `document`, of which something would be lost; gives the button."""
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.NoIcon)
        name = shown(document.source) if document.source is not None else self.tr("the photo")
        buttons = QMessageBox.StandardButton
        stopped = self.tr("What still runs for it is stopped, and its result lost.") if document.is_worked_on else ""
        if document.is_modified:
            box.setWindowTitle(self.tr("Unsaved Changes"))
            box.setText(self.tr("Save the changes to “{name}”?").format(name=name))
            lost = self.tr("Without saving, what was done since the last save is lost.")
            box.setInformativeText(f"{lost} {stopped}".rstrip())
            box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
            save = box.button(buttons.Save)
            save.setObjectName("primary")
            save.style().polish(save)
            save.setText(self.tr("Save…") if document.save_choice is None else self.tr("Save"))
            box.setDefaultButton(buttons.Save)
            box.button(buttons.Discard).setText(self.tr("Don’t Save"))
        else:
            box.setWindowTitle(self.tr("Unfinished Work"))
            box.setText(self.tr("Stop the work on “{name}”?").format(name=name))
            box.setInformativeText(stopped)
            box.setStandardButtons(buttons.Discard | buttons.Cancel)
            box.setDefaultButton(buttons.Cancel)
            box.button(buttons.Discard).setText(self.tr("Stop Work"))
        box.setEscapeButton(buttons.Cancel)
        answer = box.exec()
        box.deleteLater()
        return answer

    def _saved(self, photo: Photo, choice: SaveChoice, notices: tuple[str, ...]) -> None:
        self._job = None
        self._settings.save_folder = str(choice.target.parent)
        self._settings.keep, self._settings.note_steps = choice.keep, choice.note_steps
        if choice.quality is not None:
            self._settings.qualities[choice.format] = choice.quality
        self._document.saved_to(choice.target, photo, choice)
        self.saved.emit(choice.target)
        for notice in notices:
            self._messages.tell(notice, "warning", str(choice.target))
        if not notices:
            self._messages.tell(self.tr("Saved as {target}.").format(target=choice.target), passing=True)

    def _failed(self, choice: SaveChoice, error: BaseException) -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", f"{choice.target}\n\n{errors.details(error)}")

    def _ended(self) -> None:
        self._job = None
