"""The source watch: tells when a file that is open is changed or removed by another program."""

from __future__ import annotations

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from app.core.messages import MessageBar
from app.documents.document import Document
from app.documents.open_document import OpenDocument
from app.states.state import stamp_of
from engines.errors import shown

DELAY_MS = 300  # a program that writes a file changes it several times


class SourceWatch(QObject):
    """Looks when the system says so, and when the window becomes active again: not every disk says so."""

    def __init__(self, document: Document, messages: MessageBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._messages = messages
        self._watcher = QFileSystemWatcher(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.look)
        self._watcher.fileChanged.connect(lambda _: self._timer.start())
        self._watcher.directoryChanged.connect(lambda _: self._timer.start())
        document.documents_changed.connect(self._follow)
        document.closing.connect(lambda _: self._timer.stop())
        QGuiApplication.instance().applicationStateChanged.connect(self._activated)  # type: ignore[union-attr]

    def look(self) -> None:
        """Look at every open file now."""
        for document in self._document.documents:
            if document.source is not None and document.states[0].bytes:  # it was read
                self._compare(document)
        self._follow()

    def _compare(self, document: OpenDocument) -> None:
        assert document.source is not None
        first, present = document.states[0], stamp_of(document.source)
        known = first.stamp if document.source_told == "as opened" else document.source_told
        if present == known or (known is None and document.source_told == "as opened"):
            return
        document.source_told = present
        if first.is_held or first.photo is not None:  # the file no longer has these pixels
            first.stamp, first.is_alone = None, False
        name = shown(document.source)
        if present is None:
            sentence = self.tr(
                "“{name}” is no longer where it was opened from. It is still open here; save it to keep it."
            )
        else:
            sentence = self.tr(
                "“{name}” was changed by another program. What is open here is what it was before; "
                "close it and open it again to see the change."
            )
        self._messages.tell(sentence.format(name=name), "warning", str(document.source))
        self._document.documents_changed.emit()

    def _follow(self) -> None:
        wanted = {str(each.source) for each in self._document.documents if each.source is not None}
        wanted |= {str(each.source.parent) for each in self._document.documents if each.source is not None}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if gone := sorted(watched - wanted):
            self._watcher.removePaths(gone)
        for path in sorted(wanted - watched):
            self._watcher.addPath(path)  # a file that is gone cannot be watched; its folder is

    def _activated(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self._timer.start()
