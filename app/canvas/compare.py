"""Compare: the canvas with what the picture was before, on the left of a divider, in a pane beside it, or in its place."""

from __future__ import annotations

import math
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.canvas.look import Look
from app.canvas.overlay import Overlay
from app.canvas.view import CanvasView, Pointed
from app.photos.pyramid import Pyramid

GRIP = 12  # logical pixels to either side of the divider where it can be taken
HANDLE = 16  # logical pixels, the radius of its handle
LABEL_INSET = 12  # logical pixels between a label and the edges it sits in
KEY_MOVE = 0.02  # of the width, by Shift and an arrow key
GAP = 4  # logical pixels between two panes

Arrangement = Literal["after", "before", "divider", "side by side"]


class CompareView(CanvasView):
    """Shows a picture, and what it was before where that is set: while a look is shown, the picture without it.

    The divider is a place in the window, not in the picture: it stays at hand wherever one zooms and pans. Side by side, the
    widget is two panes that show the same place, before on the left, and the viewport's screen is one of them.
    """

    divided = Signal(float)  # the divider was moved: its place, 0 (left edge) to 1
    arranged = Signal(str)  # what is shown where is another arrangement
    comparable = Signal(bool)  # whether there is a before is no longer what it was

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before: Pyramid | None = None
        self._original: Pyramid | None = None
        self._side_by_side = False
        self._shows_before = False
        self._was_arranged: Arrangement = "after"
        self._was_comparable = False
        self._divider = 0.5
        self._moves_divider = False
        self.look_failed.connect(self._rearrange)

    def show_pyramids(self, after: Pyramid | None, before: Pyramid | None = None, *, keep_view: bool = False) -> None:
        """Show `after`, and `before` (enlarged to the same size) on the left of the divider; None: `after` alone."""
        self._before = before
        self._moves_divider = False
        if after is None:
            self._original = None
        self.show_pyramid(after, keep_view=keep_view)
        self._rearrange()

    def set_original(self, original: Pyramid | None) -> None:
        """What to show as before, side by side and in the picture's place, also while there is no divider."""
        self._original = original
        self._rearrange()

    def set_side_by_side(self, beside: bool) -> None:
        """Show before and after in two panes, where there is a before."""
        self._side_by_side = beside
        self._rearrange()

    def show_before(self, shown: bool) -> None:
        """Show before alone, where there is one."""
        self._shows_before = shown
        self._rearrange()

    def set_look(self, look: Look | None) -> None:
        super().set_look(look)
        self._rearrange()

    def set_overlay(self, overlay: Overlay | None) -> None:
        super().set_overlay(overlay)
        self._rearrange()

    @property
    def earlier(self) -> Pyramid | None:
        """What the picture was before; None where that is not known."""
        if self._pyramid is None:
            return None
        if self.look is not None:
            return self._pyramid
        return self._before if self._before is not None else self._original

    @property
    def arrangement(self) -> Arrangement:
        """What is shown where."""
        if self.earlier is None:
            return "after"
        if self._shows_before:
            return "before"
        if self._side_by_side:
            return "side by side"
        # a tool that works on the picture has all of it to itself
        return "divider" if self._before is not None and self.overlay is None else "after"

    @property
    def is_comparing(self) -> bool:
        """Whether there is a divider."""
        return self.arrangement == "divider"

    def _rearrange(self) -> None:
        comparable = self.earlier is not None
        if comparable != self._was_comparable:
            self._was_comparable = comparable
            self.comparable.emit(comparable)
        arrangement = self.arrangement
        if arrangement != self._was_arranged:
            self._was_arranged = arrangement
            screen = self._screen()
            self.viewport.set_screen(screen.width(), screen.height(), self._margin())
            self.arranged.emit(arrangement)
            self._view_changed()
        elif arrangement != "after":
            self.update()

    def _screen(self) -> QRectF:
        screen = super()._screen()
        if self.arrangement == "side by side":
            screen.setWidth(self._pane_width())
        return screen

    def _pane_width(self) -> float:
        gap = round(GAP * self.devicePixelRatioF())
        return max(1.0, math.floor((super()._screen().width() - gap) / 2))

    def _pane_left(self) -> float:
        """Where the right pane begins, in device pixels."""
        return self._pane_width() + round(GAP * self.devicePixelRatioF())

    def overlay_left(self) -> float:
        return self._pane_left() if self.arrangement == "side by side" else 0.0

    def on_pane(self, position: QPointF) -> tuple[float, float]:
        (x, y), left = super().on_pane(position), self.overlay_left()
        return (x - left if x >= left else x), y

    def _is_before(self, position: QPointF) -> bool:
        x = position.x() * self.devicePixelRatioF()
        arrangement = self.arrangement
        if arrangement == "divider":
            return x < self.divider_x()
        return arrangement == "before" or (arrangement == "side by side" and x < self._pane_left())

    def pointed_at(self, position: QPointF) -> Pointed | None:
        pointed, earlier = super().pointed_at(position), self.earlier
        if pointed is None or earlier is None or self._pyramid is None or not self._is_before(position):
            return pointed
        place = self.picture_at(position)
        x = math.floor(place.x() * earlier.width / self._pyramid.width)
        y = math.floor(place.y() * earlier.height / self._pyramid.height)
        return Pointed(min(x, earlier.width - 1), min(y, earlier.height - 1), before=True)

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
        earlier, after, arrangement = self.earlier, self._pyramid, self.arrangement
        if earlier is None or after is None or arrangement == "after":
            super().paint_pictures(painter)
            return
        screen = self._screen()
        seen = self.picture_rect().intersected(screen)
        if arrangement == "divider":
            x = self.divider_x()
            self.paint_pyramid(painter, earlier, QRectF(0, 0, x, screen.height()))
            self.paint_pyramid(painter, after, QRectF(x, 0, screen.width() - x, screen.height()), looked=True)
            self.paint_overlay(painter)
            if not seen.isEmpty():
                self._paint_divider(painter, seen, x)
                self._paint_label(painter, self.tr("Before"), QRectF(seen.topLeft(), QPointF(x, seen.bottom())), -1)
                self._paint_label(painter, self.tr("After"), QRectF(QPointF(x, seen.top()), seen.bottomRight()), 1)
            return
        self.paint_pyramid(painter, earlier, screen)
        self._paint_label(painter, self.tr("Before"), seen, -1)
        if arrangement == "before":
            self.paint_overlay(painter)
            return
        painter.save()
        painter.translate(self._pane_left(), 0)
        painter.setClipRect(screen)
        self.paint_pyramid(painter, after, screen, looked=True)
        self._paint_label(painter, self.tr("After"), seen, 1)
        self.paint_overlay(painter)
        painter.restore()

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

    def _paint_label(self, painter: QPainter, text: str, where: QRectF, side: int) -> None:
        """In the upper left (`side` -1) or right corner of `where`, if there is room."""
        ratio = self.devicePixelRatioF()
        font = self.font()
        font.setPixelSize(round(12 * ratio))
        font.setBold(True)
        metrics, inset, padding = QFontMetrics(font), LABEL_INSET * ratio, 8 * ratio
        width, height = metrics.horizontalAdvance(text) + 2 * padding, metrics.height() + padding
        if where.width() < width + 2 * inset:
            return
        left = where.left() + inset if side < 0 else where.right() - inset - width
        box = QRectF(left, where.top() + inset, width, height)
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 20, 20, 190))
        painter.drawRoundedRect(box, 4 * ratio, 4 * ratio)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

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
            self.pointed.emit(self.pointed_at(event.position()))
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
