"""The first look: a large photo is shown reduced while it is read, and nothing can be done to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QDockWidget
from pytestqt.qtbot import QtBot

from app.canvas.view import CanvasView
from app.main_window import MainWindow
from app.photos import photo as photos
from app.photos.photo import Photo
from tests.app.conftest import told
from tests.app.saving.test_saving import upscaled

Open = Callable[[Path], None]


@pytest.fixture
def large_jpeg(tmp_path: Path) -> Path:
    """6 megapixels."""
    path = tmp_path / "large.jpg"
    Image.linear_gradient("L").resize((3000, 2000)).convert("RGB").save(path)
    return path


def test_it_is_shown_until_the_whole_takes_its_place(qtbot: QtBot, window: MainWindow, large_jpeg: Path) -> None:
    view = window.findChild(CanvasView, "first_look")
    assert view is not None
    seen: list[tuple] = []

    def look(small: Photo) -> None:
        seen.append((small.picture.width, window.pages.currentWidget() is view, window.document.photo))
        assert not window.actions_by_id["save_as"].isEnabled() and not window.panel.button.isEnabled()

    window.opening.first_look.connect(look)
    with qtbot.waitSignal(window.document.changed, timeout=10_000):
        window.open_paths([large_jpeg])
    assert seen == [(1500, True, None)]
    assert window.pages.currentWidget() is window.canvas and view.pyramid is None
    assert window.canvas.viewport.is_fitted and window.document.photo is not None
    assert window.document.photo.picture.width == 3000


def test_the_view_is_kept(qtbot: QtBot, window: MainWindow, large_jpeg: Path) -> None:
    view = window.findChild(CanvasView, "first_look")
    assert view is not None
    places: list[QPointF] = []

    def look(_: Photo) -> None:
        view.zoom_to(4.0, QPointF(100, 50))
        places.append(view.picture_at(QPointF(200, 150)) * 2)

    window.opening.first_look.connect(look)
    with qtbot.waitSignal(window.document.changed, timeout=10_000):
        window.open_paths([large_jpeg])
    assert window.canvas.scale == pytest.approx(2.0)
    away = window.canvas.picture_at(QPointF(200, 150)) - places[0]
    assert away.manhattanLength() < 3


@pytest.mark.parametrize("there_before", [False, True])
def test_a_photo_that_breaks_off_brings_back_what_was_there(
    qtbot: QtBot,
    window: MainWindow,
    open_photo: Open,
    photo: Path,
    large_jpeg: Path,
    monkeypatch: pytest.MonkeyPatch,
    there_before: bool,
) -> None:
    if there_before:
        open_photo(photo)
    make = photos.of

    def cut_then_make(*arguments, **options) -> Photo:
        """Between the first look and the whole, the file becomes shorter."""
        large_jpeg.write_bytes(large_jpeg.read_bytes()[:2000])
        return make(*arguments, **options)

    monkeypatch.setattr(photos, "of", cut_then_make)
    looks: list[object] = []
    window.opening.first_look.connect(looks.append)
    with qtbot.waitSignal(window.job_progress.ended, timeout=10_000):
        window.open_paths([large_jpeg])
    assert len(looks) == 1
    assert window.pages.currentWidget() is (window.canvas if there_before else window.first_page)
    assert len(told(window)) == 1 and window.document.source == (photo if there_before else None)


def test_nothing_can_be_done_to_what_it_hides(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_jpeg: Path
) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    first, names = (
        window.document.current,
        ("save", "save_as", "close", "upscale", "undo", "compare", "rotate_left", "copy"),
    )
    assert all(window.actions_by_id[name].isEnabled() for name in names)
    looks: list[object] = []

    def look(_: Photo) -> None:
        window.queue.busy_changed.emit(False)  # something ends meanwhile
        assert not any(window.actions_by_id[name].isEnabled() for name in names)
        assert not window.panel.button.isEnabled() and not window.tools.geometry.isEnabled()
        for key in (Qt.Key.Key_S, Qt.Key.Key_W, Qt.Key.Key_U, Qt.Key.Key_Z):
            qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        looks.append(_)

    window.opening.first_look.connect(look)
    with qtbot.waitSignal(window.document.changed, timeout=10_000):
        window.open_paths([large_jpeg])
    assert len(looks) == 1 and window.document.source == large_jpeg and not window.queue.is_busy
    assert first is not None and first.is_open and first.is_modified and first.stack.index() == 1
    assert window.actions_by_id["save"].isEnabled() and window.panel.button.isEnabled()
    assert all(dock.widget().isEnabled() for dock in window.findChildren(QDockWidget))


@pytest.mark.parametrize("when", ["at once", "at the first look"])
def test_escape_stops_opening_and_brings_back_what_was_there(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_jpeg: Path, when: str
) -> None:
    open_photo(photo)
    if when == "at the first look":
        window.opening.first_look.connect(lambda _: qtbot.keyClick(window, Qt.Key.Key_Escape))
    with qtbot.waitSignal(window.job_progress.ended, timeout=10_000):
        window.open_paths([large_jpeg])
        if when == "at once":
            qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert len(window.document.documents) == 1 and window.pages.currentWidget() is window.canvas
    assert window.document.source == photo and told(window) == [] and not window.actions_by_id["cancel"].isEnabled()
    assert window.actions_by_id["save"].isEnabled()
