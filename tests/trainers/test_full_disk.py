"""A full disk during training: the last checkpoint is whole, the run waits and says so, and goes on once there is room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.disks import small_disk_at
from trainers.loop.checkpoint import load_best, load_checkpoint
from trainers.recipes.recipe import SuperResolution, from_values
from trainers.runs import driver as drivers
from trainers.runs import run_folder
from trainers.runs.driver import Driver
from trainers.runs.events import Checkpoint, Event, Held, Resume, Stop, Stopped, Validation
from trainers.runs.inbox import Inbox
from trainers.train_superres import train


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "small", "2m") as place:
        yield place


@pytest.fixture
def recipe(tmp_path: Path, photo_pixels: np.ndarray) -> SuperResolution:
    photos = tmp_path / "photos"
    photos.mkdir()
    for index in range(2):
        Image.fromarray(np.roll(photo_pixels, 17 * index, axis=1)).save(photos / f"{index}.png")
    values = {
        "task": "super-resolution",
        "name": "tiny",
        "scale": 2,
        "network": {"kind": "fast", "options": {"channels": 16, "blocks": 1}},
        "data": {"photos": [str(photos)], "hold_out": 2},
        "stages": [{"steps": 9, "patch": 16, "batch": 2}],
        "warm_up": 1,
        "precision": "float32",
        "validate_every": 100,
        "checkpoint_every": 3,
    }
    found = from_values(values)
    assert isinstance(found, SuperResolution)
    return found


def fill(place: Path) -> Path:
    """Take all the room that is left, but for a little."""
    filler = place / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    return filler


class Disk:
    """Drives a run on a disk that fills up after its first checkpoint; `when_held` is called once it waits."""

    def __init__(self, place: Path, recipe: SuperResolution) -> None:
        self.place = place
        self.inbox = Inbox(place)
        self.said: list[Event] = []
        self.filler: Path | None = None
        with run_folder.EventLog(place) as log:
            self.log = log
            self.outcome = Driver(place, self.inbox, self.say).drive(train(recipe, place))

    def say(self, event: Event) -> None:
        self.log.append(event)
        self.said.append(event)
        if isinstance(event, Checkpoint) and event.step == 0:
            self.filler = fill(self.place)
        if isinstance(event, Held):
            self.held()

    def held(self) -> None:
        raise NotImplementedError


class MakesRoom(Disk):
    def held(self) -> None:
        assert self.filler is not None
        self.filler.unlink(missing_ok=True)
        self.inbox.put(Resume())


class StopsWithRoom(MakesRoom):
    def held(self) -> None:
        assert self.filler is not None
        self.filler.unlink()
        self.inbox.put(Stop())


class GivesUp(Disk):
    def held(self) -> None:
        self.inbox.put(Stop())


def test_the_run_waits_and_goes_on_once_there_is_room(small_disk: Path, recipe: SuperResolution) -> None:
    disk = MakesRoom(small_disk, recipe)
    assert disk.outcome == "finished"
    held = [event for event in disk.said if isinstance(event, Held)]
    assert len(held) == 1 and "Training waits; the last checkpoint is whole. Make room, then go on." in held[0].text
    state = load_checkpoint(small_disk)
    assert state is not None and state["standing"]["step"] == 9
    assert [line.message for line in run_folder.read_events(small_disk)[0]] == disk.said  # not an event is lost


@pytest.mark.parametrize("validate_every", [1, 2])
def test_it_waits_for_the_best_and_for_samples_too(
    small_disk: Path, recipe: SuperResolution, validate_every: int
) -> None:
    disk = MakesRoom(small_disk, recipe.model_copy(update={"validate_every": validate_every}))
    assert disk.outcome == "finished"
    assert [event.step for event in disk.said if isinstance(event, Held)] == [validate_every]
    best = load_best(small_disk)
    scores = {event.step: event.metrics["PSNR"] for event in disk.said if isinstance(event, Validation)}
    assert best is not None and scores[best["step"]] == max(scores.values())


def test_stopped_while_it_waits_the_last_checkpoint_is_whole(
    small_disk: Path, recipe: SuperResolution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drivers, "RETRY_SECONDS", 5.0)
    with pytest.raises(OSError):  # never Stopped, which would mean that there is a checkpoint
        GivesUp(small_disk, recipe)
    (small_disk / "filler").unlink()
    said = [line.message for line in run_folder.read_events(small_disk)[0]]
    held = next(event for event in said if isinstance(event, Held))
    state = load_checkpoint(small_disk)
    assert held.step == 3 and not any(isinstance(event, Stopped) for event in said)
    assert state is not None and state["standing"]["step"] == 0
    assert MakesRoom(small_disk, recipe).outcome == "finished"


def test_stopped_while_it_waits_it_saves_if_there_is_room_by_then(small_disk: Path, recipe: SuperResolution) -> None:
    disk = StopsWithRoom(small_disk, recipe)
    assert disk.outcome == "stopped" and isinstance(disk.said[-1], Stopped)
    state = load_checkpoint(small_disk)
    assert state is not None and state["standing"]["step"] == disk.said[-1].step == 3
