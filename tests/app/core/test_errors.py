"""Errors: a sentence for a person, the log for the rest."""

from __future__ import annotations

import errno
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core import errors, paths
from app.core.errors import UnexpectedErrors
from engines.errors import OutOfMemory, PictureError


@pytest.fixture
def unexpected(qtbot: QtBot) -> Iterator[UnexpectedErrors]:
    hooks = sys.excepthook, threading.excepthook
    catcher = UnexpectedErrors()
    catcher.install()
    yield catcher
    catcher.remove()
    sys.excepthook, threading.excepthook = hooks


def test_our_own_errors_are_their_own_sentence() -> None:
    for error in (PictureError("“a.jpg” is empty; choose another file."), OutOfMemory("Too large; close programs.")):
        assert errors.sentence(error) == str(error) and errors.is_expected(error)


def test_the_machines_errors_name_the_file_and_a_remedy() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/photos/a.png")
    assert "/photos/a.png" in errors.sentence(full) and errors.is_expected(full)
    assert "memory" in errors.sentence(MemoryError()) and errors.is_expected(MemoryError())


def test_a_fault_of_ours_points_to_the_log() -> None:
    sentence = errors.sentence(ZeroDivisionError("division by zero"))
    assert str(paths.log_file()) in sentence and "ZeroDivisionError" not in sentence
    assert not errors.is_expected(ZeroDivisionError())


def test_what_nobody_caught_is_logged_and_told(qtbot: QtBot, unexpected: UnexpectedErrors) -> None:
    with qtbot.waitSignal(unexpected.happened) as happened:
        try:
            raise KeyError("on the GUI thread")
        except KeyError as error:
            sys.excepthook(KeyError, error, error.__traceback__)
    assert "KeyError: 'on the GUI thread'" in happened.args[1]
    with qtbot.waitSignal(unexpected.happened) as happened:
        thread = threading.Thread(target=lambda: {}["on another thread"])
        thread.start()
        thread.join()
    assert "on another thread" in happened.args[1]
    log = paths.log_file().read_text(encoding="utf-8")
    assert "on the GUI thread" in log and "on another thread" in log and "Python 3" in log


def test_an_exception_in_a_slot_comes_the_same_way(qtbot: QtBot, unexpected: UnexpectedErrors) -> None:
    from PySide6.QtCore import QTimer

    def fail() -> None:
        raise ValueError("in a slot")

    with qtbot.waitSignal(unexpected.happened) as happened:
        QTimer.singleShot(0, fail)
    assert "in a slot" in happened.args[1]


def test_a_log_that_cannot_be_written_stops_nobody(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("DUSKROOM_HOME", str(blocked))
    assert errors.open_log() is None
