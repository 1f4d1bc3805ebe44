"""Storage: states go to their files off the GUI thread, and leave memory where all together hold more than the cap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.core import errors
from app.core.jobs import JobQueue
from app.photos import thumbnail
from app.photos.photo import Photo
from app.states import cap, state_file
from app.states.session_folder import SessionFolder
from app.states.state import State
from engines.progress import Progress

Written = tuple[Path, NDArray[np.uint8]]


def write_photo(folder: SessionFolder, photo: Photo, small: NDArray[np.uint8] | None, *, progress: Progress) -> Written:
    """Write `photo` to a new state file; gives its path and its thumbnail. Raises TargetError, Cancelled."""
    if small is None or small.size == 0:
        small = thumbnail.of_photo(photo, progress=progress)
    path = folder.new_file()
    state_file.write(photo.picture, path, small, progress=progress)
    return path, small


class Storage(QObject):
    """Keeps what the states of all documents hold in memory under `cap` bytes, as far as the disk lets it."""

    written = Signal(object)  # a state that has its file now
    failed = Signal(object)  # a state that could not be written
    told = Signal(str, str)  # a sentence, its details; once until something is written again

    def __init__(self, queue: JobQueue, folder: SessionFolder, parent: QObject) -> None:
        super().__init__(parent)
        self.queue = queue
        self.folder = folder
        self.cap = cap.default_bytes()
        self.discarded: list[Path] = []
        """Files of states that are dropped: for whoever knows that nothing names them any more."""
        self._has_told = False
        self._needed: Callable[[], tuple[list[State], list[State]]] = lambda: ([], [])

    def follow(self, needed: Callable[[], tuple[list[State], list[State]]]) -> None:
        """`needed()` gives all states, the one needed least first, and those that have to stay in memory."""
        self._needed = needed

    def write(self, state: State) -> None:
        """Give `state` its file, if it has none and is in memory; `written` or `failed` follows."""
        photo = state.photo
        if state.file is not None or state.is_being_written or photo is None:
            return
        state.is_being_written = True
        job = self.queue.submit(write_photo, self.folder, photo, state.thumbnail)
        job.finished.connect(lambda result: self._written(state, *result))
        job.failed.connect(lambda error: self._failed(state, error))
        job.ended.connect(lambda: setattr(state, "is_being_written", False))

    def settle(self) -> None:
        """Let states go until no more than the cap is held; those without a file are written first."""
        ordered, kept = self._needed()
        for state in cap.surplus(ordered, kept, self.cap):
            if state.file is not None or _is_only_read(state):
                state.let_go()
            elif not any(each.is_being_written for each in ordered):  # one at a time: others may be more urgent
                self.write(state)

    def discard(self, state: State) -> None:
        """`state` belongs to no document any more."""
        if state.file is not None:
            self.discarded.append(state.file)
            state.file = None

    def held_bytes(self) -> int:
        """What all states hold in memory."""
        return sum(state.bytes for state in self._needed()[0] if state.is_held)

    def _written(self, state: State, path: Path, small: NDArray[np.uint8]) -> None:
        state.is_being_written = False
        state.file = path
        state.thumbnail = small
        self._has_told = False
        if state.is_dropped:
            self.discard(state)
        else:
            self.written.emit(state)
        self.settle()

    def _failed(self, state: State, error: BaseException) -> None:
        state.is_being_written = False
        self.refused(error)
        self.failed.emit(state)

    def refused(self, error: BaseException) -> None:
        """The disk would not take a state, or what names them: that is told once, until it takes a state again."""
        if not errors.is_expected(error):
            errors.record(error)
        if self._has_told:
            return
        self._has_told = True
        sentence = self.tr(
            "What you do cannot be kept on disk, so that a crash would lose it: save your photos, and see that {folder} "
            "can be written to and has some space."
        ).format(folder=self.folder.root)
        self.told.emit(sentence, f"{errors.sentence(error)}\n\n{errors.details(error)}")


def _is_only_read(state: State) -> bool:
    """Whether it is a file as it was opened, with no step after it: that can be read again from there."""
    return state.stamp is not None and state.is_alone


def write_now(folder: SessionFolder, states: Sequence[State]) -> None:
    """Write those of `states` that have no file, on this thread. Raises TargetError at the first that cannot be."""
    for state in states:
        if state.file is None and state.photo is not None:
            state.file, state.thumbnail = write_photo(folder, state.photo, state.thumbnail, progress=Progress())
