"""Undo commands: what can be done to a document, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

if TYPE_CHECKING:
    from app.document import Document
    from app.photo import Photo


class ReplacePhoto(QUndoCommand):
    """The photo becomes another one, such as its upscaled self."""

    def __init__(self, document: Document, name: str, before: Photo, after: Photo) -> None:
        super().__init__(name)
        self._document = document
        self.before = before
        self.after = after

    def redo(self) -> None:
        self._document.show_step(self.after, self.before)

    def undo(self) -> None:
        self._document.show_step(self.before, None)
