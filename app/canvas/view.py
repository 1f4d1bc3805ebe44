"""The view: a pyramid in a person's hands, which zoom to the pointer and pan, after the tool that lies over it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from app.canvas.overlay import Overlay
from app.canvas.pyramid_view import PyramidView

STEP = 2**0.25  # of zoom per notch of a wheel: four notches double
NOTCH = 120  # Qt's angle units per notch
ARROW_STEP = 64  # logical pixels panned by an arrow key


@dataclass(frozen=True)
class Pointed:
    """The pixel of the picture under the pointer; `before`: of what the picture was before, `x` and `y` in its own pixels."""

    x: int
    y: int
    before: bool = False


class CanvasView(PyramidView):
    """Wheel and pinch zoom to the pointer, dragging pans, arrow keys pan; an overlay has the hands first."""

    pointed = Signal(object)  # Pointed, or None where the pointer is not on the picture

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drag: QPointF | None = None
        self._space = False
        self._overlay: Overlay | None = None
        self._overlay_drags = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.grabGesture(Qt.GestureType.PinchGesture)  # of a touch screen; a touch pad's arrives as a native gesture
        self.setAccessibleName(self.tr("Canvas"))
        self.setAccessibleDescription(self.tr("The photo. Wheel zooms, dragging pans, arrow keys pan."))

    # The tool

    @property
    def overlay(self) -> Overlay | None:
        """The tool that lies over the picture."""
        return self._overlay

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay a tool over the picture, in place of the one there is; None: none. `update()` draws it anew."""
        self._overlay, self._overlay_drags = overlay, False
        self._show_cursor(QPointF(self.mapFromGlobal(self.cursor().pos())))
        self.update()

    def paint_pictures(self, painter: QPainter) -> None:
        super().paint_pictures(painter)
        self.paint_overlay(painter)

    def paint_overlay(self, painter: QPainter) -> None:
        """Draw what a tool lays over the picture."""
        if self._overlay is not None and self._pyramid is not None:
            painter.save()
            self._overlay.paint(painter, self)
            painter.restore()

    # Hands

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

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None)
        if self._overlay is not None:
            self._overlay.mouse_left(self)
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._hold_space(False)  # its release goes to whoever has the keyboard now
        super().focusOutEvent(event)

    def pointed_at(self, position: QPointF) -> Pointed | None:
        """The pixel at a logical position."""
        if self._pyramid is None:
            return None
        place = self.picture_at(position)
        x, y = math.floor(place.x()), math.floor(place.y())
        inside = 0 <= x < self._pyramid.width and 0 <= y < self._pyramid.height
        return Pointed(x, y) if inside else None

    def _pans(self, event: QMouseEvent) -> bool:
        return self._space or event.button() == Qt.MouseButton.MiddleButton

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._overlay is not None and not self._pans(event) and self._overlay.mouse_pressed(event, self):
            self._overlay_drags = True
            return
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self._pyramid is not None:
            self._drag = event.position()
            self._show_cursor(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointed.emit(self.pointed_at(event.position()))
        if self._drag is None and self._overlay is not None and not self._space:
            self._overlay.mouse_moved(event, self)
        if self._drag is not None:
            self.pan(event.position() - self._drag)
            self._drag = event.position()
        self._show_cursor(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._overlay is not None and self._overlay_drags and event.button() != Qt.MouseButton.MiddleButton:
            self._overlay_drags = False
            self._overlay.mouse_released(event, self)
        self._drag = None
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._overlay is not None and not self._pans(event) and self._overlay.mouse_double_clicked(event, self):
            return
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
        elif self._overlay is not None and (shape := self._overlay.cursor(position, self)) is not None:
            self.setCursor(shape)
        else:
            self.unsetCursor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._overlay is not None and not self._space and self._overlay.key_pressed(event, self):
            return
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
        elif self._overlay is not None and self._overlay.key_released(event, self):
            return
        else:
            super().keyReleaseEvent(event)

    def _hold_space(self, held: bool) -> None:
        self._space = held
        self._show_cursor(QPointF(self.mapFromGlobal(self.cursor().pos())))
