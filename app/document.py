"""The document: the open photo, what it was before the last step, its undo stack, and where it is saved."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.commands import ReplacePhoto
from app.photo import Photo


class Document(QObject):
    """One at a time. `opened` comes when another photo takes its place, `changed` also after each step, undo and redo."""

    opened = Signal()
    changed = Signal()
    modified_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._photo: Photo | None = None
        self._before: Photo | None = None
        self._target: Path | None = None
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self._clean_changed)

    @property
    def photo(self) -> Photo | None:
        """What is shown, worked on and saved."""
        return self._photo

    @property
    def before(self) -> Photo | None:
        """What the photo was before the step that made it; None where no step made it."""
        return self._before

    @property
    def source(self) -> Path | None:
        """The file that was opened."""
        return self._photo.picture.source if self._photo is not None else None

    @property
    def target(self) -> Path | None:
        """Where it was last saved, None before that."""
        return self._target

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost if it were closed."""
        return not self.undo_stack.isClean()

    def open(self, photo: Photo) -> None:
        """Take another photo in place of the one there is."""
        self.undo_stack.clear()
        self._photo, self._before, self._target = photo, None, None
        self.opened.emit()
        self.changed.emit()

    def replace(self, name: str, photo: Photo) -> None:
        """One step, called `name` in the history, that makes the photo into `photo`."""
        assert self._photo is not None
        self.undo_stack.push(ReplacePhoto(self, name, self._photo, photo))

    def show_step(self, photo: Photo, before: Photo | None) -> None:
        """For undo commands: the photo is now `photo`, made from `before`."""
        if before is None and self.undo_stack.index() > 1:
            earlier = self.undo_stack.command(self.undo_stack.index() - 2)
            before = earlier.before if isinstance(earlier, ReplacePhoto) else None
        self._photo, self._before = photo, before
        self.changed.emit()

    def saved_to(self, target: Path, photo: Photo) -> None:
        """`photo` was written to `target`; nothing is left to lose if it is still the one that is shown."""
        self._target = target
        if photo is self._photo:
            self.undo_stack.setClean()

    def _clean_changed(self, clean: bool) -> None:
        self.modified_changed.emit(not clean)
