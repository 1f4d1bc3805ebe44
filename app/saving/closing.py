"""Closing: documents are closed one or all, with a question before each of which something would be lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.documents.document import Document
from app.documents.open_document import OpenDocument
from app.saving.saving import Saving


class Closing(QObject):
    """Asks about one document at a time, and shows the one that it asks about."""

    def __init__(self, document: Document, saving: Saving, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._saving = saving
        self._then: Callable[[], object] | None = None
        self._waits_for: OpenDocument | None = None
        document.opened.connect(self._shown)
        document.reading_changed.connect(self._read)
        document.closing.connect(lambda _: self._forget())

    def close(self, parent: QWidget, documents: Sequence[OpenDocument]) -> None:
        """Close `documents`, unless the person keeps one of them open: then that and those after it stay."""

        def next_one() -> None:
            self.close(parent, rest)

        def close_it() -> None:
            self._document.close_document(first)
            next_one()

        if not documents:
            return
        first, rest = documents[0], documents[1:]
        self._ask(parent, first, close_it)

    def ask_all(self, parent: QWidget, proceed: Callable[[], object]) -> None:
        """`proceed()` once nothing would be lost, or the person said of each document that it may be."""

        def ask(left: Sequence[OpenDocument]) -> None:
            if left:
                self._ask(parent, left[0], lambda: ask(left[1:]))
            else:
                proceed()

        if self._saving.job is not None:  # what is being saved must not be cancelled by closing
            self._saving.job.finished.connect(lambda _: self.ask_all(parent, proceed))
            return
        current = self._document.current
        ask(sorted(self._document.documents, key=lambda each: each is not current))

    def _ask(self, parent: QWidget, document: OpenDocument, proceed: Callable[[], object]) -> None:
        is_gone = not document.is_open  # closed in another way meanwhile: then nothing of it may be asked
        if is_gone or not (document.is_modified or document.is_worked_on or self._saving.job is not None):
            proceed()
        elif document is self._document.current:
            self._saving.ask_before_losing(parent, proceed, lambda: self._ask(parent, document, proceed))
        else:
            self._waits_for, self._then = document, lambda: self._ask(parent, document, proceed)
            self._document.select(document)

    def _shown(self) -> None:
        if self._then is not None and self._document.current is self._waits_for:
            QTimer.singleShot(0, self, self._go_on)  # once the whole window shows what the question is about

    def _go_on(self) -> None:
        if self._then is not None and self._document.current is self._waits_for:
            then = self._then
            self._forget()
            then()

    def _forget(self) -> None:
        self._then = self._waits_for = None

    def _read(self) -> None:
        """Nothing is read any more, and it is not what was waited for: the person chose another, or it is damaged."""
        if self._then is not None and not self._document.is_reading and self._document.current is not self._waits_for:
            self._forget()
