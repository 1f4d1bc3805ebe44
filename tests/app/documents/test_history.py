"""History: the cap on memory, states on disk and back, and the panel; pixels are always those of the step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.documents.document import Document
from app.main_window import MainWindow
from app.photos import photo as photos
from app.photos.photo import Photo
from app.states import cap
from app.states.state import State
from engines.metadata.metadata import Metadata
from engines.pictures.picture import Picture
from engines.progress import Progress
from tests.app.conftest import told
from tests.disks import small_disk_at
from tests.search import examples

Open = Callable[[Path], None]
SIDE = 32
STATE_BYTES = SIDE * SIDE * 3


def plain(value: int, side: int = SIDE) -> Photo:
    """A photo of noise that its value decides."""
    pixels = np.random.RandomState(value).randint(0, 256, (side, side, 3)).astype(np.uint8)
    pixels.flags.writeable = False
    return photos.of(Picture(pixels), progress=Progress())


def same(photo: Photo | None, value: int) -> bool:
    return photo is not None and bool(np.array_equal(photo.picture.pixels, plain(value).picture.pixels))


def settle(document: Document, until: Callable[[], object] = lambda: True) -> None:
    """Let all work of the document end."""
    import time

    deadline = time.monotonic() + 20
    while (
        document.is_reading or any(queue.is_busy for queue in (document.files, document.storage.queue)) or not until()
    ):
        assert time.monotonic() < deadline
        QApplication.processEvents()
        time.sleep(0.001)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(0, 9)),
        st.tuples(st.sampled_from(["undo", "redo", "open", "close", "next"]), st.just(0)),
        st.tuples(st.just("go"), st.integers(0, 9)),
    ),
    max_size=30,
)


@examples(25)
@given(ACTIONS, st.integers(2, 6))
def test_pixels_are_right_and_memory_is_capped_whatever_is_done(qapp, tmp_path_factory, actions, room) -> None:
    """Against a plain model: a list of values and a place in it for each document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUSKROOM_HOME", str(tmp_path_factory.mktemp("home")))
        document = Document()
        document.storage.cap = room * STATE_BYTES
        document.open(plain(100))
        model = {document.current: ([100], 0)}
        for kind, number in actions:
            current = document.current
            if current is None or kind == "open":
                document.open(plain(200 + len(model)))
                model[document.current] = ([200 + len(model)], 0)
                current = document.current
            values, index = model[current]
            if kind == "step":
                document.replace(f"step {number}", plain(number))
                model[current] = ([*values[: index + 1], number], index + 1)
            elif kind == "undo":
                document.undo_stack.undo()
                model[current] = (values, max(0, index - 1))
            elif kind == "redo":
                document.undo_stack.redo()
                model[current] = (values, min(len(values) - 1, index + 1))
            elif kind == "go":
                document.go_to(min(number, len(values) - 1))
                model[current] = (values, min(number, len(values) - 1))
            elif kind == "next":
                document.select_next()
            elif kind == "close":
                document.close_document(current)
                del model[current]
            settle(document)
            assert len(document.documents) == len(model)
            if document.current is not None:
                values, index = model[document.current]
                assert same(document.photo, values[index])
                assert index == 0 or same(document.before, values[index - 1])
                assert len(document.current.states) == len(values)
        settle(document, lambda: document.storage.held_bytes() <= document.storage.cap)
        assert document.storage.held_bytes() <= document.storage.cap
        folder = document.folder.path
        document.close()
        document.deleteLater()
        assert folder is None or not folder.exists()


def test_what_is_needed_least_goes_first() -> None:
    states = [State(str(number), plain(number)) for number in range(6)]
    order = [state.name for state in cap.by_need(states, 3)]
    assert order == ["5", "1", "4", "0", "2", "3"]
    going = cap.surplus(cap.by_need(states, 3), states[2:4], 4 * STATE_BYTES)
    assert [state.name for state in going] == order[:2]
    assert cap.surplus(states, states, 0) == []


def test_the_default_cap_is_a_share_of_the_machine_and_a_setting_replaces_it(make_window) -> None:
    window = make_window()
    assert window.document.storage.cap == cap.default_bytes() >= cap.LEAST
    window.settings.history_megabytes = 700
    window.close()
    assert make_window().document.storage.cap == 700 << 20


def test_states_on_disk_keep_depth_alpha_and_metadata(qtbot: QtBot, window: MainWindow) -> None:
    pixels = np.random.RandomState(1).randint(0, 65536, (20, 30, 4)).astype(np.uint16)
    first = photos.of(Picture(pixels, Metadata(exif=b"II*\0rest", xmp=b"<x/>")), progress=Progress())
    document = window.document
    document.open(first)
    del first
    for value in range(4):
        document.replace(f"step {value}", plain(value))
    document.storage.cap = 1
    document.storage.settle()
    settle(document, lambda: not document.current.states[0].is_held)
    assert document.original is None
    with qtbot.waitSignal(document.changed):
        document.fetch_original()
    assert document.original is not None
    document.storage.cap = cap.LEAST
    document.go_to(0)
    settle(document)
    assert document.photo is not None and document.photo.picture.pixels.dtype == np.uint16
    np.testing.assert_array_equal(document.photo.picture.pixels, pixels)
    assert document.photo.picture.metadata == Metadata(exif=b"II*\0rest", xmp=b"<x/>")


