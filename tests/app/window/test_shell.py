"""The shell: keys, recent files, clipboard, preferences, help, and a name for all that one can reach."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QAccessible, QGuiApplication, QImage, QKeySequence, QPalette
from PySide6.QtWidgets import QAbstractButton, QDialog, QFileDialog, QMenu, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.core import paths, qimage, settings
from app.core.theme import DARK, LIGHT, Colours, palette
from app.main_window import MainWindow
from app.opening.clipboard import clipboard_image, photo_of
from app.opening.feature import recent_of
from app.opening.recent import MOST
from app.recovery.offer import RecoveryOffer
from app.widgets.tool_panel import SIDE_WIDTH
from app.window import actions, help, shell, shortcuts
from app.window.layout import SMALLEST_SIZE
from app.window.preferences import PreferencesDialog
from app.window.shortcuts import ShortcutsDialog
from engines.metadata.metadata import Metadata
from engines.pictures.picture import Picture, load
from engines.progress import Progress
from tests.app.conftest import told
from tests.benchmarks import random_actions

Open = Callable[[Path], None]


def dialog_of(qtbot: QtBot, window: MainWindow, action: str, kind: type) -> QWidget:
    window.actions_by_id[action].trigger()
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(kind)))
    return window.findChildren(kind)[-1]


# Keys


def test_keys_are_found_changed_kept_and_given_back(
    qtbot: QtBot, window: MainWindow, make_window: Callable[[], MainWindow]
) -> None:
    dialog = dialog_of(qtbot, window, "shortcuts", ShortcutsDialog)
    assert isinstance(dialog, ShortcutsDialog)
    qtbot.keyClicks(dialog.search, "ctrl+o")
    shown = [
        item for row in range(dialog.list.topLevelItemCount()) if not (item := dialog.list.topLevelItem(row)).isHidden()
    ]
    assert [item.text(0) for item in shown] == ["Open"]
    dialog.search.clear()
    dialog.choose("copy_visible")
    dialog.edit.setKeySequence(QKeySequence("Ctrl+O"))
    assert dialog.conflict.isVisible() and "Open" in dialog.conflict.text()
    qtbot.mouseClick(dialog.assign, Qt.MouseButton.LeftButton)
    assert window.actions_by_id["copy_visible"].shortcut().toString() == "Ctrl+O"
    assert window.actions_by_id["open"].shortcuts() == []
    assert "Ctrl+O" in window.actions_by_id["copy_visible"].toolTip()
    dialog.reject()
    second = make_window()
    second.settings.shortcuts = json.loads(paths.settings_file().read_text())["shortcuts"]
    shortcuts.apply(second.actions_by_id, second.settings.shortcuts)
    assert second.actions_by_id["copy_visible"].shortcut().toString() == "Ctrl+O"
    dialog = dialog_of(qtbot, second, "shortcuts", ShortcutsDialog)
    assert isinstance(dialog, ShortcutsDialog)
    dialog.choose("open")
    qtbot.mouseClick(dialog.reset, Qt.MouseButton.LeftButton)
    assert second.actions_by_id["open"].shortcut().toString() == "Ctrl+O"
    assert second.actions_by_id["copy_visible"].shortcuts() == []
    qtbot.mouseClick(dialog.reset_all, Qt.MouseButton.LeftButton)
    assert second.settings.shortcuts == {}
    for entry in actions.ACTIONS:
        assert [keys.toString() for keys in second.actions_by_id[entry.id].shortcuts()] == [
            QKeySequence(keys).toString() for keys in entry.shortcuts
        ]
    dialog.reject()


def test_keys_that_make_no_sense_do_no_harm(window: MainWindow) -> None:
    shortcuts.apply(window.actions_by_id, {"open": ["", "nonsense", "Ctrl+S"], "gone": ["Ctrl+J"]})
    assert [keys.toString() for keys in window.actions_by_id["save"].shortcuts()] == []


# Recent files


def entries(window: MainWindow) -> list[str]:
    menu = window.actions_by_id["clear_recent"].associatedObjects()[0]
    assert isinstance(menu, QMenu)
    return [action.toolTip() for action in menu.actions() if action.toolTip().startswith("/")]


def test_recent_files(qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_photo: Path) -> None:
    for path in (photo, large_photo, photo):
        open_photo(path)
    assert entries(window) == [str(photo), str(large_photo)] == window.settings.recent
    open_photo(paths.sample_photos()[0])
    assert len(window.settings.recent) == 2  # what ships is on the first page
    large_photo.unlink()
    recent_of(window).open(large_photo)
    assert "no longer there" in told(window)[-1] and entries(window) == [str(photo)]
    with qtbot.waitSignal(window.document.opened):
        recent_of(window).open(photo)
    for number in range(20):
        recent_of(window).remember(photo.with_name(f"{number}.jpg"))
    assert len(window.settings.recent) == len(entries(window)) == MOST
    window.actions_by_id["clear_recent"].trigger()
    assert entries(window) == [] and not window.actions_by_id["clear_recent"].isEnabled()


# Clipboard


def test_the_picture_goes_to_the_clipboard_and_comes_back(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    window.actions_by_id["copy"].trigger()
    qtbot.waitUntil(lambda: "Copied" in "".join(told(window)))
    image = QGuiApplication.clipboard().image()
    np.testing.assert_array_equal(qimage.to_pixels(image)[..., :3], load(photo).pixels)
    with qtbot.waitSignal(window.document.opened):
        window.actions_by_id["paste"].trigger()
    assert window.document.source is None and window.isWindowModified()
    assert window.windowTitle() == "Untitled[*] — Duskroom"
    assert window.document.photo is not None
    np.testing.assert_array_equal(window.document.photo.picture.pixels, load(photo).pixels)


def test_the_visible_part_is_copied_at_full_size(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path
) -> None:
    open_photo(large_photo)
    window.canvas.actual_size()
    region = window.canvas.visible_box()
    assert region is not None
    window.actions_by_id["copy_visible"].trigger()
    qtbot.waitUntil(lambda: "Copied" in "".join(told(window)))
    left, top, right, bottom = region
    pixels = load(large_photo).pixels[top:bottom, left:right]
    assert 0 < pixels.size < load(large_photo).pixels.size
    np.testing.assert_array_equal(qimage.to_pixels(QGuiApplication.clipboard().image())[..., :3], pixels)


def test_a_copied_file_is_opened_and_nothing_is_said_to_be_nothing(
    qtbot: QtBot, window: MainWindow, photo: Path
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo))])
    QGuiApplication.clipboard().setMimeData(data)
    with qtbot.waitSignal(window.document.opened):
        window.actions_by_id["paste"].trigger()
    assert window.document.source == photo
    qtbot.waitUntil(lambda: not window.queue.is_busy)
    QGuiApplication.clipboard().setText("words")
    window.actions_by_id["paste"].trigger()
    assert "no picture on the clipboard" in told(window)[-1]


def test_deep_and_transparent_pictures_are_copied_as_others_expect_them() -> None:
    pixels = np.zeros((4, 5, 4), np.uint16)
    pixels[..., 0], pixels[..., 3] = 65535, 128 * 257
    image = clipboard_image(Picture(pixels, Metadata()), None, progress=Progress())
    assert qimage.to_pixels(image)[0, 0].tolist() == [255, 0, 0, 128]
    opaque = QImage(3, 2, QImage.Format.Format_ARGB32)
    opaque.fill(Qt.GlobalColor.red)
    assert not photo_of(opaque, progress=Progress()).picture.has_alpha


# Preferences


def test_preferences_apply_at_once(qtbot: QtBot, window: MainWindow) -> None:
    dialog = dialog_of(qtbot, window, "preferences", PreferencesDialog)
    assert isinstance(dialog, PreferencesDialog)
    dialog.theme.setCurrentIndex(dialog.theme.findData("light"))
    assert window.theme.choice == "light" and window.actions_by_id["theme_light"].isChecked()
    dialog.memory.setValue(2048)
    dialog.ask.setChecked(False)
    dialog.language.setCurrentIndex(dialog.language.findData("de"))
    assert window.actions_by_id["save_as"].iconText() == "Speichern unter"
    assert dialog.windowTitle() == "Einstellungen" and window.first_page.open_button.text() == "Foto öffnen …"
    dialog.language.setCurrentIndex(dialog.language.findData("en"))
    assert window.actions_by_id["save_as"].iconText() == "Save As"
    assert dialog.windowTitle() == "Preferences" and window.first_page.open_button.text() == "Open a photo…"
    dialog.reject()
    saved = json.loads(paths.settings_file().read_text())
    assert saved["history_megabytes"] == 2048 and saved["ask_unsaved"] is False and saved["theme"] == "light"


# Help, names and colours


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_the_stylesheet_puts_text_only_on_what_it_can_be_read_on(colours: Colours) -> None:
    """Each rule that names a text colour, against its own background, or against every one that it may stand on."""
    sheet = re.sub(r"/\*.*?\*/", "", paths.asset("duskroom.qss").read_text(encoding="utf-8"), flags=re.DOTALL)
    named, checked = vars(colours), 0
    for selector, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        text = re.search(r"(?<![-\w])color: \$(\w+)", rule)
        if text is None or ":disabled" in selector:
            continue
        ground = re.search(r"(?<![-\w])background: \$(\w+)", rule)
        for name in [ground[1]] if ground else ["window", "raised"]:
            ratio = contrast(named[text[1]], named[name])
            assert ratio >= 4.5, f"{selector.strip()}: {text[1]} on {name} is {ratio:.2f}"
            checked += 1
    assert checked > 15


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_the_palette_can_be_read_and_edges_can_be_seen(colours: Colours) -> None:
    """WCAG AA: 4.5 for text, 3 for what tells a control from its ground; what is disabled is free."""
    roles, made = QPalette.ColorRole, palette(colours)
    for text, ground in (
        (roles.WindowText, roles.Window),
        (roles.Text, roles.Base),
        (roles.Text, roles.AlternateBase),
        (roles.PlaceholderText, roles.Base),
        (roles.ButtonText, roles.Button),
        (roles.ToolTipText, roles.ToolTipBase),
        (roles.HighlightedText, roles.Highlight),
        (roles.Link, roles.Window),
        (roles.Link, roles.Base),
    ):
        ratio = contrast(made.color(text).name(), made.color(ground).name())
        assert ratio >= 4.5, f"{text.name} on {ground.name} is {ratio:.2f}"
    named = vars(colours)
    for edge in ("outline", "accent", "muted", "text"):  # of fields, of what has the keyboard, of ticks, of handles
        for ground in ("window", "raised", "field", *(("hover",) if edge != "outline" else ())):
            ratio = contrast(named[edge], named[ground])
            assert ratio >= 3, f"{edge} on {ground} is {ratio:.2f}"
    for notice in ("information", "warning", "error"):
        assert contrast(colours.text, named[notice]) >= 4.5 and contrast(colours.muted, named[notice]) >= 3


def contrast(one: str, other: str) -> float:
    """As WCAG defines it, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("language", ["en", "de"])
