"""Recovery: what a crash leaves is offered, restored, put off or discarded; damage is said; editors keep apart."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.core import paths
from app.main_window import MainWindow
from app.photos import photo as photos
from app.photos.photo import Photo
from app.recovery import leftover as leftovers
from app.recovery import manifest, recovery
from app.recovery.offer import RecoveryOffer
from engines.pictures.picture import Picture
from engines.progress import Progress
from tests.app.conftest import told

Make = Callable[[], MainWindow]


def noise(value: int) -> Photo:
    pixels = np.random.RandomState(value).randint(0, 65536, (40, 60, 3)).astype(np.uint16)
    return photos.of(Picture(pixels), progress=Progress())


def sessions() -> list[Path]:
    root = paths.recovery_folder()
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.exists() else []


def kept(window: MainWindow) -> dict:
    """The manifest of a window's session as it is on disk; empty where there is none."""
    folder = window.document.folder.path
    file = folder / manifest.NAME if folder is not None else None
    return json.loads(file.read_text()) if file is not None and file.exists() else {}


@pytest.fixture
def crashed(qtbot: QtBot, make_window: Make, photo: Path, large_photo: Path, tmp_path: Path) -> Path:
    """What a killed editor leaves: a photo with three steps, the last of them undone, and one that was only opened.

    It is a copy of what a running one has on disk, and then that one ends in order.
    """
    window = make_window()
    with qtbot.waitSignal(window.document.opened):
        window.open_paths([photo, large_photo])
    qtbot.waitUntil(lambda: len(window.document.documents) == 2)
    for value in (1, 2, 3):
        window.document.replace(f"Step {value}", noise(value), {"value": value})
        qtbot.waitUntil(lambda: window.document.current.state.file is not None)
    window.document.undo_stack.undo()
    qtbot.waitUntil(
        lambda: [(each["index"], len(each["states"])) for each in kept(window)["documents"]] == [(2, 4), (0, 1)]
    )
    folder = window.document.folder.path
    assert folder is not None
    flushed = folder / manifest.FLUSHED
    qtbot.waitUntil(
        lambda: flushed.exists() and json.loads(flushed.read_text())["documents"] == kept(window)["documents"]
    )
    copy = tmp_path / "crash"
    shutil.copytree(window.document.folder.path, copy)
    window.close_at_once()
    for session in sessions():
        shutil.rmtree(session)
    place = paths.recovery_folder() / "20200101-000000-aaaaaaaa"
    shutil.copytree(copy, place)
    return place


def offer_of(qtbot: QtBot, window: MainWindow) -> RecoveryOffer:
    qtbot.waitUntil(lambda: window.findChild(RecoveryOffer) is not None)
    return window.findChild(RecoveryOffer)


def test_what_was_open_is_offered_and_restored(qtbot: QtBot, make_window: Make, crashed: Path, photo: Path) -> None:
    window = make_window()
    offer = offer_of(qtbot, window)
    assert offer.isVisible() and not offer.isModal()
    texts = [offer.list.item(row).text() for row in range(offer.list.count())]
    assert len(texts) == 2 and "photo.jpg\nwith unsaved" in texts[0] and "large.png\nunchanged" in texts[1]
    assert not any(offer.list.item(row).icon().isNull() for row in range(2))
    offer.restore_button.click()
    document = window.document
    qtbot.waitUntil(lambda: document.photo is not None and document.before is not None)
    np.testing.assert_array_equal(document.photo.picture.pixels, noise(2).picture.pixels)
    assert document.is_modified and window.isWindowModified() and document.source == photo
    assert [state.name for state in document.current.states] == ["Opened", "Step 1", "Step 2", "Step 3"]
    assert document.steps == ({"value": 1}, {"value": 2})
    window.actions_by_id["redo"].trigger()
    qtbot.waitUntil(lambda: document.undo_stack.index() == 3 and not document.is_reading)
    np.testing.assert_array_equal(document.photo.picture.pixels, noise(3).picture.pixels)
    document.go_to(0)
    qtbot.waitUntil(lambda: document.photo is not None and document.photo.picture.width == 96)
    document.select_next()
    qtbot.waitUntil(lambda: document.photo is not None and document.photo.picture.width == 1200)
    assert not document.is_modified and told(window) == []
    qtbot.waitUntil(lambda: not crashed.exists())  # it is ours now
    assert len(sessions()) == 1
    window.close_at_once()


