"""Recovery: what is open is kept on disk within seconds of each change, and offered at the next start after a crash.

Where the program is killed, what was written is the system's to keep, so nothing waits for the disk before the next is
written. Where the power fails only what the disk itself holds is left: a second thread sees to that as fast as the disk can.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.core import errors
from app.documents.document import Document
from app.documents.open_document import OpenDocument
from app.recovery import leftover as leftovers
from app.recovery import manifest
from app.recovery.leftover import Leftover
from app.states import storage
from app.states.session_folder import SessionFolder
from app.states.state import State
from engines.errors import DuskroomError
from engines.progress import Progress

DELAY_MS = 100  # after a change: several in a row are written once
RETRY_MS = 30_000  # after the disk would not take it


class Recovery(QObject):
    """Follows the document. `offered` comes once, with what earlier starts left; answer with one of the three slots."""

    offered = Signal(object)  # a list of `Leftover`

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._queue = document.storage.queue  # in order with the states that it names
        self._left: list[Leftover] = []
        self._restored: list[Leftover] = []
        self._last: dict | None = None
        self._flushed: dict | None = None  # as `_last`, but of what a power cut does not take either
        self._is_writing = self._is_flushing = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._write)
        document.documents_changed.connect(self._note)
        document.modified_changed.connect(self._note)
        document.storage.written.connect(lambda state: self._write())
        document.storage.failed.connect(lambda state: self._timer.start(RETRY_MS))
        document.closing.connect(self._close)

    # Keeping

    def _note(self) -> None:
        if not self._timer.isActive() or self._timer.remainingTime() > DELAY_MS:
            self._timer.start(DELAY_MS)

    def _write(self) -> None:
        """Write what is new: first which states there are, then the states themselves, one of each document at a time.

        So nothing waits behind states that are outdated by the time it is their turn.
        """
        self._write_manifest()
        for document in self._document.documents:
            if not any(state.is_being_written for state in document.states):
                for state in self._wanted(document):
                    self._document.storage.write(state)

    def _write_manifest(self) -> None:
        if self._is_writing:
            self._note()
            return
        values = manifest.describe(self._document.documents, self._document.current)
        if values == self._last or (not values["documents"] and self._last is None):
            self._flush()
            return
        self._is_writing = True
        named = list(self._restored)  # what is restored while this waits for its turn is not in it
        job = self._queue.submit(_write_manifest, self._document.folder, values)
        job.finished.connect(lambda _: self._written(values, named))
        job.failed.connect(self._failed)
        job.ended.connect(lambda: setattr(self, "_is_writing", False))

    def _wanted(self, document: OpenDocument) -> list[State]:
        """The state of `document` that only memory holds and a crash would take: what is shown, where it was changed."""
        state = document.states[document.stack.index()]
        is_safe = state.file is not None or (state.stamp is not None and not document.is_modified)
        return [state] if not is_safe and state.photo is not None else []

    def _written(self, values: dict, named: list[Leftover]) -> None:
        self._is_writing = False
        self._last = values
        self._flush()
        for leftover in named:  # all of it is named in our own folder now
            self._queue.submit(leftovers.discard, leftover, lane="preview", gives_way=True)
        self._restored = [leftover for leftover in self._restored if leftover not in named]

    def _flush(self) -> None:
        """Let the disk itself hold what was written; meanwhile the next is written."""
        values, folder = self._last, self._document.folder.path
        if self._is_flushing or values is None or values is self._flushed or folder is None:
            return
        names = manifest.files_in(values)
        fresh = names - (manifest.files_in(self._flushed) if self._flushed is not None else set())
        going = [file for file in self._document.storage.discarded if file.name not in names]
        self._is_flushing = True
        job = self._queue.submit(manifest.flush, folder, values, fresh, going, lane="preview", gives_way=True)
        job.finished.connect(lambda _: self._is_flushed(values, going))
        job.failed.connect(self._failed)
        job.ended.connect(lambda: self._flush_ended(values))

    def _is_flushed(self, values: dict, going: list[Path]) -> None:
        self._flushed = values
        self._document.storage.discarded = [file for file in self._document.storage.discarded if file not in going]

    def _flush_ended(self, values: dict) -> None:
        self._is_flushing = False
        if self._flushed is values:  # else the disk would not take it
            self._flush()

    def _failed(self, error: BaseException) -> None:
        self._document.storage.refused(error)
        self._timer.start(RETRY_MS)

    def _close(self, keep: bool) -> None:
        """The queue is closed by now: what is left to do is done on this thread."""
        self._timer.stop()
        if keep:
            try:
                for document in self._document.documents:
                    storage.write_now(self._document.folder, self._wanted(document))
                values = manifest.describe(self._document.documents, self._document.current)
                if values["documents"]:
                    _write_manifest(self._document.folder, values, progress=Progress())
                    manifest.flush(self._document.folder.make(), values, manifest.files_in(values), progress=Progress())
            except (DuskroomError, OSError) as error:
                errors.record(error)
                self._left += self._restored
                self._restored = []
        for leftover in self._restored:
            leftovers.discard(leftover)
        for leftover in self._left:
            leftovers.let_go(leftover)
        self._left, self._restored = [], []

    # Offering

    def look(self) -> None:
        """Look for what earlier starts left; `offered` follows if there is something."""
        job = self._queue.submit(leftovers.find, self._document.folder.root, lane="preview", gives_way=True)
        job.finished.connect(self._found)
        job.failed.connect(lambda error: errors.record(error))

    def _found(self, found: tuple[list[Leftover], list[str]]) -> None:
        self._left, sentences = found
        if sentences:
            rest = "\n".join(sentences[1:])
            self._document.told.emit(sentences[0], "warning", rest)
            if len(sentences) > 1:
                self._document.told.emit(
                    self.tr("{count} more pieces of what was kept are damaged.").format(count=len(sentences) - 1),
                    "warning",
                    rest,
                )
        if self._left:
            self.offered.emit(list(self._left))

    def restore(self) -> None:
        """Open what was left again."""
        left, self._left = self._left, []
        for leftover in left:
            job = self._queue.submit(_take_over, self._document.folder, leftover)
            job.finished.connect(lambda files, leftover=leftover: self._taken(leftover, files))
            job.failed.connect(lambda error, leftover=leftover: self._not_taken(leftover, error))

    def discard(self) -> None:
        """Remove what was left."""
        for leftover in self._left:
            self._queue.submit(leftovers.discard, leftover, lane="preview", gives_way=True)
        self._left = []

    def later(self) -> None:
        """Leave it for the next start."""
        for leftover in self._left:
            leftovers.let_go(leftover)
        self._left = []

    def _taken(self, leftover: Leftover, files: dict[Path, Path]) -> None:
        documents = [leftovers.opened_from(each, files) for each in leftover.documents]
        for document in documents:
            document.states[0].name = document.states[0].name or self.tr("Opened")
        self._restored.append(leftover)
        self._document.restore(documents, leftover.current)
        self._note()

    def _not_taken(self, leftover: Leftover, error: BaseException) -> None:
        leftovers.let_go(leftover)
        if not errors.is_expected(error):
            errors.record(error)
        self._document.told.emit(errors.sentence(error), "error", errors.details(error))


def _write_manifest(folder: SessionFolder, values: dict, *, progress: Progress) -> None:
    manifest.write(folder.make(), values, progress=progress)


def _take_over(folder: SessionFolder, leftover: Leftover, *, progress: Progress) -> dict[Path, Path]:
    """The state files of `leftover` in our own folder too: old path → new. Raises TargetError, OSError, Cancelled."""
    files: dict[Path, Path] = {}
    for document in leftover.documents:
        for state in document.states:
            progress.check()
            if state.file is None:
                continue
            files[state.file] = folder.new_file()
            try:
                os.link(state.file, files[state.file])
            except OSError:
                shutil.copyfile(state.file, files[state.file])
    return files
