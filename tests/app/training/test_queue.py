"""The queue of sessions: its order, one at a time, and the list that outlives the editor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core import paths
from app.training import queue_file
from app.training.queue import SessionQueue
from app.training.session import TrainingSession
from engines.errors import RunError
from tests.app.training.test_child import PATIENCE
from trainers.runs import run_folder
from trainers.runs.events import Paused, Started, Stopped

STARTED = Started(0, 10, "cpu", "float32", 5)


@pytest.fixture
def make_queue(qtbot: QtBot) -> Iterator[Callable[[], SessionQueue]]:
    """Makes queues on the person's list; all are closed after the test."""
    queues: list[SessionQueue] = []

    def make() -> SessionQueue:
        queues.append(SessionQueue())
        return queues[-1]

    yield make
    for queue in queues:
        queue.close()


def quick_run(folder: Path) -> Path:
    """A run whose trainer, a real one, fails as soon as it has read the recipe."""
    folder.mkdir()
    run_folder.write_recipe(folder, {"task": "none such"})
    return folder


def listed() -> list[str]:
    return [folder.name for folder in queue_file.read(queue_file.queue_file())[0]]


def wait_for(qtbot: QtBot, true: Callable[[], object]) -> None:
    qtbot.waitUntil(lambda: bool(true()), timeout=1000 * PATIENCE)


def test_one_runs_at_a_time_in_the_order_of_the_list(
    qtbot: QtBot, make_queue: Callable[[], SessionQueue], tmp_path: Path
) -> None:
    queue = make_queue()
    told: list[tuple[str, str]] = []

    def watch(session: TrainingSession) -> None:
        session.state_changed.connect(lambda state: told.append((session.run_dir.name, state)))

    queue.session_added.connect(watch)
    a, b, c = (queue.add(quick_run(tmp_path / name)) for name in "abc")
    assert queue.running is a and not queue.is_waiting(a) and queue.is_waiting(b) and queue.is_waiting(c)
    queue.move(c, 1)
    assert [session.run_dir.name for session in queue.sessions] == ["a", "c", "b"]
    wait_for(qtbot, lambda: b.is_over and not queue.is_waiting(b))
    assert told == [(name, state) for name in "acb" for state in ("starting", "failed")]
    assert all("“task” is 'none such'" in session.sentence for session in queue.sessions)
    queue.resume(a)
    assert queue.running is a and told[-1] == ("b", "failed")
    with pytest.raises(RunError, match="stop it before"):
        queue.remove(a)
    wait_for(qtbot, lambda: a.is_over)
    queue.remove(c)
    assert [session.run_dir.name for session in queue.sessions] == ["a", "b"]
    with pytest.raises(RunError, match="in the list of training sessions already"):
        queue.add(tmp_path / "a")
    queue.close()
    assert listed() == ["a", "b"]


def test_after_a_restart_the_sessions_are_offered_as_their_folders_show_them(
    qtbot: QtBot, make_queue: Callable[[], SessionQueue], tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("interrupted", "released", "new", "detached", "gone")]
    for folder, said in zip(folders[:4], [[STARTED], [STARTED, Paused(3, True)], [], [STARTED]], strict=True):
        folder.mkdir()
        run_folder.write_recipe(folder, {})
        with run_folder.EventLog(folder) as log:
            for event in said:
                log.append(event)
    queue_file.write(queue_file.queue_file(), folders)
    with run_folder.locked(folders[3], detached=True):
        queue = make_queue()
        queue.restore()
        sessions = {session.run_dir.name: session for session in queue.sessions}
        assert list(sessions) == [folder.name for folder in folders]
        wait_for(
            qtbot, lambda: [session for session in queue.sessions if not session.is_over] == [sessions["detached"]]
        )
        wait_for(qtbot, lambda: sessions["detached"].state == "running")
        assert {name: session.state for name, session in sessions.items()} == {
            "interrupted": "interrupted",
            "released": "released",
            "new": "ready",
            "detached": "running",
            "gone": "damaged",
        }
        assert "last checkpoint" in sessions["interrupted"].sentence and "no run folder" in sessions["gone"].sentence
        queue.resume(sessions["interrupted"])
        assert queue.running is sessions["detached"] and queue.is_waiting(sessions["interrupted"])
        with run_folder.EventLog(folders[3]) as log:
            log.append(Stopped(1))
    wait_for(qtbot, lambda: sessions["interrupted"].state == "failed")  # its turn: an empty recipe cannot be trained
    assert sessions["detached"].state == "stopped"


def test_closing_leaves_a_detached_run_to_itself(
    qtbot: QtBot, make_queue: Callable[[], SessionQueue], tmp_path: Path
) -> None:
    run_folder.write_recipe(tmp_path, {})
    queue_file.write(queue_file.queue_file(), [tmp_path])
    with run_folder.locked(tmp_path, detached=True):
        queue = make_queue()
        queue.restore()
        queue.close()
        assert run_folder.is_running(tmp_path) and run_folder.read_commands(tmp_path, 0)[0] == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "was damaged"),
        (b'{"version": 1, "runs": [', "was damaged"),
        (b"[]", "was damaged"),
        (b'{"runs": []}', "was damaged"),
        (b'{"version": 1, "runs": 3}', "was damaged"),
        (b"\xff\xfe", "could not be read"),
        (b'{"version": 2, "runs": []}', "newer Duskroom"),
    ],
)
def test_a_damaged_or_newer_list_is_kept_aside_and_said(
    make_queue: Callable[[], SessionQueue], tmp_path: Path, content: bytes, why: str
) -> None:
    file = queue_file.queue_file()
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    queue = make_queue()
    said: list[str] = []
    queue.noticed.connect(said.append)
    queue.restore()
    aside = file.with_name("queue.json.aside")
    assert queue.sessions == [] and len(said) == 1 and why in said[0] and str(aside) in said[0]
    assert aside.read_bytes() == content
    queue.add(quick_run(tmp_path / "a"))
    queue.close()
    assert listed() == ["a"] and aside.read_bytes() == content


def test_two_editors_do_not_lose_each_other_s_sessions(make_queue: Callable[[], SessionQueue], tmp_path: Path) -> None:
    file = queue_file.queue_file()
    names = [tmp_path / name for name in "abcd"]
    queue_file.write(file, names[:2])
    queue_file.write(file, names[2:])  # by an editor that knows nothing of the first two
    assert listed() == ["c", "d", "a", "b"]
    queue_file.write(file, [names[0]], dropped=names[2:])
    assert listed() == ["a", "b"]


def test_the_list_holds_names_of_any_kind(tmp_path: Path) -> None:
    folders = [tmp_path / "a b “ü” ☃", tmp_path / "not text \udcff", tmp_path / "x\ny"]
    queue_file.write(queue_file.queue_file(), folders)
    assert queue_file.read(queue_file.queue_file()) == (folders, "")
    assert queue_file.queue_file() == paths.runs_folder() / "queue.json"
    assert json.loads(queue_file.queue_file().read_text("ascii"))["version"] == 1


def test_a_list_that_cannot_be_written_holds_nobody_up(
    make_queue: Callable[[], SessionQueue], tmp_path: Path, private_home: Path
) -> None:
    (private_home / "runs").touch()  # a file where the folder should be
    queue = make_queue()
    queue.add(quick_run(tmp_path / "a"))
    queue.close()
    assert (private_home / "runs").is_file()
