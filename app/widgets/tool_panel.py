"""What the panels of the tools share: a column under a title, with rows of buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

SIDE_WIDTH = 312  # logical pixels that the panels beside the canvas are wide


class ToolPanel(QWidget):
    """A panel of the side dock."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 16, 16, 16)
        self.column.setSpacing(8)
        self.setAccessibleName(title)  # which its tab shows

    def heading(self, text: str, name: str = "caption") -> None:
        """A line of words."""
        label = QLabel(text)
        label.setObjectName(name)
        label.setWordWrap(name == "muted")
        self.column.addWidget(label)

    def row(self, *widgets: QWidget) -> None:
        """Widgets beside each other."""
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in widgets:
            row.addWidget(widget, 1)
        self.column.addLayout(row)


def button(text: str, *, primary: bool = False, checkable: bool = False, tip: str = "") -> QPushButton:
    """A button of a panel."""
    made = QPushButton(text)
    made.setObjectName("primary" if primary else "")
    made.setCheckable(checkable)
    made.setToolTip(tip)
    return made
