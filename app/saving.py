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


def steps_of(document: Document) -> tuple[Mapping[str, Any], ...]:
    """The neural steps that made what the document shows, objects of plain JSON, the first one first."""
    return tuple(document.steps)


def metadata_to_write(
    metadata: Metadata, keep: Keep, steps: Sequence[Mapping[str, Any]], *, note_steps: bool
) -> Metadata:
    """What a file gets: what is kept, and the recipe, which goes on from the one that the photo came with."""
    kept = metadata.kept(keep)
    return kept.with_steps((*metadata.steps, *steps) if note_steps else ())


def save_photo(
    photo: Photo, choice: SaveChoice, steps: Sequence[Mapping[str, Any]] = (), *, progress: Progress
) -> tuple[str, ...]:
    """Write `photo`; the sentences that come back say what was lost. Raises TargetError and Cancelled."""
    progress.check()
    metadata = metadata_to_write(photo.picture.metadata, choice.keep, steps, note_steps=choice.note_steps)
    return pictures.save(
        replace(photo.picture, metadata=metadata),
        choice.target,
        format=choice.format,
        quality=choice.quality,
        overwrite_source=choice.replaces,
    )


class Saving(QObject):
    """Saves one photo at a time, and asks about changes that nobody saved."""

    started = Signal(object, str)  # the job, what it does
    saved = Signal()

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

    def save(self, parent: QWidget, then: Callable[[], object] | None = None) -> None:
        """Save to where it was saved before, else ask; `then()` once it is saved."""
        if self._document.save_choice is not None:
            self.write(replace(self._document.save_choice, replaces=True), then)
        else:
            self.save_as(parent, then)

    def save_as(self, parent: QWidget, then: Callable[[], object] | None = None) -> None:
        """Ask where and how, and save; `then()` once it is saved."""
        from app.save_dialog import SaveDialog

        if self._document.photo is None or self._job is not None:
            return
        dialog = SaveDialog(self._document, self._settings, self._queue, parent)
        dialog.chosen.connect(lambda choice: self.write(choice, then))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(self, choice: SaveChoice, then: Callable[[], object] | None = None) -> Job | None:
        """Save as `choice` says."""
        photo = self._document.photo
        if photo is None or self._job is not None:
            return None
        job = self._job = self._queue.submit(save_photo, photo, choice, steps_of(self._document))
        job.finished.connect(lambda notices: self._saved(photo, choice, notices))
        job.failed.connect(lambda error: self._failed(choice, error))
        job.ended.connect(self._ended)
        self.started.emit(job, self.tr("Saving {name}…").format(name=shown(choice.target)))
        if then is not None:
            job.finished.connect(lambda _: then())
        return job

    def ask_before_losing(self, parent: QWidget, proceed: Callable[[], object]) -> None:
        """`proceed()` at once where nothing would be lost; else ask, and then when saved, at once, or not at all."""
        if self._job is not None:  # what is being saved must not be cancelled by closing
            self._job.finished.connect(lambda _: self.ask_before_losing(parent, proceed))
            return
        if not self._document.is_modified or not self._settings.ask_unsaved:
            proceed()
            return
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.NoIcon)
        source = self._document.source
        name = shown(source) if source is not None else self.tr("the photo")
        box.setWindowTitle(self.tr("Unsaved Changes"))
        box.setText(self.tr("Save the changes to “{name}”?").format(name=name))
        box.setInformativeText(self.tr("Without saving, what was done since the last save is lost."))
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        box.setEscapeButton(buttons.Cancel)
        save = box.button(buttons.Save)
        save.setObjectName("primary")
        save.style().polish(save)
        save.setText(self.tr("Save…") if self._document.save_choice is None else self.tr("Save"))
        box.button(buttons.Discard).setText(self.tr("Don’t Save"))
        answer = box.exec()
        box.deleteLater()
        if answer == buttons.Save:
            self.save(parent, proceed)
        elif answer == buttons.Discard:
            proceed()

    def _saved(self, photo: Photo, choice: SaveChoice, notices: tuple[str, ...]) -> None:
        self._job = None
        self._settings.save_folder = str(choice.target.parent)
        self._settings.keep, self._settings.note_steps = choice.keep, choice.note_steps
        if choice.quality is not None:
            self._settings.qualities[choice.format] = choice.quality
        self._document.saved_to(choice.target, photo, choice)
        self.saved.emit()
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
