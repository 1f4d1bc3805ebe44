"""The library as the window sees it: what is added, and what is said of it."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engines.models.pair import back_of, companion_of
from tests.models import tiny_translation, translation_card


def said_while_adding(qtbot: QtBot, window: MainWindow, file: Path) -> list[str]:
    window.messages.clear()
    with qtbot.waitSignal(window.models.listed):
        window.models.add(file)
    return [notice.sentence for notice in window.messages.notices]


def test_both_directions_of_a_translation_are_added_and_what_is_missing_is_said(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    there = tiny_translation(tmp_path / "mine.onnx", card=translation_card(name="Dusk"))
    missing = "“mine.onnx” cannot be trained on without “mine.back.onnx”, “mine.training.safetensors”"
    said = said_while_adding(qtbot, window, there)
    assert len(said) == 2 and said[0].startswith(missing) and said[1] == "“Dusk” is in your library now."
    tiny_translation(back_of(there), card=translation_card(name="Dawn", domains=("night", "day")))
    companion_of(there).touch()
    assert said_while_adding(qtbot, window, there) == [
        "“Dusk” is in your library now.",
        "“Dawn” is in your library now.",
    ]
