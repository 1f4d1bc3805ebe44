"""Three times in the window: by percent, as the command line makes it, and the step tells both that were done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.saving.choice import SaveChoice, save_photo
from app.upscale.memory import bytes_open
from app.upscale.speeds import bytes_for
from engines.models.model import open_model
from engines.pictures.picture import load
from engines.progress import Progress
from engines.superres.estimate import plan
from engines.superres.upscale import upscale_file
from tests.app.conftest import choose_model


def enlarge_by(qtbot: QtBot, window: MainWindow, percent: int) -> None:
    choose_model(window, "tiny-x4")
    choice = window.panel.size_choice
    choice.mode.setCurrentIndex(choice.mode.findData("percent"))
    choice.value.setValue(percent)
    with qtbot.waitSignal(window.panel.progress.ended, timeout=20_000):
        qtbot.mouseClick(window.panel.button, Qt.MouseButton.LeftButton)


def test_window_and_file_give_the_same_and_the_file_tells_both_steps(
    qtbot: QtBot,
    window: MainWindow,
    open_photo: Callable[[Path], None],
    photo: Path,
    models_folder: Path,
    tmp_path: Path,
) -> None:
    open_photo(photo)
    enlarge_by(qtbot, window, 300)
    shown = window.document.photo
    assert shown is not None
    with open_model(models_folder / "tiny-x4.onnx") as model:
        upscale_file(photo, tmp_path / "out.png", model, scale=3)
    np.testing.assert_array_equal(shown.picture.pixels, load(tmp_path / "out.png").pixels)
    step = window.document.steps[-1]
    assert step["size"] == [288, 216] and step["reduced_from"] == [384, 288]
    saved = SaveChoice(tmp_path / "saved.png", "png", 90, note_steps=True)
    save_photo(shown, saved, window.document.steps, progress=Progress())
    [told] = load(saved.target).metadata.steps
    assert (told["model"], told["reduced_from"], told["size"]) == ("Tiny ×4", [384, 288], [288, 216])
    window.actions_by_id["undo"].trigger()
    enlarge_by(qtbot, window, 400)
    assert "reduced_from" not in window.document.steps[-1]


def test_what_is_reduced_as_it_comes_takes_no_memory(photo: Path) -> None:
    picture = load(photo)
    for size, between in (((288, 216), 0), ((384, 288), 0), ((1000, 750), 384 * 288 * 3)):  # twice through the model
        assert bytes_for(picture, plan(96, 72, 4, size)) == bytes_open(*size, 3, 8) + between
