"""The canvas's part of the window: before and after, full screen, the zoom field and the colour readout, by hand and key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QDockWidget, QLabel
from pytestqt.qtbot import QtBot

from app.canvas import peek
from app.canvas.colour_readout import words
from app.canvas.zoom_field import ZoomField, scale_of
from app.core import paths
from app.main_window import MainWindow
from app.photos import photo as photos
from app.window import viewing as canvas_part
from engines.errors import PictureError
from engines.pictures.picture import Picture
from engines.progress import Progress

Open = Callable[[Path], None]


@pytest.fixture
def stepped(window: MainWindow, open_photo: Open, large_photo: Path) -> MainWindow:
    """A window whose photo has a step behind it: it was made negative."""
    open_photo(large_photo)
    assert window.document.photo is not None
    negative = Picture(255 - window.document.photo.picture.pixels, source=large_photo)
    window.document.replace("Negative", photos.of(negative, progress=Progress()))
    window.actions_by_id["compare"].trigger()  # no divider
    window.activateWindow()
    window.canvas.setFocus()
    return window


def test_before_is_asked_for_only_where_there_is_one(stepped: MainWindow) -> None:
    for name in ("side_by_side", "show_before"):
        assert stepped.actions_by_id[name].isEnabled()
    assert stepped.peek_button.isVisible()
    stepped.document.undo_stack.undo()
    for name in ("side_by_side", "show_before"):
        assert not stepped.actions_by_id[name].isEnabled()
    assert not stepped.peek_button.isVisible()


def test_a_key_shows_before_until_it_is_pressed_again(qtbot: QtBot, stepped: MainWindow) -> None:
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_Backslash)
    assert stepped.canvas.arrangement == "before" and stepped.actions_by_id["show_before"].isChecked()
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_Backslash)
    assert stepped.canvas.arrangement == "after"


def test_a_key_that_is_held_shows_before_as_long(
    qtbot: QtBot, stepped: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peek, "HELD", 30)
    qtbot.keyPress(stepped.canvas, Qt.Key.Key_Backslash)
    assert stepped.canvas.arrangement == "before"
    qtbot.wait(60)
    qtbot.keyRelease(stepped.canvas, Qt.Key.Key_Backslash)
    assert stepped.canvas.arrangement == "after"


def test_a_button_that_is_held_shows_before_as_long(qtbot: QtBot, stepped: MainWindow) -> None:
    qtbot.mousePress(stepped.peek_button, Qt.MouseButton.LeftButton)
    assert stepped.canvas.arrangement == "before"
    qtbot.mouseRelease(stepped.peek_button, Qt.MouseButton.LeftButton)
    assert stepped.canvas.arrangement == "after"


def test_side_by_side_and_the_divider_take_turns(qtbot: QtBot, stepped: MainWindow) -> None:
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_Y)
    assert stepped.canvas.arrangement == "side by side"
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_C)
    assert stepped.canvas.arrangement == "divider" and not stepped.actions_by_id["side_by_side"].isChecked()


def test_another_photo_has_no_before(stepped: MainWindow, open_photo: Open, photo: Path) -> None:
    stepped.actions_by_id["side_by_side"].trigger()
    stepped.saving.ask_before_losing = lambda window, then, again: then()
    open_photo(photo)
    assert stepped.canvas.arrangement == "after" and stepped.canvas.earlier is None


def test_full_screen_by_key_and_escape_leaves_it(qtbot: QtBot, stepped: MainWindow) -> None:
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_F11)
    assert stepped.isFullScreen() and stepped.actions_by_id["full_screen"].isChecked()
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_Escape)
    assert not stepped.isFullScreen() and not stepped.actions_by_id["full_screen"].isChecked()


def test_a_key_hides_everything_but_the_photo_and_keys_go_on_working(qtbot: QtBot, stepped: MainWindow) -> None:
    docks = [dock for dock in stepped.findChildren(QDockWidget) if dock.isVisible()]
    around = [stepped.menuBar(), stepped.statusBar(), *docks]
    assert docks and all(widget.isVisible() for widget in around)
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_F12)
    assert not any(widget.isVisible() for widget in around) and stepped.canvas.hasFocus()
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert stepped.canvas.scale == 1.0  # a shortcut that only the hidden menu names
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_F12)
    assert all(widget.isVisible() for widget in around)
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_F12)
    qtbot.keyClick(stepped.canvas, Qt.Key.Key_Escape)
    assert all(widget.isVisible() for widget in around) and not stepped.actions_by_id["canvas_only"].isChecked()


def test_tab_goes_to_the_next_widget(qtbot: QtBot, stepped: MainWindow) -> None:
    for widget in (stepped.canvas, stepped.panel.models):
        widget.setFocus()
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
        assert not widget.hasFocus() and stepped.menuBar().isVisible()


def test_a_window_closed_without_panels_opens_with_them(make_window: Callable[[], MainWindow]) -> None:
    first = make_window()
    docks = {dock.objectName() for dock in first.findChildren(QDockWidget) if dock.isVisible()}
    first.actions_by_id["canvas_only"].setChecked(True)
    assert not first.menuBar().isVisible()
    first.close()
    assert paths.settings_file().exists()
    second = make_window()
    assert docks and {dock.objectName() for dock in second.findChildren(QDockWidget) if dock.isVisible()} == docks


def test_the_zoom_field_shows_and_takes_sizes(qtbot: QtBot, stepped: MainWindow) -> None:
    field, canvas = stepped.zoom, stepped.canvas
    assert isinstance(field, ZoomField) and field.isVisible()
    canvas.zoom_to(2.0)
    assert field.text() == "200 %"
    line = field.lineEdit()
    for typed, scale in (("50", 0.5), ("66,7 %", 0.667), ("1:4", 0.25), ("99999", 64.0)):
        line.setFocus()
        line.selectAll()
        qtbot.keyClicks(line, typed)
        canvas.pan(QPointF(1, 1))  # the canvas must not overwrite it
        qtbot.keyClick(line, Qt.Key.Key_Return)
        assert canvas.scale == pytest.approx(scale) and canvas.hasFocus()
    assert field.text() == "6400 %"
    field.activated.emit(field.findText("300 %"))
    assert canvas.scale == 3.0
    field.activated.emit(0)
    assert canvas.viewport.is_fitted


@pytest.mark.parametrize("typed", ["", "abc", "0", "-5", "1:0", "1e9", "nan", "9" * 40, "%"])
def test_what_is_no_size_changes_nothing(qtbot: QtBot, stepped: MainWindow, typed: str) -> None:
    line = stepped.zoom.lineEdit()
    stepped.canvas.zoom_to(2.0)
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, typed)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert stepped.canvas.scale == 2.0 and stepped.zoom.text() == "200 %"
    assert scale_of(typed) is None


def test_the_readout_tells_the_photos_own_values(qtbot: QtBot, stepped: MainWindow) -> None:
    canvas = stepped.canvas
    canvas.zoom_to(1.0)
    position = QPoint(200, 200)
    place = canvas.picture_at(position.toPointF())
    x, y = int(place.x()), int(place.y())
    qtbot.mouseMove(canvas, position)
    after, before = stepped.document.photo, stepped.document.before
    assert after is not None and before is not None
    assert stepped.readout.text() == words(after.picture.pixels, x, y)
    stepped.actions_by_id["show_before"].trigger()
    qtbot.mouseMove(canvas, position + QPoint(1, 0))
    assert stepped.readout.text() == words(before.picture.pixels, x + 1, y)
    width = stepped.readout.minimumWidth()
    assert stepped.readout.sizeHint().width() <= width


def test_values_of_sixteen_bits_and_alpha_are_whole() -> None:
    pixels = np.zeros((10, 2000, 4), np.uint16)
    pixels[3, 1204] = (65535, 257, 7, 40000)
    assert words(pixels, 1204, 3) == "1204,  3   R 65535  G   257  B     7  A 40000"


def test_a_look_that_fails_is_one_sentence(qtbot: QtBot, stepped: MainWindow) -> None:
    def broken(pixels: np.ndarray, area: object) -> np.ndarray:
        raise PictureError("This adjustment cannot be shown; choose other settings.")

    stepped.canvas.set_look(broken)
    qtbot.waitUntil(lambda: stepped.messages.notices != [])
    notice = stepped.messages.notices[0]
    assert isinstance(notice.label, QLabel) and "cannot be shown" in notice.sentence


def test_the_pattern_under_transparency_follows_the_theme(window: MainWindow, open_photo: Open, tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.fromarray(np.zeros((400, 400, 4), np.uint8)).save(path)
    open_photo(path)
    middles = []
    for theme in ("theme_dark", "theme_light"):
        window.actions_by_id[theme].trigger()
        image = window.canvas.grab().toImage()
        middles.append(image.pixelColor(image.width() // 2, image.height() // 2).name())
    assert middles[0] in canvas_part.CHECKS["dark"] and middles[1] in canvas_part.CHECKS["light"]
