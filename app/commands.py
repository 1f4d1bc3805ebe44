"""Undo commands: what can be done to a document, and taken back."""

from __future__ import annotations

from PySide6.QtGui import QUndoCommand


class Step(QUndoCommand):
    """One step of the history: its name only, for the states before and after it are the document's, by their number."""

    def __init__(self, name: str) -> None:
        super().__init__(name)

    def redo(self) -> None:
        """Nothing: the document follows the stack's index, and a jump over many steps reads one state, not all."""

    def undo(self) -> None:
        """Nothing, likewise."""
