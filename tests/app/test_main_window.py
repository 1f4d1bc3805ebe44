"""The window: opening, notices, undo, settings, closing; with real files and the buttons a person presses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from app.core import errors, paths
from app.core.theme import DARK, LIGHT
from app.main_window import MainWindow
from app.window import actions
from tests.app.conftest import drag, drop, told

Open = Callable[[Path], None]


def test_the_first_page_offers_the_samples(qtbot: QtBot, window: MainWindow) -> None:
    assert window.pages.currentWidget() is window.first_page
    assert window.windowTitle() == "Duskroom"
    samples = [button for button in window.first_page.findChildren(QToolButton) if button.objectName() == "sample"]
    assert len(samples) == len(paths.sample_photos()) == 2
    assert all("Creative Commons" in button.toolTip() or "CC" in button.toolTip() for button in samples)
    with qtbot.waitSignal(window.document.opened):
        qtbot.mouseClick(samples[0], Qt.MouseButton.LeftButton)
    assert window.document.source == paths.sample_photos()[0]
    assert window.pages.currentWidget() is window.canvas


def test_a_photo_is_opened_off_the_gui_thread(qtbot: QtBot, window: MainWindow, photo: Path) -> None:
    with qtbot.waitSignal(window.document.opened):
        window.open_paths([photo])
        assert window.document.photo is None  # nothing was read yet
        assert window.job_progress.isVisible() and window.job_progress.label.text() == "Opening photo.jpg…"
        assert not window.actions_by_id["save_as"].isEnabled()
    assert window.windowTitle() == "photo.jpg[*] — Duskroom"
    assert "96 × 72" in window.facts.text()
    assert window.zoom.text() == "100 %"
    qtbot.waitUntil(lambda: not window.job_progress.isVisible())
    assert not window.isWindowModified() and told(window) == []


def test_the_dialog_opens_a_photo(qtbot: QtBot, window: MainWindow, photo: Path) -> None:
    qtbot.mouseClick(window.first_page.open_button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(QFileDialog)
    assert dialog is not None and "*.avif" in dialog.nameFilters()[0]
    with qtbot.waitSignal(window.document.opened):
        dialog.filesSelected.emit([str(photo)])
        dialog.accept()
    assert window.document.source == photo


def test_a_dropped_photo_is_opened(qtbot: QtBot, window: MainWindow, tmp_path: Path, photo: Path) -> None:
    odd = tmp_path / "été — “quoted” 100%.jpg"
    odd.write_bytes(photo.read_bytes())
    with qtbot.waitSignal(window.document.opened):
        drop(window, [QUrl.fromLocalFile(str(odd))])
    assert window.document.source == odd


def test_of_several_dropped_photos_the_first_is_shown(
    qtbot: QtBot, window: MainWindow, photo: Path, large_photo: Path
) -> None:
    with qtbot.waitSignal(window.document.opened):
        drop(window, [QUrl.fromLocalFile(str(photo)), QUrl.fromLocalFile(str(large_photo))])
    qtbot.waitUntil(lambda: len(window.document.documents) == 2)
    assert window.document.source == photo and told(window) == []


def test_files_are_welcome_and_text_is_not(window: MainWindow, photo: Path) -> None:
    text, file = QMimeData(), QMimeData()
    text.setText("text")
    file.setUrls([QUrl.fromLocalFile(str(photo))])
    assert not drag(window, text)
    assert drag(window, file)


def test_what_is_not_a_file_of_this_computer_gives_a_notice(qtbot: QtBot, window: MainWindow) -> None:
    drop(window, [QUrl("https://example.org/photo.jpg")])
    qtbot.waitUntil(lambda: len(told(window)) == 1)
    assert "save the picture to a folder" in told(window)[0]


def test_a_dropped_folder_gives_a_notice_and_no_box(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    drop(window, [QUrl.fromLocalFile(str(tmp_path))])
    qtbot.waitUntil(lambda: len(told(window)) == 1)
    assert "is a folder" in told(window)[0]
    assert QApplication.activeModalWidget() is None


@pytest.mark.parametrize("kind", ["empty", "truncated", "renamed", "missing"])
def test_a_photo_that_cannot_be_read_is_one_sentence_and_the_open_one_stays(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path, kind: str
) -> None:
    open_photo(photo)
    bad = tmp_path / "bad.jpg"
    content = {"empty": b"", "truncated": photo.read_bytes()[:200], "renamed": b"words, not a picture\n" * 9}
    if kind in content:
        bad.write_bytes(content[kind])
    window.open_paths([bad])
    qtbot.waitUntil(lambda: len(told(window)) == 1)
    notice = window.messages.notices[0]
    assert notice.kind == "error" and "bad.jpg" in notice.sentence
    assert "Traceback" not in notice.sentence and "unexpected" not in notice.sentence
    assert window.document.source == photo
    assert QApplication.activeModalWidget() is None
    qtbot.mouseClick(notice.copy_button, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith(notice.sentence) and str(bad) in copied and "Traceback" in copied
    qtbot.mouseClick(notice.dismiss_button, Qt.MouseButton.LeftButton)
    assert not window.messages.isVisible()


def test_what_reading_changed_is_said(qtbot: QtBot, window: MainWindow, open_photo: Open, tmp_path: Path) -> None:
    animation = tmp_path / "two.gif"
    frames = [Image.fromarray(np.full((20, 30, 3), value, np.uint8)) for value in (10, 200)]
    frames[0].save(animation, save_all=True, append_images=frames[1:])
    open_photo(animation)
    qtbot.waitUntil(lambda: len(told(window)) == 1)
    assert "first" in told(window)[0]


def test_photos_are_opened_in_the_order_they_were_asked_for(
    qtbot: QtBot, window: MainWindow, photo: Path, large_photo: Path
) -> None:
    opened: list[object] = []
    window.document.opened.connect(lambda: opened.append(window.document.source))
    window.open_paths([large_photo])
    window.open_paths([photo])
    qtbot.waitUntil(lambda: window.document.source == photo)
    qtbot.wait(50)
    assert opened == [large_photo, photo]
    assert told(window) == []


def test_actions_can_only_be_taken_where_they_do_something(window: MainWindow, open_photo: Open, photo: Path) -> None:
    idle = {name for name, action in window.actions_by_id.items() if action.isEnabled()}
    assert idle >= {
        "open",
        "quit",
        "about",
        "theme_system",
        "theme_light",
        "theme_dark",
        "paste",
        "preferences",
        "help",
    }
    assert idle.isdisjoint(entry.id for entry in actions.ACTIONS if entry.needs_photo)
    open_photo(photo)
    shown = {name for name, action in window.actions_by_id.items() if action.isEnabled()}
    assert shown - idle >= {
        "copy", "save", "save_as", "close", "close_all", "upscale", "zoom_in", "zoom_out", "fit", "fit_width", "actual_size",
        "double_size", "pixel_grid", "canvas_only",
    }  # fmt: skip


def test_shortcuts_are_unique_and_actions_are_complete(window: MainWindow) -> None:
    keys = [keys for entry in actions.ACTIONS for keys in entry.shortcuts]
    assert len(keys) == len(set(keys))

    def in_menus(items) -> list[str]:
        ids: list[str] = []
        for item in items:
            ids += in_menus(item[1]) if isinstance(item, tuple) else [item] if item else []
        return ids

    listed = in_menus(actions.MENUS)
    assert sorted(listed) == sorted(entry.id for entry in actions.ACTIONS)


def test_zoom_keys(qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path) -> None:
    open_photo(large_photo)
    fitted = window.canvas.scale
    assert fitted < 1
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.canvas.scale == 1 and window.zoom.text() == "100 %"
    qtbot.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert window.canvas.scale == pytest.approx(2**0.5)
    qtbot.keyClick(window, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window, Qt.Key.Key_F)
    assert window.canvas.scale == pytest.approx(fitted)


def test_what_one_reaches_by_keyboard_has_a_name(window: MainWindow) -> None:
    for widget in window.findChildren(QPushButton) + window.findChildren(QToolButton):
        if widget.isVisible():
            assert widget.accessibleName() or widget.text(), widget
    assert window.canvas.accessibleName() and window.panel.models.accessibleName()


def test_themes(window: MainWindow) -> None:
    for name, colours in (("light", LIGHT), ("dark", DARK)):
        window.actions_by_id[f"theme_{name}"].trigger()
        assert window.theme.colours is colours and window.settings.theme == name
        assert window.palette().window().color().name() == colours.window


def contrast(one: str, other: str) -> float:
    """As WCAG defines it, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [DARK, LIGHT])
