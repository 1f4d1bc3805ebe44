"""Estimates: what an upscale will take in time and memory, from how fast each model was seen to run on this machine."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.jobs import Job, JobQueue
from app.core.settings import Settings
from app.upscale import memory
from engines.pictures.picture import Picture
from engines.progress import Progress
from engines.superres.estimate import Plan

if TYPE_CHECKING:
    from engines.models.library import ModelEntry
    from engines.models.model import Model

SIDES = (64, 128, 256, 384)  # of the crops that are tried, each while the last one was over too soon to be timed well
LONG_ENOUGH = 0.12  # seconds
MOST_REMEMBERED = 100  # speeds; the oldest goes
TRY_AGAIN_MS = 700
QUIET = 0.7  # seconds without a preview before one that was stopped is begun anew


def bytes_for(picture: Picture, plan: Plan) -> int:
    """What the result, and what passes before the last make on the way to it, hold in memory, in bytes."""
    channels = picture.pixels.shape[2]
    result = memory.bytes_open(plan.width, plan.height, channels, picture.depth)
    between = (plan.worked - picture.width * picture.height) * channels * picture.depth // 8
    return result + between


def measure(picture: Picture, entry: ModelEntry, threads: int = 0, *, after: float = 0.0, progress: Progress) -> float:
    """Run the model of `entry` on small crops of `picture`: the pixels that it takes in a second on so many `threads`. It
    begins `after` so many seconds. Raises DuskroomError, Cancelled.
    """
    from engines.models.model import open_model

    stopped = threading.Event()
    with progress.interruptible(stopped.set):
        stopped.wait(after)
    progress.check()
    with open_model(entry.path, threads=threads) as model:
        return speed_of(picture, model, progress=progress)


def speed_of(picture: Picture, model: Model, *, progress: Progress) -> float:
    """The pixels that `model` takes in a second, on crops from the middle of `picture`."""
    from engines.superres.upscale import upscale

    speed = 1.0
    for side in SIDES:
        crop = _middle(picture, side)
        inner = Progress(within=progress)  # what it would report or notice here is nobody's concern
        upscale(crop, model, progress=inner)  # the first run of a size takes memory, and is slower
        begun = time.perf_counter()
        upscale(crop, model, progress=inner)
        seconds = max(time.perf_counter() - begun, 1e-6)
        speed = crop.width * crop.height / seconds
        if seconds >= LONG_ENOUGH or crop.width * crop.height < side * side:
            break
    return speed


def _middle(picture: Picture, side: int) -> Picture:
    left, top = max(0, (picture.width - side) // 2), max(0, (picture.height - side) // 2)
    return replace(picture, pixels=picture.pixels[top : top + side, left : left + side, :3])


class Speeds(QObject):
    """How fast each model runs on this machine: remembered in the settings, measured where it is not known."""

    changed = Signal()

    def __init__(self, queue: JobQueue, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._settings = settings
        self._job: Job | None = None
        self._failed: set[str] = set()
        self._was_stopped = False
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self.changed)

    def of(self, entry: ModelEntry) -> float | None:
        """The pixels that the model of `entry` takes in a second; None where that is not known yet."""
        return self._settings.speeds.get(self._key(entry))

    def seconds_made(self, entry: ModelEntry) -> float | None:
        """The seconds for a pixel that the model of `entry` makes, in which the progress of an upscale counts."""
        speed, scale = self.of(entry), entry.card.scale if entry.card is not None else None
        return 1 / (speed * scale**2) if speed is not None and scale is not None else None

    def learn(self, entry: ModelEntry, speed: float) -> None:
        """Remember what was seen in earnest, which goes before any measurement."""
        speeds = self._settings.speeds
        speeds.pop(self._key(entry), None)
        speeds[self._key(entry)] = speed
        while len(speeds) > MOST_REMEMBERED:
            del speeds[next(iter(speeds))]
        self.changed.emit()

    def ask(self, entry: ModelEntry, picture: Picture) -> None:
        """Measure the model of `entry` in the background, unless it is known or something is being measured; `changed`
        follows. A preview that is asked for meanwhile stops it, and it is tried again once there has been none for a while.
        """
        key = self._key(entry)
        if self._job is not None or key in self._settings.speeds or key in self._failed:
            return
        after = QUIET if self._was_stopped else 0.0
        job = self._job = self._queue.submit(
            measure, picture, entry, self._settings.threads, after=after, lane="preview", gives_way=True
        )
        job.finished.connect(lambda speed: self._measured(entry, key, speed))
        job.failed.connect(lambda error: self._failed.add(key))  # the model's own run will say what is wrong with it
        job.ended.connect(self._ended)

    def stop(self) -> None:
        """Stop measuring: something runs in earnest now, and would only be slowed down."""
        if self._job is not None:
            self._job.cancel()

    def threads_changed(self) -> None:
        """Other threads are used: what is known of those before says nothing of them."""
        self.stop()
        self.changed.emit()

    def _measured(self, entry: ModelEntry, key: str, speed: float) -> None:
        if self.of(entry) is None and key == self._key(entry):
            self.learn(entry, speed)

    def _ended(self) -> None:
        self._was_stopped = self._job is not None and self._job.is_cancelling
        self._job = None
        self._again.start(TRY_AGAIN_MS)  # another model may have been chosen, or this one waits

    def _key(self, entry: ModelEntry) -> str:
        """The model's file, where another one of the same name is another model, and the threads."""
        threads = self._settings.threads
        on = f" on {threads}" if threads else ""
        try:
            state = entry.path.stat()
        except OSError:
            return f"{entry.name}{on}"
        return f"{entry.name} {state.st_size} {state.st_mtime_ns}{on}"
