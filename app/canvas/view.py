"""The view: shows a pyramid, zooms to the pointer and pans; only what is visible is drawn.

It draws in device pixels, so that 100 % is one pixel of the picture on one pixel of the screen.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from app import qimage
from app.canvas.pyramid import Pyramid
from app.canvas.viewport import Viewport

STEP = 2**0.25  # of zoom per notch of a wheel: four notches double
KEY_STEP = 2**0.5  # of zoom per press of a key
NOTCH = 120  # Qt's angle units per notch
MARGIN = 24  # logical pixels around a picture that is fitted
SHARP_ABOVE = 2.0  # above this scale pixels are shown as the squares they are
CHECK = 8  # logical pixels, the side of a square of the pattern under transparency
ARROW_STEP = 64  # logical pixels panned by an arrow key
_EDGE = 2  # source pixels drawn past the visible ones, for smooth scaling at the rim


class CanvasView(QWidget):
    """Shows one pyramid. Wheel and pinch zoom to the pointer, dragging pans, arrow keys pan."""

    zoomed = Signal(float)  # the scale, screen pixels per picture pixel

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = Viewport()
        self._pyramid: Pyramid | None = None
        self._drag: QPointF | None = None
        self._space = False
        self._surround = QColor("#262626")
        self._checks: QPixmap | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        self.grabGesture(Qt.GestureType.PinchGesture)  # of a touch screen; a touch pad's arrives as a native gesture
        self.setAccessibleName(self.tr("Canvas"))
        self.setAccessibleDescription(self.tr("The photo. Wheel zooms, dragging pans, arrow keys pan."))

    # What is shown

    @property
    def pyramid(self) -> Pyramid | None:
        """What is shown."""
        return self._pyramid

    @property
    def scale(self) -> float:
        """Screen pixels per picture pixel."""
        return self.viewport.scale

    def show_pyramid(self, pyramid: Pyramid | None, *, keep_view: bool = False) -> None:
        """Show another picture: whole, at 100 % at most; or, with `keep_view`, where and as large as the last one was."""
        old, self._pyramid = self._pyramid, pyramid
        if pyramid is not None:
            keep = keep_view and old is not None
            self.viewport.set_picture(pyramid.width, pyramid.height, self._margin(), keep=keep)
        self._view_changed()

    def set_surround(self, colour: QColor) -> None:
        """What is painted around the picture; neutral, for it changes how colours are judged."""
        self._surround = colour
        self.update()

    # Zoom and pan

    def fit(self) -> None:
        """Show the whole picture, and go on doing so when the widget changes its size."""
        self.viewport.fit(self._margin(), enlarge=True)
        self._view_changed()

    def zoom_to(self, scale: float, anchor: QPointF | None = None) -> None:
        """Show at `scale`; what is at the logical position `anchor` (None: the middle) stays there."""
        if self._pyramid is not None:
            self.viewport.zoom(scale, None if anchor is None else (anchor * self.devicePixelRatioF()).toTuple())
            self._view_changed()

    def zoom_in(self) -> None:
        """One step larger, at the pointer where it is over the canvas, else at the middle."""
        self.zoom_to(self.scale * KEY_STEP, self._pointer())

    def zoom_out(self) -> None:
        """One step smaller, likewise."""
        self.zoom_to(self.scale / KEY_STEP, self._pointer())

    def actual_size(self) -> None:
        """100 %: one pixel of the picture on one of the screen."""
        self.zoom_to(1.0, self._pointer())

    def pan(self, by: QPointF) -> None:
        """Move the picture, in logical pixels."""
        if self._pyramid is not None:
            self.viewport.pan((by * self.devicePixelRatioF()).toTuple())
            self._view_changed()

    def picture_at(self, position: QPointF) -> QPointF:
        """The place in the picture, in its pixels, under a logical position in the widget."""
        return QPointF(*self.viewport.picture_at((position * self.devicePixelRatioF()).toTuple()))

    def picture_rect(self) -> QRectF:
        """Where the whole picture is, in device pixels; empty where there is none."""
        return QRectF(*self.viewport.rect()) if self._pyramid is not None else QRectF()

    def _screen(self) -> QRectF:
        ratio = self.devicePixelRatioF()
        return QRectF(0, 0, self.width() * ratio, self.height() * ratio)

    def _margin(self) -> float:
        return MARGIN * self.devicePixelRatioF()

    def _pointer(self) -> QPointF | None:
        position = self.mapFromGlobal(self.cursor().pos())
        return QPointF(position) if self.underMouse() and self.rect().contains(position) else None

    def _view_changed(self) -> None:
        self.update()
        self.zoomed.emit(self.scale)

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._surround)
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        self.paint_pictures(painter)
        painter.end()

    def paint_pictures(self, painter: QPainter) -> None:
        """Draw in device pixels, over the surround."""
        if self._pyramid is not None:
            self.paint_pyramid(painter, self._pyramid, self._screen())

    def paint_pyramid(self, painter: QPainter, pyramid: Pyramid, clip: QRectF) -> None:
        """Draw the part of `pyramid` that is inside `clip` (device pixels), as large as the picture that is shown."""
        assert self._pyramid is not None
        visible = self.picture_rect().intersected(clip).intersected(self._screen())
        if visible.isEmpty():
            return
        origin_x, origin_y = self.viewport.origin
        scale_x = self.scale * self._pyramid.width / pyramid.width
        scale_y = self.scale * self._pyramid.height / pyramid.height
        number = pyramid.level_for(min(scale_x, scale_y))
        level = pyramid.levels[number]
        height, width = level.pixels.shape[:2]
        step_x, step_y = scale_x * 2**number, scale_y * 2**number  # screen pixels per pixel of the level
        left = max(0, math.floor((visible.left() - origin_x) / step_x) - _EDGE)
        top = max(0, math.floor((visible.top() - origin_y) / step_y) - _EDGE)
        right = min(width, math.ceil((visible.right() - origin_x) / step_x) + _EDGE)
        bottom = min(height, math.ceil((visible.bottom() - origin_y) / step_y) + _EDGE)
        if left >= right or top >= bottom:
            return
        image = qimage.region(level.pixels, left, top, right, bottom, premultiplied=level.premultiplied)
        painter.save()
        painter.setClipRect(visible)
        if pyramid.has_alpha:
            painter.drawTiledPixmap(visible, self._check_pattern(), visible.topLeft())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale <= SHARP_ABOVE)
        painter.translate(origin_x + left * step_x, origin_y + top * step_y)
        painter.scale(step_x, step_y)
        painter.drawImage(QPointF(0, 0), image)
        painter.restore()

    def _check_pattern(self) -> QPixmap:
        side = max(1, round(CHECK * self.devicePixelRatioF()))
        if self._checks is None or self._checks.width() != 2 * side:
            self._checks = QPixmap(2 * side, 2 * side)
            self._checks.fill(QColor("#c4c4c4"))
            painter = QPainter(self._checks)
            for x, y in ((0, 0), (side, side)):
                painter.fillRect(QRect(x, y, side, side), QColor("#9c9c9c"))
            painter.end()
        return self._checks

    # Hands

    def resizeEvent(self, event: QResizeEvent) -> None:
        screen = self._screen()
        self.viewport.set_screen(screen.width(), screen.height(), self._margin())
        self._view_changed()
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        touch_pad = event.device().type() == QInputDevice.DeviceType.TouchPad
        pans = touch_pad and event.phase() != Qt.ScrollPhase.NoScrollPhase
        if pans and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(QPointF(event.pixelDelta()))
        else:
            turn = event.angleDelta().y() or event.angleDelta().x()
            self.zoom_to(self.scale * STEP ** (turn / NOTCH), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self.scale * (1 + event.value()), event.position())
            return True
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                middle = QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint()))
                self.zoom_to(self.scale * pinch.scaleFactor(), middle)
                event.accept(pinch)
                return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self._pyramid is not None:
            self._drag = event.position()
            self._show_cursor(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            self.pan(event.position() - self._drag)
            self._drag = event.position()
        self._show_cursor(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pyramid is not None:
            if self.viewport.is_fitted:
                self.zoom_to(1.0, event.position())
            else:
                self.fit()

    def _show_cursor(self, position: QPointF) -> None:
        if self._drag is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._space:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: QPointF(ARROW_STEP, 0),
            Qt.Key.Key_Right: QPointF(-ARROW_STEP, 0),
            Qt.Key.Key_Up: QPointF(0, ARROW_STEP),
            Qt.Key.Key_Down: QPointF(0, -ARROW_STEP),
        }
        move = moves.get(Qt.Key(event.key()))
        if move is not None:
            self.pan(move)
        elif event.key() == Qt.Key.Key_Space:
            self._hold_space(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold_space(False)
        else:
            super().keyReleaseEvent(event)

    def _hold_space(self, held: bool) -> None:
        self._space = held
        self._show_cursor(QPointF(self.mapFromGlobal(self.cursor().pos())))
