"""The driver: what it does with each command, and what it keeps of the steps."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

from trainers.runs import driver as drivers
from trainers.runs.driver import Driver, Throttle
from trainers.runs.events import (
    Checkpoint,
    Command,
    Event,
    Finished,
    Held,
    Pause,
    Paused,
    Resume,
    Resumed,
    Sample,
    Started,
    Step,
    Stop,
    Stopped,
    TakeCheckpoint,
    TakeSample,
    TrainerCommand,
    Working,
)
from trainers.runs.inbox import Inbox


class Trainer:
    """Counts to `total`, says it, and obeys as real trainers do."""

    def __init__(self, total: int = 5, hold_at: int | None = None) -> None:
        self.total, self.hold_at = total, hold_at
        self.step, self.saved, self.obeyed = 0, -1, list[TrainerCommand]()

    def events(self) -> Generator[Event, TrainerCommand | None, None]:
        try:
            assert (yield Working("reading", 0, 1)) is None  # it does not obey before it has started
            yield from self.obey((yield Started(0, self.total, "cpu", "float32", 1)))
            while self.step < self.total:
                self.step += 1
                yield from self.obey((yield Step(self.step, self.total, {"loss": 1.0}, 1e-3, 0.0, {})))
                if self.step == self.hold_at:
                    self.hold_at = None
                    assert (yield Held(self.step, "The disk is full.")) is None
                    self.saved = self.step
                    yield from self.obey((yield Checkpoint(self.step, "c")))
        finally:
            self.saved = self.step

    def obey(self, command: TrainerCommand | None) -> Generator[Event, TrainerCommand | None, None]:
        while command is not None:
            self.obeyed.append(command)
            command = yield Sample(self.step, "s") if isinstance(command, TakeSample) else Checkpoint(self.step, "c")


def drive(trainer: Trainer, run_dir: Path, script: dict[type[Event], list[Command]]) -> tuple[str, list[Event]]:
    """Drive `trainer`; when an event of a kind in `script` is said for the first time, its commands arrive."""
    inbox = Inbox(run_dir)
    said: list[Event] = []

    def say(event: Event) -> None:
        said.append(event)
        for command in script.pop(type(event), []):
            inbox.put(command)

    return Driver(run_dir, inbox, say).drive(trainer.events()), said


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_left_alone_it_drives_to_the_end(tmp_path: Path) -> None:
    outcome, said = drive(Trainer(3), tmp_path, {})
    assert outcome == "finished"
    assert kinds(said) == ["Working", "Started", "Step", "Step", "Step", "Finished"]
    assert said[-1] == Finished(3)


def test_stop_ends_it_with_what_it_has(tmp_path: Path) -> None:
    trainer = Trainer()
    outcome, said = drive(trainer, tmp_path, {Step: [Stop()]})
    assert outcome == "stopped" and said[-1] == Stopped(1) and trainer.saved == 1


def test_stop_is_heard_while_pictures_are_read(tmp_path: Path) -> None:
    outcome, said = drive(Trainer(), tmp_path, {Working: [Stop()]})
    assert outcome == "stopped" and kinds(said) == ["Working", "Stopped"]


def test_a_command_that_comes_early_is_obeyed_once_it_has_started(tmp_path: Path) -> None:
    trainer = Trainer(1)
    _, said = drive(trainer, tmp_path, {Working: [TakeSample()]})
    assert kinds(said) == ["Working", "Started", "Sample", "Step", "Finished"] and trainer.obeyed == [TakeSample()]


def test_pause_waits_with_a_checkpoint_and_still_obeys(tmp_path: Path) -> None:
    trainer = Trainer(2)
    outcome, said = drive(trainer, tmp_path, {Step: [Pause(False)], Paused: [TakeSample(), Resume()]})
    assert outcome == "finished"
    assert kinds(said) == [
        *("Working", "Started", "Step", "Checkpoint", "Paused", "Sample", "Resumed", "Step", "Finished"),
    ]  # fmt: skip
    assert said[4] == Paused(1, False) and Resumed(1) in said
    assert trainer.obeyed == [TakeCheckpoint(), TakeSample()]


def test_paused_it_can_be_stopped_or_released(tmp_path: Path) -> None:
    assert drive(Trainer(), tmp_path, {Step: [Pause(False)], Paused: [Stop()]})[0] == "stopped"
    outcome, said = drive(Trainer(), tmp_path, {Step: [Pause(False)], Paused: [Pause(True)]})
    assert outcome == "paused" and said[-1] == Paused(1, True)
    assert drive(Trainer(), tmp_path, {Step: [Pause(True)]})[0] == "paused"


def test_held_by_a_full_disk_it_waits_until_asked_to_go_on(tmp_path: Path) -> None:
    outcome, said = drive(Trainer(3, hold_at=2), tmp_path, {Held: [TakeSample(), Resume()]})
    assert outcome == "finished"
    assert kinds(said) == ["Working", "Started", "Step", "Step", "Held", "Checkpoint", "Sample", "Step", "Finished"]


def test_held_it_tries_again_by_itself_and_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drivers, "RETRY_SECONDS", 0.05)
    assert drive(Trainer(3, hold_at=2), tmp_path, {})[0] == "finished"
    assert drive(Trainer(3, hold_at=2), tmp_path, {Held: [Stop()]})[0] == "stopped"


def test_a_trainer_that_fails_is_closed(tmp_path: Path) -> None:
    class Fails(Trainer):
        def obey(self, command: TrainerCommand | None) -> Generator[Event, TrainerCommand | None, None]:
            if self.step == 2:
                raise OSError(28, "No space left on device")
            yield from super().obey(command)

    trainer = Fails()
    with pytest.raises(OSError, match="No space left"):
        drive(trainer, tmp_path, {})
    assert trainer.saved == 2


def test_a_few_steps_a_second_are_kept_as_means() -> None:
    said: list[Event] = []
    throttle = Throttle(said.append, a_second=1e-3)
    for number, loss in enumerate([4.0, 1.0, 2.0, 3.0], 1):
        throttle(Step(number, 10, {"loss": loss}, 1e-3, 0.1, {"lead": loss} if number < 4 else {}))
    throttle(Checkpoint(4, "c"))
    first, second, checkpoint = said
    assert first == Step(1, 10, {"loss": 4.0}, 1e-3, 0.1, {"lead": 4.0})
    assert second == Step(4, 10, {"loss": 2.0}, 1e-3, 0.1, {"lead": 2.0})
    assert checkpoint == Checkpoint(4, "c")
    throttle(Step(10, 10, {"loss": 5.0}, 1e-3, 0.1, {}))
    assert isinstance(said[-1], Step) and said[-1].step == 10  # the last step is never held back


def test_waiting_steps_are_said_after_their_time() -> None:
    said: list[Event] = []
    throttle = Throttle(said.append, a_second=100)
    throttle(Step(1, 10, {"loss": 1.0}, 1e-3, 0.1, {}))
    throttle(Step(2, 10, {"loss": 1.0}, 1e-3, 0.1, {}))
    time.sleep(0.02)
    throttle(Step(3, 10, {"loss": 1.0}, 1e-3, 0.1, {}))
    assert [event.step for event in said if isinstance(event, Step)] == [1, 3]
