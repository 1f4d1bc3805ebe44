"""The view: shows a pyramid, zooms to the pointer and pans; only what is visible is drawn.

It draws in device pixels, so that 100 % is one pixel of the picture on one pixel of the screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from app.canvas.look import Look, LookLayer
from app.canvas.overlay import Overlay
from app.canvas.painting import Box, Placement
from app.canvas.picture_painter import PicturePainter
from app.canvas.pyramid import Pyramid
from app.canvas.viewport import Viewport
from app.jobs import JobQueue

STEP = 2**0.25  # of zoom per notch of a wheel: four notches double
KEY_STEP = 2**0.5  # of zoom per press of a key
NOTCH = 120  # Qt's angle units per notch
MARGIN = 24  # logical pixels around a picture that is fitted
ARROW_STEP = 64  # logical pixels panned by an arrow key


@dataclass(frozen=True)
class Pointed:
    """The pixel of the picture under the pointer; `before`: of what the picture was before, `x` and `y` in its own pixels."""

    x: int
    y: int
    before: bool = False


class CanvasView(QWidget):
    """Shows one pyramid. Wheel and pinch zoom to the pointer, dragging pans, arrow keys pan."""

    zoomed = Signal(float)  # the scale, screen pixels per picture pixel
    pointed = Signal(object)  # Pointed, or None where the pointer is not on the picture
    look_failed = Signal(object)  # what a look raised; the picture is shown without it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = Viewport()
        self._pyramid: Pyramid | None = None
        self._drag: QPointF | None = None
        self._space = False
        self._surround = QColor("#262626")
        self._painter = PicturePainter()
        self._painter.set_surround(self._surround)
        self._overlay: Overlay | None = None
        self._overlay_drags = False
        self._layer: LookLayer | None = None
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
        if self._layer is not None:
            self._layer.set_pyramid(pyramid)
        self._view_changed()

    def set_surround(self, colour: QColor) -> None:
        """What is painted around the picture; neutral, for it changes how colours are judged."""
        self._surround = colour
        self._painter.set_surround(colour)
        self.update()

    def set_checks(self, light: QColor, dark: QColor) -> None:
        """The colours of the pattern under transparency."""
        self._painter.set_checks(light, dark)
        self.update()

    @property
    def shows_grid(self) -> bool:
        """Whether pixels are divided by lines once they are large."""
        return self._painter.shows_grid

    def set_grid(self, shown: bool) -> None:
        """Divide large pixels by lines, or do not."""
        self._painter.shows_grid = shown
        self.update()

    # What tools add

    @property
    def overlay(self) -> Overlay | None:
        """The tool that lies over the picture."""
        return self._overlay

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay a tool over the picture, in place of the one there is; None: none. `update()` draws it anew."""
        self._overlay, self._overlay_drags = overlay, False
        self._show_cursor(QPointF(self.mapFromGlobal(self.cursor().pos())))
        self.update()

    def use_queue(self, queue: JobQueue) -> None:
        """Where looks are rendered; once, before the first of them."""
        self._layer = LookLayer(queue, self)
        self._layer.rendered.connect(self.update)
        self._layer.failed.connect(self.look_failed)
        self._layer.set_pyramid(self._pyramid)

    @property
    def look(self) -> Look | None:
        """What the picture is shown through."""
        return self._layer.look if self._layer is not None else None

    def set_look(self, look: Look | None) -> None:
        """Show the picture through `look`, computed for what is in sight, off the GUI thread; None: as it is.

        It may be called for each move of a slider: the latest wins, and what is begun is shown.
        """
        if self._layer is None:
            raise RuntimeError("use_queue comes before set_look")
        self._layer.set_look(look)
        if look is None:  # else it is drawn once there is something to draw
            self.update()

    def visible_box(self) -> Box | None:
        """Left, top, right and bottom of the part of the picture in sight, in whole pixels of it; None: nothing is."""
        if self._pyramid is None:
            return None
        place = Placement(*self.viewport.drawn_origin, self.scale, self.scale)
        return place.box_in(self._screen(), self._pyramid.width, self._pyramid.height, edge=0)

    # Zoom and pan

    def fit(self) -> None:
        """Show the whole picture, and go on doing so when the widget changes its size."""
        self.viewport.fit(self._margin(), enlarge=True)
        self._view_changed()

    def fit_width(self) -> None:
        """As wide as the canvas, at the place where it is."""
        if self._pyramid is not None:
            width = self._screen().width() - 2 * self._margin()
            self.zoom_to(max(1.0, width) / self._pyramid.width)
            left, _, seen, _ = self.viewport.rect()
            self.viewport.pan(((self._screen().width() - seen) / 2 - left, 0))
            self._view_changed()

    def zoom_to(self, scale: float, anchor: QPointF | None = None) -> None:
        """Show at `scale`; what is at the logical position `anchor` (None: the middle) stays there."""
        if self._pyramid is not None:
            self.viewport.zoom(scale, None if anchor is None else self._on_pane(anchor))
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
        return QPointF(*self.viewport.picture_at(self._on_pane(position)))

    def on_screen(self, place: QPointF) -> QPointF:
        """Where a place in the picture is drawn, in device pixels."""
        left, top = self.viewport.drawn_origin
        return QPointF(left + place.x() * self.scale, top + place.y() * self.scale)

    def picture_rect(self) -> QRectF:
        """Where the whole picture is, in device pixels; empty where there is none."""
        if self._pyramid is None:
            return QRectF()
        return QRectF(*self.viewport.drawn_origin, *self.viewport.rect()[2:])

    def _on_pane(self, position: QPointF) -> tuple[float, float]:
        """A logical position in device pixels of that part of the widget in which it is, and which shows the picture."""
        x, y = (position * self.devicePixelRatioF()).toTuple()
        return x, y

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
            self.paint_pyramid(painter, self._pyramid, self._screen(), looked=True)
            self.paint_overlay(painter)

    def paint_overlay(self, painter: QPainter) -> None:
        """Draw what a tool lays over the picture."""
        if self._overlay is not None:
            painter.save()
            self._overlay.paint(painter, self)
            painter.restore()

    def paint_pyramid(self, painter: QPainter, pyramid: Pyramid, clip: QRectF, *, looked: bool = False) -> None:
        """Draw the part of `pyramid` that is inside `clip` (device pixels), as large as the picture that is shown.

        With `looked` it is drawn through the look, as far as that is rendered.
        """
        assert self._pyramid is not None
        visible = self.picture_rect().intersected(clip).intersected(self._screen())
        if visible.isEmpty():
            return
        ratio_x, ratio_y = self._pyramid.width / pyramid.width, self._pyramid.height / pyramid.height
        whole = Placement(*self.viewport.drawn_origin, self.scale * ratio_x, self.scale * ratio_y)
        layer = self._layer if looked else None
        if self._painter.paint(painter, pyramid, whole, visible, ratio=self.devicePixelRatioF(), layer=layer):
            self.update()

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