def test_contrast_is_at_least_aa_and_greys_are_neutral(colours) -> None:
    for text in (colours.text, colours.muted):
        for background in (colours.window, colours.raised, colours.field):
            assert contrast(text, background) >= 4.5
    for background in (colours.information, colours.warning, colours.error, colours.hover):
        assert contrast(colours.text, background) >= 4.5
    for background in (colours.accent, colours.accent_hover):
        assert contrast(colours.on_accent, background) >= 4.5
    assert contrast(colours.error_text, colours.window) >= 4.5
    assert contrast(colours.accent, colours.raised) >= 3
    for grey in (colours.surround, colours.window, colours.raised, colours.field, colours.line, colours.hover):
        assert grey[1:3] == grey[3:5] == grey[5:7]


def test_the_window_is_remembered(make_window: Callable[[], MainWindow]) -> None:
    first = make_window()
    first.resize(1001, 777)
    first.actions_by_id["theme_light"].trigger()
    first.close()
    saved = json.loads(paths.settings_file().read_text())
    assert saved["theme"] == "light" and saved["model"] == "tiny-x2"
    second = make_window()
    assert second.theme.choice == "light" and second.actions_by_id["theme_light"].isChecked()


def test_damaged_settings_are_set_aside_with_a_notice(make_window: Callable[[], MainWindow]) -> None:
    paths.settings_file().parent.mkdir(parents=True)
    paths.settings_file().write_text('{"version": 1, "theme": ')
    window = make_window()
    assert len(told(window)) == 1 and "damaged" in told(window)[0]
    assert window.messages.notices[0].kind == "warning"
    assert paths.settings_file().with_name("settings.json.aside").read_text() == '{"version": 1, "theme": '


