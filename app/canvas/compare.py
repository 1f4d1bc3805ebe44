"""Compare: the canvas with a divider, before on its left and after on its right, both in the same place."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.canvas.pyramid import Pyramid
from app.canvas.view import CanvasView

GRIP = 12  # logical pixels to either side of the divider where it can be taken
HANDLE = 16  # logical pixels, the radius of its handle
LABEL_INSET = 12  # logical pixels between a label and the edges it sits in
KEY_MOVE = 0.02  # of the width, by Shift and an arrow key


class CompareView(CanvasView):
    """Shows a picture, and what it was before where that is set.

    The divider is a place in the window, not in the picture: it stays at hand wherever one zooms and pans.
    """

    divided = Signal(float)  # the divider was moved: its place, 0 (left edge) to 1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before: Pyramid | None = None
        self._divider = 0.5
        self._moves_divider = False

    def show_pyramids(self, after: Pyramid | None, before: Pyramid | None = None, *, keep_view: bool = False) -> None:
        """Show `after`, and `before` (enlarged to the same size) on the left of the divider; None: `after` alone."""
        self._before = before
        self._moves_divider = False
        self.show_pyramid(after, keep_view=keep_view)

    @property
    def is_comparing(self) -> bool:
        """Whether there is a divider."""
        return self._before is not None and self._pyramid is not None

    @property
    def divider(self) -> float:
        """The place of the divider, 0 (left edge of the canvas) to 1."""
        return self._divider

    def set_divider(self, place: float) -> None:
        """Move the divider."""
        self._divider = min(max(place, 0.0), 1.0)
        self.divided.emit(self._divider)
        self.update()

    def divider_x(self) -> float:
        """Where the divider is drawn, in device pixels: at its place, but never beyond the picture."""
        seen = self.picture_rect().intersected(self._screen())
        return float(round(min(max(self._divider * self._screen().width(), seen.left()), seen.right())))

    def handle_center(self) -> QPointF:
        """The middle of the handle, a logical position in the widget."""
        seen = self.picture_rect().intersected(self._screen())
        return QPointF(self.divider_x(), seen.center().y()) / self.devicePixelRatioF()

    # Drawing

    def paint_pictures(self, painter: QPainter) -> None:
        if self._before is None or self._pyramid is None:
            super().paint_pictures(painter)
            return
        screen, x = self._screen(), self.divider_x()
        self.paint_pyramid(painter, self._before, QRectF(0, 0, x, screen.height()))
        self.paint_pyramid(painter, self._pyramid, QRectF(x, 0, screen.width() - x, screen.height()))
        seen = self.picture_rect().intersected(screen)
        if not seen.isEmpty():
            self._paint_divider(painter, seen, x)
            self._paint_labels(painter, seen, x)

    def _paint_divider(self, painter: QPainter, seen: QRectF, x: float) -> None:
        ratio = self.devicePixelRatioF()
        width = max(1, round(ratio))
        painter.fillRect(QRectF(x - 2 * width, seen.top(), 4 * width, seen.height()), QColor(0, 0, 0, 110))
        painter.fillRect(QRectF(x - width, seen.top(), 2 * width, seen.height()), QColor("#f2f2f2"))
        radius, middle = HANDLE * ratio, seen.center().y()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(0, 0, 0, 130), 1.5 * ratio))
        painter.setBrush(QColor("#f2f2f2"))
        painter.drawEllipse(QPointF(x, middle), radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#2a2a2a"))
        for side in (-1, 1):
            tip, base, half = x + side * radius * 0.68, x + side * radius * 0.22, radius * 0.36
            painter.drawPolygon(
                QPolygonF([QPointF(tip, middle), QPointF(base, middle - half), QPointF(base, middle + half)])
            )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_labels(self, painter: QPainter, seen: QRectF, x: float) -> None:
        ratio = self.devicePixelRatioF()
        font = self.font()
        font.setPixelSize(round(12 * ratio))
        font.setBold(True)
        painter.setFont(font)
        metrics, inset, padding = QFontMetrics(font), LABEL_INSET * ratio, 8 * ratio
        for text, side in ((self.tr("Before"), -1), (self.tr("After"), 1)):
            width, height = metrics.horizontalAdvance(text) + 2 * padding, metrics.height() + padding
            room = x - seen.left() if side < 0 else seen.right() - x
            if room < width + 2 * inset:
                continue
            left = seen.left() + inset if side < 0 else seen.right() - inset - width
            box = QRectF(left, seen.top() + inset, width, height)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(20, 20, 20, 190))
            painter.drawRoundedRect(box, 4 * ratio, 4 * ratio)
            painter.setPen(QColor("#ffffff"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    # Hands

    def _is_on_divider(self, position: QPointF) -> bool:
        if not self.is_comparing:
            return False
        center, seen = self.handle_center(), self.picture_rect().intersected(self._screen())
        ratio = self.devicePixelRatioF()
        beside = abs(position.x() - center.x())
        on_line = beside <= GRIP / 2 and seen.top() / ratio <= position.y() <= seen.bottom() / ratio
        return on_line or (beside <= HANDLE and abs(position.y() - center.y()) <= HANDLE)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._space and self._is_on_divider(event.position()):
            self._moves_divider = True
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._moves_divider:
            self.set_divider(event.position().x() / max(1, self.width()))
            return
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._moves_divider = False
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._is_on_divider(event.position()):
            self.set_divider(0.5)
            return
        super().mouseDoubleClickEvent(event)

    def _show_cursor(self, position: QPointF) -> None:
        if self._moves_divider or (self._drag is None and not self._space and self._is_on_divider(position)):
            self.setCursor(Qt.CursorShape.SplitHCursor)
            return
        super()._show_cursor(position)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.is_comparing and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            move = {Qt.Key.Key_Left: -KEY_MOVE, Qt.Key.Key_Right: KEY_MOVE}.get(Qt.Key(event.key()))
            if move is not None:
                self.set_divider(self._divider + move)
                return
        super().keyPressEvent(event)
