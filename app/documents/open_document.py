"""An open document: its states, the undo stack that counts them, and where it was opened from and saved to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.core.jobs import Job
from app.documents.undo import UndoStep
from app.photos.photo import Photo
from app.states.state import Stamp, State, Step
from engines.errors import shown


class OpenDocument(QObject):
    """State 0 is what was opened; step n of the stack leads from state n - 1 to state n.

    `shown` is the state that is seen, worked on and saved. It follows the stack's index, later where the state has to be
    read from disk first.
    """

    moved = Signal()  # the stack's index is another
    dropped = Signal(object)  # a state that no longer belongs to it

    def __init__(self, states: Sequence[State], source: Path | None, index: int = 0) -> None:
        super().__init__()
        self.states = list(states)
        self.source = source
        self.target: Path | None = None
        self.save_choice: Any = None
        """How it was last saved, as who saves it wants to know it again."""
        self.is_open = True
        self._job: Job | None = None  # which is to give it its next state
        self.source_told: Stamp | str | None = "as opened"  # the last change of the opened file that was told
        self.stack = QUndoStack(self)
        for state in self.states[1:]:
            self.stack.push(UndoStep(state.name))
        self.stack.setIndex(index)
        self.stack.setClean()
        self.shown = index
        self.stack.indexChanged.connect(self.moved)

    @property
    def title(self) -> str:
        """Its file's name, for a person."""
        file = self.target or self.source
        return shown(file) if file is not None else self.tr("Untitled")

    @property
    def state(self) -> State:
        """The state that is shown."""
        return self.states[self.shown]

    @property
    def photo(self) -> Photo | None:
        """What is shown; None while it is not in memory."""
        return self.state.photo

    @property
    def before(self) -> Photo | None:
        """What the last step was made from; None where no step was made, or while it is not in memory."""
        return self.states[self.shown - 1].photo if self.shown else None

    @property
    def original(self) -> Photo | None:
        """What was opened; None while it is not in memory."""
        return self.states[0].photo

    @property
    def steps(self) -> tuple[Step, ...]:
        """How what is shown was made from the original, for the steps that say so."""
        return tuple(state.step for state in self.states[1 : self.shown + 1] if state.step is not None)

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost if it were closed."""
        return not self.stack.isClean()

    @property
    def is_worked_on(self) -> bool:
        """Whether a job that nobody stopped is to give it its next state."""
        return self._job is not None and not self._job.is_cancelling

    def await_result(self, job: Job) -> None:
        """`job` is to give it its next state, and is stopped if it is closed before."""
        self._job = job
        job.ended.connect(self._forget_job)

    def stop_work(self) -> None:
        """Ask what is to give it its next state to stop."""
        if self._job is not None:
            self._job.cancel()

    def shows(self, photo: Photo) -> bool:
        """Whether `photo` is what is shown, whether or not it is still kept in memory."""
        return self.is_open and self.state.is_of(photo)

    def replace(self, name: str, photo: Photo, step: Step | None = None) -> None:
        """One step, called `name` in the history, from what is shown to `photo`. Does nothing once it is closed.

        What was undone is dropped; a step back that is still being read is given up.
        """
        if not self.is_open:
            return
        if self.stack.index() != self.shown:
            self.stack.setIndex(self.shown)
        going = self.states[self.shown + 1 :]
        del self.states[self.shown + 1 :]
        self.states[0].is_alone = False
        self.states.append(State(name, photo, step))
        self.stack.push(UndoStep(name))
        for state in going:
            self._drop(state)

    def saved_to(self, target: Path, photo: Photo, choice: Any = None) -> None:
        """`photo` was written to `target`; nothing is left to lose if it is still what is shown."""
        self.target, self.save_choice = target, choice
        if self.states[self.stack.index()].is_of(photo):
            self.stack.setClean()

    def close(self) -> None:
        """Stop what runs for it, and drop all states. It must not be current any more."""
        self.is_open = False
        self.stop_work()
        for state in self.states:
            self._drop(state)

    def _forget_job(self) -> None:
        self._job = None

    def _drop(self, state: State) -> None:
        state.is_dropped = True
        state.let_go()
        self.dropped.emit(state)
