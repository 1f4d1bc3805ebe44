"""The history panel: every state of the document with name and thumbnail; a click goes there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.states.state import State
from app.widgets.small_picture import show_small_picture

THUMBNAIL = QSize(48, 32)  # logical pixels
LEAST_HEIGHT = 136


class HistoryPanel(QWidget):
    """Shows states, what was undone in grey; emits the number of the one a person wants."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumHeight(LEAST_HEIGHT)
        title = QLabel(self.tr("History"))
        title.setObjectName("title")
        self.memory = QLabel()
        self.memory.setObjectName("muted")
        self.list = QListWidget()
        self.list.setObjectName("history")
        self.list.setAccessibleName(self.tr("History"))
        self.list.setIconSize(THUMBNAIL)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.currentRowChanged.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.memory)
        column.addLayout(head)
        column.addWidget(self.list, 1)

    def show_states(self, states: Sequence[State], index: int, undone: QColor) -> None:
        """Show `states`, of which `index` is the present one; those after it were undone and are written in `undone`."""
        self.list.blockSignals(True)
        while self.list.count() > len(states):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(states):
            self.list.addItem(QListWidgetItem())
        for row, state in enumerate(states):
            self._fill(self.list.item(row), state, row > index, undone)
        self.list.setCurrentRow(index if states else -1)
        self.list.blockSignals(False)
        if states:
            self.list.scrollToItem(self.list.item(index))

    def show_memory(self, held: int, on_disk: int) -> None:
        """Say how many bytes are held in memory, and how many states are on disk only."""
        words = self.tr("{count:.0f} MB in memory").format(count=held / 1e6)
        if on_disk:
            words += " · " + self.tr("{count} on disk").format(count=on_disk)
        self.memory.setText(words)

    def _fill(self, item: QListWidgetItem, state: State, is_undone: bool, undone: QColor) -> None:
        item.setText(state.name)
        words = self.tr("{name}, undone") if is_undone else "{name}"
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words.format(name=state.name))
        item.setData(Qt.ItemDataRole.ForegroundRole, undone if is_undone else None)
        item.setToolTip(state.name)
        show_small_picture(item, state.thumbnail, THUMBNAIL, self.devicePixelRatioF())

    def _choose(self, row: int) -> None:
        if row >= 0:
            self.chosen.emit(row)
