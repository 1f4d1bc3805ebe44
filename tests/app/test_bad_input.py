"""Bad input as a window meets it, a row of the list each: one sentence with a remedy, nothing lost, and one can go on."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from PIL import Image, ImageCms
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QDoubleSpinBox, QFileDialog, QSpinBox
from pytestqt.qtbot import QtBot

from app.core import paths
from app.main_window import MainWindow
from app.opening.feature import recent_of
from app.photos import photo as photos
from app.recovery.offer import RecoveryOffer
from app.saving.choice import SaveChoice
from app.saving.dialog import SaveDialog
from engines.pictures.picture import Picture, load
from engines.progress import Progress
from tests.app.conftest import choose_model, drop, told
from tests.disks import small_disk_at
from tests.models import card_for, save_model, tiny_superres

Open = Callable[[Path], None]

PYTHON = re.compile(r"Traceback|Error\b|Errno|Exception|\bNone\b|<class|object at|unexpected|\n")
REMEDY = re.compile(r"[;:,.] .|\b(choose|open|check|save|free|close|add|ask)\b", re.IGNORECASE)


def one_sentence(qtbot: QtBot, window: MainWindow) -> str:
    """The only sentence that is told, once it is: for a person, with a remedy."""
    qtbot.waitUntil(lambda: len(told(window)) >= 1, timeout=10_000)
    [sentence] = told(window)
    assert not PYTHON.search(sentence) and REMEDY.search(sentence) and sentence.endswith("."), sentence
    return sentence


def goes_on(qtbot: QtBot, window: MainWindow) -> None:
    """Nothing waits, nothing asks, and the photo can be worked on."""
    assert QApplication.activeModalWidget() is None and window.isVisible()
    qtbot.waitUntil(lambda: not window.queue.is_busy and not window.document.is_reading)
    steps = window.document.undo_stack.count()
    window.actions_by_id["flip_vertical"].trigger()
    qtbot.waitUntil(lambda: window.document.undo_stack.count() == steps + 1, timeout=10_000)
    window.actions_by_id["undo"].trigger()


def save_dialog(window: MainWindow) -> SaveDialog:
    window.actions_by_id["save_as"].trigger()
    return window.findChildren(SaveDialog)[-1]


def type_into(dialog: SaveDialog, name: str, folder: Path | None = None) -> None:
    for field, text in ((dialog.name, name), (dialog.folder, str(folder) if folder else None)):
        if text is not None:
            field.setText(text)
            field.textEdited.emit(text)


def press_save(qtbot: QtBot, window: MainWindow, dialog: SaveDialog) -> None:
    assert dialog.save_button.isEnabled(), dialog.problem.text()
    with qtbot.waitSignal(window.job_progress.ended, timeout=20_000):
        qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)


def upscale(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.upscaling.started, timeout=20_000):
        qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.queue.is_busy, timeout=20_000)


# Pictures


def by_dialog(window: MainWindow, path: Path) -> None:
    window.actions_by_id["open"].trigger()
    dialog = window.findChildren(QFileDialog)[-1]
    dialog.filesSelected.emit([str(path)])
    dialog.close()


def by_paste(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    QGuiApplication.clipboard().setMimeData(data)
    window.actions_by_id["paste"].trigger()


WAYS: dict[str, Callable[[MainWindow, Path], None]] = {
    "dialog": by_dialog,
    "drop": lambda window, path: drop(window, [QUrl.fromLocalFile(str(path))]),
    "paste": by_paste,
    "recent": lambda window, path: recent_of(window).open(path),
}


def enormous() -> bytes:
    """A PNG of a few bytes that says it has 60,000 × 60,000 pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(bytes(100))
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (head, body)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("row", ["P1 empty", "P1 truncated", "P1 renamed", "P2 enormous", "P8 vanished"])
def test_a_file_that_is_no_photo(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path, way: str, row: str
) -> None:
    open_photo(photo)
    shown = window.document.photo
    bad = tmp_path / "bad file.png"
    content = {
        "P1 empty": b"", "P1 truncated": photo.read_bytes()[:300], "P1 renamed": b"Dear diary", "P2 enormous": enormous(),
    }  # fmt: skip
    if row in content:
        bad.write_bytes(content[row])
    WAYS[way](window, bad)
    assert "bad file.png" in one_sentence(qtbot, window)
    assert window.document.photo is shown and not window.document.is_modified and len(window.document.documents) == 1
    goes_on(qtbot, window)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 3)], ids=lambda size: f"P3 {size[0]}x{size[1]}")
