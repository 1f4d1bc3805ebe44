"""The recovery offer: what was open when an earlier start did not end in order, and what to do with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QLocale, QSize, Signal
from PySide6.QtGui import QCloseEvent, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.recovery.leftover import Leftover
from app.widgets.small_picture import pixmap

THUMBNAIL = QSize(96, 64)  # logical pixels


class RecoveryOffer(QDialog):
    """Not modal: one may go on without an answer. Exactly one of the three signals is emitted."""

    restore_asked = Signal()
    discard_asked = Signal()
    later_asked = Signal()

    def __init__(self, left: Sequence[Leftover], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_answered = False
        self.setWindowTitle(self.tr("Recover Photos"))
        self.setModal(False)
        heading = QLabel(self.tr("Duskroom did not close as it should last time. These photos were open:"))
        heading.setObjectName("title")
        heading.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Photos that can be recovered"))
        self.list.setIconSize(THUMBNAIL)
        self.list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        for leftover in left:
            when = QDateTime.fromSecsSinceEpoch(int(leftover.time))
            time = QLocale().toString(when, QLocale.FormatType.ShortFormat)
            for document in leftover.documents:
                words = (
                    self.tr("with unsaved changes, {time}") if document.is_modified else self.tr("unchanged, {time}")
                )
                name = document.title or self.tr("Untitled")
                item = QListWidgetItem(f"{name}\n{words.format(time=time)}")
                item.setToolTip(str(document.target or document.source or name))
                if document.thumbnail is not None:
                    item.setIcon(QIcon(pixmap(document.thumbnail, THUMBNAIL, self.devicePixelRatioF())))
                self.list.addItem(item)
        note = QLabel(self.tr("“Discard” removes what was kept of them; your own files stay as they are."))
        note.setObjectName("muted")
        note.setWordWrap(True)
        self.restore_button = QPushButton(self.tr("Restore"))
        self.restore_button.setObjectName("primary")
        self.restore_button.setDefault(True)
        self.discard_button = QPushButton(self.tr("Discard"))
        self.later_button = QPushButton(self.tr("Later"))
        self.later_button.setToolTip(self.tr("Ask again at the next start"))
        for button, signal in (
            (self.restore_button, self.restore_asked),
            (self.discard_button, self.discard_asked),
            (self.later_button, self.later_asked),
        ):
            button.clicked.connect(lambda _=False, signal=signal: self._answer(signal))
        row = QDialogButtonBox()  # which knows the order that the desktop has
        row.addButton(self.discard_button, QDialogButtonBox.ButtonRole.DestructiveRole)
        row.addButton(self.later_button, QDialogButtonBox.ButtonRole.RejectRole)
        row.addButton(self.restore_button, QDialogButtonBox.ButtonRole.AcceptRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(12)
        column.addWidget(heading)
        column.addWidget(self.list, 1)
        column.addWidget(note)
        column.addWidget(row)
        self.resize(460, 360)
        self.restore_button.setFocus()

    def reject(self) -> None:
        """Esc: later."""
        self._answer(self.later_asked)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._is_answered:
            self._is_answered = True
            self.later_asked.emit()
        super().closeEvent(event)

    def _answer(self, signal: object) -> None:
        if not self._is_answered:
            self._is_answered = True
            signal.emit()  # type: ignore[attr-defined]
        super().reject()
