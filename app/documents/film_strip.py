"""The film strip: the open documents side by side, small, to be chosen and closed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QMenu, QWidget

from app.documents.open_document import OpenDocument
from app.widgets.small_picture import show_small_picture

THUMBNAIL = QSize(96, 64)  # logical pixels
CELL = QSize(140, 104)
HEIGHT = 124


class FilmStrip(QListWidget):
    """Emits what a person wants; who listens does it."""

    chosen = Signal(object)  # a document
    close_asked = Signal(object)  # a list of documents

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filmStrip")
        self.setAccessibleName(self.tr("Open photos"))
        self.setFlow(QListWidget.Flow.LeftToRight)
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setMovement(QListWidget.Movement.Static)
        self.setWrapping(False)
        self.setIconSize(THUMBNAIL)
        self.setGridSize(CELL)
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(HEIGHT)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.currentRowChanged.connect(self._choose)
        self._documents: list[OpenDocument] = []
        self._middle: QListWidgetItem | None = None

    def show_documents(self, documents: Sequence[OpenDocument], current: OpenDocument | None) -> None:
        """Show `documents`, `current` chosen."""
        self.blockSignals(True)
        while self.count() > len(documents):
            self.takeItem(self.count() - 1)
        while self.count() < len(documents):
            item = QListWidgetItem()
            item.setSizeHint(CELL - QSize(4, 4))  # else names have no more room than the small pictures
            self.addItem(item)
        self._documents = list(documents)
        for row, document in enumerate(documents):
            self._fill(self.item(row), document)
        row = next((number for number, each in enumerate(documents) if each is current), -1)
        self.setCurrentRow(row)
        self.blockSignals(False)
        if row >= 0:
            self.scrollToItem(self.item(row))

    def _fill(self, item: QListWidgetItem, document: OpenDocument) -> None:
        marked = document.is_modified
        item.setText(f"● {document.title}" if marked else document.title)
        words = self.tr("{name}, with unsaved changes") if marked else "{name}"
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words.format(name=document.title))
        item.setToolTip(str(document.target or document.source or document.title))
        small = document.states[document.stack.index()].thumbnail
        show_small_picture(item, small, THUMBNAIL, self.devicePixelRatioF())

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._documents):
            self.chosen.emit(self._documents[row])

    def _document_at(self, position: QPoint) -> OpenDocument | None:
        item = self.itemAt(position)
        return self._documents[self.row(item)] if item is not None else None

    def _show_menu(self, position: QPoint) -> None:
        document = self._document_at(position)
        if document is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        others = [each for each in self._documents if each is not document]
        menu.addAction(self.tr("Close"), lambda: self.close_asked.emit([document]))
        menu.addAction(self.tr("Close Others"), lambda: self.close_asked.emit(others)).setEnabled(bool(others))
        menu.popup(self.viewport().mapToGlobal(position))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._middle = self.itemAt(event.position().toPoint())
            return
        if event.button() == Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            document = self._document_at(event.position().toPoint())
            if document is not None and self.itemAt(event.position().toPoint()) is self._middle:
                self.close_asked.emit([document])
            self._middle = None
            return
        super().mouseReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.currentItem() is not None:
            self.scrollToItem(self.currentItem())
