"""Sessions, with the real trainer in its process: paused, released, killed, detached and followed, and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.training import states
from app.training.session import TrainingSession
from app.training.states import State, look
from engines.errors import RunError
from tests.app.training.test_child import (
    PATIENCE,
    make_run,
    messages,
    one_thread,  # noqa: F401
    posix_only,
    write_photos,
)
from tests.conftest import ROOT
from trainers.runs import events, run_folder
from trainers.runs.events import Checkpoint, Event, Exported, Held, Line, Notice, Paused, Sample, Started, Step, Stopped

ENDLESS = 1_000_000


@pytest.fixture
def photos(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    return write_photos(tmp_path / "photos", photo_pixels)


class Followed:
    """A session and all that it has emitted."""

    def __init__(self, qtbot: QtBot, session: TrainingSession) -> None:
        self._qtbot = qtbot
        self.session = session
        self.lines: list[Line] = []
        self.states: list[str] = []
        self.ends: list[str] = []
        self.sentences: list[str] = []
        session.events_arrived.connect(self.lines.extend)
        session.state_changed.connect(self.states.append)
        session.ended.connect(self.ends.append)
        session.failed.connect(self.sentences.append)

    def events(self, kind: type) -> list:
        return [line.message for line in self.lines if isinstance(line.message, kind)]

    def until(self, true: Callable[[], object]) -> None:
        self._qtbot.waitUntil(lambda: bool(true()), timeout=1000 * PATIENCE)

    def until_event(self, kind: type) -> Event:
        """Wait for one more event of `kind` than there are."""
        before = len(self.events(kind))
        self.until(lambda: len(self.events(kind)) > before)
        return self.events(kind)[-1]

    def until_state(self, state: State) -> None:
        self.until(lambda: self.session.state == state)

    def until_end(self) -> str:
        before = len(self.ends)
        self.until(lambda: len(self.ends) > before)
        return self.ends[-1]


@pytest.fixture
def follow(qtbot: QtBot) -> Iterator[Callable[[TrainingSession], Followed]]:
    """Starts sessions; those that a test leaves running are stopped after it."""
    started: list[TrainingSession] = []

    def start(session: TrainingSession) -> Followed:
        followed = Followed(qtbot, session)
        started.append(session)
        session.start()
        return followed

    yield start
    for session in started:
        if isValid(session):
            session.stop_and_wait(60)


Follow = Callable[[TrainingSession], Followed]


def children_of(run_dir: Path) -> list[psutil.Process]:
    """The trainers of `run_dir` that this process has started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if str(run_dir) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            pass
    return found


def test_from_start_to_finish(photos: Path, tmp_path: Path, follow: Follow) -> None:
    run_dir = make_run(tmp_path / "run", photos, 45, validate_every=30)
    one = follow(TrainingSession(run_dir))
    assert one.until_end() == "finished", one.sentences
    assert one.states == ["starting", "running", "exporting", "finished"]
    kept = [line for line in one.lines if line.number]
    assert [line.message for line in kept] == messages(run_dir)
    assert [line.number for line in kept] == list(range(1, len(kept) + 1))
    kinds = [type(line.message).__name__ for line in kept]
    assert kinds[0] == "Started" and kinds[-2:] == ["Finished", "Exported"]
    assert [event.step for event in one.events(Checkpoint)] == [0, 20, 40, 45]
    assert one.events(Step)[-1].step == 45
    assert one.events(events.Working), "progress before the first step comes by the pipe"
    assert (run_dir / run_folder.MODEL).exists()
    assert look(run_dir) == states.Found("finished", 45, 45)


