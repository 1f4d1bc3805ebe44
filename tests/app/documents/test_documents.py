"""Several documents: the film strip, keys, closing with and without a question, and files that change behind one's back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtWidgets import QApplication, QListWidget, QMessageBox
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.photos import photo as photos
from app.photos.photo import Photo
from engines.pictures.picture import Picture
from engines.progress import Progress
from tests.app.conftest import drop, told

Open = Callable[[Path], None]
CTRL = Qt.KeyboardModifier.ControlModifier


def flat(value: int) -> Photo:
    return photos.of(Picture(np.full((40, 60, 3), value, np.uint8)), progress=Progress())


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Four small photos, each of one grey."""
    paths = [tmp_path / f"{name}.png" for name in "abcd"]
    for number, path in enumerate(paths):
        Image.new("RGB", (60, 40), (number * 60,) * 3).save(path)
    return paths


@pytest.fixture
def four(qtbot: QtBot, window: MainWindow, files: list[Path]) -> MainWindow:
    """A window with the four open, the first shown."""
    with qtbot.waitSignal(window.document.opened):
        window.open_paths(files)
    qtbot.waitUntil(lambda: len(window.document.documents) == 4)
    return window


def titles(window: MainWindow) -> list[str]:
    return [window.film_strip.item(row).text() for row in range(window.film_strip.count())]


def press(qtbot: QtBot, strip: QListWidget, row: int, button: Qt.MouseButton) -> None:
    qtbot.mouseClick(strip.viewport(), button, pos=strip.visualItemRect(strip.item(row)).center())


def shows(window: MainWindow, path: Path) -> bool:
    return window.document.source == path and window.document.photo is not None


def answer(*buttons: QMessageBox.StandardButton) -> list[str]:
    """Press a button of each question as soon as it is asked; gives what they said."""
    said: list[str] = []

    def push(left: tuple[QMessageBox.StandardButton, ...]) -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, lambda: push(left))
            return
        said.append(box.text())
        if left[1:]:
            QTimer.singleShot(20, lambda: push(left[1:]))
        box.button(left[0]).click()

    QTimer.singleShot(20, lambda: push(buttons))
    return said


def test_many_files_are_opened_at_once_and_read_when_chosen(qtbot: QtBot, four: MainWindow, files: list[Path]) -> None:
    assert titles(four) == ["a.png", "b.png", "c.png", "d.png"] and four.film_strip.isVisible()
    assert [each.photo is not None for each in four.document.documents] == [True, False, False, False]
    qtbot.waitUntil(
        lambda: all(
            (small := each.states[0].thumbnail) is not None and small.size and small[0, 0, 0] == number * 60
            for number, each in enumerate(four.document.documents)
        )
    )
    assert all(not four.film_strip.item(row).icon().isNull() for row in range(4))
    press(qtbot, four.film_strip, 2, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shows(four, files[2]))
    assert four.windowTitle() == "c.png[*] — Duskroom" and four.film_strip.currentRow() == 2
    assert told(four) == []


