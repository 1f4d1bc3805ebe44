"""A queue of sessions: one runs at a time, the next starts when it ends, and the list outlives the editor."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.training import queue_file
from app.training.session import STOP_SECONDS, TrainingSession
from engines.errors import RunError


class SessionQueue(QObject):
    """The sessions in their order. Make it and call it on the GUI thread; `close` it before the application ends.

    A session that waits starts when no other runs. One that is paused and keeps its memory still counts as running, one
    that has ended, or was paused with `release`, does not. What has ended stays in the list until it is removed.
    """

    changed = Signal()  # which sessions there are, their order, or which of them wait
    session_added = Signal(object)  # a TrainingSession, before it starts: connect to it here
    noticed = Signal(str)

    def __init__(self, file: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file or queue_file.queue_file()
        self._sessions: list[TrainingSession] = []
        self._waiting: set[TrainingSession] = set()
        self._dropped: set[Path] = set()
        self._writer = queue_file.Writer(self._file)
        self._closed = False

    @property
    def sessions(self) -> list[TrainingSession]:
        """All sessions, in order."""
        return list(self._sessions)

    @property
    def running(self) -> TrainingSession | None:
        """The first session that has not ended."""
        return next((session for session in self._sessions if not session.is_over), None)

    def is_waiting(self, session: TrainingSession) -> bool:
        """Whether `session` starts by itself when its turn comes."""
        return session in self._waiting

    def restore(self) -> None:
        """Take in the sessions of earlier editors: one that goes on detached is followed, the others wait to be resumed."""
        folders, sentence = queue_file.read(self._file)
        if sentence:
            self.noticed.emit(sentence)
        for folder in folders:
            if self.session_of(folder) is None:
                self._take_in(TrainingSession.attach(folder, parent=self)).start()
        self.changed.emit()

    def session_of(self, run_dir: Path) -> TrainingSession | None:
        """The session of `run_dir`, if there is one."""
        return next((session for session in self._sessions if session.run_dir == run_dir), None)

    def add(self, run_dir: Path) -> TrainingSession:
        """Add the run in `run_dir`, which holds a recipe, at the end; it starts when its turn comes.

        Raises RunError where it is in the list already.
        """
        run_dir = run_dir.absolute()
        if self.session_of(run_dir) is not None:
            raise RunError(f"“{run_dir}” is in the list of training sessions already; resume it there.")
        session = self._take_in(TrainingSession(run_dir, parent=self))
        self._dropped.discard(run_dir)
        self._waiting.add(session)
        self._keep()
        self._start_next()
        return session

    def resume(self, session: TrainingSession) -> None:
        """Go on with `session`: at once where it is paused and keeps its memory, else when its turn comes."""
        if session.is_over:
            self._waiting.add(session)
            self.changed.emit()
            self._start_next()
        else:
            session.resume()

    def remove(self, session: TrainingSession) -> None:
        """Take `session` off the list; its folder stays. Raises RunError where it has not ended."""
        if not session.is_over:
            raise RunError(f"The training in “{session.run_dir}” still runs; stop it before you take it off the list.")
        self._sessions.remove(session)
        self._waiting.discard(session)
        self._dropped.add(session.run_dir)
        session.wait()
        session.deleteLater()
        self._keep()

    def move(self, session: TrainingSession, to: int) -> None:
        """Give `session` place number `to`, from 0, in the order; a number beyond the ends means the end."""
        self._sessions.remove(session)
        self._sessions.insert(max(0, to), session)
        self._keep()

    def close(self, *, detach: bool = False, seconds: float = STOP_SECONDS) -> None:
        """For closing the editor: stop what runs, or let it go on with `detach`, and wait for it up to `seconds`.

        What goes on detached is left to itself; so is what was only followed.
        """
        self._closed = True
        self._waiting.clear()
        for session in self._sessions:
            if session.is_over:
                session.wait()
            elif detach or session.is_attached:
                session.detach_and_wait(seconds)
            else:
                session.stop_and_wait(seconds)
        self._writer.close()

    def _take_in(self, session: TrainingSession) -> TrainingSession:
        self._sessions.append(session)
        session.ended.connect(self._on_ended)
        self.session_added.emit(session)
        return session

    def _on_ended(self, _state: str) -> None:
        self._start_next()

    def _start_next(self) -> None:
        if self._closed or self.running is not None:
            return
        following = next((session for session in self._sessions if session in self._waiting), None)
        if following is not None:
            self._waiting.remove(following)
            following.start()
            self.changed.emit()

    def _keep(self) -> None:
        """Have the list written, and say that it changed."""
        self._writer.put([session.run_dir for session in self._sessions], self._dropped)
        self.changed.emit()
