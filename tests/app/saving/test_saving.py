"""Saving: the dialog, the file, and the one question that is asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app.core import paths
from app.main_window import MainWindow
from app.photos import photo as photos
from app.saving.choice import SaveChoice, save_photo
from app.saving.dialog import SaveDialog
from app.saving.encoded_size import encoded_size
from app.saving.file_size import megabytes
from engines.metadata.metadata import Metadata
from engines.pictures.formats import format_named
from engines.pictures.picture import Picture, load, save
from engines.progress import Progress
from tests.app.conftest import told
from tests.engines.metadata.test_xmp import PACKET, STEPS
from tests.engines.pictures.test_fidelity import EXIF

Open = Callable[[Path], None]


def upscaled(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.document.changed, timeout=20_000):
        qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.queue.is_busy)


def save_dialog(window: MainWindow) -> SaveDialog:
    window.actions_by_id["save_as"].trigger()
    dialog = window.findChildren(SaveDialog)[-1]
    assert dialog.isVisible()
    return dialog


def type_into(dialog: SaveDialog, name: str, folder: Path | None = None) -> None:
    for field, text in ((dialog.name, name), (dialog.folder, str(folder) if folder else None)):
        if text is not None:
            field.setText(text)
            field.textEdited.emit(text)


def press_save(qtbot: QtBot, window: MainWindow, dialog: SaveDialog) -> None:
    assert dialog.save_button.isEnabled()
    with qtbot.waitSignal(window.job_progress.ended, timeout=20_000):
        qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)


def test_save_as_writes_what_is_shown(qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    dialog = save_dialog(window)
    assert dialog.target == photo.parent / "photo-192x144.jpg"
    type_into(dialog, "result.png")
    assert dialog.format.currentData() == "png" and not dialog.quality.isVisible()
    press_save(qtbot, window, dialog)
    saved = load(photo.parent / "result.png")
    assert window.document.photo is not None
    np.testing.assert_array_equal(saved.pixels, window.document.photo.picture.pixels)
    assert window.windowTitle() == "result.png[*] — Duskroom" and not window.isWindowModified()
    assert told(window) == [f"Saved as {photo.parent / 'result.png'}."]
    window.actions_by_id["undo"].trigger()
    assert window.isWindowModified()  # what is shown is no longer what was saved


def test_save_goes_to_the_same_file_again(qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    type_into(dialog, "again.png")
    press_save(qtbot, window, dialog)
    upscaled(qtbot, window)
    with qtbot.waitSignal(window.saving.saved, timeout=10_000):
        window.actions_by_id["save"].trigger()
    assert load(photo.parent / "again.png").width == 192
    assert load(photo).width == 96


def test_quality_is_honoured_and_remembered(qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    sizes = []
    for name, quality in (("low.jpg", 20), ("high.jpg", 95)):
        dialog = save_dialog(window)
        type_into(dialog, name)
        dialog.slider.setValue(quality)
        assert dialog.quality.value() == quality
        press_save(qtbot, window, dialog)
        sizes.append((photo.parent / name).stat().st_size)
    assert sizes[0] < sizes[1] / 2
    assert window.settings.qualities == {"jpeg": 95}
    assert save_dialog(window).quality.value() == 95


def test_a_sample_is_not_saved_among_what_ships(window: MainWindow, open_photo: Open, tmp_path: Path) -> None:
    open_photo(paths.sample_photos()[0])
    window.settings.save_folder = str(tmp_path)
    dialog = save_dialog(window)
    assert dialog.target.parent == tmp_path
    dialog.reject()
    window.settings.save_folder = str(tmp_path / "gone")
    assert save_dialog(window).target.parent == Path.home()


def test_format_and_suffix_follow_each_other(window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    dialog.format.setCurrentIndex(dialog.format.findData("tiff"))
    assert dialog.name.text() == "photo-96x72.tif"
    type_into(dialog, "portrait.webp")
    assert dialog.format.currentData() == "webp"
    type_into(dialog, "version 1.2")
    dialog.format.setCurrentIndex(dialog.format.findData("png"))
    assert dialog.name.text() == "version 1.2.png"
    dialog.reject()


def test_what_is_there_is_replaced_only_when_asked(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes(b"precious")
    before = photo.read_bytes()
    open_photo(photo)
    upscaled(qtbot, window)
    dialog = save_dialog(window)
    for name, words in (("photo.jpg", "is the photo that you opened"), ("other.jpg", "in this folder already")):
        type_into(dialog, name)
        assert words in dialog.problem.text() and dialog.replace.isVisible()
        assert not dialog.save_button.isEnabled()
    assert photo.read_bytes() == before and other.read_bytes() == b"precious"
    type_into(dialog, "photo.jpg")
    dialog.replace.click()
    press_save(qtbot, window, dialog)
    assert load(photo).width == 192
    assert other.read_bytes() == b"precious"


def test_what_a_format_cannot_hold_is_said_before_and_after(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo_pixels: np.ndarray, tmp_path: Path
) -> None:
    alpha = np.full((*photo_pixels.shape[:2], 1), 90, np.uint8)
    path = tmp_path / "glass.png"
    Image.fromarray(np.concatenate([photo_pixels, alpha], axis=2)).save(path)
    open_photo(path)
    dialog = save_dialog(window)
    assert dialog.format.currentData() == "png" and "white" not in dialog.badge.lines["alpha"][2].text()
    type_into(dialog, "glass.jpg")
    words = dialog.badge.lines["alpha"][2]
    assert "transparency" in words.text() and words.isVisible()
    press_save(qtbot, window, dialog)
    assert len(told(window)) == 1 and "transparency" in told(window)[0]


@pytest.mark.parametrize("name", ["", "a/b.png", "folder"])
def test_names_that_cannot_be(window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.png").mkdir()
    open_photo(photo)
    dialog = save_dialog(window)
    type_into(dialog, "folder.png" if name == "folder" else name)
    assert dialog.problem.isVisible() and not dialog.save_button.isEnabled()
    dialog.reject()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
def test_names_that_are_no_text_are_kept_until_they_are_edited(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path
) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    source = photo.rename(folder / os.fsdecode(b"se\xf1or.jpg"))
    open_photo(source)
    dialog = save_dialog(window)
    assert dialog.target == folder / os.fsdecode(b"se\xf1or-96x72.jpg")
    dialog.format.setCurrentIndex(dialog.format.findData("png"))
    assert dialog.folder.text().endswith("caf\ufffd") and dialog.name.text() == "se\ufffdor-96x72.png"
    press_save(qtbot, window, dialog)
    target = folder / os.fsdecode(b"se\xf1or-96x72.png")
    assert load(target).width == 96 and window.document.target == target
    dialog = save_dialog(window)
    type_into(dialog, "senor.png")
    press_save(qtbot, window, dialog)
    assert load(folder / "senor.png").width == 96
    window.close()


def test_a_folder_that_is_missing_or_a_file(window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    for folder in (tmp_path / "missing", photo):
        type_into(dialog, "result.png", folder)
        assert "There is no folder" in dialog.problem.text() and not dialog.save_button.isEnabled()
    dialog.reject()


def test_the_folder_is_chosen_in_a_dialog(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path
) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    qtbot.mouseClick(dialog.browse, Qt.MouseButton.LeftButton)
    (choice,) = dialog.findChildren(QFileDialog)
    assert Path(choice.directory().absolutePath()) == photo.parent and choice.isVisible()
    choice.setDirectory(str(elsewhere))
    choice.selectFile(str(elsewhere))
    choice.accept()
    assert Path(dialog.folder.text()) == elsewhere and dialog.target.parent == elsewhere
    assert dialog.save_button.isEnabled()


def test_a_folder_that_goes_away_is_one_sentence_and_nothing_is_lost(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path
) -> None:
    """The dialog saw the folder; the engine no longer does."""
    open_photo(photo)
    upscaled(qtbot, window)
    with qtbot.waitSignal(window.job_progress.ended, timeout=10_000):
        window.saving.write(SaveChoice(tmp_path / "gone" / "x.png", "png", None))
    assert len(told(window)) == 1 and window.messages.notices[0].kind == "error"
    assert "unexpected" not in told(window)[0] and window.isWindowModified()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence(qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    with qtbot.waitSignal(window.job_progress.ended, timeout=10_000):
        window.saving.write(SaveChoice(Path("/dev/full"), "png", None, replaces=True))
    assert len(told(window)) == 1 and "unexpected" not in told(window)[0]
    assert os.path.exists("/dev/full")


def answer(button: QMessageBox.StandardButton) -> list[str]:
    """Press a button of the question as soon as it is asked; gives what it said."""
    said: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        said.append(box.text())
        box.button(button).click()

    QTimer.singleShot(100, press)
    return said


def test_closing_without_changes_asks_nothing(window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    window.close()
    assert not window.isVisible()


def test_closing_with_changes_asks(qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    said = answer(QMessageBox.StandardButton.Cancel)
    window.close()
    assert window.isVisible() and said == ["Save the changes to “photo.jpg”?"]
    answer(QMessageBox.StandardButton.Discard)
    window.close()
    assert not window.isVisible()


def test_being_ended_from_outside_ends_the_question_too(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    QTimer.singleShot(100, window, window.close_at_once)
    window.close()
    assert not window.isVisible() and QApplication.activeModalWidget() is None


def test_closing_by_way_of_saving(qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    answer(QMessageBox.StandardButton.Save)
    window.close()
    dialog = window.findChildren(SaveDialog)[-1]
    type_into(dialog, "last.png")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert load(photo.parent / "last.png").width == 192


def test_closing_while_a_save_runs_waits_for_it(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    dialog = save_dialog(window)
    type_into(dialog, "kept.png")
    qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert load(photo.parent / "kept.png").width == 192


def test_opening_another_photo_loses_nothing_and_asks_nothing(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_photo: Path
) -> None:
    open_photo(photo)
    upscaled(qtbot, window)
    open_photo(large_photo)
    assert window.document.source == large_photo and not window.document.is_modified
    assert [each.is_modified for each in window.document.documents] == [True, False]


def test_each_document_is_saved_to_its_own_file_again(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_photo: Path
) -> None:
    """Also where another one is shown by the time that the first is written."""
    from app.saving.choice import SaveChoice

    open_photo(photo)
    target = photo.parent / "mine.png"
    with qtbot.waitSignal(window.saving.saved, timeout=10_000):
        window.saving.write(SaveChoice(target, "png", None))
        window.open_paths([large_photo])
        qtbot.waitUntil(lambda: window.document.source == large_photo)
    assert window.document.save_choice is None and window.document.target is None
    first = window.document.documents[0]
    assert first.target == target and load(target).width == 96
    window.document.select(first)
    assert window.document.save_choice.target == target


@pytest.mark.parametrize(("name", "quality"), [("a.jpg", 80), ("a.png", None), ("a.webp", 70), ("a.avif", 60)])
def test_the_size_is_that_of_the_file(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, name: str, quality: int | None
) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    type_into(dialog, name)
    if quality:
        dialog.quality.setValue(quality)
    qtbot.waitUntil(lambda: dialog.file_size.text().endswith("B"), timeout=10_000)
    said = dialog.file_size.text()
    press_save(qtbot, window, dialog)
    assert said == megabytes((photo.parent / name).stat().st_size)


def test_a_large_picture_s_size_is_said_to_be_about_so_much_and_is(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    rough = random.integers(0, 255, (2100 // 30, 1500 // 30, 3), np.uint8)
    pixels = np.asarray(Image.fromarray(rough).resize((1500, 2100), Image.Resampling.BICUBIC))
    picture = Picture(pixels + random.integers(0, 12, pixels.shape, np.uint8))
    jpeg = format_named("webp")
    guess = encoded_size(picture, jpeg, 80, picture.metadata, whole=False, progress=Progress())
    true = encoded_size(picture, jpeg, 80, picture.metadata, whole=True, progress=Progress())
    assert not guess.exact and true.exact
    assert 0.8 < guess.bytes / true.bytes < 1.25


def test_what_is_kept_is_chosen_written_and_remembered(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path
) -> None:
    source = tmp_path / "told.png"
    save(replace(load(photo), metadata=Metadata(exif=EXIF, xmp=PACKET).with_steps(STEPS)), source)
    open_photo(source)
    dialog = save_dialog(window)
    assert dialog.note_steps.isVisible()  # the recipe that the photo came with
    type_into(dialog, "bare.png")
    dialog.keep.setCurrentIndex(dialog.keep.findData("no place"))
    assert dialog.badge.lines["place"][2].text() == "left out" and dialog.badge.lines["recipe"][2].text() == "kept"
    assert "Place: left out" in dialog.badge.accessibleDescription()
    press_save(qtbot, window, dialog)
    found = load(tmp_path / "bare.png").metadata
    assert not found.tells_place and found.steps == tuple(STEPS) and b"Painter" in (found.xmp or b"")
    dialog = save_dialog(window)
    assert dialog.keep.currentData() == "no place"
    dialog.note_steps.setChecked(False)
    assert dialog.badge.lines["recipe"][2].text() == "left out"
    dialog.reject()


def test_the_steps_of_the_document_are_written_after_those_of_the_file(photo: Path, tmp_path: Path) -> None:
    picture = replace(load(photo), metadata=Metadata().with_steps(STEPS[:1]))
    shown = photos.of(picture, progress=Progress())
    for name, noted, told_of in (("noted.jpg", True, tuple(STEPS)), ("silent.jpg", False, ())):
        choice = SaveChoice(tmp_path / name, "jpeg", 90, note_steps=noted)
        assert save_photo(shown, choice, STEPS[1:], progress=Progress()) == ()
        assert load(tmp_path / name).metadata.steps == told_of


def test_moving_the_slider_lets_the_latest_size_win(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    type_into(dialog, "x.jpg")
    for quality in (95, 60, 10):
        dialog.quality.setValue(quality)
    qtbot.waitUntil(lambda: dialog.file_size.text().endswith("B"), timeout=10_000)
    size = encoded_size(load(photo), format_named("jpeg"), 10, load(photo).metadata, whole=True, progress=Progress())
    assert dialog.file_size.text() == megabytes(size.bytes)
    dialog.reject()
