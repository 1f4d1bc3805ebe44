"""Saving: the photo is written off the GUI thread, in the format, quality and place a person chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from app import errors
from app.document import Document
from app.history.open_document import OpenDocument
from app.jobs import Job, JobQueue
from app.message_bar import MessageBar
from app.photo import Photo
from app.settings import Settings
from engines import picture as pictures
from engines.formats import shown
from engines.metadata import Keep, Metadata
from engines.progress import Progress


@dataclass(frozen=True)
class SaveChoice:
    """Where and how to save. `keep` is what of the metadata stays, `note_steps` whether the neural steps are written
    down with it; `replaces` says that the person agreed to replace the file that is there.
    """

    target: Path
    format: str
    quality: int | None
    keep: Keep = "all"
    note_steps: bool = True
    replaces: bool = False


@dataclass(frozen=True, eq=False)
class Version:
    """What is saved, caught before anything is asked: by the time of the answer another document may be shown."""

    document: OpenDocument
    photo: Photo
    steps: tuple[Mapping[str, Any], ...]  # the neural steps that made it, objects of plain JSON, the first one first


def version_of(document: OpenDocument | None) -> Version | None:
    """What `document` shows now; None while that is not in memory."""
    if document is None or document.photo is None:
        return None
    return Version(document, document.photo, tuple(document.steps))


def metadata_to_write(
    metadata: Metadata, keep: Keep, steps: Sequence[Mapping[str, Any]], *, note_steps: bool
) -> Metadata:
    """What a file gets: what is kept, and the recipe, which goes on from the one that the photo came with."""
    kept = metadata.kept(keep)
    return kept.with_steps((*metadata.steps, *steps) if note_steps else ())


def save_photo(
    photo: Photo, choice: SaveChoice, steps: Sequence[Mapping[str, Any]] = (), *, progress: Progress
) -> tuple[str, ...]:
    """Write `photo`; the sentences that come back say what was lost. Raises TargetError, and Cancelled until the file is
    about to be put in place: from then on it is saved, whoever would stop it.
    """
    progress.check()
    metadata = metadata_to_write(photo.picture.metadata, choice.keep, steps, note_steps=choice.note_steps)
    return pictures.save(
        replace(photo.picture, metadata=metadata),
        choice.target,
        format=choice.format,
        quality=choice.quality,
        overwrite_source=choice.replaces,
        progress=progress,
    )


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
        from app.save_dialog import SaveDialog

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