def test_one_document_needs_no_strip(window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    assert not window.film_strip.isVisible()


def test_keys_go_from_one_to_the_next_and_round(qtbot: QtBot, four: MainWindow, files: list[Path]) -> None:
    shift = CTRL | Qt.KeyboardModifier.ShiftModifier
    for key, modifiers, place in (
        (Qt.Key.Key_Tab, CTRL, 1),
        (Qt.Key.Key_PageDown, CTRL, 2),
        (Qt.Key.Key_PageUp, CTRL, 1),
        (Qt.Key.Key_Backtab, shift, 0),
        (Qt.Key.Key_PageUp, CTRL, 3),
        (Qt.Key.Key_Tab, CTRL, 0),
    ):
        qtbot.keyClick(four, key, modifiers)
        qtbot.waitUntil(lambda place=place: shows(four, files[place]))
    four.film_strip.setFocus()
    qtbot.keyClick(four.film_strip, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: shows(four, files[1]))


def test_each_has_its_own_history(qtbot: QtBot, four: MainWindow, files: list[Path]) -> None:
    document = four.document
    document.replace("Lighten", flat(9))
    assert titles(four)[0] == "● a.png" and four.isWindowModified()
    document.select_next()
    qtbot.waitUntil(lambda: shows(four, files[1]))
    assert not four.isWindowModified() and not document.undo_stack.canUndo() and document.before is None
    assert four.actions_by_id["undo"].text() == "&Undo"
    document.select_next(-1)
    assert four.isWindowModified() and document.before is not None
    assert four.actions_by_id["undo"].text() == "&Undo Lighten"
    four.actions_by_id["undo"].trigger()
    assert not four.isWindowModified() and titles(four)[0] == "a.png"


def test_a_job_lands_in_the_document_it_was_started_for_also_from_disk(
    qtbot: QtBot, four: MainWindow, files: list[Path]
) -> None:
    """Its photo may have left memory by then, and the document may be closed."""
    document = four.document
    place, source = document.current, document.photo
    assert place is not None and source is not None
    document.storage.cap = 1
    document.select_next()
    qtbot.waitUntil(lambda: shows(four, files[1]))
    qtbot.waitUntil(lambda: not place.states[0].is_held)
    assert place.shows(source)
    place.replace("Late", flat(7))
    assert shows(four, files[1]) and not document.is_modified and titles(four)[0] == "● a.png"
    document.close_document(place)
    place.replace("Too late", flat(8))
    assert not place.shows(source) and len(document.documents) == 3


def test_a_middle_click_closes_and_asks_only_where_something_would_be_lost(
    qtbot: QtBot, four: MainWindow, files: list[Path]
) -> None:
    strip, document = four.film_strip, four.document
    press(qtbot, strip, 3, Qt.MouseButton.MiddleButton)
    assert titles(four) == ["a.png", "b.png", "c.png"] and shows(four, files[0])
    document.replace("Lighten", flat(9))
    document.select_next()
    qtbot.waitUntil(lambda: shows(four, files[1]))
    said = answer(QMessageBox.StandardButton.Cancel)
    press(qtbot, strip, 0, Qt.MouseButton.MiddleButton)
    qtbot.waitUntil(lambda: said == ["Save the changes to “a.png”?"])
    assert len(document.documents) == 3 and shows(four, files[0])
    answer(QMessageBox.StandardButton.Discard)
    four.actions_by_id["close"].trigger()
    assert titles(four) == ["b.png", "c.png"] and shows(four, files[1])
    four.actions_by_id["close_all"].trigger()
    assert document.documents == () and document.photo is None
    assert four.pages.currentWidget() is four.first_page and four.windowTitle() == "Duskroom"
    assert not four.film_strip.isVisible() and not four.actions_by_id["close"].isEnabled()


def test_quitting_asks_about_each_and_one_no_keeps_the_window(
    qtbot: QtBot, four: MainWindow, files: list[Path]
) -> None:
    four.document.replace("Lighten", flat(9))
    four.document.select_next()
    qtbot.waitUntil(lambda: shows(four, files[1]))
    four.document.replace("Darken", flat(1))
    said = answer(QMessageBox.StandardButton.Discard, QMessageBox.StandardButton.Cancel)
    four.close()
    qtbot.waitUntil(lambda: said == ["Save the changes to “b.png”?", "Save the changes to “a.png”?"])
    assert four.isVisible() and len(four.document.documents) == 4
    answer(QMessageBox.StandardButton.Discard, QMessageBox.StandardButton.Discard)
    four.close()
    qtbot.waitUntil(lambda: not four.isVisible())


def test_a_question_is_asked_when_the_window_shows_what_it_is_about(
    qtbot: QtBot, four: MainWindow, files: list[Path]
) -> None:
    four.document.replace("Lighten", flat(9))
    four.document.select_next()
    qtbot.waitUntil(lambda: shows(four, files[1]))
    seen: list[tuple[str, bool]] = []

    def look() -> None:
        if isinstance(box := QApplication.activeModalWidget(), QMessageBox):
            pyramid = four.document.photo.pyramid if four.document.photo is not None else None
            seen.append((four.windowTitle(), four.canvas.pyramid is pyramid))
            box.button(QMessageBox.StandardButton.Discard).click()
        elif not seen:
            QTimer.singleShot(20, four, look)

    look()
    press(qtbot, four.film_strip, 0, Qt.MouseButton.MiddleButton)
    qtbot.waitUntil(lambda: len(four.document.documents) == 3)
    assert seen == [("a.png[*] — Duskroom", True)]


def test_what_is_open_already_is_shown_and_not_opened_twice(
    qtbot: QtBot, four: MainWindow, files: list[Path], photo: Path
) -> None:
    drop(four, [QUrl.fromLocalFile(str(files[2])), QUrl.fromLocalFile(str(photo))])
    qtbot.waitUntil(lambda: shows(four, files[2]) and len(four.document.documents) == 5)


def test_of_many_files_the_bad_ones_are_said_and_left_out(
    qtbot: QtBot, window: MainWindow, files: list[Path], tmp_path: Path
) -> None:
    words = tmp_path / "words.jpg"
    words.write_text("no picture at all")
    empty = tmp_path / "empty.png"
    empty.touch()
    window.open_paths([words, files[0], empty, tmp_path, files[1]])
    qtbot.waitUntil(lambda: shows(window, files[0]) and titles(window) == ["a.png", "b.png"])
    qtbot.waitUntil(lambda: len(told(window)) == 3)
    assert [name for name in ("words.jpg", "empty.png", "folder") if any(name in each for each in told(window))] == [
        "words.jpg", "empty.png", "folder"
    ]  # fmt: skip


def test_a_file_that_vanishes_while_it_waits_is_said(qtbot: QtBot, four: MainWindow, files: list[Path]) -> None:
    qtbot.waitUntil(lambda: all(each.states[0].thumbnail is not None for each in four.document.documents))
    qtbot.waitUntil(lambda: four.document.documents[1].states[0].thumbnail.size > 0)
    files[1].unlink()
    four.document.select_next()
    qtbot.waitUntil(lambda: titles(four) == ["a.png", "c.png", "d.png"])
    assert shows(four, files[0]) and len(told(four)) == 1 and "b.png" in told(four)[0]


@pytest.mark.parametrize("how", ["changed", "replaced", "removed"])
def test_a_file_that_changes_while_open_is_said_once(
    qtbot: QtBot, window: MainWindow, open_photo: Open, files: list[Path], how: str
) -> None:
    open_photo(files[0])
    other = files[3].read_bytes()
    if how == "changed":
        files[0].write_bytes(other + b"more")
    elif how == "replaced":
        os.replace(files[3], files[0])
    else:
        files[0].unlink()
    qtbot.waitUntil(lambda: len(told(window)) == 1)
    assert "a.png" in told(window)[0] and window.messages.notices[0].kind == "warning"
    assert ("no longer where" in told(window)[0]) == (how == "removed")
    window.messages.clear()
    window.source_watch.look()
    assert told(window) == []
    document = window.document
    document.storage.cap = 1  # what is open stays what it was, also when it has to leave memory
    document.replace("Lighten", flat(9))
    document.replace("Lighten", flat(8))
    document.replace("Lighten", flat(7))
    qtbot.waitUntil(lambda: not document.current.states[0].is_held)
    document.go_to(0)
    qtbot.waitUntil(lambda: document.photo is not None and not document.is_reading)
    assert document.photo.picture.pixels.max() == 0


def test_saving_over_the_opened_file_is_no_change_by_another_program(
    qtbot: QtBot, window: MainWindow, open_photo: Open, files: list[Path]
) -> None:
    from app.saving.choice import SaveChoice

    open_photo(files[0])
    window.document.replace("Lighten", flat(9))
    with qtbot.waitSignal(window.saving.saved):
        window.saving.write(SaveChoice(files[0], "png", None, replaces=True))
    qtbot.wait(500)
    window.source_watch.look()
    assert not any("another program" in sentence for sentence in told(window))


def test_a_photo_named_from_where_one_is_is_the_same_from_elsewhere(
    qtbot: QtBot, window: MainWindow, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.app.saving.test_saving import press_save, save_dialog, type_into

    monkeypatch.chdir(photo.parent)
    with qtbot.waitSignal(window.document.changed, timeout=10_000):
        window.open_paths([Path(photo.name), photo])
    monkeypatch.chdir("/")
    assert window.document.source == photo and len(window.document.documents) == 1
    dialog = save_dialog(window)
    type_into(dialog, photo.name)
    dialog.replace.click()
    press_save(qtbot, window, dialog)
    window.source_watch.look()
    assert told(window) == [f"Saved as {photo}."]


def test_closing_all_leaves_no_mark_of_what_was_lost_knowingly(qtbot: QtBot, four: MainWindow) -> None:
    for _ in range(3):
        four.document.replace("Brighten", flat(200))
        with qtbot.waitSignal(four.document.opened):
            four.document.select_next()
    asked = answer(*[QMessageBox.StandardButton.Discard] * 3)
    four.actions_by_id["close_all"].trigger()
    qtbot.waitUntil(lambda: not four.document.documents)
    assert len(asked) == 3
    assert four.windowTitle() == "Duskroom" and not four.isWindowModified()
