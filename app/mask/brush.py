"""The brush: paints and erases the mask, with a ring that shows its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from app.mask.masks import Masks
from app.mask.overlay import MaskOverlay

if TYPE_CHECKING:
    from app.canvas.pyramid_view import PyramidView

SMALLEST, LARGEST = 1, 2000  # pixels of the picture, across
STEP = 1.15  # [ and ]


class BrushSettings(QObject):
    """What the panel and the keys change."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.size, self.hardness, self.erase = 100, 0.5, False
        self.enabled = True

    def set_size(self, size: float) -> None:
        """In pixels of the picture, across."""
        size = min(max(round(size), SMALLEST), LARGEST)
        if size != self.size:
            self.size = size
            self.changed.emit()


class BrushOverlay(MaskOverlay):
    """Left paints, with Alt held it does the opposite; [ and ] change the size."""

    def __init__(self, masks: Masks, settings: BrushSettings) -> None:
        super().__init__(masks)
        self.settings = settings
        self._last: QPointF | None = None
        self._pointer: QPointF | None = None
        self._erases = False
        self._drawn: tuple[float, float] | None = None  # size and hardness of what was drawn of this stroke last

    def paint(self, painter: QPainter, view: PyramidView) -> None:
        super().paint(painter, view)
        if self._pointer is None or not self.settings.enabled:
            return
        middle = QPointF(*view.on_pane(self._pointer))
        radius = max(1.0, self.settings.size / 2 * view.scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.0)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(middle, radius, radius)

    def mouse_pressed(self, event: QMouseEvent, view: PyramidView) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or not self.settings.enabled:
            return False
        self._erases = self.settings.erase != bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self.masks.begin()
        self._last, self._drawn = view.picture_at(event.position()), None
        self._to(self._last)
        return True

    def mouse_moved(self, event: QMouseEvent, view: PyramidView) -> bool:
        self._move_ring(event.position(), view)
        if self._last is None:
            return False
        self._to(view.picture_at(event.position()))
        return True

    def mouse_released(self, event: QMouseEvent, view: PyramidView) -> bool:
        if self._last is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self.stop()
        return True

    def mouse_left(self, view: PyramidView) -> None:
        self._move_ring(None, view)

    def key_pressed(self, event: QKeyEvent, view: PyramidView) -> bool:
        if event.text() not in ("[", "]"):
            return False
        size = self.settings.size
        self.settings.set_size(min(size / STEP, size - 1) if event.text() == "[" else max(size * STEP, size + 1))
        view.update()
        return True

    def cursor(self, position: QPointF, view: PyramidView) -> Qt.CursorShape | None:
        return Qt.CursorShape.CrossCursor if self.settings.enabled else None

    def stop(self) -> None:
        """End a stroke that is begun."""
        if self._last is not None:
            self._last = None
            self.masks.end()

    def _to(self, place: QPointF) -> None:
        assert self._last is not None
        settings = self.settings
        start, end = (self._last.x(), self._last.y()), (place.x(), place.y())
        brush = settings.size, settings.hardness
        going_on = brush == self._drawn  # keys may change it on the way
        self.masks.draw(start, end, settings.size / 2, settings.hardness, erase=self._erases, going_on=going_on)
        self._last, self._drawn = place, brush

    def _move_ring(self, position: QPointF | None, view: PyramidView) -> None:
        ratio = view.devicePixelRatioF()
        radius = max(1.0, self.settings.size / 2 * view.scale) / ratio + 3
        for place in (self._pointer, position):
            if place is not None:
                x, y = view.on_pane(place)
                middle = QPointF(x + view.overlay_left(), y) / ratio
                ring = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
                view.update(ring.toAlignedRect())
        self._pointer = position
