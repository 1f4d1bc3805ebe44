"""The mask of each state, by the real controls: it comes back with its state, also from disk, and goes where the pixels go."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.look import Area
from app.main_window import MainWindow
from app.tools.feature import TURNS
from app.tools.steps import cropping, resizing, turning
from app.tools.work import Work, run
from engines.edit.geometry import Crop, turn
from engines.edit.mask_shapes import fitted
from engines.progress import Progress

SIZE = (40, 60)


@pytest.fixture
def two(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    """A window with two photos of one size, the first shown and its upper half masked."""
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for number, path in enumerate(paths):
        pixels = np.random.RandomState(number).randint(0, 256, (*SIZE, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(path)
    with qtbot.waitSignal(window.document.opened):
        window.open_paths(paths)
    qtbot.waitUntil(lambda: len(window.document.documents) == 2)
    window.tools.masks.set(upper())
    return window


def upper() -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[: SIZE[0] // 2] = 255
    return mask


def show(window: MainWindow, name: str) -> None:
    window.tools.docks[name].raise_()
    QApplication.processEvents()


def flip(qtbot: QtBot, window: MainWindow) -> None:
    show(window, "crop")
    qtbot.mouseClick(window.tools.geometry.turn_buttons["flip_vertical"], Qt.MouseButton.LeftButton)


def settle(qtbot: QtBot, window: MainWindow) -> None:
    document, masks = window.document, window.tools.masks
    qtbot.waitUntil(lambda: not (window.queue.is_busy or document.is_reading or masks.is_busy), timeout=10_000)


def test_a_state_that_is_read_back_from_disk_has_its_mask_again(qtbot: QtBot, two: MainWindow) -> None:
    document, tools = two.document, two.tools
    assert document.photo is not None and document.current is not None
    seen = weakref.ref(document.photo)
    flip(qtbot, two)
    settle(qtbot, two)
    assert np.array_equal(tools.mask_in_use, upper()[::-1])
    show(two, "adjust")
    tools.adjust.sliders["exposure"].slider.setValue(50)
    qtbot.mouseClick(tools.adjust.apply_button, Qt.MouseButton.LeftButton)
    settle(qtbot, two)
    assert np.array_equal(tools.mask_in_use, upper()[::-1])
    document.storage.cap = 1
    document.storage.settle()
    qtbot.waitUntil(lambda: seen() is None, timeout=10_000)
    document.go_to(0)
    settle(qtbot, two)
    assert np.array_equal(tools.mask_in_use, upper())
    document.go_to(2)
    settle(qtbot, two)
    assert np.array_equal(tools.mask_in_use, upper()[::-1])


def test_what_ends_behind_another_document_keeps_the_mask_that_fits_it(qtbot: QtBot, two: MainWindow) -> None:
    first, second = two.document.documents
    two.document.select(second)
    settle(qtbot, two)
    two.document.select(first)
    settle(qtbot, two)
    flip(qtbot, two)
    two.document.select(second)
    assert two.document.current is second and len(first.states) == 1
    settle(qtbot, two)
    assert two.tools.mask_in_use is None and len(first.states) == 2
    two.document.select(first)
    settle(qtbot, two)
    assert first.shown == 1 and np.array_equal(two.tools.mask_in_use, upper()[::-1])


def test_a_mask_that_comes_beside_long_work_is_waited_for(qtbot: QtBot, two: MainWindow) -> None:
    first, second = two.document.documents
    two.document.select(second)
    settle(qtbot, two)
    tools, go_on, held = two.tools, threading.Event(), threading.Event()
    qtbot.waitUntil(lambda: not tools.masks.packing.is_busy)
    tools.masks.packing.submit(lambda *, progress: held.wait(10))
    job = two.queue.submit(lambda *, progress: go_on.wait(10))
    two.document.select(first)
    assert two.document.current is first and tools.mask_in_use is None
    with qtbot.waitSignal(job.ended, timeout=10_000):
        go_on.set()
    qtbot.waitUntil(lambda: not two.queue.is_busy)
    assert not any(two.actions_by_id[how].isEnabled() for how in TURNS) and not tools.brush_settings.enabled
    held.set()
    qtbot.waitUntil(lambda: tools.brush_settings.enabled)
    assert all(two.actions_by_id[how].isEnabled() for how in TURNS)
    assert np.array_equal(tools.mask_in_use, upper())


def test_an_upscale_takes_the_mask_along(qtbot: QtBot, two: MainWindow) -> None:
    two.actions_by_id["show_upscale"].trigger()
    with qtbot.waitSignal(two.panel.progress.ended, timeout=20_000):
        qtbot.mouseClick(two.panel.button, Qt.MouseButton.LeftButton)
    settle(qtbot, two)
    assert np.array_equal(two.tools.mask_in_use, fitted(upper(), 2 * SIZE[1], 2 * SIZE[0]))
    two.actions_by_id["undo"].trigger()
    settle(qtbot, two)
    assert np.array_equal(two.tools.mask_in_use, upper())


def test_a_preview_keeps_to_the_mask_that_comes_back_with_its_photo(qtbot: QtBot, two: MainWindow) -> None:
    first, second = two.document.documents
    show(two, "adjust")
    two.tools.adjust.sliders["exposure"].slider.setValue(100)
    two.document.select(second)
    settle(qtbot, two)
    qtbot.waitUntil(lambda: not two.tools.masks.packing.is_busy)  # so that the mask comes later than the photo
    two.document.select(first)
    settle(qtbot, two)
    look, photo = two.canvas.look, two.document.photo
    assert look is not None and photo is not None
    pixels = photo.picture.pixels
    made = look(pixels, Area((0, 0, SIZE[1], SIZE[0]), 0, SIZE[1], SIZE[0]))
    half = SIZE[0] // 2
    assert not np.array_equal(made[:half], pixels[:half]) and np.array_equal(made[half:], pixels[half:])


@pytest.mark.parametrize(
    "work",
    [turning("rotate_left")[0], cropping(Crop(3, 4, 20, 30))[0], resizing(90, 60)[0]],
    ids=["turn", "crop", "size"],
)
def test_a_mask_that_was_made_is_taken_as_it_is(two: MainWindow, work: Work) -> None:
    """A copy of a large one would take longer than the window may stand still."""
    assert two.document.photo is not None
    _, mask = run(work, two.document.photo, upper(), progress=Progress())
    assert mask is not None
    two.tools.masks.fit(*mask.shape, mask)
    assert np.shares_memory(two.tools.masks.mask, mask)


def test_a_mask_is_turned_as_the_photo_is(qtbot: QtBot, two: MainWindow) -> None:
    show(two, "crop")
    qtbot.mouseClick(two.tools.geometry.turn_buttons["rotate_left"], Qt.MouseButton.LeftButton)
    settle(qtbot, two)
    assert np.array_equal(two.tools.mask_in_use, turn(upper(), "rotate_left"))