def test_what_was_restored_stays_until_it_is_named_elsewhere(
    qtbot: QtBot, make_window: Make, crashed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that was described before, and is written after, does not name it."""
    window = make_window()
    offer = offer_of(qtbot, window)
    window.document.open(noise(5))
    qtbot.waitUntil(lambda: window.document.current.state.file is not None)
    window.document.replace("Step", noise(6))
    qtbot.waitUntil(lambda: window.document.current.state.file is not None)
    qtbot.waitUntil(lambda: not window.recovery._timer.isActive() and not window.recovery._is_writing)
    queue, go_on = window.document.storage.queue, threading.Event()
    queue.submit(lambda *, progress: go_on.wait(30))
    offer.restore_button.click()
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: window.recovery._is_writing)
    monkeypatch.setattr(recovery, "DELAY_MS", 500)  # so that a crash has time to come between
    go_on.set()

    counts: list[int] = []  # of documents that a crash would leave, each time that what was left is gone

    def is_named() -> bool:
        if not crashed.exists():
            counts.append(len(kept(window)["documents"]))
        return 3 in counts

    qtbot.waitUntil(is_named, timeout=10_000)
    assert set(counts) == {3}
    window.close_at_once()


def test_later_asks_again_and_discard_does_not(qtbot: QtBot, make_window: Make, crashed: Path) -> None:
    first = make_window()
    offer_of(qtbot, first).later_button.click()
    first.close()
    assert crashed.exists()
    second = make_window()
    offer = offer_of(qtbot, second)
    offer.discard_button.click()
    qtbot.waitUntil(lambda: not crashed.exists())
    second.close()
    assert sessions() == []


def test_no_answer_is_later(qtbot: QtBot, make_window: Make, crashed: Path) -> None:
    first = make_window()
    offer_of(qtbot, first)
    first.close()
    assert (crashed / manifest.NAME).exists()
    offer_of(qtbot, make_window()).reject()
    assert (crashed / manifest.NAME).exists()


def test_two_editors_do_not_take_each_others_data(qtbot: QtBot, make_window: Make, photo: Path, crashed: Path) -> None:
    """Neither what one of them has open, nor what it is offering."""
    first = make_window()
    offer_of(qtbot, first)
    first.document.open(noise(5))
    first.document.replace("Step", noise(6))
    qtbot.waitUntil(lambda: kept(first) != {} and kept(first)["documents"][0]["modified"])
    second = make_window()
    found, sentences = leftovers.find(paths.recovery_folder(), progress=Progress())
    assert (found, sentences) == ([], [])
    qtbot.wait(200)
    assert second.findChild(RecoveryOffer) is None
    second.close_at_once()
    assert crashed.exists() and kept(first)


def test_a_clean_exit_leaves_nothing(qtbot: QtBot, make_window: Make, photo: Path) -> None:
    window = make_window()
    with qtbot.waitSignal(window.document.opened):
        window.open_paths([photo])
    window.document.replace("Step", noise(1))
    qtbot.waitUntil(lambda: kept(window) != {} and window.document.current.state.file is not None)
    assert len(sessions()) == 1
    window.document.undo_stack.undo()
    window.close()
    assert not window.isVisible() and sessions() == []


def test_being_ended_from_outside_keeps_what_nobody_saved(qtbot: QtBot, make_window: Make, photo: Path) -> None:
    """Also a change of the last moment, which nothing has written yet."""
    window = make_window()
    with qtbot.waitSignal(window.document.opened):
        window.open_paths([photo])
    window.document.replace("Step", noise(1))
    window.close_at_once()
    offer = offer_of(qtbot, after := make_window())
    offer.restore_button.click()
    qtbot.waitUntil(lambda: after.document.photo is not None)
    np.testing.assert_array_equal(after.document.photo.picture.pixels, noise(1).picture.pixels)


def test_a_damaged_state_is_said_and_the_one_before_it_is_restored(
    qtbot: QtBot, make_window: Make, crashed: Path
) -> None:
    values = json.loads((crashed / manifest.NAME).read_text())
    shown = crashed / values["documents"][0]["states"][2]["file"]
    shown.write_bytes(shown.read_bytes()[:100])
    window = make_window()
    offer_of(qtbot, window).restore_button.click()
    qtbot.waitUntil(lambda: window.document.photo is not None)
    np.testing.assert_array_equal(window.document.photo.picture.pixels, noise(1).picture.pixels)
    assert len(told(window)) == 1 and "damaged" in told(window)[0]


def test_damage_that_only_reading_finds_is_said_and_another_state_is_shown(
    qtbot: QtBot, make_window: Make, crashed: Path
) -> None:
    values = json.loads((crashed / manifest.NAME).read_text())
    shown = crashed / values["documents"][0]["states"][2]["file"]
    shown.write_bytes(shown.read_bytes()[:-9] + bytes(9))
    window = make_window()
    offer_of(qtbot, window).restore_button.click()
    qtbot.waitUntil(lambda: window.document.photo is not None)
    np.testing.assert_array_equal(window.document.photo.picture.pixels, noise(1).picture.pixels)
    assert len(told(window)) == 1 and "damaged" in told(window)[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b'{"version": 1}', b'{"version": 1, "documents": [3], "time": 0}'],
)
def test_a_damaged_manifest_is_said_once_and_set_aside(
    qtbot: QtBot, make_window: Make, crashed: Path, content: bytes
) -> None:
    for name in (manifest.NAME, manifest.FLUSHED):
        (crashed / name).write_bytes(content)
    first = make_window()
    qtbot.waitUntil(lambda: len(told(first)) == 1)
    assert "damaged" in told(first)[0] and first.findChild(RecoveryOffer) is None
    aside = crashed.with_name(leftovers.ASIDE + crashed.name)
    assert str(aside) in told(first)[0] and (aside / manifest.NAME).read_bytes() == content
    first.close()
    second = make_window()
    qtbot.wait(200)
    assert told(second) == []


@pytest.mark.parametrize("content", [b"", b"{", None])
def test_what_a_power_cut_takes_of_the_manifest_is_in_the_one_that_was_flushed(
    qtbot: QtBot, make_window: Make, crashed: Path, content: bytes | None
) -> None:
    if content is None:
        (crashed / manifest.NAME).unlink()
    else:
        (crashed / manifest.NAME).write_bytes(content)
    window = make_window()
    offer_of(qtbot, window).restore_button.click()
    qtbot.waitUntil(lambda: window.document.photo is not None)
    assert len(window.document.documents) == 2 and told(window) == []


def test_what_a_newer_duskroom_left_stays_for_it(qtbot: QtBot, make_window: Make, crashed: Path) -> None:
    (crashed / manifest.NAME).write_text('{"version": 99}')
    window = make_window()
    qtbot.waitUntil(lambda: len(told(window)) == 1)
    assert "newer" in told(window)[0] and (crashed / manifest.NAME).exists()


def test_a_path_in_a_manifest_does_not_climb_out(
    qtbot: QtBot, make_window: Make, crashed: Path, tmp_path: Path
) -> None:
    values = json.loads((crashed / manifest.NAME).read_text())
    outside = tmp_path / "outside.state"
    shutil.copy(crashed / values["documents"][0]["states"][1]["file"], outside)
    values["documents"] = values["documents"][:1]
    values["documents"][0]["states"] = [{"name": "x", "step": None, "stamp": None, "file": f"../../{outside}"}]
    (crashed / manifest.NAME).write_text(json.dumps(values))
    found, sentences = leftovers.find(paths.recovery_folder(), progress=Progress())
    assert found == [] and len(sentences) == 2


def test_the_opened_file_is_used_only_while_it_is_the_same(
    qtbot: QtBot, make_window: Make, crashed: Path, photo: Path, large_photo: Path
) -> None:
    shutil.copy(large_photo, photo)
    [left], sentences = leftovers.find(paths.recovery_folder(), progress=Progress())
    assert [state.name for state in left.documents[0].states] == ["Step 1", "Step 2", "Step 3"]
    assert left.documents[0].index == 1 and sentences == []
    leftovers.let_go(left)


def test_a_folder_that_cannot_be_written_is_said_once_and_editing_goes_on(
    qtbot: QtBot, make_window: Make, photo: Path, private_home: Path
) -> None:
    (private_home / "recovery").write_text("a file where the folder should be")
    window = make_window()
    with qtbot.waitSignal(window.document.opened):
        window.open_paths([photo])
    for value in (1, 2):
        window.document.replace(f"Step {value}", noise(value))
        qtbot.wait(700)
    [sentence] = told(window)
    assert "crash" in sentence and str(private_home / "recovery") in sentence
    assert window.document.undo_stack.index() == 2
    QCoreApplication.processEvents()
