"""Drawing thumbnails: each state's once, off the GUI thread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.core.jobs import JobQueue
from app.photos import thumbnail
from app.states.state import State


class Thumbnails(QObject):
    """Gives states their thumbnails, in a queue of its own that `close` ends."""

    drawn = Signal(object)  # a state that has its thumbnail now
    failed = Signal(object, object)  # a state whose file cannot be read, and why

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._queue = JobQueue(self)
        self._is_closed = False

    def draw(self, state: State) -> None:
        """Draw `state`, unless that was done or it is not in memory."""
        if state.thumbnail is None and state.photo is not None and not state.is_dropped and not self._is_closed:
            state.thumbnail = thumbnail.NONE  # not twice
            job = self._queue.submit(thumbnail.of_photo, state.photo)
            job.finished.connect(lambda small: self._drawn(state, small))

    def draw_file(self, state: State, path: Path) -> None:
        """Draw what is in the file at `path`, which nobody has read yet."""
        job = self._queue.submit(thumbnail.of_file, path)
        job.finished.connect(lambda small: self._drawn(state, small))
        job.failed.connect(lambda error: self.failed.emit(state, error))

    def close(self) -> None:
        """End all work."""
        self._is_closed = True
        self._queue.close()

    def _drawn(self, state: State, small: NDArray[np.uint8]) -> None:
        state.thumbnail = small
        self.drawn.emit(state)