def test_told_while_it_runs_then_released_and_resumed(photos: Path, tmp_path: Path, follow: Follow) -> None:
    run_dir = make_run(tmp_path / "run", photos, ENDLESS, checkpoint_every=ENDLESS)
    one = follow(TrainingSession(run_dir))
    one.until_event(Step)
    (process,) = children_of(run_dir)

    one.session.pause()
    one.until_state("paused")
    step = one.events(Paused)[-1].step
    assert one.events(Checkpoint)[-1].step == step
    one.session.take_sample()
    sample = one.until_event(Sample)
    assert isinstance(sample, Sample) and sample.step == step and Path(sample.path).exists()
    one.session.resume()
    one.until_state("running")
    one.until_event(Step)
    assert children_of(run_dir) == [process]

    one.session.take_checkpoint()
    assert one.until_event(Checkpoint).step > step  # type: ignore[union-attr]
    target = tmp_path / "now.onnx"
    one.session.export(target)
    assert one.until_event(Exported).path == str(target) and target.exists()
    one.until_event(Step)

    one.session.pause(release=True)
    assert one.until_end() == "released"
    assert children_of(run_dir) == [] and not process.is_running() and not run_folder.is_running(run_dir)
    released = one.events(Paused)[-1]
    assert released.released and look(run_dir).state == "released"

    one.session.resume()
    started = one.until_event(Started)
    assert isinstance(started, Started) and started.step == released.step
    one.session.stop()
    assert one.until_end() == "stopped"
    assert one.events(Stopped)[-1].step >= started.step and look(run_dir).state == "stopped"
    numbers = [line.number for line in one.lines if line.number]
    assert numbers == list(range(1, len(numbers) + 1)), "nothing was missed or came twice"
    assert one.sentences == []


@posix_only
@pytest.mark.soak
def test_killed_from_outside_it_goes_on_from_its_last_checkpoint(
    photos: Path,
    tmp_path: Path,
    follow: Follow,
) -> None:
    run_dir = make_run(tmp_path / "run", photos, ENDLESS)
    one = follow(TrainingSession(run_dir))
    one.until(lambda: one.events(Checkpoint) and one.events(Checkpoint)[-1].step >= 20)
    children_of(run_dir)[0].kill()
    assert one.until_end() == "interrupted"
    assert len(one.sentences) == 1 and "signal 9" in one.sentences[0] and "last checkpoint" in one.sentences[0]
    assert one.session.sentence == one.sentences[0] and look(run_dir).state == "interrupted"
    checkpoint = [event for event in messages(run_dir) if isinstance(event, Checkpoint)][-1]
    one.session.resume()
    started = one.until_event(Started)
    assert isinstance(started, Started) and started.step >= checkpoint.step
    one.session.stop()
    assert one.until_end() == "stopped" and one.session.sentence == ""


def test_detached_it_goes_on_and_another_session_follows_it(photos: Path, tmp_path: Path, follow: Follow) -> None:
    run_dir = make_run(tmp_path / "run", photos, ENDLESS)
    one = follow(TrainingSession(run_dir))
    one.until_event(Step)
    (process,) = children_of(run_dir)
    one.session.detach()
    assert one.until_end() == "detached"
    one.session.wait()
    one.session.deleteLater()
    steps = len(messages(run_dir))
    two = follow(TrainingSession(run_dir))
    assert two.until_end() == "failed" and "is being trained in already" in two.sentences[0]

    three = follow(TrainingSession.attach(run_dir))
    three.until_state("running")
    three.until(lambda: len([line for line in three.lines if line.number]) > steps + 3)
    assert three.lines[0].number == 1 and isinstance(three.lines[0].message, Started)
    three.session.take_sample()
    three.until_event(Sample)
    three.session.stop()
    assert three.until_end() == "stopped" and not run_folder.is_running(run_dir)
    assert isinstance(messages(run_dir)[-1], Stopped)
    process.wait(PATIENCE)


