"""The pyramid view: shows a pyramid at any zoom and place, through a look; only what is visible is drawn.

It draws in device pixels, so that 100 % is one pixel of the picture on one pixel of the screen.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.canvas.look import Look, LookLayer
from app.canvas.painting import Box, Placement
from app.canvas.picture_painter import PicturePainter
from app.canvas.viewport import Viewport
from app.core.jobs import JobQueue
from app.photos.pyramid import Pyramid

KEY_STEP = 2**0.5  # of zoom per press of a key
MARGIN = 24  # logical pixels around a picture that is fitted


class PyramidView(QWidget):
    """Shows one pyramid, and does as it is told: the hands on it are the canvas's."""

    zoomed = Signal(float)  # the scale, screen pixels per picture pixel
    look_failed = Signal(object)  # what a look raised; the picture is shown without it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport = Viewport()
        self._pyramid: Pyramid | None = None
        self._surround = QColor("#262626")
        self._painter = PicturePainter()
        self._painter.set_surround(self._surround)
        self._layer: LookLayer | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)

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
            self.viewport.zoom(scale, None if anchor is None else self.on_pane(anchor))
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
        return QPointF(*self.viewport.picture_at(self.on_pane(position)))

    def on_screen(self, place: QPointF) -> QPointF:
        """Where a place in the picture is drawn, in device pixels."""
        left, top = self.viewport.drawn_origin
        return QPointF(left + place.x() * self.scale, top + place.y() * self.scale)

    def picture_rect(self) -> QRectF:
        """Where the whole picture is, in device pixels; empty where there is none."""
        if self._pyramid is None:
            return QRectF()
        return QRectF(*self.viewport.drawn_origin, *self.viewport.rect()[2:])

    def overlay_left(self) -> float:
        """Where that part of the widget begins, in device pixels, over which tools draw; what they draw is moved there."""
        return 0.0

    def on_pane(self, position: QPointF) -> tuple[float, float]:
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        screen = self._screen()
        self.viewport.set_screen(screen.width(), screen.height(), self._margin())
        self._view_changed()
        super().resizeEvent(event)
