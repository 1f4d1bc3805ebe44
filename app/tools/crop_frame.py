"""The crop frame: handles, thirds, arrows, and a line along the horizon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen, QPolygonF

from app.canvas.overlay import Overlay
from engines.edit.geometry import Crop, fits, horizon_angle, largest_upright, source_place

if TYPE_CHECKING:
    from app.canvas.pyramid_view import PyramidView

HANDLE = 10.0  # logical pixels from an edge that still count as on it
MARK = 8.0
SHORTEST_LINE = 10.0  # pixels of the picture


class CropFrame(QObject):
    """The frame of one photo, always inside of what the turned picture shows."""

    changed = Signal()
    applied = Signal()
    left = Signal()
    line_drawn = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.size = (1, 1)  # width and height of the photo
        self.aspect: float | None = None
        self.crop = Crop(0, 0, 1, 1)
        self.draws_line = False

    def start(self, width: int, height: int) -> None:
        """All of a photo."""
        self.size, self.crop = (width, height), Crop(0, 0, width, height)
        self.set_aspect(self.aspect)

    def set_angle(self, angle: float) -> None:
        """Straighten by `angle` degrees: the frame becomes the largest upright one."""
        self.crop = largest_upright(*self.size, angle, self.aspect)
        self.changed.emit()

    def set_aspect(self, aspect: float | None) -> None:
        """Keep width ÷ height from now on; None: free."""
        self.aspect = aspect
        self.crop = largest_upright(*self.size, self.crop.angle, aspect)
        self.changed.emit()

    def move(self, x: int, y: int) -> None:
        """Move by whole pixels, as far as there is picture."""
        for dx, dy in ((x, 0), (0, y)):
            self._take(lambda t, dx=dx, dy=dy: _moved(self.crop, round(dx * t), round(dy * t)))

    def drag(self, start: Crop, edges: str, x: float, y: float) -> None:
        """Move the edges named by letters l, t, r, b of `start` by so many pixels; no letters: all of it."""
        if not edges:
            self.crop = start
            self.move(round(x), round(y))
            self.changed.emit()
            return
        self.crop = start
        self._take(lambda t: self._sized(start, edges, x * t, y * t))
        self.changed.emit()

    def _take(self, at: Callable[[float], Crop]) -> None:
        """The frame `at(t)` for the largest t up to 1 that shows picture only."""
        low, high = 0.0, 1.0
        if fits(wanted := at(1.0), *self.size):
            self.crop = wanted
        else:
            for _ in range(16):
                middle = (low + high) / 2
                low, high = (middle, high) if fits(at(middle), *self.size) else (low, middle)
            self.crop = at(low)
        self.changed.emit()

    def _sized(self, start: Crop, edges: str, x: float, y: float) -> Crop:
        left, top, right, bottom = start.left, start.top, start.left + start.width, start.top + start.height
        if "l" in edges:
            left = min(left + x, right - 1)
        if "r" in edges:
            right = max(right + x, left + 1)
        if "t" in edges:
            top = min(top + y, bottom - 1)
        if "b" in edges:
            bottom = max(bottom + y, top + 1)
        wide, high = max(1, round(right - left)), max(1, round(bottom - top))
        if self.aspect is not None:
            if edges in ("t", "b"):
                wide = max(1, round(high * self.aspect))
            else:
                high = max(1, round(wide / self.aspect))
        new_left = round(start.left + start.width) - wide if "l" in edges else start.left
        new_top = round(start.top + start.height) - high if "t" in edges else start.top
        return Crop(new_left, new_top, wide, high, start.angle)


def _moved(crop: Crop, x: int, y: int) -> Crop:
    return replace(crop, left=crop.left + x, top=crop.top + y)


class CropOverlay(Overlay):
    """Draws the frame of `frame` over the picture, which stays upright: with an angle it is the frame that leans."""

    def __init__(self, frame: CropFrame) -> None:
        self.frame = frame
        self._grip: tuple[str, QPointF, Crop] | None = None
        self._line: tuple[QPointF, QPointF] | None = None

    def stop(self) -> None:
        """Let go of what is held: it was of another photo, or the release goes elsewhere."""
        self._grip = self._line = None

    def corners(self, view: PyramidView) -> QPolygonF:
        """The frame on the screen, in device pixels, from its top left corner clockwise."""
        crop = self.frame.crop
        right, bottom = crop.left + crop.width, crop.top + crop.height
        around = ((crop.left, crop.top), (right, crop.top), (right, bottom), (crop.left, bottom))
        return QPolygonF([view.on_screen(QPointF(*self._in_picture(x, y))) for x, y in around])

    def paint(self, painter: QPainter, view: PyramidView) -> None:
        ratio = view.devicePixelRatioF()
        polygon = self.corners(view)
        outside, inside = QPainterPath(), QPainterPath()
        outside.addRect(QRectF(view.picture_rect()))
        inside.addPolygon(polygon)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(outside.subtracted(inside), QColor(0, 0, 0, 140))
        a, b, c, d = (polygon.at(i) for i in range(4))
        for colour, width in ((QColor(0, 0, 0, 120), 3.0 * ratio), (QColor(255, 255, 255, 200), ratio)):
            painter.setPen(QPen(colour, width))
            for third in (1 / 3, 2 / 3):
                painter.drawLine(a + (b - a) * third, d + (c - d) * third)
                painter.drawLine(a + (d - a) * third, b + (c - b) * third)
            painter.drawPolygon([*[polygon.at(i) for i in range(4)]])
        painter.setPen(QPen(QColor(0, 0, 0), ratio))
        painter.setBrush(QColor(255, 255, 255))
        half = MARK * ratio / 2
        for place in (a, b, c, d, (a + b) / 2, (b + c) / 2, (c + d) / 2, (d + a) / 2):
            painter.drawRect(QRectF(place.x() - half, place.y() - half, 2 * half, 2 * half))
        if self._line is not None:
            painter.setPen(QPen(QColor("#f0a84b"), 2 * ratio))
            painter.drawLine(view.on_screen(self._line[0]), view.on_screen(self._line[1]))

    def mouse_pressed(self, event: QMouseEvent, view: PyramidView) -> bool:
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        place = view.picture_at(event.position())
        if self.frame.draws_line:
            self._line = place, place
            return True
        edges = self._edges(event.position(), view)
        if edges is None:
            return False
        self._grip = edges, self._in_turned(place), self.frame.crop
        return True

    def mouse_moved(self, event: QMouseEvent, view: PyramidView) -> bool:
        place = view.picture_at(event.position())
        if self._line is not None:
            self._line = self._line[0], place
            view.update()
            return True
        if self._grip is None:
            return False
        edges, start, crop = self._grip
        by = self._in_turned(place) - start
        self.frame.drag(crop, edges, by.x(), by.y())
        return True

    def mouse_released(self, event: QMouseEvent, view: PyramidView) -> bool:
        if self._line is not None:
            (start, end), self._line = self._line, None
            self.frame.draws_line = False
            if (end - start).manhattanLength() >= SHORTEST_LINE:
                self.frame.set_angle(horizon_angle(*start.toTuple(), *end.toTuple()))
            self.frame.line_drawn.emit()
            view.update()
            return True
        held, self._grip = self._grip is not None, None
        return held

    def mouse_double_clicked(self, event: QMouseEvent, view: PyramidView) -> bool:
        return self._edges(event.position(), view) is not None

    def key_pressed(self, event: QKeyEvent, view: PyramidView) -> bool:
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        moves = {
            Qt.Key.Key_Left: (-far, 0),
            Qt.Key.Key_Right: (far, 0),
            Qt.Key.Key_Up: (0, -far),
            Qt.Key.Key_Down: (0, far),
        }
        key = Qt.Key(event.key())
        if key in moves:
            self.frame.move(*moves[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.frame.applied.emit()
        elif key == Qt.Key.Key_Escape:
            self.frame.left.emit()
        else:
            return False
        return True

    def cursor(self, position: QPointF, view: PyramidView) -> Qt.CursorShape | None:
        if self.frame.draws_line:
            return Qt.CursorShape.CrossCursor
        edges = self._edges(position, view)
        shapes = {
            "": Qt.CursorShape.SizeAllCursor,
            "l": Qt.CursorShape.SizeHorCursor,
            "r": Qt.CursorShape.SizeHorCursor,
            "t": Qt.CursorShape.SizeVerCursor,
            "b": Qt.CursorShape.SizeVerCursor,
            "lt": Qt.CursorShape.SizeFDiagCursor,
            "rb": Qt.CursorShape.SizeFDiagCursor,
        }
        return None if edges is None else shapes.get(edges, Qt.CursorShape.SizeBDiagCursor)

    def _edges(self, position: QPointF, view: PyramidView) -> str | None:
        place, crop = self._in_turned(view.picture_at(position)), self.frame.crop
        near = HANDLE * view.devicePixelRatioF() / view.scale
        x, y = place.x() - crop.left, place.y() - crop.top
        if not (-near <= x <= crop.width + near and -near <= y <= crop.height + near):
            return None
        across = "l" if abs(x) <= near else "r" if abs(x - crop.width) <= near else ""
        return across + ("t" if abs(y) <= near else "b" if abs(y - crop.height) <= near else "")

    def _in_picture(self, x: float, y: float) -> tuple[float, float]:
        return source_place(x, y, self.frame.crop.angle, *self.frame.size)

    def _in_turned(self, place: QPointF) -> QPointF:
        return QPointF(*source_place(place.x(), place.y(), -self.frame.crop.angle, *self.frame.size))
