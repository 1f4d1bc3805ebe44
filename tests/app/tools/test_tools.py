"""The tools by their real controls: preview, apply, undo, frame, keys, brush and mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.photos import photo as photos
from app.tools import feature as part
from app.tools.steps import adjusting
from app.tools.work import run
from engines.edit.adjust import Adjustments, adjust
from engines.edit.geometry import turn
from engines.edit.mask_shapes import paint
from engines.libvips import libvips
from engines.metadata.metadata import Metadata
from engines.pictures.picture import load
from engines.pixels import Box
from engines.progress import Progress


@pytest.fixture
def tools(window: MainWindow, open_photo: Callable[[Path], None], large_photo: Path) -> part.Tools:
    open_photo(large_photo)
    return window.tools


def pixels(window: MainWindow) -> np.ndarray:
    assert window.document.photo is not None
    return window.document.photo.picture.pixels


def click(qtbot: QtBot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def show(tools: part.Tools, name: str) -> None:
    tools.docks[name].raise_()
    QApplication.processEvents()


def on_canvas(window: MainWindow, x: float, y: float) -> QPoint:
    return (window.canvas.on_screen(QPointF(x, y)) / window.canvas.devicePixelRatioF()).toPoint()


def drag(qtbot: QtBot, window: MainWindow, start: QPoint, end: QPoint) -> None:
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(window.canvas, end)
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=end)


def test_adjusting_shows_a_look_and_applies_exactly(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    before = pixels(window)
    show(tools, "adjust")
    tools.adjust.sliders["exposure"].slider.setValue(100)
    assert window.canvas.look is not None
    with qtbot.waitSignal(tools.work.applied, timeout=10_000):
        click(qtbot, tools.adjust.apply_button)
    assert np.array_equal(pixels(window), adjust(before, Adjustments(exposure=1)))
    assert tools.adjust.adjustments.is_identity
    assert window.canvas.look is None
    window.actions_by_id["undo"].trigger()
    assert np.array_equal(pixels(window), before)


@pytest.mark.parametrize("icc", [None, bytes(libvips().Image.profile_load("p3"))])
def test_progress_counts_the_change_and_what_is_shown_as_one(large_photo: Path, icc: bytes | None) -> None:
    source = photos.of(replace(load(large_photo), metadata=Metadata(icc)), progress=Progress())
    seen: list[tuple[int, int, str]] = []
    work, _ = adjusting(Adjustments(exposure=1, saturation=10))
    run(work, source, None, progress=Progress(lambda *report: seen.append(report)))
    done, texts = [report[0] for report in seen], [report[2] for report in seen]
    assert done == sorted(done) and len({report[1] for report in seen}) == 1
    assert texts[0] == "adjusting" and texts[-1] == "preparing the view" and done[-1] < seen[-1][1]


def test_double_click_resets_and_leaving_drops_the_preview(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    show(tools, "adjust")
    slider = tools.adjust.sliders["contrast"]
    slider.field.setValue(40)
    assert slider.slider.value() == 40
    show(tools, "crop")
    assert window.canvas.look is None
    show(tools, "adjust")
    assert window.canvas.look is not None
    qtbot.mouseDClick(slider.slider, Qt.MouseButton.LeftButton)
    assert slider.value == 0
    assert window.canvas.look is None


def test_the_picker_sets_the_balance(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    show(tools, "adjust")
    click(qtbot, tools.adjust.pick_button)
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=on_canvas(window, 700, 420))
    assert tools.adjust.sliders["temperature"].value != 0
    assert not tools.adjust.pick_button.isChecked()
    assert window.canvas.overlay is None


def test_turning_is_lossless_and_takes_the_mask_along(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    before = pixels(window)
    mask = np.zeros(before.shape[:2], np.uint8)
    mask[:100] = 255
    tools.masks.set(mask)
    show(tools, "crop")
    with qtbot.waitSignal(tools.work.applied, timeout=10_000):
        click(qtbot, tools.geometry.turn_buttons["rotate_right"])
    assert np.array_equal(pixels(window), turn(before, "rotate_right"))
    assert np.array_equal(tools.mask_in_use, turn(mask, "rotate_right"))
    window.actions_by_id["undo"].trigger()
    assert np.array_equal(pixels(window), before)
    qtbot.waitUntil(lambda: not tools.masks.is_busy)
    assert np.array_equal(tools.mask_in_use, mask)


def test_arrows_move_the_frame_and_enter_applies(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    before = pixels(window)
    show(tools, "crop")
    tools.geometry.aspects.setCurrentIndex(2)
    assert (tools.frame.crop.width, tools.frame.crop.height) == (900, 900)
    left = tools.frame.crop.left
    qtbot.keyClick(window.canvas, Qt.Key.Key_Right)
    assert tools.frame.crop.left == left + 1
    with qtbot.waitSignal(tools.work.applied, timeout=10_000):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    assert np.array_equal(pixels(window), before[:, left + 1 : left + 901])


def test_dragging_a_corner_and_escape(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    show(tools, "crop")
    drag(qtbot, window, on_canvas(window, 1200, 900), on_canvas(window, 800, 600))
    assert abs(tools.frame.crop.width - 800) < 8
    assert abs(tools.frame.crop.height - 600) < 8
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert (tools.frame.crop.width, tools.frame.crop.height) == (1200, 900)
    QApplication.processEvents()
    assert window.canvas.overlay is None


def test_a_frame_that_is_dragged_is_let_go_when_the_photo_changes(
    qtbot: QtBot, window: MainWindow, tools: part.Tools
) -> None:
    show(tools, "crop")
    tools.geometry.width_field.setValue(2400)
    with qtbot.waitSignal(tools.work.applied, timeout=10_000):
        click(qtbot, tools.geometry.resize_button)
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=on_canvas(window, 2400, 1800))
    qtbot.mouseMove(window.canvas, on_canvas(window, 2300, 1700))
    window.actions_by_id["undo"].trigger()
    qtbot.mouseMove(window.canvas, on_canvas(window, 1150, 850))
    assert (tools.frame.crop.width, tools.frame.crop.height) == (1200, 900)
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=on_canvas(window, 1150, 850))
    drag(qtbot, window, on_canvas(window, 1200, 900), on_canvas(window, 800, 600))
    with qtbot.waitSignal(tools.work.applied, timeout=10_000):
        click(qtbot, tools.geometry.apply_button)
    assert abs(pixels(window).shape[1] - 800) < 8


def test_a_line_along_the_horizon_straightens(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    show(tools, "crop")
    click(qtbot, tools.geometry.line_button)
    drag(qtbot, window, on_canvas(window, 200, 400), on_canvas(window, 1000, 500))
    assert tools.geometry.angle.value == pytest.approx(-7.1, abs=0.3)
    assert not tools.geometry.line_button.isChecked()


def test_the_linked_size_resizes(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    show(tools, "crop")
    tools.geometry.width_field.setValue(300)
    assert tools.geometry.height_field.value() == 225
    with qtbot.waitSignal(tools.work.applied, timeout=10_000):
        click(qtbot, tools.geometry.resize_button)
    assert pixels(window).shape[:2] == (225, 300)


def test_the_brush_paints_with_a_history(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    show(tools, "mask")
    qtbot.keyClicks(window.canvas, "]")
    assert tools.mask.brush_size.value == 115
    drag(qtbot, window, on_canvas(window, 200, 450), on_canvas(window, 1000, 450))
    assert (tools.mask_in_use[450, 220:980] == 255).all()
    assert tools.mask_in_use[50, 600] == 0
    click(qtbot, tools.mask.undo_button)
    assert tools.mask_in_use is None
    click(qtbot, tools.mask.redo_button)
    qtbot.waitUntil(lambda: not tools.masks.is_busy)
    assert tools.mask_in_use[450, 600] == 255
    click(qtbot, tools.mask.invert_button)
    qtbot.waitUntil(lambda: not tools.masks.is_busy)
    assert tools.mask_in_use[450, 600] == 0
    before = pixels(window)
    tools.adjust.sliders["exposure"].set_value(1)
    with qtbot.waitSignal(tools.work.applied, timeout=10_000):
        tools.adjust.apply_button.click()
    assert np.array_equal(pixels(window)[450, 220:980], before[450, 220:980])
    assert not np.array_equal(pixels(window)[50], before[50])


def test_a_wide_brush_does_only_what_is_new_and_keys_may_change_it_on_the_way(
    qtbot: QtBot, window: MainWindow, tools: part.Tools
) -> None:
    show(tools, "mask")
    tools.brush_settings.set_size(400)
    boxes: list[Box] = []
    tools.masks.changed.connect(boxes.append)
    start = on_canvas(window, 500, 450)
    place = window.canvas.picture_at(QPointF(start)).toTuple()
    qtbot.mousePress(window.canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(window.canvas, start + QPoint(5, 0))
    assert boxes[0][0] < place[0] - 190 and boxes[1][0] > place[0] - 3
    qtbot.keyClicks(window.canvas, "]]]")
    qtbot.mouseMove(window.canvas, start + QPoint(10, 0))
    qtbot.mouseMove(window.canvas, start + QPoint(15, 0))
    qtbot.mouseRelease(window.canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(15, 0))
    expected, size = np.zeros((900, 1200), np.uint8), tools.brush_settings.size
    assert size > 500
    ends = [window.canvas.picture_at(QPointF(start + QPoint(x, 0))).toTuple() for x in (0, 5, 10, 15)]
    for number, radius in enumerate((200, size / 2, size / 2)):
        paint(expected, ends[number], ends[number + 1], radius, tools.brush_settings.hardness)
    assert np.abs(tools.mask_in_use.astype(int) - expected).max() <= 1


def test_a_gradient_becomes_the_mask(qtbot: QtBot, window: MainWindow, tools: part.Tools) -> None:
    show(tools, "mask")
    click(qtbot, tools.mask.tools["linear"])
    drag(qtbot, window, on_canvas(window, 300, 450), on_canvas(window, 900, 450))
    qtbot.waitUntil(lambda: not tools.masks.is_busy)
    assert tools.mask_in_use[450, 100] == 255
    assert tools.mask_in_use[450, 1100] == 0
    click(qtbot, tools.mask.clear_button)
    assert tools.mask_in_use is None
