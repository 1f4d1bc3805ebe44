"""Saving and closing while the window goes on: another photo arrives, Escape is pressed, something still runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.saving import file_size
from app.saving.dialog import SaveDialog
from app.saving.encoded_size import EncodedSize, encoded_size
from engines.models.library import ModelLibrary
from engines.pictures import writing
from engines.pictures.picture import load
from engines.pictures.writing import PictureWriter
from tests.app.conftest import choose_model, told
from tests.app.saving.test_saving import answer, press_save, save_dialog, type_into, upscaled

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

    monkeypatch.setattr(writing, "PictureWriter", type("Writer", (PictureWriter,), {name: wait}))
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


def test_what_waits_for_a_save_may_be_closed_in_another_way_meanwhile(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_photo: Path
) -> None:
    open_photo(large_photo)
    open_photo(photo)
    dialog = save_dialog(window)
    type_into(dialog, "mine.png")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    job = window.saving.job
    assert job is not None and window.document.current is not None
    window.actions_by_id["close"].trigger()
    window.document.close_document(window.document.current)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: window.saving.job is None)
    qtbot.waitUntil(lambda: window.document.source == large_photo)
    assert len(window.document.documents) == 1
    assert window.document.source == large_photo and (photo.parent / "mine.png").exists()


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


@pytest.fixture
def at_work(qtbot: QtBot, window: MainWindow, open_photo: Open, slow_model: Path, large_photo: Path) -> MainWindow:
    """A window that has just begun an upscale of a photo to which nothing was done yet; it would take minutes."""
    with qtbot.waitSignal(window.models.listed):
        window.models.list()
    choose_model(window, "slow-x2")
    open_photo(large_photo)
    qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    assert window.queue.is_busy
    return window


def test_work_is_stopped_with_the_document_that_it_is_for_once_that_was_asked(
    qtbot: QtBot, at_work: MainWindow
) -> None:
    said = answer(QMessageBox.StandardButton.Cancel)
    qtbot.keyClick(at_work, Qt.Key.Key_W, CTRL)
    assert said == ["Stop the work on “large.png”?"]
    assert len(at_work.document.documents) == 1 and at_work.queue.is_busy
    said = answer(QMessageBox.StandardButton.Discard)
    at_work.actions_by_id["close"].trigger()
    assert said and at_work.document.documents == ()
    qtbot.waitUntil(lambda: not at_work.queue.is_busy, timeout=10_000)


def test_the_window_does_not_close_over_work_unasked(at_work: MainWindow) -> None:
    said = answer(QMessageBox.StandardButton.Cancel)
    at_work.close()
    assert said == ["Stop the work on “large.png”?"] and at_work.isVisible() and at_work.queue.is_busy
    answer(QMessageBox.StandardButton.Discard)
    at_work.close()
    assert not at_work.isVisible()


def test_saving_before_closing_stops_the_work(
    qtbot: QtBot, window: MainWindow, open_photo: Open, slow_model: Path, large_photo: Path
) -> None:
    with qtbot.waitSignal(window.models.listed):
        window.models.list()
    choose_model(window, "tiny-x2")
    open_photo(large_photo)
    upscaled(qtbot, window)
    choose_model(window, "slow-x2")
    qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    answer(QMessageBox.StandardButton.Save)
    window.close()
    dialog = window.findChildren(SaveDialog)[-1]
    type_into(dialog, "last.jpg")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert load(large_photo.parent / "last.jpg").width == 2400


def test_what_ends_while_one_is_asked_is_asked_about(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    said: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox) or window.queue.is_busy:
            QTimer.singleShot(20, window, press)
            return
        said.append(box.text())
        if len(said) < 2:
            QTimer.singleShot(20, window, press)
        box.button((QMessageBox.StandardButton.Discard, QMessageBox.StandardButton.Cancel)[len(said) - 1]).click()

    qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    press()
    qtbot.keyClick(window, Qt.Key.Key_W, CTRL)
    assert said == ["Stop the work on “photo.jpg”?", "Save the changes to “photo.jpg”?"]
    assert window.document.is_modified


def test_models_are_listed_though_sizes_are_worked_out_meanwhile(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    qtbot.waitUntil(lambda: dialog.file_size.text().endswith("B"), timeout=10_000)
    go, read = threading.Event(), ModelLibrary.entries

    def wait(library: ModelLibrary) -> list:
        go.wait(10)
        return read(library)

    def work_out(*given: Any, **options: Any) -> EncodedSize:
        go.wait(10)
        return encoded_size(*given, **options)

    monkeypatch.setattr(ModelLibrary, "entries", wait)
    monkeypatch.setattr(file_size, "encoded_size", work_out)  # at its own pace it may be over between two looks
    window.models.list()
    dialog.quality.setValue(20)
    with qtbot.waitSignal(window.models.listed, timeout=10_000):
        qtbot.waitUntil(lambda: dialog.file_size._job is not None)
        go.set()
    qtbot.waitUntil(lambda: dialog.file_size.text().endswith("B"), timeout=10_000)
    window.models.list()
    with qtbot.waitSignal(window.models.listed, timeout=10_000):
        window.queue.cancel()
    dialog.reject()


def test_a_size_comes_though_something_else_is_to_be_seen_first(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    size = dialog.file_size
    qtbot.waitUntil(lambda: size._job is not None or size.text().endswith("B"))  # it may be over at once
    window.queue.submit(lambda *, progress: None, lane="preview")
    qtbot.waitUntil(lambda: dialog.file_size.text().endswith("B"), timeout=10_000)
    dialog.reject()