def test_letters_of_a_menu_are_its_own(window: MainWindow, language: str) -> None:
    window.settings.language = language
    shell.apply(window, "language")
    for menu in [window.menuBar(), *window.menuBar().findChildren(QMenu)]:
        texts = [action.text() for action in menu.actions() if not action.isSeparator() and action.isVisible()]
        letters = [match[1].lower() for text in texts if (match := re.search(r"&(\w)", text))]
        assert len(letters) == len(set(letters)), texts


@pytest.mark.parametrize("language", ["en", "de"])
def test_panels_fit_the_dock_and_the_window_its_smallest_size(
    qtbot: QtBot, make_window: Callable[[], MainWindow], language: str
) -> None:
    settings.keep(settings.Settings(language=language))
    window = make_window()
    bar = window.findChildren(QScrollArea)[0].verticalScrollBar().sizeHint().width()
    for panel in (window.panel, window.tools.adjust, window.tools.geometry, window.tools.mask):
        assert panel.minimumSizeHint().width() <= SIDE_WIDTH - bar, panel.accessibleName()
    tabs = window.tools.tabs
    assert tabs.sizeHint().width() <= SIDE_WIDTH
    page = window.first_page.minimumSizeHint()
    assert page.width() <= SMALLEST_SIZE[0] - SIDE_WIDTH


