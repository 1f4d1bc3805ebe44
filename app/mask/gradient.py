"""The gradient: a linear or radial mask, drawn as a line from where it applies fully to where it ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen

from app.mask.masks import Masks
from app.mask.overlay import MaskOverlay

if TYPE_CHECKING:
    from app.canvas.pyramid_view import PyramidView

SHORTEST = 2.0  # pixels of the picture: anything less is a click


class GradientOverlay(MaskOverlay):
    """The gradient takes the place of the mask when the button is let go."""

    def __init__(self, masks: Masks) -> None:
        super().__init__(masks)
        self.kind: Literal["linear", "radial"] = "linear"
        self.enabled = True
        self._start: QPointF | None = None
        self._end = QPointF()

    def paint(self, painter: QPainter, view: PyramidView) -> None:
        super().paint(painter, view)
        if self._start is None:
            return
        start, end = view.on_screen(self._start), view.on_screen(self._end)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(start, end)
            if self.kind == "radial":
                radius = math.dist(start.toTuple(), end.toTuple())
                painter.drawEllipse(start, radius, radius)

    def mouse_pressed(self, event: QMouseEvent, view: PyramidView) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or not self.enabled:
            return False
        self._start = self._end = view.picture_at(event.position())
        return True

    def mouse_moved(self, event: QMouseEvent, view: PyramidView) -> bool:
        if self._start is None:
            return False
        self._end = view.picture_at(event.position())
        view.update()
        return True

    def mouse_released(self, event: QMouseEvent, view: PyramidView) -> bool:
        if self._start is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        start, end = self._start.toTuple(), view.picture_at(event.position()).toTuple()
        self._start = None
        if math.dist(start, end) >= SHORTEST:
            self.masks.gradient(self.kind, start, end)
        view.update()
        return True

    def cursor(self, position: QPointF, view: PyramidView) -> Qt.CursorShape | None:
        return Qt.CursorShape.CrossCursor if self.enabled else None