EDITOR = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from app.training.session import TrainingSession
from trainers.runs.events import Step
app = QCoreApplication([])
session = TrainingSession(Path(sys.argv[1]))
session.events_arrived.connect(lambda lines: any(isinstance(line.message, Step) for line in lines) and app.quit())
session.start()
app.exec()
sys.exit(0 if session.detach_and_wait() else 1)
"""


def test_detached_it_outlives_the_editor(photos: Path, tmp_path: Path, follow: Follow) -> None:
    run_dir = make_run(tmp_path / "run", photos, ENDLESS)
    editor = subprocess.run([sys.executable, "-c", EDITOR, run_dir], cwd=ROOT, timeout=2 * PATIENCE, check=False)
    assert editor.returncode == 0
    steps = len(messages(run_dir))
    one = follow(TrainingSession.attach(run_dir))
    one.until(lambda: len(one.lines) > steps + 3)
    assert one.session.state == "running"
    one.session.stop()
    assert one.until_end() == "stopped"


@posix_only
def test_stopped_while_it_starts(photos: Path, tmp_path: Path, follow: Follow) -> None:
    one = follow(TrainingSession(make_run(tmp_path / "run", photos, ENDLESS)))
    one.until(lambda: children_of(one.session.run_dir))
    one.session.stop()
    assert one.until_end() == "stopped" and one.sentences == []
    assert children_of(one.session.run_dir) == []


def test_a_damaged_recipe_is_a_sentence(tmp_path: Path, follow: Follow) -> None:
    (tmp_path / run_folder.RECIPE).write_text('{"task": "super-resolution", "version": 99}', encoding="utf-8")
    one = follow(TrainingSession(tmp_path))
    assert one.until_end() == "failed" and "update Duskroom" in one.sentences[0]
    gone = follow(TrainingSession(tmp_path / "gone"))
    assert gone.until_end() == "failed" and len(gone.sentences) == 1


def test_a_run_of_another_editor_is_not_followed(tmp_path: Path, follow: Follow) -> None:
    run_folder.write_recipe(tmp_path, {})
    with run_folder.locked(tmp_path):
        for session in (TrainingSession(tmp_path), TrainingSession.attach(tmp_path)):
            one = follow(session)
            assert one.until_end() == "failed" and "is being trained in already" in one.sentences[0]


STARTED = Started(0, 10, "cpu", "float32", 5)


def step(number: int) -> Step:
    return Step(number, 10, {"loss": 0.5}, 1e-3, 0.01, {})


def test_a_detached_run_is_followed_by_its_log_and_told_by_its_mailbox(tmp_path: Path, follow: Follow) -> None:
    run_folder.write_recipe(tmp_path, {})
    with run_folder.locked(tmp_path, detached=True), run_folder.EventLog(tmp_path) as log:
        log.append(STARTED)
        log.append(step(1))
        one = follow(TrainingSession.attach(tmp_path))
        one.until_state("running")
        whole = (tmp_path / run_folder.EVENTS).read_bytes()
        with open(tmp_path / run_folder.EVENTS, "ab") as file:
            file.write(b'{"kind": "Step", "n": 3, "st')  # being written
        time.sleep(0.6)
        (tmp_path / run_folder.EVENTS).write_bytes(whole)
        log.append(step(2))
        one.until(lambda: one.events(Step) == [step(1), step(2)])
        one.session.pause()
        one.until_state("pausing")
        assert [line.message for line in run_folder.read_commands(tmp_path, 0)[0]] == [events.Pause(False)]
        log.append(Paused(2, False))
        one.until_state("paused")
        log.append(Stopped(2))
    assert one.until_end() == "stopped"
    assert one.states == ["running", "pausing", "paused", "stopped"]


def test_what_a_full_disk_keeps_out_of_the_log_comes_by_the_pipe_once(tmp_path: Path, qtbot: QtBot) -> None:
    one = Followed(qtbot, TrainingSession(tmp_path))
    with run_folder.EventLog(tmp_path) as log:
        log.append(STARTED)
        one.session._drain()
        held = Held(0, "No room.")
        one.session._hear(Line(2, 1.0, held))  # not in the log yet
        one.session._hear(Line(0, 0.0, events.Working("waiting", 0, 1)))
        log.append(held)
        log.append(step(1))
        one.session._drain()
        one.session._flush()
    one.until(lambda: len(one.lines) == 4)
    assert [line.number for line in one.lines] == [1, 2, 0, 3]


def test_progress_is_emitted_at_a_pace_that_a_window_can_show(tmp_path: Path, qtbot: QtBot) -> None:
    session = TrainingSession(tmp_path)
    batches: list[list[Line]] = []
    session.events_arrived.connect(batches.append)
    for index in range(1000):
        session._hear(Line(0, 0.0, events.Working("reading", index, 1000)))
    session._hear(Line(0, 0.0, Notice("Done.")))
    qtbot.waitUntil(lambda: bool(batches) and batches[-1][-1].message == Notice("Done."), timeout=5000)
    assert len(batches) < 1000 / 4
    assert batches[-1][-2].message == events.Working("reading", 999, 1000)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], "ready"),
        ([STARTED, step(1)], "interrupted"),
        ([STARTED, step(1), Stopped(1)], "stopped"),
        ([STARTED, step(1), Paused(1, True)], "released"),
        ([STARTED, step(1), Stopped(1), STARTED, step(2)], "interrupted"),
        ([STARTED, events.Finished(10)], "interrupted"),
        ([STARTED, Exported("early.onnx"), step(10), events.Finished(10), Exported("model.onnx")], "finished"),
        ([STARTED, events.Failed("Too little memory; lower “batch”.")], "failed"),
    ],
)
def test_a_folder_shows_its_state(tmp_path: Path, said: list[Event], expected: State) -> None:
    run_folder.write_recipe(tmp_path, {})
    with run_folder.EventLog(tmp_path) as log:
        for event in said:
            log.append(event)
    found = look(tmp_path)
    assert found.state == expected
    assert bool(found.text) == (expected in ("failed", "interrupted"))
    assert found.total == (10 if said else 0)


def test_a_damaged_folder_is_a_sentence(tmp_path: Path) -> None:
    def said() -> str:
        found = look(tmp_path)
        assert found.state == "damaged"
        return found.text

    assert "no recipe" in said()
    (tmp_path / run_folder.RECIPE).write_bytes(b"\xff\xfe")
    assert "damaged" in said()
    run_folder.write_recipe(tmp_path, {"version": 2})
    assert "newer Duskroom" in said()
    run_folder.write_recipe(tmp_path, {"version": 1})
    assert look(tmp_path).state == "ready"
    for content in (
        b"\x00\xff\n" * 100,
        b'{"kind": "Started", "step": "x", "total": 1, "device": 1, "precision": 1, ' * 2,
    ):
        (tmp_path / run_folder.EVENTS).write_bytes(content + b"\n")
        assert "damaged" in said()
        with pytest.raises(RunError, match="can go on from its last checkpoint"):
            states.history(tmp_path)
    look_elsewhere = look(tmp_path / "nowhere")
    assert look_elsewhere.state == "damaged" and "no run folder" in look_elsewhere.text


def test_history_leaves_out_what_was_made_again(tmp_path: Path) -> None:
    with run_folder.EventLog(tmp_path) as log:
        for event in (STARTED, step(1), Checkpoint(1, "c"), step(2), step(3), Started(1, 10, "cpu", "float32", 5)):
            log.append(event)
        log.append(step(2))
    kept = [line.message.step for line in states.history(tmp_path) if isinstance(line.message, Step)]
    assert kept == [1, 2]


def test_a_file_whose_name_is_not_text_is_logged(tmp_path: Path) -> None:
    saved = Checkpoint(1, os.fsdecode(b"/runs/\xff/") + "ü")
    with run_folder.EventLog(tmp_path) as log:
        log.append(saved)
    assert [line.message for line in states.history(tmp_path)] == [saved]


@pytest.mark.parametrize(
    ("state", "command", "expected"),
    [
        ("running", events.Pause(False), "pausing"),
        ("paused", events.Pause(False), "paused"),
        ("paused", events.Pause(True), "pausing"),
        ("pausing", events.Resume(), "running"),
        ("paused", events.Resume(), "paused"),  # until it says so
        ("stopping", events.Pause(False), "stopping"),
        ("stopping", events.Detach(), "stopping"),
        ("detaching", events.Stop(), "stopping"),
        ("running", events.TakeSample(), "running"),
    ],
)
def test_a_wish_shows_until_it_is_fulfilled(state: State, command: events.Command, expected: State) -> None:
    assert states.wished(state, command) == expected


def test_a_step_does_not_end_a_wish() -> None:
    for wish in ("pausing", "stopping", "detaching"):
        assert states.after(wish, step(2)) == wish and states.after(wish, STARTED) == wish
    assert states.after("held", step(2)) == "running" and states.after("paused", Checkpoint(2, "c")) == "paused"
