"""How quickly the canvas pans and zooms on a large photo, drawn off screen at 1440 × 900.

    python -m tests.benchmarks.canvas                 a photo of 100 MP
    python -m tests.benchmarks.canvas --megapixels 24

The pyramid is made in a job, as when a photo is opened, while a timer of 5 ms shows how late the GUI thread is meanwhile. A
frame is one step of panning or zooming, drawn whole. The photo is made by laying a sample side by side.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QElapsedTimer, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.canvas.compare import CompareView
from app.canvas.look import Area, Look
from app.core.jobs import Job, JobQueue
from app.photos import photo
from app.photos.photo import Photo
from engines.pictures.picture import Picture

SAMPLE = Path(__file__).resolve().parents[2] / "assets" / "samples" / "seeding.jpg"
SIZE = (1440, 900)
FRAMES = 180
TICK = 5  # milliseconds


def make_pixels(megapixels: float, channels: int) -> NDArray[np.uint8]:
    """A photo of 3:2, read-only."""
    with Image.open(SAMPLE) as image:
        sample = np.asarray(image.convert("RGB" if channels == 3 else "RGBA"))
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    width = round(height * 1.5)
    pixels = np.tile(sample, (-(-height // sample.shape[0]), -(-width // sample.shape[1]), 1))[:height, :width]
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


class Lateness:
    """How late a timer of 5 ms on the GUI thread is, in milliseconds."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._clock = QElapsedTimer()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._clock.start()
        self._timer.start(TICK)

    def _tick(self) -> None:
        self.late.append(max(0.0, self._clock.nsecsElapsed() / 1e6 - TICK))
        self._clock.restart()

    def stop(self) -> str:
        """What it measured, in words."""
        self._timer.stop()
        late = np.array(self.late or [0.0])
        return f"GUI timer late: 99 % below {np.percentile(late, 99):.1f} ms, at most {late.max():.1f} ms"


def result_of(job: Job) -> object:
    """Wait for `job` with the event loop running."""
    loop, results = QEventLoop(), []
    job.finished.connect(results.append)
    job.ended.connect(loop.quit)
    loop.exec()
    if not results:
        raise SystemExit("The job failed.")
    return results[0]


def frames(view: CompareView, steps: Iterator[Callable[[], None]]) -> list[float]:
    """Seconds for each step, its events and its drawing."""
    seconds = []
    for step in steps:
        start = time.perf_counter()
        step()
        view.repaint()
        QApplication.processEvents()
        seconds.append(time.perf_counter() - start)
    return seconds


def panning(view: CompareView, scale: float) -> Iterator[Callable[[], None]]:
    """A circle around the middle."""
    view.zoom_to(scale)
    for number in range(FRAMES):
        angle = 2 * np.pi * number / FRAMES
        move = QPointF(float(23 * np.cos(angle)), float(17 * np.sin(angle)))
        yield lambda move=move: view.pan(move)


def zooming(view: CompareView) -> Iterator[Callable[[], None]]:
    """From the whole photo to 1600 % about a place beside the middle, and back."""
    view.fit()
    smallest = view.scale
    for number in range(FRAMES):
        place = 1 - abs(2 * number / (FRAMES - 1) - 1)
        scale = smallest * (16 / smallest) ** place
        yield lambda scale=scale: view.zoom_to(scale, QPointF(500, 300))


def tell(what: str, seconds: list[float]) -> None:
    """One line: frames a second, median and slowest."""
    print(f"{what:<42} {1 / statistics.median(seconds):7.0f} frames/s   slowest {1 / max(seconds):6.0f}", flush=True)


def measure(view: CompareView, name: str) -> None:
    """Panning at several zooms, and zooming."""
    view.fit()
    for scale in (view.scale, 0.34, 0.51, 1.0, 3.0, 8.1):
        tell(f"{name}: pan at {scale * 100:.0f} %", frames(view, panning(view, scale)))
    tell(f"{name}: zoom, whole to 1600 % and back", frames(view, zooming(view)))


def brighter(stops: float) -> Look:
    """Exposure in linear light by a table, as a tool may do it."""
    linear = (np.arange(256) / 255) ** 2.2 * 2.0**stops
    table = np.rint(np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)

    def look(pixels: NDArray[np.uint8], area: Area) -> NDArray[np.uint8]:
        made = table[pixels]
        made[..., 3:] = pixels[..., 3:]
        return made

    return look


def measure_look(view: CompareView) -> None:
    """A slider that moves at 60 positions a second for three seconds: how often it is shown, and what the GUI notices."""
    for scale in (0.34, 0.51, 1.0):
        view.zoom_to(scale)
        layer = view._layer
        assert layer is not None
        shown: list[float] = []
        count = layer.rendered.connect(lambda shown=shown: shown.append(time.perf_counter()))
        lateness, start = Lateness(), time.perf_counter()
        number = 0
        while (now := time.perf_counter()) < start + 3:
            if now >= start + number / 60:
                view.set_look(brighter(number / 90 - 1))
                number += 1
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 1)
            time.sleep(0.0005)
        print(f"look at {scale * 100:.0f} %: shown {len(shown) / 3:.0f} times a second; {lateness.stop()}", flush=True)
        layer.rendered.disconnect(count)
        tell(f"look: pan at {scale * 100:.0f} %", frames(view, panning(view, scale)))
    view.set_look(None)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=100)
    options = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    queue = JobQueue()
    view = CompareView()
    view.use_queue(queue)
    view.resize(*SIZE)
    view.show()
    for channels, name in ((3, "RGB"), (4, "RGBA")):
        picture = Picture(make_pixels(options.megapixels, channels))
        lateness, start = Lateness(), time.perf_counter()
        made = result_of(queue.submit(photo.of, picture))
        assert isinstance(made, Photo)
        print(
            f"{name}: pyramid of {picture.width} × {picture.height} in {time.perf_counter() - start:.2f} s; {lateness.stop()}"
        )
        view.show_pyramids(made.pyramid)
        measure(view, name)
        if channels == 3:
            view.show_pyramids(made.pyramid, made.pyramid)
            view.zoom_to(0.34)
            tell(f"{name}: pan at 34 %, with a divider", frames(view, panning(view, 0.34)))
            view.set_side_by_side(True)
            tell(f"{name}: pan at 34 %, side by side", frames(view, panning(view, 0.34)))
            view.set_side_by_side(False)
            view.show_pyramids(made.pyramid)
            measure_look(view)
        view.show_pyramids(None)
        del made, picture
    queue.close()
    view.close()
    assert application is not None


if __name__ == "__main__":
    main()
