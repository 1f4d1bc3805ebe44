"""Side by side: what tools and work in progress lay over the picture is on the pane of what it belongs to, after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.photos import photo as photos
from app.photos import pyramid
from app.upscale.part_overlay import PartOverlay
from app.upscale.work import Part
from engines.pictures.picture import Picture
from engines.progress import Progress

LEFT = Qt.MouseButton.LeftButton


class Painted(QObject):
    """What a widget drew anew since it was asked last."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.region = QRegion()
        parent.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return False


@pytest.fixture
def beside(qtbot: QtBot, window: MainWindow, open_photo: Callable[[Path], None], large_photo: Path) -> MainWindow:
    """A window with a step behind its photo, before and after side by side."""
    open_photo(large_photo)
    assert window.document.photo is not None
    negative = Picture(255 - window.document.photo.picture.pixels, source=large_photo)
    window.document.replace("Negative", photos.of(negative, progress=Progress()))
    window.actions_by_id["side_by_side"].trigger()
    assert window.canvas.arrangement == "side by side"
    return window


def seen(window: MainWindow) -> np.ndarray:
    image = window.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.array(image.constBits()).reshape(image.height(), image.bytesPerLine() // 4, 4)[..., :3].astype(int)


def on_after(window: MainWindow, x: float, y: float) -> QPoint:
    place = window.canvas.on_screen(QPointF(x, y)) + QPointF(window.canvas.overlay_left(), 0)
    return (place / window.canvas.devicePixelRatioF()).toPoint()


def changed(before: np.ndarray, after: np.ndarray) -> QRect:
    """The box around all pixels that differ."""
    rows, columns = np.nonzero((before != after).any(axis=-1))
    return QRect(QPoint(columns.min(), rows.min()), QPoint(columns.max(), rows.max()))


def show_brush(window: MainWindow) -> None:
    window.tools.docks["mask"].raise_()
    QApplication.processEvents()


def test_the_ring_of_the_brush_is_on_after_wherever_the_pointer_is(qtbot: QtBot, beside: MainWindow) -> None:
    show_brush(beside)
    without, place = seen(beside), on_after(beside, 600, 400)
    painted = Painted(beside.canvas)
    for pointer in (place, place - QPoint(round(beside.canvas.overlay_left()), 0)):
        qtbot.mouseMove(beside.canvas, pointer)
        ring = changed(without, seen(beside))
        assert (ring.center() - place).manhattanLength() <= 3 and 10 < ring.width() < 100
        QApplication.processEvents()
        painted.region = QRegion()
        qtbot.mouseMove(beside.canvas, pointer + QPoint(1, 0))
        qtbot.waitUntil(lambda ring=ring: painted.region.contains(ring.center()))


def test_a_stroke_is_drawn_while_it_is_painted(qtbot: QtBot, beside: MainWindow) -> None:
    show_brush(beside)
    start, end = on_after(beside, 300, 400), on_after(beside, 700, 400)
    qtbot.mousePress(beside.canvas, LEFT, pos=start)
    qtbot.mouseMove(beside.canvas, start + QPoint(1, 0))
    beside.canvas.grab()  # from now on only what changes is drawn
    QApplication.processEvents()
    painted = Painted(beside.canvas)
    beside.tools.brush.mouse_left(beside.canvas)  # so that it is not the ring that has it drawn
    QApplication.processEvents()
    painted.region = QRegion()
    box = beside.tools.masks.draw((300, 400), (700, 400), 50, 0.5, erase=False)
    assert box is not None
    qtbot.waitUntil(lambda: painted.region.contains((start + end) / 2))
    assert not painted.region.contains((start + end) / 2 - QPoint(round(beside.canvas.overlay_left()), 0))
    qtbot.mouseRelease(beside.canvas, LEFT, pos=start)


def test_the_part_that_is_upscaled_is_on_after_alone(beside: MainWindow) -> None:
    overlay, source = beside.canvas.findChild(PartOverlay), beside.document.photo
    assert overlay is not None and source is not None
    without, small = seen(beside), np.full((200, 300, 3), (1, 2, 3), np.uint8)
    overlay.show_part(Part(source, (100, 100, 1100, 800), pyramid.build(small, None, progress=Progress())))
    expected = QRect(on_after(beside, 100, 100), on_after(beside, 1100, 800))
    box = changed(without, seen(beside))
    assert (box.topLeft() - expected.topLeft()).manhattanLength() <= 3
    assert (box.bottomRight() - expected.bottomRight()).manhattanLength() <= 3
    beside.actions_by_id["show_before"].trigger()
    shown = seen(beside)
    overlay.clear()
    assert np.array_equal(shown, seen(beside))
