"""Overlay: what a tool draws over the picture, and what hands do to it before the canvas takes them for panning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QPainter

if TYPE_CHECKING:
    from app.canvas.pyramid_view import PyramidView


class Overlay:
    """One at a time lies over a canvas, by `CanvasView.set_overlay`. A tool overrides what it needs.

    Events bring logical positions in the widget; `view.picture_at(position)` is the place in the picture, and
    `view.on_screen(place)` leads back. What a method answers with True was for the tool, and the canvas leaves it alone.
    Dragging with the middle button or with the space bar held is always panning and never arrives here.
    """

    def paint(self, painter: QPainter, view: PyramidView) -> None:
        """Draw over the picture, in device pixels."""

    def mouse_pressed(self, event: QMouseEvent, view: PyramidView) -> bool:
        """A button went down."""
        return False

    def mouse_moved(self, event: QMouseEvent, view: PyramidView) -> bool:
        """The pointer moved, with a button held or without."""
        return False

    def mouse_released(self, event: QMouseEvent, view: PyramidView) -> bool:
        """A button went up."""
        return False

    def mouse_double_clicked(self, event: QMouseEvent, view: PyramidView) -> bool:
        """The second press of a double click."""
        return False

    def mouse_left(self, view: PyramidView) -> None:
        """The pointer left the canvas."""

    def key_pressed(self, event: QKeyEvent, view: PyramidView) -> bool:
        """A key went down while the canvas has the keyboard."""
        return False

    def key_released(self, event: QKeyEvent, view: PyramidView) -> bool:
        """A key went up."""
        return False

    def cursor(self, position: QPointF, view: PyramidView) -> QCursor | Qt.CursorShape | None:
        """The pointer's shape at a logical position; None: the canvas's own."""
        return None