def test_strange_sizes_go_through_every_tool(
    qtbot: QtBot, window: MainWindow, open_photo: Open, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "strange.png"
    Image.new("RGB", size, (200, 100, 50)).save(path)
    open_photo(path)
    for name in ("show_crop", "show_mask", "show_adjust", "show_upscale", "fit", "actual_size", "fit_width", "fit"):
        window.actions_by_id[name].trigger()
    upscale(qtbot, window)
    window.actions_by_id["side_by_side"].trigger()
    goes_on(qtbot, window)
    assert window.document.photo is not None
    assert (window.document.photo.picture.width, window.document.photo.picture.height) == (2 * size[0], 2 * size[1])
    dialog = save_dialog(window)
    type_into(dialog, "strange-2.png")
    press_save(qtbot, window, dialog)
    assert load(tmp_path / "strange-2.png").width == 2 * size[0]


def kinds(folder: Path) -> dict[str, Path]:
    """A picture of each kind of pixels, and those with strange profiles."""
    draw = np.random.default_rng(5)
    colour = Image.fromarray(draw.integers(0, 255, (30, 40, 3), np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 6
    frames = [colour, colour.rotate(180)]
    palette = colour.quantize(16)
    palette.info["transparency"] = 3
    grey = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    made = {
        "P4 turned": (colour, "jpg", {"exif": turned}),
        "P5 broken profile": (colour, "png", {"icc_profile": b"no profile at all"}),
        "P5 profile of another kind": (colour, "png", {"icc_profile": grey}),
        "P6 grey": (colour.convert("L"), "png", {}),
        "P6 palette": (palette, "png", {}),
        "P6 CMYK": (colour.convert("CMYK"), "jpg", {}),
        "P6 1 bit": (colour.convert("1"), "png", {}),
        "P6 16 bit": (Image.fromarray(draw.integers(0, 65535, (30, 40), np.uint16)), "png", {}),
        "P6 float": (Image.fromarray(draw.random((30, 40), np.float32)), "tif", {}),
        "P6 alpha": (colour.convert("RGBA"), "png", {}),
        "P6 animation": (frames[0], "gif", {"save_all": True, "append_images": frames[1:]}),
    }
    for name, (image, suffix, options) in made.items():
        image.save(folder / f"{name}.{suffix}", **options)
    return {name: folder / f"{name}.{suffix}" for name, (_, suffix, _) in made.items()}


def test_every_kind_of_pixels_is_opened_worked_on_and_saved(
    qtbot: QtBot, window: MainWindow, open_photo: Open, tmp_path: Path
) -> None:
    """P4, P5, P6: one window, one after another."""
    for name, path in kinds(tmp_path).items():
        open_photo(path)
        qtbot.waitUntil(lambda path=path: window.document.source == path and window.document.photo is not None)
        for sentence in told(window):
            assert not PYTHON.search(sentence), (name, sentence)
        assert all(notice.kind == "information" for notice in window.messages.notices), (name, told(window))
        size = (window.document.photo.picture.width, window.document.photo.picture.height)
        assert size == ((30, 40) if name == "P4 turned" else (40, 30)), name
        upscale(qtbot, window)
        target = tmp_path / f"saved {name}.png"
        with qtbot.waitSignal(window.saving.saved, timeout=10_000):
            window.saving.write(SaveChoice(target, "png", None))
        assert load(target).width == 2 * size[0], name
        window.messages.clear()


NAMES = {
    "P7 spaces and quotes": " a  “b” 'c' \"d\" & <i>.jpg",
    "P7 Unicode": "été 夜 🌒 e\u0301.jpg",
    "P7 255 bytes": "ü" * 125 + "x.jpg",
    "P7 leading dash": "--help.jpg",
    "P7 no text": os.fsdecode(b"caf\xe9.jpg"),
}


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be there")
@pytest.mark.parametrize("row", NAMES)
def test_strange_names(qtbot: QtBot, window: MainWindow, photo: Path, tmp_path: Path, row: str) -> None:
    path = tmp_path / "in" / NAMES[row]
    path.parent.mkdir()
    try:
        path.write_bytes(photo.read_bytes())
    except OSError:
        pytest.skip("this disk takes no such name")
    with qtbot.waitSignal(window.document.opened):
        window.open_paths([path])
    upscale(qtbot, window)
    dialog = save_dialog(window)
    assert dialog.name.text() and not dialog.problem.isVisible() and dialog.save_button.isEnabled()
    target = dialog.target
    press_save(qtbot, window, dialog)
    assert load(target).width == 192 and path.read_bytes() == photo.read_bytes()
    assert recent_of(window)._shown[0].isEnabled()
    window.document.close_document(window.document.current)
    recent_of(window).open(path)
    qtbot.waitUntil(lambda: window.document.source == path and window.document.photo is not None)


@pytest.mark.parametrize("text", ["~nobody of this name", "/" + "a" * 300, "/a\0b", "//", "~"], ids=ascii)
def test_copied_text_that_names_no_file(qtbot: QtBot, window: MainWindow, text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    window.actions_by_id["paste"].trigger()
    assert "no picture on the clipboard" in one_sentence(qtbot, window)
    recent_of(window).open(Path("/" + "a" * 300))
    assert "no longer there" in told(window)[1]


# Targets


@pytest.mark.parametrize(
    "name", ["ü" * 200 + ".png", "a\0b.png", "."], ids=["P7 too long", "P7 null", "T1 folder itself"]
)
def test_a_name_that_no_disk_takes_is_said_in_the_dialog(
    window: MainWindow, open_photo: Open, photo: Path, name: str
) -> None:
    open_photo(photo)
    dialog = save_dialog(window)
    type_into(dialog, name)
    assert dialog.problem.isVisible() and dialog.problem.text().strip() and not dialog.save_button.isEnabled()
    for folder in (photo.parent / ("ü" * 300), Path("~nobody of this name/a"), photo.parent / "a\0b"):
        type_into(dialog, "fine.png", folder)
        assert "There is no folder" in dialog.problem.text() and not dialog.save_button.isEnabled()
    type_into(dialog, "fine.png", photo.parent)
    assert dialog.save_button.isEnabled()
    dialog.reject()


@pytest.mark.parametrize("row", ["T1 read-only", "T2 full"])
def test_a_disk_that_takes_nothing_keeps_the_old_file(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path, tmp_path: Path, row: str
) -> None:
    with small_disk_at(tmp_path / "disk", "64k") as disk:
        (disk / "old.png").write_bytes(b"precious")
        if row == "T1 read-only":
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        open_photo(large_photo)
        shown = window.document.photo
        window.actions_by_id["flip_vertical"].trigger()
        qtbot.waitUntil(lambda: window.document.is_modified and not window.queue.is_busy)
        shown = window.document.photo
        dialog = save_dialog(window)
        type_into(dialog, "old.png", disk)
        dialog.replace.click()
        press_save(qtbot, window, dialog)
        sentence = one_sentence(qtbot, window)
        assert ("protected" if row == "T1 read-only" else "full") in sentence
        assert window.document.photo is shown and window.document.is_modified
        assert [path.name for path in disk.iterdir()] == ["old.png"]
        assert (disk / "old.png").read_bytes() == b"precious"
        goes_on(qtbot, window)


def test_the_folder_of_the_last_save_is_gone_t1(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path
) -> None:
    open_photo(photo)
    folder = tmp_path / "stick"
    folder.mkdir()
    with qtbot.waitSignal(window.saving.saved, timeout=10_000):
        window.saving.write(SaveChoice(folder / "a.png", "png", None))
    window.messages.clear()
    (folder / "a.png").unlink()
    folder.rmdir()
    window.actions_by_id["flip_vertical"].trigger()
    qtbot.waitUntil(lambda: window.document.is_modified and not window.queue.is_busy)
    window.actions_by_id["save"].trigger()
    assert "stick" in one_sentence(qtbot, window) and window.document.is_modified
    dialog = save_dialog(window)  # the way on
    assert "There is no folder" in dialog.problem.text()
    type_into(dialog, "b.png", tmp_path)
    press_save(qtbot, window, dialog)
    assert load(tmp_path / "b.png").width == 96 and not window.document.is_modified


def test_two_windows_write_one_file_t6(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photo: Path, large_photo: Path, tmp_path: Path
) -> None:
    target = tmp_path / "one.png"
    windows = [make_window(), make_window()]
    for window, path in zip(windows, (photo, large_photo), strict=True):
        with qtbot.waitSignal(window.document.opened):
            window.open_paths([path])
    with qtbot.waitSignals([window.saving.saved for window in windows], timeout=20_000):
        for window in windows:
            window.saving.write(SaveChoice(target, "png", None, replaces=True))
    assert load(target).width in (96, 1200)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".jpg", ".png", ".png"]
    for window in windows:
        window.close()
    assert json.loads(paths.settings_file().read_text())[
        "recent"
    ]  # X8: both wrote the settings, one whole file is there


def test_ended_from_outside_while_saving_t5_x4(
    qtbot: QtBot, make_window: Callable[[], MainWindow], large_photo: Path, tmp_path: Path
) -> None:
    """The old file is whole or the new one is, and what nobody could save any more is offered."""
    window, target = make_window(), tmp_path / "out.png"
    Image.new("RGB", (7, 7)).save(target)
    with qtbot.waitSignal(window.document.opened):
        window.open_paths([large_photo])
    pixels = np.random.default_rng(2).integers(0, 255, (900, 1200, 3), np.uint8)
    window.document.replace("Noise", photos.of(Picture(pixels), progress=Progress()))
    window.saving.write(SaveChoice(target, "png", None, replaces=True))
    window.close_at_once()
    assert load(target).width in (7, 1200) and not list(tmp_path.glob(".duskroom-*"))
    after = make_window()
    qtbot.waitUntil(lambda: after.findChild(RecoveryOffer) is not None)
    after.findChild(RecoveryOffer).restore_button.click()
    qtbot.waitUntil(lambda: after.document.photo is not None)
    np.testing.assert_array_equal(after.document.photo.picture.pixels, pixels)


# Models


def bad_model(folder: Path, row: str) -> Path:
    path = folder / "bad model.onnx"
    if row == "M1 no card":
        tiny_superres(path)
        model = onnx.load(path)
        del model.metadata_props[:]
        onnx.save(model, path)
    elif row == "M2 truncated":
        tiny_superres(path)
        path.write_bytes(path.read_bytes()[:400])
    elif row == "M2 empty":
        path.touch()
    elif row == "M3 newer":
        tiny_superres(path)
        model = onnx.load(path)
        next(entry for entry in model.metadata_props if entry.key == "card.version").value = "7"
        onnx.save(model, path)
    elif row == "M5 weights elsewhere":
        tiny_superres(path)
        model = onnx.load(path)
        head = model.graph.initializer[0]
        (folder.parent / "weights.bin").write_bytes(head.raw_data)
        head.ClearField("raw_data")
        head.data_location = onnx.TensorProto.EXTERNAL
        entry = head.external_data.add()
        entry.key, entry.value = "location", "../weights.bin"
        path.write_bytes(model.SerializeToString())
    elif row == "M5 custom operator":
        save_model(path, [helper.make_node("RunMe", ["image"], ["output"], domain="evil")], {}, card_for(2))
    elif row == "M6 pickle":
        path = folder / "bad model.pth"
        path.write_bytes(b"cos\nsystem\n(S'touch " + os.fsencode(folder / "ran") + b"'\ntR.")
    return path


ROWS = (
    "M1 no card", "M2 truncated", "M2 empty", "M3 newer", "M5 weights elsewhere", "M5 custom operator", "M6 pickle",
    "M8 missing",
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_a_model_that_cannot_be_used_is_not_added(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path, row: str
) -> None:
    open_photo(photo)
    folder = tmp_path / "models"
    folder.mkdir()
    before = sorted(paths.models_folder().iterdir())
    qtbot.mouseClick(window.panel.add_button, Qt.MouseButton.LeftButton)
    dialog = window.findChildren(QFileDialog)[-1]
    dialog.fileSelected.emit(str(bad_model(folder, row)))
    dialog.close()
    assert "bad model" in one_sentence(qtbot, window)
    assert sorted(paths.models_folder().iterdir()) == before and not (folder / "ran").exists()
    assert window.panel.entry is not None and window.panel.entry.name == "tiny-x2"
    upscale(qtbot, window)
    assert window.document.is_modified


def test_a_recipe_that_names_an_import_is_only_shown_m7(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    card = replace(card_for(2, overlap=2), recipe='network = "evil:Network"\n')
    mine = tiny_superres(tmp_path / "mine.onnx", card=card)
    with qtbot.waitSignal(window.models.listed):
        window.models.add(mine)
    open_photo(photo)
    upscale(qtbot, window)
    window.actions_by_id["about_model"].trigger()
    assert window.document.is_modified and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("row", ["M8 removed", "M8 replaced by another scale"])
def test_a_model_that_changes_after_it_was_used(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, models_folder: Path, row: str
) -> None:
    open_photo(photo)
    upscale(qtbot, window)
    shown, file = window.document.photo, models_folder / "tiny-x2.onnx"
    if row == "M8 removed":
        file.unlink()
    else:
        tiny_superres(models_folder / "other.onnx", 4).replace(file)
    upscale(qtbot, window)
    if row == "M8 removed":
        assert "tiny-x2" in one_sentence(qtbot, window) and window.document.photo is shown
        choose_model(window, "tiny-x4")
    else:
        assert [PYTHON.search(sentence) for sentence in told(window)] in ([], [None])
    goes_on(qtbot, window)


# Machine


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"version": 99}',
        b'{"version": 1, "recent": 3, "shortcuts": {"open": 1}}',
    ],
    ids=["X8 empty", "X8 cut", "X8 no text", "X8 deep", "X8 newer", "X8 wrong values"],
)
def test_settings_that_cannot_be_used(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photo: Path, content: bytes
) -> None:
    file = paths.settings_file()
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    window = make_window()
    if b"wrong" not in content and b"recent" not in content:
        one_sentence(qtbot, window)
        assert file.with_name("settings.json.aside").read_bytes() == content
    with qtbot.waitSignal(window.document.opened):
        window.open_paths([photo])
    goes_on(qtbot, window)
    window.document.undo_stack.setClean()
    window.close()
    assert json.loads(file.read_text())["recent"] == [str(photo)]


@pytest.mark.parametrize("kind", ["settings", "recovery", "models", "logs"])
def test_a_file_in_the_place_of_a_folder_x8(
    qtbot: QtBot, window: MainWindow, private_home: Path, open_photo: Open, photo: Path, tmp_path: Path, kind: str
) -> None:
    """Also where it comes while the window is open."""
    place = private_home / kind
    if place.exists():
        place.rename(place.with_name("was"))
    place.write_text("a file")
    open_photo(photo)
    goes_on(qtbot, window)
    if kind == "models":
        window.models.add(tiny_superres(tmp_path / "mine.onnx", 2))
    if kind in ("models", "recovery"):
        one_sentence(qtbot, window)
    window.document.undo_stack.setClean()
    window.close()
    assert not window.isVisible() and place.read_text() == "a file"


def test_one_session_that_cannot_be_looked_at_hides_no_other_x8(
    qtbot: QtBot, make_window: Callable[[], MainWindow], photo: Path
) -> None:
    first = make_window()
    with qtbot.waitSignal(first.document.opened):
        first.open_paths([photo])
    first.document.replace("Noise", photos.load(photo, progress=Progress()))
    first.close_at_once()
    broken = paths.recovery_folder() / "10000101-000000-aaaaaaaa"
    (broken / "lock").mkdir(parents=True)  # where a file should be
    second = make_window()
    qtbot.waitUntil(lambda: second.findChild(RecoveryOffer) is not None)
    assert "damaged" in one_sentence(qtbot, second)
    second.findChild(RecoveryOffer).discard_button.click()


# Numbers


def test_numbers_out_of_range_in_every_field_r5(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    window.actions_by_id["preferences"].trigger()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    preferences = QApplication.activeModalWidget()
    dialog = save_dialog(window)
    fields = [field for root in (window, preferences, dialog) for field in root.findChildren(QAbstractSpinBox)]
    assert len(fields) >= 12
    for field in dict.fromkeys(fields):
        for text in ("99999999999999999999", "-99999", "0", "1e400", "nan", "abc", "", "½"):
            field.selectAll()
            qtbot.keyClicks(field, text) if text else qtbot.keyClick(field, Qt.Key.Key_Delete)
            field.interpretText()
            if isinstance(field, QSpinBox | QDoubleSpinBox):
                assert field.minimum() <= field.value() <= field.maximum(), (field.accessibleName(), text)
    dialog.reject()
    preferences.close()
    assert told(window) == []
    goes_on(qtbot, window)
