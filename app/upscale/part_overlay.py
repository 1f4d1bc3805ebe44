"""The part overlay: what is upscaled already, drawn over the canvas in its place while the whole is made."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.canvas.compare import CompareView
from app.core import qimage
from app.upscale.work import Part


class PartOverlay(QWidget):
    """Lies over a canvas and moves with what it shows; the mouse goes through it."""

    def __init__(self, canvas: CompareView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._part: Part | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    @property
    def part(self) -> Part | None:
        """What is shown; None where there is nothing."""
        return self._part

    def show_part(self, part: Part) -> None:
        """Show `part` in its place from now on."""
        self._part = part
        self.setGeometry(self._canvas.rect())
        self.show()
        self.raise_()
        self.update()

    def clear(self) -> None:
        """Show nothing, and let go of the pixels."""
        self._part = None
        self.hide()

    def place(self) -> QRectF:
        """Where the part is on the canvas, in device pixels."""
        canvas, part = self._canvas, self._part
        if part is None or canvas.pyramid is None:
            return QRectF()
        whole, (left, top, right, bottom) = canvas.picture_rect().translated(canvas.overlay_left(), 0), part.box
        across = whole.width() / canvas.pyramid.width
        down = whole.height() / canvas.pyramid.height
        return QRectF(
            whole.left() + left * across, whole.top() + top * down, (right - left) * across, (bottom - top) * down
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        part, place, ratio = self._part, self.place(), self.devicePixelRatioF()
        if part is None or place.isEmpty() or self._canvas.arrangement == "before":
            return
        if self.size() != self._canvas.size():
            self.resize(self._canvas.size())
        painter = QPainter(self)
        painter.scale(1 / ratio, 1 / ratio)
        left = self._canvas.overlay_left()
        seen = place.intersected(QRectF(left, 0, self.width() * ratio - left, self.height() * ratio))
        if self._canvas.is_comparing:
            seen.setLeft(max(seen.left(), self._canvas.divider_x()))
        if seen.isEmpty():
            return
        painter.setClipRect(seen)
        self._paint_pixels(painter, part, place, seen)
        painter.setPen(QPen(QColor(255, 255, 255, 150), max(1, round(ratio)), Qt.PenStyle.DashLine))
        painter.drawRect(place.adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_pixels(self, painter: QPainter, part: Part, place: QRectF, seen: QRectF) -> None:
        """Only what is seen is drawn, from the level that need not be enlarged."""
        scale_x, scale_y = place.width() / part.pyramid.width, place.height() / part.pyramid.height
        number = part.pyramid.level_for(min(scale_x, scale_y))
        level = part.pyramid.levels[number]
        height, width = level.pixels.shape[:2]
        step_x, step_y = scale_x * 2**number, scale_y * 2**number
        left = max(0, math.floor((seen.left() - place.left()) / step_x) - 1)
        top = max(0, math.floor((seen.top() - place.top()) / step_y) - 1)
        right = min(width, math.ceil((seen.right() - place.left()) / step_x) + 1)
        bottom = min(height, math.ceil((seen.bottom() - place.top()) / step_y) + 1)
        if left >= right or top >= bottom:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if part.pyramid.has_alpha:
            painter.fillRect(seen, QColor("#b0b0b0"))
        painter.translate(place.left() + left * step_x, place.top() + top * step_y)
        painter.scale(step_x, step_y)
        region = qimage.region(level.pixels, left, top, right, bottom, premultiplied=level.premultiplied)
        painter.drawImage(QPointF(0, 0), region)
        painter.restore()
