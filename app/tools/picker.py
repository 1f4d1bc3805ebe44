"""The picker: a click on the picture gives its pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from app.canvas.overlay import Overlay

if TYPE_CHECKING:
    from app.canvas.pyramid_view import PyramidView


class PickerOverlay(Overlay):
    """Calls `picked(x, y)` with whole pixels inside the picture."""

    def __init__(self, picked: Callable[[int, int], object]) -> None:
        self._picked = picked

    def mouse_pressed(self, event: QMouseEvent, view: PyramidView) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or view.pyramid is None:
            return False
        place = view.picture_at(event.position())
        if 0 <= place.x() < view.pyramid.width and 0 <= place.y() < view.pyramid.height:
            self._picked(int(place.x()), int(place.y()))
        return True

    def cursor(self, position: QPointF, view: PyramidView) -> Qt.CursorShape:
        return Qt.CursorShape.CrossCursor
