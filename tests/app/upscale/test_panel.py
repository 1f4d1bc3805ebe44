"""The upscale panel's further choices: size, strength, estimates, card, contact sheet, and the part in sight first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.library.card_view import CardView
from app.main_window import MainWindow
from app.photos import photo as photos
from app.upscale import speeds as estimates
from app.upscale.contact_sheet import ContactSheet
from app.upscale.feature import mask_of
from app.upscale.part_overlay import PartOverlay
from app.upscale.work import OpenedModel, Part, UpscaleOptions, upscale_photo
from engines.edit.mask_shapes import fitted
from engines.edit.resampling import resized_rows
from engines.libvips import libvips
from engines.metadata.metadata import Metadata
from engines.models.card import TrainingData
from engines.models.library import ModelEntry
from engines.models.model import open_model
from engines.pictures.picture import Picture, load
from engines.progress import Progress
from engines.superres.enlarge import enlarge
from engines.superres.estimate import plan
from tests.app.conftest import choose_model, told
from tests.models import broken_output, card_for, tiny_superres

Open = Callable[[Path], None]
LEFT = Qt.MouseButton.LeftButton


def press(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.panel.progress.ended, timeout=20_000):
        qtbot.mouseClick(window.panel.button, LEFT)


def by(window: MainWindow, mode: str, value: int) -> None:
    """Choose a size."""
    choice = window.panel.size_choice
    choice.mode.setCurrentIndex(choice.mode.findData(mode))
    choice.value.setValue(value)


def pixels(window: MainWindow) -> np.ndarray:
    assert window.document.photo is not None
    return window.document.photo.picture.pixels


@pytest.mark.parametrize(
    "mode, value, size", [("percent", 150, (144, 108)), ("width", 300, (300, 225)), ("height", 288, (384, 288))]
)
def test_a_size_is_chosen_by_percent_width_or_height(
    qtbot: QtBot,
    window: MainWindow,
    open_photo: Open,
    photo: Path,
    models_folder: Path,
    mode: str,
    value: int,
    size: tuple,
) -> None:
    open_photo(photo)
    by(window, mode, value)
    assert window.panel.facts.size_after.text().startswith(f"{size[0]} × {size[1]}")
    assert window.panel.button.text() == f"Upscale to {size[0]} × {size[1]}"
    todo = plan(96, 72, 2, size)
    assert ("2 times" in window.panel.passes.text()) == (todo.passes == 2)
    assert ("is reduced" in window.panel.passes.text()) == todo.is_reduced
    press(qtbot, window)
    with open_model(models_folder / "tiny-x2.onnx") as model:
        np.testing.assert_array_equal(pixels(window), enlarge(load(photo), model, size=size).pixels)


def test_only_sizes_that_can_be_made_are_offered(window: MainWindow, open_photo: Open, photo: Path) -> None:
    open_photo(photo)
    by(window, "width", 10_000)
    assert window.panel.size_choice.chosen_size() == (384, 288)  # twice the model, and no more
    by(window, "width", 1)
    assert window.panel.size_choice.chosen_size() == (96, 72)
    choose_model(window, "tiny-x4")
    by(window, "percent", 1600)
    assert window.panel.size_choice.chosen_size() == (1536, 1152)
    by(window, "scale", 0)
    assert window.panel.size_choice.chosen_size() is None and window.panel.button.text() == "Upscale ×4"


def test_strength_blends_with_a_plain_enlargement(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, models_folder: Path
) -> None:
    open_photo(photo)
    window.panel.strength.percent.setValue(40)
    assert window.panel.strength.slider.value() == 40
    press(qtbot, window)
    with open_model(models_folder / "tiny-x2.onnx") as model:
        np.testing.assert_array_equal(pixels(window), enlarge(load(photo), model, strength=0.4).pixels)
    window.actions_by_id["undo"].trigger()
    window.panel.strength.slider.setValue(0)
    press(qtbot, window)
    np.testing.assert_array_equal(pixels(window), resized_rows(load(photo).pixels, 192, 144, 0, 144))


def test_a_mask_of_the_window_is_honoured(
    qtbot: QtBot,
    window: MainWindow,
    open_photo: Open,
    photo: Path,
    models_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_photo(photo)
    assert mask_of(window) is None
    mask = np.zeros((72, 96), np.uint8)
    mask[:36] = 255
    monkeypatch.setattr(window.tools, "mask_in_use", mask)
    press(qtbot, window)
    with open_model(models_folder / "tiny-x2.onnx") as model:
        np.testing.assert_array_equal(pixels(window), enlarge(load(photo), model, mask=mask).pixels)
    assert np.array_equal(mask_of(window), fitted(mask, 192, 144))  # as large as the photo is now


def test_what_it_takes_is_said_beforehand_and_remembered(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, large_photo: Path
) -> None:
    open_photo(photo)
    qtbot.waitUntil(lambda: window.panel.facts.time.text().startswith("about"), timeout=10_000)
    assert window.panel.facts.memory.text().endswith("MB")
    assert len(window.settings.speeds) == 1 and not window.queue.is_busy
    entry, speeds = window.panel.entry, window.panel.speeds
    assert entry is not None and speeds is not None
    speeds.learn(entry, 1000.0)
    assert window.panel.facts.time.text() == "about 7 s"  # 96 × 72 pixels at a thousand a second
    by(window, "percent", 400)
    assert window.panel.facts.time.text() == "about 35 s"  # and four times as many the second time
    by(window, "scale", 0)
    open_photo(large_photo)
    press(qtbot, window)
    assert speeds.of(entry) != 1000.0  # what was seen in earnest is better than what was thought
    choose_model(window, "tiny-x4")
    qtbot.waitUntil(lambda: len(window.settings.speeds) == 2, timeout=10_000)


def test_a_measurement_makes_room_for_the_upscale_and_a_broken_model_is_not_told_twice(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, models_folder: Path
) -> None:
    broken_output(models_folder / "broken.onnx", "nan")
    with qtbot.waitSignal(window.models.listed):
        window.models.list()
    choose_model(window, "broken")
    open_photo(photo)
    press(qtbot, window)
    qtbot.wait(50)
    assert len(told(window)) == 1 and window.panel.facts.time.text() == "finding out…"


def test_a_preview_stops_a_measurement_which_is_made_up_for(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    qtbot.waitUntil(lambda: len(window.settings.speeds) == 1, timeout=10_000)
    begun, go_on = threading.Event(), threading.Event()

    def deaf(*, progress: Progress) -> None:  # as while a model is opened
        begun.set()
        go_on.wait(20)

    window.queue.submit(deaf, lane="preview", gives_way=True)
    qtbot.waitUntil(begun.is_set)
    choose_model(window, "tiny-x4")
    speeds, layer = window.panel.speeds, window.canvas._layer
    assert speeds is not None and speeds._job is not None and layer is not None
    measurement = speeds._job
    window.actions_by_id["show_adjust"].trigger()
    window.tools.adjust.sliders["exposure"].set_value(1)
    qtbot.waitUntil(lambda: window.canvas.look is not None and layer.is_current, timeout=10_000)
    assert measurement.is_cancelling and not measurement.is_over
    with qtbot.waitSignal(measurement.cancelled):
        go_on.set()
    assert window.panel.facts.time.text() == "finding out…"
    qtbot.waitUntil(lambda: len(window.settings.speeds) == 2, timeout=10_000)
    assert window.panel.facts.time.text().startswith("about")


def test_speed_is_measured_on_small_crops(photo: Path, models_folder: Path) -> None:
    tiny = Picture(load(photo).pixels[:1, :1])
    with open_model(models_folder / "tiny-x2.onnx") as model:
        assert estimates.speed_of(load(photo), model, progress=Progress()) > 0
        assert estimates.speed_of(tiny, model, progress=Progress()) > 0


def test_the_card_is_shown_on_demand(qtbot: QtBot, window: MainWindow, models_folder: Path) -> None:
    card = card_for(
        2, overlap=2, description="Kind to skin.", author="A. Painter", licence="CC0-1.0",
        training_data=TrainingData("Portraits", "example.org", "CC-BY-4.0", 1234), metrics={"PSNR Set5": 37.5},
    )  # fmt: skip
    tiny_superres(models_folder / "portraits.onnx", 2, card=card)
    with qtbot.waitSignal(window.models.listed):
        window.models.list()
    choose_model(window, "portraits")
    qtbot.mouseClick(window.panel.card_button, LEFT)
    view = window.findChild(CardView)
    assert view is not None and view.isVisible()
    rows = {key: label.text() for key, label in view.rows.items()}
    assert rows["scale"] == "×2" and rows["learned"] == "Portraits" and rows["images"].replace(",", "") == "1234"
    assert rows["data_licence"] == "CC-BY-4.0" and rows["author"] == "A. Painter" and "37.5" in rows["metrics"]
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert QApplication.activeModalWidget() is None


def test_int8_is_called_fast_after_the_model_it_was_made_from(
    qtbot: QtBot, window: MainWindow, models_folder: Path
) -> None:
    card = card_for(2, name="Tiny int8", overlap=2, precision="int8", float_model="tiny-x2.onnx")
    tiny_superres(models_folder / "tiny-x2.int8.onnx", 2, card=card)
    with qtbot.waitSignal(window.models.listed):
        window.models.list()
    choose_model(window, "tiny-x2.int8")
    assert window.panel.models.currentText() == "Tiny ×2, quicker"
    assert window.panel.description.text().startswith("Quick, for tests. ")


def open_sheet(qtbot: QtBot, window: MainWindow) -> ContactSheet:
    qtbot.mouseClick(window.panel.sheet_button, LEFT)
    sheet = window.findChild(ContactSheet)
    assert sheet is not None and sheet.isVisible()
    return sheet


def test_the_contact_sheet_shows_every_model_and_a_click_chooses(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path, models_folder: Path
) -> None:
    broken_output(models_folder / "broken.onnx", "nan")
    with qtbot.waitSignal(window.models.listed):
        window.models.list()
    choose_model(window, "tiny-x2")
    open_photo(photo)
    sheet = open_sheet(qtbot, window)
    qtbot.waitUntil(lambda: not sheet.is_working, timeout=30_000)
    assert not window.queue.is_busy
    names = [entry.name for entry in window.panel.usable]
    cells = dict(zip(names, sheet.cells, strict=True))
    assert not cells["broken"].isEnabled() and "not numbers" in cells["broken"].toolTip()
    for name in ("tiny-x2", "tiny-x4", "fast-x2"):
        assert "this part 0." in cells[name].text() and "the whole about" in cells[name].accessibleName(), name
        shown = cells[name].icon().pixmap(256).toImage()
        assert shown.width() == 256 and shown.pixelColor(128, 90).alpha() == 255
    assert cells["tiny-x2"].isChecked() and not cells["tiny-x4"].isChecked()
    qtbot.mouseClick(cells["tiny-x4"], LEFT)
    assert window.panel.entry is not None and window.panel.entry.name == "tiny-x4"
    assert window.settings.model == "tiny-x4" and QApplication.activeModalWidget() is None


def test_the_contact_sheet_by_keyboard_and_closing_it_stops_the_work(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path, slow_model: Path
) -> None:
    with qtbot.waitSignal(window.models.listed):
        window.models.list()
    open_photo(large_photo)
    sheet = open_sheet(qtbot, window)
    job = sheet._job
    assert sheet.is_working and job is not None
    with qtbot.waitSignal(job.cancelled, timeout=10_000):
        qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert window.panel.entry is not None and window.panel.entry.name == "tiny-x2"
    qtbot.waitUntil(lambda: window.findChild(ContactSheet) is None)
    slow_model.unlink()
    sheet = open_sheet(qtbot, window)
    focused = next(cell for cell in sheet.cells if cell.isChecked())
    assert sheet.focusWidget() is focused
    qtbot.keyClick(focused, Qt.Key.Key_Right)
    after = sheet.focusWidget()
    assert after in sheet.cells and after is not focused
    qtbot.keyClick(after, Qt.Key.Key_Space)
    assert window.panel.entry is window.panel.usable[sheet.cells.index(after)]
    qtbot.waitUntil(lambda: window.findChild(ContactSheet) is None)


def test_the_part_in_sight_comes_first_and_lies_in_its_place(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path, models_folder: Path
) -> None:
    open_photo(large_photo)
    window.canvas.zoom_to(4.0, QPointF(10, 10))
    box = window.canvas.visible_box()
    assert box is not None and (box[2] - box[0]) * 4 <= window.canvas.width() + 8
    overlay = window.canvas.findChild(PartOverlay)
    assert overlay is not None and not overlay.isVisible()
    parts: list[Part] = []
    shown: list[bool] = []
    window.upscaling.part_made.connect(parts.append)
    window.upscaling.part_made.connect(lambda _: shown.append(overlay.isVisible()))
    press(qtbot, window)
    assert len(parts) == 1 and parts[0].box == box and shown == [True]
    assert not overlay.isVisible() and overlay.part is None
    left, top, right, bottom = (2 * side for side in box)
    np.testing.assert_array_equal(parts[0].pyramid.levels[0].pixels, pixels(window)[top:bottom, left:right])


@pytest.mark.parametrize("size", [None, (1800, 1350)])
@pytest.mark.parametrize("icc", [None, bytes(libvips().Image.profile_load("p3"))])
def test_progress_counts_the_part_the_whole_and_what_is_shown_as_one(
    large_photo: Path, models_folder: Path, size: tuple[int, int] | None, icc: bytes | None
) -> None:
    picture = load(large_photo)
    source = photos.of(replace(picture, metadata=Metadata(icc)), progress=Progress())
    seen: list[tuple[int, int, str]] = []
    opened = OpenedModel()
    made = upscale_photo(
        source,
        ModelEntry(models_folder / "tiny-x2.onnx", "tiny-x2", None, None, ships=False),
        opened,
        lambda device: None,
        options=UpscaleOptions(size),
        mask=None,
        first=(100, 100, 700, 600),
        speed=1e6,
        on_part=lambda part: seen.append((seen[-1][0], seen[-1][1], "the part is there")),
        progress=Progress(lambda *report: seen.append(report)),
    )
    opened.close()
    assert made.photo.picture.width == (1800 if size else 2400)
    done, (total,) = [report[0] for report in seen], {report[1] for report in seen}
    assert (
        done == sorted(done) and done[0] == 0 and 0.9 * total < done[-1] < total
    )  # what is told last goes on after it
    texts = [report[2] for report in seen]
    assert texts[0] == "the part in sight first" and texts[-1] == "preparing the view"
    share = done[texts.index("the part is there")] / total
    assert share == pytest.approx(616 * 516 / (616 * 516 + 1200 * 900), rel=0.1)


def test_what_is_drawn_in_place_is_what_will_be_there(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path
) -> None:
    window.actions_by_id["compare"].setChecked(False)
    open_photo(large_photo)
    window.canvas.zoom_to(4.0, QPointF(10, 10))
    grabbed = []
    window.upscaling.part_made.connect(lambda _: grabbed.append(window.canvas.grab().toImage()))
    press(qtbot, window)
    after = window.canvas.grab().toImage()
    middle = after.rect().center()
    ours, theirs = grabbed[0].pixelColor(middle), after.pixelColor(middle)
    assert max(abs(a - b) for a, b in zip(ours.getRgb(), theirs.getRgb(), strict=True)) <= 3


def test_where_all_is_in_sight_the_whole_is_first_and_a_size_fits_too(
    qtbot: QtBot, window: MainWindow, open_photo: Open, large_photo: Path
) -> None:
    open_photo(large_photo)
    parts: list[Part] = []
    window.upscaling.part_made.connect(parts.append)
    press(qtbot, window)
    assert parts == []
    window.actions_by_id["undo"].trigger()
    window.canvas.zoom_to(4.0, QPointF(10, 10))
    by(window, "percent", 150)
    press(qtbot, window)
    assert len(parts) == 1
    left, top, right, bottom = parts[0].box
    assert abs(parts[0].pyramid.width - 1.5 * (right - left)) <= 1
    assert abs(parts[0].pyramid.height - 1.5 * (bottom - top)) <= 1
