"""What the tests of the window share: a window that is on screen, models in the library, and hands."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ["LANGUAGE"] = "en"  # sentences are looked for as they are written; read when Qt is first asked for it

import numpy as np
import pytest
from onnx import helper
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core import paths
from app.main_window import MainWindow
from tests.models import card_for, save_model, tiny_superres

LEAST_PATIENCE = 60_000  # milliseconds: how long a busy machine takes is never a verdict


class PatientBot(QtBot):
    """Waits long for what is to come: any wait of five seconds, Qt's own default, or more is one for `LEAST_PATIENCE`."""

    def waitSignal(self, signal: Any, *, timeout: int = 5000, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=_patience(timeout), **options)

    def waitSignals(self, signals: Any, *, timeout: int = 5000, **options: Any) -> Any:
        return super().waitSignals(signals, timeout=_patience(timeout), **options)

    def waitUntil(self, callback: Any, *, timeout: int = 5000) -> None:
        super().waitUntil(callback, timeout=_patience(timeout))


def _patience(timeout: int) -> int:
    return max(timeout, LEAST_PATIENCE) if timeout >= 5000 else timeout


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's, with more patience."""
    return PatientBot(request)


@pytest.fixture
def models_folder(private_home: Path) -> Path:
    """The person's own models: one that enlarges twice and one that enlarges four times."""
    folder = paths.models_folder()
    tiny_superres(folder / "tiny-x2.onnx", 2, card=card_for(2, overlap=2, description="Quick, for tests."))
    tiny_superres(folder / "tiny-x4.onnx", 4)
    return folder


@pytest.fixture
def slow_model(models_folder: Path) -> Path:
    """A deep model that takes longer than a test waits: only Cancel ends it in time."""
    wide = 32
    weight = np.zeros((wide, wide, 3, 3), np.float32)
    weight[range(wide), range(wide), 1, 1] = 1
    weights = {"head": weight[:, :3], "body": weight, "tail": weight[:12]}
    names = ["image", *(f"layer {number}" for number in range(200))]
    nodes = [
        helper.make_node("Conv", [before, "body" if number else "head"], [after], pads=[1, 1, 1, 1])
        for number, (before, after) in enumerate(pairwise(names))
    ]
    nodes.append(helper.make_node("Conv", [names[-1], "tail"], ["folded"], pads=[1, 1, 1, 1]))
    nodes.append(helper.make_node("DepthToSpace", ["folded"], ["output"], blocksize=2, mode="CRD"))
    return save_model(models_folder / "slow-x2.onnx", nodes, weights, card_for(2, name="Slow", overlap=202))


@pytest.fixture
def make_window(qtbot: QtBot, models_folder: Path) -> Iterator[Callable[[], MainWindow]]:
    """Makes windows that are on screen and know their models; all are closed after the test."""
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        window = MainWindow()
        windows.append(window)
        with qtbot.waitSignals([window.models.listed, window.samples_shown], timeout=10_000):
            window.resize(1100, 800)
            window.show()
        choose_model(window, "tiny-x2")
        return window

    yield make
    for window in windows:
        window.close_at_once()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(make_window: Callable[[], MainWindow]) -> MainWindow:
    return make_window()


@pytest.fixture
def open_photo(qtbot: QtBot, window: MainWindow) -> Callable[[Path], None]:
    """Opens a photo and waits until it is shown."""

    def open_and_wait(path: Path) -> None:
        with qtbot.waitSignal(window.document.changed, timeout=10_000):
            window.open_paths([path])

    return open_and_wait


@pytest.fixture
def large_photo(tmp_path: Path) -> Path:
    """1200 × 900 pixels: larger than the canvas."""
    y, x = np.mgrid[0:900, 0:1200]
    pixels = np.stack([x * 255 // 1199, y * 255 // 899, (x // 40 + y // 40) % 2 * 200], axis=-1).astype(np.uint8)
    path = tmp_path / "large.png"
    Image.fromarray(pixels).save(path)
    return path


def choose_model(window: MainWindow, name: str) -> None:
    """Choose a model of the panel by its file's name."""
    names = [entry.name for entry in window.panel.entries]
    window.panel.models.setCurrentIndex(names.index(name))


def drag(window: MainWindow, data: QMimeData) -> bool:
    """Hold something over the window; whether it would take it."""
    hand = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Qt 6.12 has one for QPointF, which earlier ones lack
        event = QDragEnterEvent(QPoint(200, 200), Qt.DropAction.CopyAction, data, *hand)
    event.ignore()
    QCoreApplication.sendEvent(window, event)
    return event.isAccepted()


def drop(window: MainWindow, urls: list[QUrl]) -> None:
    """Let something fall on the window."""
    data = QMimeData()
    data.setUrls(urls)
    assert drag(window, data)
    hand = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QCoreApplication.sendEvent(window, QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, data, *hand))


def told(window: MainWindow) -> list[str]:
    """The sentences in the message bar."""
    return [notice.sentence for notice in window.messages.notices]


@pytest.fixture
def in_fresh_interpreter() -> Callable[..., str]:
    """Runs source in another Python and gives what it printed, without the last line's end."""

    def run(source: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(source)],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")

    return run
