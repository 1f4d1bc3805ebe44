"""Labels: plain text in one of the style sheet's roles, such as caption, muted or warning."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def make_label(text: str, role: str = "", *, wraps: bool = False) -> QLabel:
    """A label with `text`, whose role is its object name; a caption may mark its key with "&"."""
    label = QLabel(text)
    label.setObjectName(role)
    label.setWordWrap(wraps)
    if role != "caption":
        label.setTextFormat(Qt.TextFormat.PlainText)
    return label
