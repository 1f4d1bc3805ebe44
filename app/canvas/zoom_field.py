"""The zoom field: shows how large the picture is on screen, offers the usual sizes and takes any other that is typed."""

from __future__ import annotations

import math
import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QWidget

from app.canvas.viewport import LARGEST_SCALE

USUAL = (6.25, 12.5, 25, 33.3, 50, 66.7, 100, 150, 200, 300, 400, 800, 1600, 3200, 6400)  # percent


class ZoomField(QComboBox):
    """Enter uses what was typed, Escape takes it back. What is no size leaves the zoom as it is."""

    zoom_asked = Signal(float)  # the scale, screen pixels per picture pixel
    fit_asked = Signal()
    left = Signal()  # the keyboard is to go back to the picture

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setEditable(True)
        self._is_left = False
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setCompleter(None)  # type: ignore[arg-type]  # "1" must not become "100 %"
        self.addItem(self.tr("Fit"))
        self.addItems([self._words(percent) for percent in USUAL])
        self.setMaxVisibleItems(self.count())
        self.setMinimumContentsLength(7)
        self.setAccessibleName(self.tr("Zoom"))
        self.setToolTip(self.tr("Zoom: choose a size, or type one in percent"))
        line = self.lineEdit()
        assert line is not None
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.setAccessibleName(self.tr("Zoom"))
        self.activated.connect(self._choose)
        line.returnPressed.connect(self._use)

    def text(self) -> str:
        """What is shown, or typed at the moment."""
        return self.currentText()

    def setText(self, text: str) -> None:
        """Show another size, unless one is being typed."""
        self._shown = text
        line = self.lineEdit()
        assert line is not None
        if not (line.hasFocus() and line.isModified()):
            line.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._take_back()
            self.left.emit()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._is_left = True  # Qt takes what is shown for chosen where it is one of the list
        super().focusOutEvent(event)
        self._is_left = False
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._take_back()

    def _words(self, percent: float) -> str:
        return self.tr("{percent} %").format(percent=f"{percent:g}")

    def _take_back(self) -> None:
        line = self.lineEdit()
        assert line is not None
        line.setText(self._shown)
        line.setModified(False)

    def _choose(self, index: int) -> None:
        if self._is_left:
            return
        text = self.itemText(index)
        self._take_back()
        if index == 0:
            self.fit_asked.emit()
        else:
            scale = scale_of(text)
            assert scale is not None
            self.zoom_asked.emit(scale)
        self.left.emit()

    def _use(self) -> None:
        line = self.lineEdit()
        assert line is not None
        if not line.isModified():  # what is shown is rounded: to use it would change the zoom
            self.left.emit()
            return
        typed = self.currentText()
        self._take_back()
        scale = scale_of(typed)
        if typed.strip().casefold() == self.tr("Fit").casefold():
            self.fit_asked.emit()
        elif scale is not None:
            self.zoom_asked.emit(scale)
        self.left.emit()


def scale_of(text: str) -> float | None:
    """The scale that a person means by `150`, `66,7 %` or `1:2`; None where it is none, or beyond what can be shown."""
    plain = text.strip().rstrip("%").strip().replace(",", ".")
    if re.fullmatch(r"\d{1,6}(\.\d{0,6})?", plain):
        scale = float(plain) / 100
    elif match := re.fullmatch(r"(\d{1,4})\s*:\s*(\d{1,4})", plain):
        scale = int(match[1]) / int(match[2]) if int(match[2]) else 0.0
    else:
        return None
    return min(scale, LARGEST_SCALE) if scale > 0 and math.isfinite(scale) else None
