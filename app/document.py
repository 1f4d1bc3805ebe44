"""The document: one object that stands for whichever of the open documents is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoGroup

from app import errors, paths
from app.history import cap, thumbnail
from app.history import state as states
from app.history.folder import SessionFolder
from app.history.open_document import OpenDocument
from app.history.state import Stamp, State, Step
from app.history.storage import Storage
from app.jobs import NICENESS, Job, JobQueue
from app.photo import Photo


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


class Document(QObject):
    """`opened` comes when another document is shown, `changed` also after each step, undo and redo."""

    opened = Signal()
    changed = Signal()
    modified_changed = Signal(bool)
    documents_changed = Signal()  # one was opened or closed, or is called, marked or drawn otherwise
    history_changed = Signal()  # the states of the one that is shown, or their thumbnails
    reading = Signal(object, str)  # a job that reads a state back or opens a file, and what it does
    reading_changed = Signal()  # whether something is being read for the person
    told = Signal(str, str, str)  # a sentence, its kind, its details
    closing = Signal(bool)  # the window closes; whether what is open is kept for the next start

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = UndoSteps(self)
        self.undo_stack.cleanChanged.connect(self._clean_changed)
        self.files = JobQueue(self)  # what a person waits for: opening, reading states back
        self._writing = JobQueue(self, niceness={"work": 0, "preview": NICENESS["preview"]})  # work: before it is lost
        self._drawing = JobQueue(self)  # thumbnails
        self.folder = SessionFolder(paths.recovery_folder())
        self.storage = Storage(self._writing, self.folder, self)
        self.storage.follow(self._needed)
        self.storage.told.connect(lambda sentence, details: self.told.emit(sentence, "warning", details))
        self._documents: list[OpenDocument] = []
        self._recent: list[OpenDocument] = []  # the one that was shown last comes last
        self._current: OpenDocument | None = None
        self._job: Job | None = None
        self._before_job: Job | None = None
        self._compared: OpenDocument | None = None  # the one whose original is wanted in memory
        self._is_switching = False
        self._shut = False

    # The document that is shown

    @property
    def current(self) -> OpenDocument | None:
        """The document that is shown. Work that takes time keeps it, and gives its result to it, whatever is shown then."""
        return self._current

    @property
    def photo(self) -> Photo | None:
        """What is shown, worked on and saved."""
        return self._current.photo if self._current is not None else None

    @property
    def before(self) -> Photo | None:
        """What the photo was before the step that made it; None where no step made it, or until it is read back."""
        return self._current.before if self._current is not None else None

    @property
    def original(self) -> Photo | None:
        """What was opened; None where it is on disk: `fetch_original` reads it back."""
        return self._current.original if self._current is not None else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """How the photo was made from what was opened, a JSON object for each step that says so."""
        return self._current.steps if self._current is not None else ()

    @property
    def source(self) -> Path | None:
        """The file that was opened."""
        return self._current.source if self._current is not None else None

    @property
    def target(self) -> Path | None:
        """Where it was last saved, None before that."""
        return self._current.target if self._current is not None else None

    @property
    def save_choice(self) -> Any:
        """How it was last saved, as `saved_to` was told; None before that."""
        return self._current.save_choice if self._current is not None else None

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost if it were closed."""
        return self._current is not None and self._current.is_modified

    @property
    def is_reading(self) -> bool:
        """Whether a state is being read back, or a document that was chosen."""
        return self._job is not None

    def replace(self, name: str, photo: Photo, step: Step | None = None) -> None:
        """One step, called `name` in the history, that makes the photo into `photo`; `step` says how, as a JSON object."""
        assert self._current is not None
        self._current.replace(name, photo, step)

    def saved_to(self, target: Path, photo: Photo, choice: Any = None) -> None:
        """`photo`, of whichever document, was written to `target`."""
        for document in self._documents:
            if any(state.is_of(photo) for state in document.states):
                document.saved_to(target, photo, choice)
                if target == document.source:
                    document.source_told = states.stamp_of(target)  # it is our own doing
                self.documents_changed.emit()

    def go_to(self, index: int) -> None:
        """Go to a state of the history by its number, 0 for what was opened."""
        self.undo_stack.setIndex(index)

    def fetch_original(self) -> None:
        """Read what was opened back into memory; `changed` comes once `original` is there.

        It stays there until another document is shown.
        """
        self._compared = self._current
        if self._current is not None and self._current.original is None:
            self._read_quietly(self._current, 0)

    # All documents

    @property
    def documents(self) -> tuple[OpenDocument, ...]:
        """Those that are open, in the order of the film strip."""
        return tuple(self._documents)

    def find(self, path: Path) -> OpenDocument | None:
        """The document that was opened from `path`, if one is open."""
        place = path.absolute()
        for document in self._documents:
            if document.source is not None and document.source.absolute() == place and document.target is None:
                return document
        return None

    def open(self, photo: Photo, stamp: Stamp | None = None) -> None:
        """Add a document and show it. `stamp` is that of the file it was read from."""
        state = State(self.tr("Opened"), photo)
        state.source, state.stamp, state.is_alone = photo.picture.source, stamp, stamp is not None
        self._show(self._add(OpenDocument([state], photo.picture.source)))

    def add_unread(self, path: Path) -> None:
        """Add the file at `path` to the film strip; it is read once it is chosen."""
        state = State(self.tr("Opened"))
        state.source, state.stamp, state.is_alone = path, states.stamp_of(path), True
        document = self._add(OpenDocument([state], path))
        job = self._drawing.submit(thumbnail.of_file, path)
        job.finished.connect(lambda small: self._drawn(state, small))
        job.failed.connect(lambda error: self._cannot_be_read(document, error))

    def restore(self, documents: Sequence[OpenDocument], current: int = 0) -> None:
        """Add documents whose states are on disk, and show one of them."""
        for document in documents:
            self._add(document)
        if documents:
            self.select(documents[min(max(current, 0), len(documents) - 1)])

    def select(self, document: OpenDocument) -> None:
        """Show `document`; `opened` comes at once, or when it is read back from disk."""
        if document is self._current and not self.is_reading:
            return
        self._read_or_show(document, document.stack.index())

    def select_next(self, by: int = 1) -> None:
        """Show the document that is `by` places further in the film strip, round the end."""
        if self._current is not None and len(self._documents) > 1:
            place = self._documents.index(self._current)
            self.select(self._documents[(place + by) % len(self._documents)])

    def close_document(self, document: OpenDocument) -> None:
        """Close it without a question, and show the one that was shown before it."""
        if document not in self._documents:
            return
        place = self._documents.index(document)
        self._documents.remove(document)
        self._recent = [each for each in self._recent if each is not document]
        self.undo_stack.removeStack(document.stack)
        if document is self._current:
            self._stop_reading()
            self._current = None
            left = self._recent or self._documents[place:] or self._documents[-1:]
            self.opened.emit()
            self.changed.emit()
            if left:
                self.select(left[-1] if self._recent else left[0])
        document.close()
        document.deleteLater()
        self.documents_changed.emit()
        self.history_changed.emit()

    def cancel_reading(self) -> None:
        """Stay where one is."""
        self._stop_reading()
        if self._current is not None and self._current.stack.index() != self._current.shown:
            self._current.stack.setIndex(self._current.shown)

    def close(self, keep: bool = False) -> None:
        """End all work. `keep`: what is open is left for the next start; else the private folder is removed."""
        if self._shut:
            return
        self._shut = True
        for queue in (self.files, self._drawing, self._writing):
            queue.close()
        self.closing.emit(keep)
        if keep:
            self.folder.leave()
        else:
            self.folder.remove()

    # Inside

    def _add(self, document: OpenDocument) -> OpenDocument:
        place = self._documents.index(self._current) + 1 if self._current in self._documents else 0
        while place < len(self._documents) and self._documents[place] not in self._recent:
            place += 1  # behind those that were added with it
        self._documents.insert(place, document)
        self.undo_stack.addStack(document.stack)
        document.setParent(self)
        document.moved.connect(lambda: self._moved(document))
        document.dropped.connect(self.storage.discard)
        document.stack.cleanChanged.connect(self._marked)
        self.documents_changed.emit()
        return document

    def _moved(self, document: OpenDocument) -> None:
        index = document.stack.index()
        if index == document.shown and document.photo is not None and document.state.is_held:
            self._stop_reading()
            return
        if document is self._current:
            self._read_or_show(document, index)
        else:  # a result has come home; it is in memory
            document.shown = index
            self._settle(document)

    def _read_or_show(self, document: OpenDocument, index: int) -> None:
        self._stop_reading()
        state = document.states[index]
        photo = state.photo
        if photo is not None:
            state.hold(photo)
            document.shown = index
            self._show(document)
            return
        job = self._job = self.files.submit(states.read, state.place())
        job.finished.connect(lambda result: self._arrived(job, document, index, state, result))
        job.failed.connect(lambda error: self._not_arrived(job, document, state, error))
        job.cancelled.connect(lambda: self._given_up(job))
        job.ended.connect(self.reading_changed)
        self.reading.emit(job, self.tr("Reading {name}…").format(name=document.title))
        self.reading_changed.emit()

    def _show(self, document: OpenDocument) -> None:
        is_other = document is not self._current
        self._current = document
        self._recent = [*(each for each in self._recent if each is not document), document]
        if is_other:
            self._compared = None
            self._is_switching = True
            self.undo_stack.setActiveStack(document.stack)
            self._is_switching = False
            self.opened.emit()
        self.changed.emit()
        if is_other:  # only now is the rest of the window about this one
            self.modified_changed.emit(document.is_modified)
        self._settle(document)
        if document.shown and document.before is None:
            self._read_quietly(document, document.shown - 1)

    def _settle(self, document: OpenDocument) -> None:
        for state in document.states:
            self._draw(state)
        self.documents_changed.emit()
        self.history_changed.emit()
        self.storage.settle()

    def _arrived(self, job: Job, document: OpenDocument, index: int, state: State, result: tuple) -> None:
        if job is not self._job:
            return
        self._job = None
        photo, stamp = result
        if not document.is_open:
            return
        state.hold(photo)
        if stamp is not None:
            state.stamp = document.source_told = stamp
            for notice in photo.picture.notices:
                self.told.emit(notice, "information", str(document.source or ""))
        document.shown = index
        self._show(document)

    def _not_arrived(self, job: Job, document: OpenDocument, state: State, error: BaseException) -> None:
        if job is not self._job:
            return
        self._job = None
        if state.is_alone:
            self._cannot_be_read(document, error)
            return
        self._tell(error)
        if document is self._current:
            document.stack.setIndex(document.shown)
            return
        state.file = state.stamp = None
        near = sorted(range(len(document.states)), key=lambda number: (abs(number - document.stack.index()), number))
        number = next((each for each in near if document.states[each].can_be_read), None)
        if number is None:
            self.close_document(document)
        else:
            document.stack.setIndex(number)
            self.select(document)

    def _given_up(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self.cancel_reading()

    def _cannot_be_read(self, document: OpenDocument, error: BaseException) -> None:
        """A file of the film strip turns out to be no photo, or to be gone."""
        if document.is_open and document.photo is None:
            self._tell(error, str(document.source or ""))
            self.close_document(document)

    def _tell(self, error: BaseException, details: str = "") -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self.told.emit(errors.sentence(error), "error", f"{details}\n\n{errors.details(error)}".lstrip())

    def _stop_reading(self) -> None:
        if self._job is not None:
            job, self._job = self._job, None
            job.cancel()

    def _read_quietly(self, document: OpenDocument, index: int) -> None:
        """Read a state that is compared with; what is shown does not wait for it."""
        state = document.states[index]
        if not state.can_be_read:
            return
        if self._before_job is not None:
            self._before_job.cancel()
        job = self._before_job = self.files.submit(states.read, state.place())

        def arrived(result: tuple) -> None:
            if document.is_open and not state.is_dropped:
                state.hold(result[0])
                if document is self._current:
                    self.changed.emit()
                self.storage.settle()

        job.finished.connect(arrived)
        job.failed.connect(lambda error: self._tell(error))
        job.ended.connect(lambda: setattr(self, "_before_job", None if self._before_job is job else self._before_job))

    def _draw(self, state: State) -> None:
        if state.thumbnail is None and state.photo is not None and not state.is_dropped and not self._shut:
            state.thumbnail = thumbnail.NONE  # not twice
            job = self._drawing.submit(thumbnail.of_photo, state.photo)
            job.finished.connect(lambda small: self._drawn(state, small))

    def _drawn(self, state: State, small: Any) -> None:
        state.thumbnail = small
        self.documents_changed.emit()
        if self._current is not None and state in self._current.states:
            self.history_changed.emit()

    def _needed(self) -> tuple[list[State], list[State]]:
        behind = [each for each in self._documents if each not in self._recent] + self._recent
        ordered = [state for document in behind for state in cap.by_need(document.states, document.shown)]
        kept: list[State] = []
        if self._current is not None:
            kept = self._current.states[max(0, self._current.shown - 1) : self._current.shown + 1]
            if self._compared is self._current:
                kept.append(self._current.states[0])
        return ordered, kept

    def _marked(self) -> None:
        self.documents_changed.emit()

    def _clean_changed(self, clean: bool) -> None:
        if not self._is_switching:
            self.modified_changed.emit(not clean)
