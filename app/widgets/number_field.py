"""How a field with a number in it looks: the number at the right, away from the edge."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox

MARGIN = 6  # logical pixels; a style sheet cannot give it to a spin box


def dress(field: QAbstractSpinBox) -> None:
    """Let `field` look as all of them do."""
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    line = field.lineEdit()
    assert line is not None
    line.setTextMargins(MARGIN, 0, MARGIN, 0)