def test_settings_that_make_no_sense_to_qt_do_no_harm(make_window: Callable[[], MainWindow]) -> None:
    paths.settings_file().parent.mkdir(parents=True)
    paths.settings_file().write_text(json.dumps({"version": 1, "geometry": "%%%", "layout": "AAAA"}))
    assert make_window().isVisible()


def test_an_unexpected_error_is_logged_and_told_and_the_window_stays(qtbot: QtBot, window: MainWindow) -> None:
    unexpected = errors.UnexpectedErrors()
    unexpected.happened.connect(lambda sentence, details: window.messages.tell(sentence, "error", details))
    handler = errors.open_log()
    assert handler is not None
    try:
        raise KeyError("a fault of ours")
    except KeyError as error:
        unexpected.report(error)
    finally:
        errors.close_log(handler)
    assert len(told(window)) == 1 and str(paths.log_file()) in told(window)[0]
    assert "KeyError: 'a fault of ours'" in window.messages.notices[0].details
    assert "a fault of ours" in paths.log_file().read_text()
    assert window.isVisible()


def test_notices_stay_few_and_are_not_repeated(window: MainWindow) -> None:
    for text in ("one", "two", "three", "two", "four"):
        window.messages.tell(text)
    assert told(window) == ["three", "two", "four"]
    assert all(isinstance(notice.label, QLabel) for notice in window.messages.notices)


def test_a_notice_is_plain_text(window: MainWindow) -> None:
    window.messages.tell("<b>bold</b>.jpg", "error")
    assert window.messages.notices[0].label.textFormat() == Qt.TextFormat.PlainText