def test_tab_goes_round_and_only_to_what_is_in_sight(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    assert window.focusWidget() is window.canvas  # whose keys are wanted first
    seen: list[QWidget] = []
    while (focused := window.focusWidget()) not in seen:
        assert focused is not None and focused.isVisible() and window.rect().contains(
            focused.mapTo(window, focused.rect().center())
        ), focused.accessibleName()  # fmt: skip
        seen.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    assert window.focusWidget() is window.canvas
    assert {window.panel.models, window.panel.button, window.tools.tabs, window.zoom} <= set(seen)


def test_help_explains_what_has_the_keyboard(qtbot: QtBot, window: MainWindow) -> None:
    assert "folders" in help.explanation(window.first_page.open_button)
    dialog = shell.show_help(window)
    assert isinstance(dialog, help.HelpDialog)
    text = dialog.text.toPlainText()
    assert "Save As" in text and "Ctrl+Shift+S" in text
    dialog.close()


DIALOGS = ("open", "save_as", "preferences", "shortcuts", "help", "about", "compare_models", "about_model")
ROLES_TO_NAME = (
    Qt.FocusPolicy.TabFocus,
    Qt.FocusPolicy.StrongFocus,
    Qt.FocusPolicy.ClickFocus,
    Qt.FocusPolicy.WheelFocus,
)


def unnamed(root: QWidget) -> list[str]:
    """Controls in `root` that a screen reader has no name or no role for; parts that Qt makes inside its own are its own."""
    found = []
    for widget in [root, *root.findChildren(QWidget)]:
        inner = widget.objectName().startswith("qt_") or isinstance(widget.parent(), QFileDialog)
        if inner or not widget.isVisible() or not (widget.focusPolicy() & Qt.FocusPolicy.TabFocus):
            continue
        if widget.focusProxy() is not None:
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        name = interface.text(QAccessible.Text.Name) if interface else ""
        if not name or interface is None or interface.role() == QAccessible.Role.NoRole:
            found.append(f"{type(widget).__name__} {widget.objectName()!r} in {type(root).__name__}")
    return found


def test_every_control_has_a_name_and_a_role(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, models_folder: Path
) -> None:
    assert unnamed(window) == []
    open_photo(photo)
    window.messages.tell("A notice", "error", "details")
    assert unnamed(window) == []
    for name in DIALOGS:
        before = {id(dialog) for dialog in window.findChildren(QDialog)}
        window.actions_by_id[name].trigger()
        qtbot.waitUntil(
            lambda before=before: any(d.isVisible() and id(d) not in before for d in window.findChildren(QDialog))
        )
        for dialog in window.findChildren(QDialog):
            if dialog.isVisible():
                if not isinstance(dialog, QFileDialog):
                    assert unnamed(dialog) == []
                dialog.reject()
    offer = RecoveryOffer([], window)
    offer.show()
    assert unnamed(offer) == []
    offer.reject()


def test_every_control_explains_itself(window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    silent = [
        f"{type(widget).__name__} {widget.accessibleName()}"
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not help.explanation(widget)
        and not (isinstance(widget, QAbstractButton) and widget.toolTip())
    ]  # fmt: skip
    assert silent == []
    assert all(action.whatsThis() for action in window.actions_by_id.values())


@pytest.mark.parametrize("name", DIALOGS)
def test_every_dialog_can_be_left_by_escape(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, name: str
) -> None:
    open_photo(photo)
    window.actions_by_id[name].trigger()
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(QDialog)))
    dialog = next(dialog for dialog in window.findChildren(QDialog) if dialog.isVisible())
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_photo_from_the_clipboard_keeps_its_colours(photo_pixels: np.ndarray) -> None:
    wide = Image.fromarray(photo_pixels)
    image = qimage.from_pixels(np.asarray(wide))
    assert photo_of(image, progress=Progress()).picture.metadata.icc


def test_random_actions_break_nothing(window: MainWindow, tmp_path: Path) -> None:
    """A short run of the benchmark, which does the same thousands of times."""
    saved = tmp_path / "saved"
    saved.mkdir()
    window.settings.save_folder = str(saved)
    outcome = random_actions.drive(window, random_actions.make_photos(tmp_path / "photos"), saved, count=60, seed=11)
    assert outcome.exceptions == [] and not outcome.warnings
    whole = [count for name, count in outcome.done.items() if not name.startswith(("action ", "control "))]
    assert sum(whole) == 60


def test_panels_that_come_and_go_leave_nothing_behind(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    counts = []
    for _ in range(3):
        for name in ("canvas_only", "canvas_only", "history", "history", "show_mask", "show_upscale"):
            window.actions_by_id[name].trigger()
            qtbot.wait(10)
        counts.append(len(window.findChildren(QWidget)))
    assert counts[1] == counts[2]
