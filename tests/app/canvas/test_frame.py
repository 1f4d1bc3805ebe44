"""What is kept of the last drawing: panning shows what drawing anew would, and a large view becomes sharp piece by piece."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas import picture_painter
from app.canvas.compare import CompareView
from app.canvas.painting import draw_pixels
from app.core import qimage
from app.photos import pyramid
from app.photos.pyramid import Pyramid
from engines.progress import Progress


def pyramid_of(pixels: np.ndarray) -> Pyramid:
    return pyramid.build(pixels, None, progress=Progress())


def drawn(view: CompareView) -> np.ndarray:
    return qimage.to_pixels(view.grab().toImage())[..., :3].astype(int)


def anew(view: CompareView) -> np.ndarray:
    view.set_surround(QColor("#262626"))  # forgets what was drawn
    return drawn(view)


@pytest.fixture
def view(qtbot: QtBot) -> CompareView:
    view = CompareView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    return view


@pytest.fixture
def drawn_pixels(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pixels of a level were read for each piece that was drawn."""
    counts: list[int] = []

    def counted(painter, pixels, box, *rest, **options) -> None:
        counts.append((box[2] - box[0]) * (box[3] - box[1]))
        draw_pixels(painter, pixels, box, *rest, **options)

    monkeypatch.setattr(picture_painter, "draw_pixels", counted)
    return counts


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("scale", [0.3, 0.7, 1.0, 1.6, 5.0, 11.0])
def test_panning_shows_what_drawing_anew_would(
    view: CompareView, channels: int, scale: float, drawn_pixels: list[int]
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (900, 1200, channels), np.uint8)
    view.show_pyramids(pyramid_of(pixels))
    view.zoom_to(scale)
    drawn(view)
    whole = sum(drawn_pixels)
    for by in (QPointF(13, 0), QPointF(0, -7), QPointF(-40, 31), QPointF(0, 0)):
        drawn_pixels.clear()
        view.pan(by)
        panned = drawn(view)
        assert sum(drawn_pixels) < whole * 0.45
        assert abs(panned - anew(view)).max() <= 4  # of noise, scaled by fractions of a pixel


def test_the_divider_and_other_sizes_of_the_window(view: CompareView) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (900, 1200, 3), np.uint8)
    view.show_pyramids(pyramid_of(pixels), pyramid_of(255 - pixels))
    view.zoom_to(0.7)
    changes: tuple[Callable[[], None], ...] = (
        lambda: view.set_divider(0.8),
        lambda: view.pan(QPointF(-30, 10)),
        lambda: view.set_divider(0.1),
        lambda: view.resize(300, 420),
        lambda: view.resize(500, 250),
        lambda: view.set_side_by_side(True),
        lambda: view.pan(QPointF(-30, 10)),
        lambda: view.show_before(True),
    )
    for change in changes:
        change()
        assert abs(drawn(view) - anew(view)).max() <= 4


def test_a_large_view_is_rough_at_once_and_then_sharp_piece_by_piece(
    qtbot: QtBot, view: CompareView, monkeypatch: pytest.MonkeyPatch, drawn_pixels: list[int]
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (900, 1200, 3), np.uint8)
    view.show_pyramids(pyramid_of(pixels))
    view.zoom_to(0.6)
    sharp = anew(view)
    most = 50_000
    monkeypatch.setattr(picture_painter, "AT_ONCE", most)
    monkeypatch.setattr(view, "update", lambda *_: asked.append(True))
    asked: list[bool] = []
    view._painter.set_surround(QColor("#262626"))
    wrong: list[int] = []
    while not asked or asked.pop():
        drawn_pixels.clear()
        difference = abs(drawn(view) - sharp)
        wrong.append(np.count_nonzero(difference.max(axis=2) > 2))
        assert sum(drawn_pixels) < 2 * most + 90_000  # pieces have rims; the rough one is a quarter of them all
        if not asked:
            break
    assert len(wrong) > 4 and wrong == sorted(wrong, reverse=True) and wrong[-1] == 0


def test_what_is_not_shown_any_more_is_let_go(qtbot: QtBot, view: CompareView) -> None:
    shown = pyramid_of(np.zeros((300, 400, 3), np.uint8))
    seen = weakref.ref(shown)
    view.show_pyramids(shown)
    drawn(view)
    view.show_pyramids(None)
    QApplication.processEvents()
    del shown
    gc.collect()
    assert seen() is None
