"""Saving and closing while the window goes on: another photo arrives, Escape is pressed, something still runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.save_dialog import SaveDialog
from engines import picture as pictures
from engines.picture import load
from engines.writing import PictureWriter
from tests.app.conftest import told
from tests.app.test_saving import press_save, save_dialog, type_into, upscaled

Open = Callable[[Path], None]
CTRL = Qt.KeyboardModifier.ControlModifier


def test_what_was_asked_about_is_saved_though_another_photo_comes(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_photo: Path
) -> None:
    open_photo(photo)
    window.open_paths([large_photo])
    dialog = save_dialog(window)
    qtbot.waitUntil(lambda: window.document.source == large_photo)
    target = photo.parent / "mine.png"
    type_into(dialog, target.name)
    press_save(qtbot, window, dialog)
    first, second = window.document.documents
    assert load(target).width == 96 and first.target == target and second.target is None
    assert window.settings.recent[0] == str(target)


def test_what_was_asked_about_is_closed_and_saved_though_another_photo_comes(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_photo: Path
) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    assert window.document.photo is not None
    pixels = window.document.photo.picture.pixels
    said: list[str] = []

    def save_once_it_came() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox) or window.document.source != large_photo:
            QTimer.singleShot(20, window, save_once_it_came)
            return
        said.append(box.text())
        box.button(QMessageBox.StandardButton.Save).click()

    window.open_paths([large_photo])
    save_once_it_came()
    qtbot.keyClick(window, Qt.Key.Key_W, CTRL)
    assert said == ["Save the changes to “photo.jpg”?"]
    dialog = window.findChildren(SaveDialog)[-1]
    type_into(dialog, "mine.png")
    press_save(qtbot, window, dialog)
    qtbot.waitUntil(lambda: len(window.document.documents) == 1)
    np.testing.assert_array_equal(load(photo.parent / "mine.png").pixels, pixels)
    assert window.document.source == large_photo and window.document.photo is not None


def press_escape_after(
    qtbot: QtBot, window: MainWindow, dialog: SaveDialog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Save, and press Escape when the writer has done what `name` does."""
    reached, pressed = threading.Event(), threading.Event()
    whole = getattr(PictureWriter, name)

    def wait(*arguments: object) -> None:
        whole(*arguments)
        reached.set()
        pressed.wait(10)

    monkeypatch.setattr(pictures, "PictureWriter", type("Writer", (PictureWriter,), {name: wait}))
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(window.job_progress.ended, timeout=10_000):
        qtbot.waitUntil(lambda: reached.is_set() and not window.findChildren(SaveDialog))
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        qtbot.keyClick(window, Qt.Key.Key_Escape)
        assert window.saving.job is not None
        pressed.set()


def test_escape_stops_a_save_and_the_file_stays_what_it_was(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = photo.parent / "other.png"
    other.write_bytes(b"precious")
    open_photo(photo)
    dialog = save_dialog(window)
    type_into(dialog, other.name)
    dialog.replace.click()
    press_escape_after(qtbot, window, dialog, monkeypatch, "write")
    assert other.read_bytes() == b"precious" and told(window) == []
    assert window.document.target is None and sorted(photo.parent.glob(".duskroom*")) == []


def test_a_save_whose_file_is_in_place_is_saved_whatever_is_pressed(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    dialog = save_dialog(window)
    type_into(dialog, photo.name)
    dialog.replace.click()
    press_escape_after(qtbot, window, dialog, monkeypatch, "__exit__")
    assert load(photo).width == 192 and not window.isWindowModified()
    window.source_watch.look()
    assert told(window) == [f"Saved as {photo}."]