def test_the_panel_lists_the_steps_and_a_click_goes_there(
    qtbot: QtBot, window: MainWindow, open_photo: Open, photo: Path
) -> None:
    open_photo(photo)
    document = window.document
    opened = document.photo
    for value in (1, 2, 3):
        document.replace(f"Step {value}", plain(value), {"tool": "noise", "value": value})
    panel = window.history_panel.list
    assert [panel.item(row).text() for row in range(4)] == ["Opened", "Step 1", "Step 2", "Step 3"]
    assert panel.currentRow() == 3
    assert document.steps == tuple({"tool": "noise", "value": value} for value in (1, 2, 3))
    qtbot.waitUntil(lambda: all(not panel.item(row).icon().isNull() for row in range(4)))
    qtbot.waitUntil(
        lambda: all(state.thumbnail is not None and state.thumbnail.size for state in document.current.states)
    )
    place = panel.visualItemRect(panel.item(1)).center()
    qtbot.mouseClick(panel.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert same(document.photo, 1) and document.before is opened and document.original is opened
    assert document.steps == ({"tool": "noise", "value": 1},)
    assert "undone" in panel.item(2).data(Qt.ItemDataRole.AccessibleTextRole)
    qtbot.keyClick(panel, Qt.Key.Key_Down)
    assert same(document.photo, 2)
    document.replace("Another", plain(9))
    assert [panel.item(row).text() for row in range(panel.count())] == ["Opened", "Step 1", "Step 2", "Another"]


def test_the_panel_can_be_hidden(window: MainWindow) -> None:
    assert window.history_panel.isVisible() and window.actions_by_id["history"].isChecked()
    window.actions_by_id["history"].trigger()
    assert not window.history_panel.isVisible()


def test_many_steps_back_read_one_state_and_progress_is_shown(qtbot: QtBot, window: MainWindow) -> None:
    document = window.document
    document.open(plain(100))
    for value in range(8):
        document.replace(f"step {value}", plain(value))
    document.storage.cap = 1
    document.storage.settle()
    settle(document, lambda: sum(state.is_held for state in document.current.states) == 2)
    jobs: list[str] = []
    document.reading.connect(lambda job, what: jobs.append(what))
    document.go_to(1)
    assert document.is_reading and same(document.photo, 7)
    assert window.job_progress.isVisible() and window.actions_by_id["cancel"].isEnabled()
    settle(document)
    assert same(document.photo, 0) and jobs == ["Reading Untitled…"]


def test_cancelling_stays_where_one_is(qtbot: QtBot, window: MainWindow) -> None:
    document = window.document
    document.open(plain(100))
    for value in range(4):
        document.replace(f"step {value}", plain(value))
    document.storage.cap = 1
    document.storage.settle()
    settle(document, lambda: sum(state.is_held for state in document.current.states) == 2)
    document.go_to(0)
    window.actions_by_id["cancel"].trigger()
    settle(document)
    assert same(document.photo, 3) and document.undo_stack.index() == 4
    document.go_to(0)  # and a step meanwhile is made from what is seen
    document.replace("more", plain(50))
    settle(document)
    assert same(document.photo, 50) and same(document.before, 3) and document.undo_stack.index() == 5


def test_a_damaged_state_is_one_sentence_and_one_stays_where_one_was(qtbot: QtBot, window: MainWindow) -> None:
    document = window.document
    document.open(plain(100))
    for value in range(3):
        document.replace(f"step {value}", plain(value))
    document.storage.cap = 1
    document.storage.settle()
    settle(document, lambda: sum(state.is_held for state in document.current.states) == 2)
    file = document.current.states[0].file
    assert file is not None
    file.write_bytes(file.read_bytes()[:-200] + b"x" * 200)
    document.go_to(0)
    settle(document)
    assert same(document.photo, 2) and document.undo_stack.index() == 3
    assert len(told(window)) == 1 and "damaged" in told(window)[0]


def test_a_full_disk_is_said_once_and_nothing_is_lost(
    qtbot: QtBot, make_window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk_at(tmp_path / "small", "64k") as disk:
        monkeypatch.setattr("app.core.paths.recovery_folder", lambda: disk / "recovery")
        window = make_window()
        document = window.document
        document.storage.cap = 1
        document.open(plain(100, 200))
        for value in range(5):
            document.replace(f"step {value}", plain(value, 200))
            settle(document)
        sentences = [sentence for sentence in told(window) if "kept on disk" in sentence]
        assert len(sentences) == 1 and "some space" in sentences[0]
        for index in reversed(range(5)):
            document.undo_stack.undo()
            settle(document)
            expected = plain(100 if index == 0 else index - 1, 200)
            assert document.photo is not None
            np.testing.assert_array_equal(document.photo.picture.pixels, expected.picture.pixels)
        window.close_at_once()
