"""The document: opens, shows and closes documents, and stands for whichever of them is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.core import errors, paths
from app.core.jobs import NICENESS, Job, JobQueue
from app.documents.open_document import OpenDocument
from app.documents.open_documents import OpenDocuments
from app.documents.reading import Reading
from app.documents.shown_document import ShownDocument
from app.documents.undo import UndoSteps
from app.photos.photo import Photo
from app.states import state as states
from app.states.session_folder import SessionFolder
from app.states.state import Stamp, State
from app.states.storage import Storage
from app.states.thumbnails import Thumbnails


class Document(ShownDocument):
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
        self.folder = SessionFolder(paths.recovery_folder())
        self.storage = Storage(self._writing, self.folder, self)
        self.storage.follow(self._needed)
        self.storage.told.connect(lambda sentence, details: self.told.emit(sentence, "warning", details))
        self._thumbnails = Thumbnails(self)
        self._thumbnails.drawn.connect(self._drawn)
        self._thumbnails.failed.connect(self._cannot_be_drawn)
        self._reading = Reading(self.files, self)
        self._reading.begun.connect(self._read_begun)
        self._reading.changed.connect(self.reading_changed)
        self._reading.arrived.connect(self._arrived)
        self._reading.failed.connect(self._not_arrived)
        self._reading.given_up.connect(self.cancel_reading)
        self._reading.compared.connect(self._compared_arrived)
        self._reading.not_compared.connect(self._tell)
        self._documents = OpenDocuments()
        self._compared: OpenDocument | None = None  # the one whose original is wanted in memory
        self._is_switching = False
        self._shut = False

    @property
    def is_reading(self) -> bool:
        """Whether a state is being read back, or a document that was chosen."""
        return self._reading.is_busy

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
            self._reading.read_quietly(self._current, self._current.states[0])

    # All documents

    @property
    def documents(self) -> tuple[OpenDocument, ...]:
        """Those that are open, in the order of the film strip."""
        return tuple(self._documents)

    def find(self, path: Path) -> OpenDocument | None:
        """The document that was opened from `path`, if one is open."""
        return self._documents.find(path)

    def open(self, photo: Photo, stamp: Stamp | None = None) -> None:
        """Add a document and show it. `stamp` is that of the file it was read from."""
        state = State(self.tr("Opened"), photo)
        state.source, state.stamp, state.is_alone = photo.picture.source, stamp, stamp is not None
        self._show(self._add(OpenDocument([state], photo.picture.source)))

    def add_unread(self, path: Path) -> None:
        """Add the file at `path` to the film strip; it is read once it is chosen."""
        state = State(self.tr("Opened"))
        state.source, state.stamp, state.is_alone = path, states.stamp_of(path), True
        self._add(OpenDocument([state], path))
        self._thumbnails.draw_file(state, path)

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
            self.select(self._documents.next_to(self._current, by))

    def close_document(self, document: OpenDocument) -> None:
        """Close it without a question, and show the one that was shown before it."""
        if document not in self.documents:
            return
        left = self._documents.remove(document)
        self.undo_stack.removeStack(document.stack)
        if document is self._current:
            self._reading.stop()
            self._current = None
            self.opened.emit()
            self.changed.emit()
            if left is not None:
                self.select(left)
        document.close()
        document.deleteLater()
        self.documents_changed.emit()
        self.history_changed.emit()

    def cancel_reading(self) -> None:
        """Stay where one is."""
        self._reading.stop()
        if self._current is not None and self._current.stack.index() != self._current.shown:
            self._current.stack.setIndex(self._current.shown)

    def close(self, keep: bool = False) -> None:
        """End all work. `keep`: what is open is left for the next start; else the private folder is removed."""
        if self._shut:
            return
        self._shut = True
        for queue in (self.files, self._thumbnails, self._writing):
            queue.close()
        self.closing.emit(keep)
        end = self.folder.leave if keep else self.folder.remove
        end()

    # Inside

    def _add(self, document: OpenDocument) -> OpenDocument:
        self._documents.add(document, self._current)
        self.undo_stack.addStack(document.stack)
        document.setParent(self)
        document.moved.connect(lambda: self._moved(document))
        document.dropped.connect(self.storage.discard)
        document.stack.cleanChanged.connect(self.documents_changed)
        self.documents_changed.emit()
        return document

    def _moved(self, document: OpenDocument) -> None:
        index = document.stack.index()
        if index == document.shown and document.photo is not None and document.state.is_held:
            self._reading.stop()
            return
        if document is self._current:
            self._read_or_show(document, index)
        else:  # a result has come home; it is in memory
            document.shown = index
            self._settle(document)

    def _read_or_show(self, document: OpenDocument, index: int) -> None:
        self._reading.stop()
        state = document.states[index]
        photo = state.photo
        if photo is not None:
            state.hold(photo)
            document.shown = index
            self._show(document)
            return
        self._reading.read(document, state)

    def _read_begun(self, job: Job, document: OpenDocument) -> None:
        self.reading.emit(job, self.tr("Reading {name}…").format(name=document.title))

    def _show(self, document: OpenDocument) -> None:
        is_other = document is not self._current
        self._current = document
        self._documents.showed(document)
        if is_other:
            self._compared = None
            self._is_switching = True
            self.undo_stack.setActiveStack(document.stack)
            self._is_switching = False
            self.opened.emit()
        if document is self._current:
            self.changed.emit()
        if document is not self._current:  # whoever was told went on to another one, or closed it
            return
        if is_other:  # only now is the rest of the window about this one
            self.modified_changed.emit(document.is_modified)
        self._settle(document)
        if document.shown and document.before is None:
            self._reading.read_quietly(document, document.states[document.shown - 1])

    def _settle(self, document: OpenDocument) -> None:
        for state in document.states:
            self._thumbnails.draw(state)
        self.documents_changed.emit()
        self.history_changed.emit()
        self.storage.settle()

    def _arrived(self, document: OpenDocument, state: State, photo: Photo, stamp: Stamp | None) -> None:
        if not document.is_open or state.is_dropped:
            return
        state.hold(photo)
        if stamp is not None:
            state.stamp = document.source_told = stamp
            for notice in photo.picture.notices:
                self.told.emit(notice, "information", str(document.source or ""))
        document.shown = document.states.index(state)
        self._show(document)

    def _not_arrived(self, document: OpenDocument, state: State, error: BaseException) -> None:
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

    def _cannot_be_read(self, document: OpenDocument, error: BaseException) -> None:
        """A file of the film strip turns out to be no photo, or to be gone."""
        if document.is_open and document.photo is None:
            self._tell(error, str(document.source or ""))
            self.close_document(document)

    def _tell(self, error: BaseException, details: str = "") -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self.told.emit(errors.sentence(error), "error", f"{details}\n\n{errors.details(error)}".lstrip())

    def _compared_arrived(self, document: OpenDocument) -> None:
        if document is self._current:
            self.changed.emit()
        self.storage.settle()

    def _cannot_be_drawn(self, state: State, error: BaseException) -> None:
        document = next((each for each in self._documents if state in each.states), None)
        if document is not None:
            self._cannot_be_read(document, error)

    def _drawn(self, state: State) -> None:
        self.documents_changed.emit()
        if self._current is not None and state in self._current.states:
            self.history_changed.emit()

    def _needed(self) -> tuple[list[State], list[State]]:
        kept: list[State] = []
        if self._current is not None:
            kept = self._current.states[max(0, self._current.shown - 1) : self._current.shown + 1]
            if self._compared is self._current:
                kept.append(self._current.states[0])
        return self._documents.by_need(), kept

    def _clean_changed(self, clean: bool) -> None:
        if not self._is_switching:
            self.modified_changed.emit(not clean)
