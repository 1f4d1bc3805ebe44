"""The undo steps: what can be taken back and done again, of whichever document is shown."""

from __future__ import annotations

from PySide6.QtGui import QUndoCommand, QUndoGroup


class UndoStep(QUndoCommand):
    """One step of the history: its name only, for the states before and after it are the document's, by their number."""

    def __init__(self, name: str) -> None:
        super().__init__(name)

    def redo(self) -> None:
        """Nothing: the document follows the stack's index, and a jump over many steps reads one state, not all."""

    def undo(self) -> None:
        """Nothing, likewise."""


class UndoSteps(QUndoGroup):
    """The undo stack of the document that is shown."""

    def index(self) -> int:
        """How many steps lead to where it stands."""
        stack = self.activeStack()
        return stack.index() if stack is not None else 0

    def count(self) -> int:
        """How many steps there are, those that were undone included."""
        stack = self.activeStack()
        return stack.count() if stack is not None else 0

    def setIndex(self, index: int) -> None:
        """Undo or do again until it stands at `index`."""
        if (stack := self.activeStack()) is not None:
            stack.setIndex(index)

    def setClean(self) -> None:
        """Nothing would be lost now."""
        if (stack := self.activeStack()) is not None:
            stack.setClean()
