"""The message bar: notices above the canvas, each with what happened, its details to copy, and a button to dismiss it."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core import sentences

Kind = Literal["information", "warning", "error"]

MOST = 3  # notices at once; the oldest gives way
PASSING_MS = 10_000


class Notice(QFrame):
    """One sentence, its kind, and what "Copy details" copies."""

    def __init__(self, sentence: str, kind: Kind, details: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.sentence = sentence
        self.kind = kind
        self.details = details
        self.setObjectName("notice")
        self.setProperty("kind", kind)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(8)
        self.label = QLabel(sentence)
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        mark = QLabel()  # the kind must not be told by colour alone
        mark.setObjectName("mark")
        words = {"information": self.tr("News"), "warning": self.tr("Warning"), "error": self.tr("Error")}
        mark.setAccessibleName(words[kind])
        self.label.setAccessibleName(f"{words[kind]}: {sentence}")
        row.addWidget(mark)
        row.addWidget(self.label, 1)
        self.copy_button = QPushButton(self.tr("Copy details"))
        self.copy_button.clicked.connect(self._copy)
        self.copy_button.setVisible(kind != "information")
        row.addWidget(self.copy_button)
        self.dismiss_button = QPushButton(self.tr("Dismiss"))
        self.dismiss_button.setAccessibleName(self.tr("Dismiss this notice"))
        row.addWidget(self.dismiss_button)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.sentence}\n\n{self.details}".rstrip() + "\n")
        self.copy_button.setText(self.tr("Copied"))


class MessageBar(QWidget):
    """Holds the notices; it takes no room while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notices: list[Notice] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(self.tr("Notices"))
        self.hide()

    @property
    def notices(self) -> list[Notice]:
        """Those shown, the oldest first."""
        return list(self._notices)

    def tell(self, sentence: str, kind: Kind = "information", details: str = "", *, passing: bool = False) -> None:
        """Show a notice, for `PASSING_MS` only where it is `passing`: good news that nobody need act on.

        One that is already there moves to the end instead of standing there twice. What an engine says is translated.
        """
        sentence = sentences.told(sentence)
        for notice in self.notices:
            if notice.sentence == sentence:
                self._remove(notice)
        for notice in self.notices[: max(0, len(self.notices) - MOST + 1)]:
            self._remove(notice)
        notice = Notice(sentence, kind, details, self)
        notice.dismiss_button.clicked.connect(lambda: self._remove(notice))
        self._notices.append(notice)
        self._rows.addWidget(notice)
        if passing:
            timer = QTimer(notice)  # which ends with it; `QTimer.singleShot` would keep its timer until it is due
            timer.setSingleShot(True)
            timer.timeout.connect(notice.dismiss_button.click)
            timer.start(PASSING_MS)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(notice.label, QAccessible.Event.Alert))

    def clear(self) -> None:
        """Take all notices away."""
        for notice in self.notices:
            self._remove(notice)

    def _remove(self, notice: Notice) -> None:
        if notice not in self._notices:
            return
        self._notices.remove(notice)
        self._rows.removeWidget(notice)
        notice.hide()
        notice.deleteLater()
        self.setVisible(bool(self._notices))
