"""Upscaling in the window: the panel's real buttons, the real engine, tiny but true models."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core import paths
from app.main_window import MainWindow
from app.upscale import memory
from app.window.preferences import PreferencesDialog
from app.window.shell import show_preferences
from engines.models.model import open_model
from engines.pictures.picture import load
from engines.superres.upscale import upscale
from tests.app.conftest import choose_model, told
from tests.models import broken_output, tiny_superres

Open = Callable[[Path], None]


def press(qtbot: QtBot, window: MainWindow) -> None:
    """Press Upscale, and wait for the end."""
    with qtbot.waitSignal(window.panel.progress.ended, timeout=20_000):
        qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)


def test_the_panel_says_beforehand_what_will_be(window: MainWindow, open_photo: Open, photo: Path) -> None:
    assert not window.panel.button.isEnabled() and window.panel.hint.text() == "Open a photo first."
    open_photo(photo)
    assert window.panel.models.currentText() == "Tiny ×2"
    assert window.panel.description.text() == "Quick, for tests."
    assert window.panel.facts.size_now.text().startswith("96 × 72")
    assert window.panel.facts.size_after.text().startswith("192 × 144")
    assert window.panel.button.text() == "Upscale ×2"
    choose_model(window, "tiny-x4")
    assert window.panel.facts.size_after.text().startswith("384 × 288")
    assert window.panel.facts.device.text() == "shown once it runs"
    assert window.settings.model == "tiny-x4"


def test_upscale_undo_redo_and_the_divider(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, models_folder: Path
) -> None:
    open_photo(photo)
    original = window.document.photo
    press(qtbot, window)
    result = window.document.photo
    assert result is not None and original is not None
    with open_model(models_folder / "tiny-x2.onnx") as model:
        assert window.panel.facts.device.text() == model.provider
        np.testing.assert_array_equal(result.picture.pixels, upscale(load(photo), model).pixels)
    assert window.document.before is original and window.canvas.is_comparing
    assert window.isWindowModified() and window.document.is_modified
    assert "192 × 144" in window.facts.text()
    assert told(window) == []

    assert window.actions_by_id["undo"].text() == "&Undo Upscale with Tiny ×2"
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.photo is original and not window.canvas.is_comparing
    assert not window.isWindowModified()
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_Z, modifiers)
    assert window.document.photo is result and window.canvas.is_comparing
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert not window.canvas.is_comparing
    qtbot.keyClick(window, Qt.Key.Key_C)
    assert window.canvas.is_comparing


def test_twice_is_two_steps_each_with_its_own_before(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    shown = [window.document.photo]
    for _ in range(2):
        press(qtbot, window)
        shown.append(window.document.photo)
    assert shown[2] is not None and shown[2].picture.width == 384
    assert window.document.before is shown[1]
    window.actions_by_id["undo"].trigger()
    assert (window.document.photo, window.document.before) == (shown[1], shown[0])
    window.actions_by_id["undo"].trigger()
    assert (window.document.photo, window.document.before) == (shown[0], None)
    window.actions_by_id["redo"].trigger()
    assert (window.document.photo, window.document.before) == (shown[1], shown[0])


def test_progress_is_shown_and_nothing_else_can_be_started(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path, slow_model: Path
) -> None:
    list_models(qtbot, window)
    choose_model(window, "slow-x2")
    open_photo(large_photo)
    qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    assert window.panel.progress.isVisible() and not window.panel.button.isVisible()
    assert not window.panel.models.isEnabled()
    for name in ("save", "save_as", "undo", "redo", "upscale"):
        assert not window.actions_by_id[name].isEnabled(), name
    assert window.actions_by_id["cancel"].isEnabled()
    qtbot.waitUntil(lambda: window.panel.facts.device.text() in ("CPU", "CUDA"), timeout=10_000)
    with qtbot.waitSignal(window.panel.progress.ended, timeout=10_000):
        qtbot.mouseClick(window.panel.progress.cancel_button, Qt.MouseButton.LeftButton)
    assert window.panel.button.isVisible() and window.panel.button.isEnabled()
    assert not window.document.is_modified and told(window) == []
    choose_model(window, "tiny-x2")
    press(qtbot, window)  # and what was cancelled stands in nobody's way
    assert window.document.is_modified


def test_escape_cancels(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path, slow_model: Path
) -> None:
    list_models(qtbot, window)
    choose_model(window, "slow-x2")
    open_photo(large_photo)
    qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(window.panel.progress.ended, timeout=10_000):
        qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.document.photo is not None and not window.queue.is_busy


def test_a_result_lands_in_the_document_that_it_was_started_for(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path, photo: Path
) -> None:
    """Another photo is opened and shown meanwhile; that does not stop the upscale."""
    open_photo(large_photo)
    qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    open_photo(photo)
    qtbot.waitUntil(lambda: not window.queue.is_busy, timeout=20_000)
    assert (
        window.document.source == photo and not window.document.is_modified and not window.document.undo_stack.count()
    )
    first = window.document.documents[0]
    assert first.is_modified and first.photo is not None and first.photo.picture.width == 2400
    assert told(window) == []
    window.document.select(first)
    assert window.document.before is not None and window.document.before.picture.width == 1200


def test_closing_while_it_runs_leaves_nothing_behind(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path, slow_model: Path
) -> None:
    list_models(qtbot, window)
    choose_model(window, "slow-x2")
    open_photo(large_photo)
    qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.panel.facts.device.text() in ("CPU", "CUDA"), timeout=10_000)
    window.settings.ask_unsaved = False
    window.close()
    assert not window.isVisible()  # the fixture that watches threads does the rest


@pytest.mark.parametrize("what", ["nan", "black", "shape", "truncated", "vanished"])
def test_a_model_that_fails_is_one_sentence(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, models_folder: Path, what: str
) -> None:
    file = models_folder / "broken.onnx"
    if what in ("nan", "black", "shape"):
        broken_output(file, what)
    else:
        tiny_superres(file, 2)
    list_models(qtbot, window)
    choose_model(window, "broken")
    open_photo(photo)
    if what == "truncated":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif what == "vanished":
        file.unlink()
    press(qtbot, window)
    assert len(told(window)) == 1 and "unexpected" not in told(window)[0], told(window)
    assert window.messages.notices[0].kind == "error"
    assert not window.document.is_modified and window.panel.button.isEnabled()
    assert QApplication.activeModalWidget() is None
    choose_model(window, "tiny-x2")
    press(qtbot, window)
    assert window.document.is_modified


def test_models_that_cannot_be_used_are_listed_but_not_chosen(
    qtbot: QtBot, window: MainWindow, models_folder: Path
) -> None:
    (models_folder / "cardless.onnx").write_bytes(b"")
    list_models(qtbot, window)
    texts = [window.panel.models.itemText(row) for row in range(window.panel.models.count())]
    assert "cardless (cannot be used)" in texts
    row = texts.index("cardless (cannot be used)")
    assert not window.panel.models.model().flags(window.panel.models.model().index(row, 0)) & Qt.ItemFlag.ItemIsEnabled
    assert window.panel.entry is not None and window.panel.entry.name == "tiny-x2"


def test_a_model_is_added_to_the_library(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    mine = tiny_superres(tmp_path / "mine-x2.onnx", 2)
    with qtbot.waitSignal(window.models.listed):
        window.models.add(mine)
    assert (paths.models_folder() / "mine-x2.onnx").exists()
    assert window.panel.entry is not None and window.panel.entry.name == "mine-x2"
    window.models.add(tmp_path / "nothing.onnx")
    qtbot.waitUntil(lambda: len(told(window)) == 2)
    assert window.messages.notices[1].kind == "error"


def test_other_threads_open_the_model_anew_at_once(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    press(qtbot, window)
    qtbot.waitUntil(lambda: len(window.settings.speeds) == 1, timeout=10_000)
    opened = window.upscaling._opened

    def threads() -> int:
        assert opened._model is not None
        return opened._model._session.get_session_options().intra_op_num_threads

    assert threads() == 0 and window.settings.threads == 0  # one for each core
    dialog = show_preferences(window)
    assert isinstance(dialog, PreferencesDialog)
    assert dialog.threads.text() == "Automatic" and dialog.threads.maximum() == os.cpu_count()
    dialog.threads.setValue(1)
    qtbot.waitUntil(lambda: len(window.settings.speeds) == 2, timeout=10_000)  # it is another speed
    press(qtbot, window)
    assert threads() == 1 and told(window) == []
    dialog.threads.setValue(0)
    dialog.reject()
    window.actions_by_id["undo"].trigger()
    press(qtbot, window)
    assert threads() == 0 and len(window.settings.speeds) == 2


def test_alpha_and_sixteen_bits_come_through(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo_pixels: np.ndarray, tmp_path: Path
) -> None:
    alpha = np.linspace(0, 255, photo_pixels.shape[1]).astype(np.uint8)[None, :, None].repeat(photo_pixels.shape[0], 0)
    path = tmp_path / "alpha.png"
    Image.fromarray(np.concatenate([photo_pixels, alpha], axis=2)).save(path)
    open_photo(path)
    press(qtbot, window)
    assert window.document.photo is not None and window.document.photo.picture.has_alpha
    assert "alpha" in window.facts.text()


def test_a_result_too_large_for_memory_is_warned_of(
    window: MainWindow, open_photo: Open, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_photo(photo)
    assert not window.panel.facts.warning.isVisible()
    needed = memory.bytes_upscaled(96, 72, 3, 8, 2)
    monkeypatch.setattr(memory, "free_bytes", lambda: round(needed / 0.71))
    window.panel.show_photo(window.document.photo)
    assert not window.panel.facts.warning.isVisible() or needed > 0.7 * memory.free_bytes()
    monkeypatch.setattr(memory, "free_bytes", lambda: needed)
    window.panel.show_photo(window.document.photo)
    assert window.panel.facts.warning.isVisible()
    assert f"duskroom upscale {photo} OUT.tif --model tiny-x2" in window.panel.facts.warning.text()


def test_memory_is_counted_in_full() -> None:
    assert memory.bytes_upscaled(100, 100, 3, 8, 2) == 200 * 200 * 3 * 4 // 3
    assert memory.bytes_upscaled(100, 100, 4, 16, 1) == round(100 * 100 * 4 * (2 + 4 / 3))
    assert memory.free_bytes() > 0


def list_models(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.models.listed):
        window.models.list()


def test_the_keyboard_stays_where_it_was_used(qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path) -> None:
    """The button that started it makes room for Cancel, and comes back: focus follows, and does not wander off."""
    open_photo(photo)
    window.panel.button.setFocus()
    with qtbot.waitSignal(window.panel.progress.ended, timeout=10_000):
        qtbot.keyClick(window.panel.button, Qt.Key.Key_Space)
        assert window.focusWidget() is window.panel.progress.cancel_button
    assert window.focusWidget() is window.panel.button
    with qtbot.waitSignal(window.panel.progress.ended, timeout=10_000):
        qtbot.keyClick(window.panel.button, Qt.Key.Key_Space)
        window.canvas.setFocus()
    assert window.focusWidget() is window.canvas


def test_photos_that_are_no_longer_open_take_no_memory(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_photo: Path
) -> None:
    open_photo(photo)
    press(qtbot, window)
    assert window.document.photo is not None and window.document.before is not None
    photos = [weakref.ref(window.document.photo), weakref.ref(window.document.before)]
    window.actions_by_id["undo"].trigger()
    window.document.undo_stack.setClean()
    open_photo(large_photo)
    window.closing.close(window, window.document.documents[:1])

    def are_gone() -> bool:
        gc.collect()
        return [each() for each in photos] == [None, None]

    qtbot.waitUntil(are_gone)
