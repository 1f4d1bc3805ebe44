"""How alive the window is: its start, the first picture, the timer of its thread during an upscale, Cancel, and the time left.

    python -m tests.benchmarks.window start       window on screen ÷ a bare PySide6 window, processes side by side
    python -m tests.benchmarks.window start CHECKOUT   the same of another checkout in turn, and this ÷ that
    python -m tests.benchmarks.window open        24 MP JPEG to the first picture ÷ Pillow's decode alone, in turn
    python -m tests.benchmarks.window lateness    of a 5 ms timer during an upscale, beside a load in another process
    python -m tests.benchmarks.window cancel      Cancel to idle
    python -m tests.benchmarks.window left        the time left that is shown when 25, 50 and 75 % of the time are over
    python -m tests.benchmarks.window pace        the same on one thread by its own processor time, which others do not disturb

All is offscreen, with the real window, the models that ship, and pictures made of a sample photo.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.upscale import make_picture

ROOT = Path(__file__).resolve().parents[2]
INTERVAL = 0.005  # seconds, of the timer
LOAD_SECONDS = 20
LEFT = (  # megapixels, model, what is upscaled
    (4, "fast-x2", "the whole"),
    (4, "fast-x2", "the part in sight first"),
    (2, "fast-x2", "to 3000 × 2000, half as strong"),
    (2, "fast-x4", "to 3000 × 2000, half as strong"),
    (4, "fast-x4", "the whole"),
    (12, "fast-x2", "the whole"),
)

BARE = """
import sys, time
from PySide6.QtCore import QObject, QEvent, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
"""
OURS = """
import sys, time
from PySide6.QtCore import QObject, QEvent, QTimer
from PySide6.QtWidgets import QApplication
from app.main_window import MainWindow as QMainWindow
"""
UNTIL_PAINTED = """
class Eye(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self.seen)
        return False
    def seen(self):
        print(time.time(), flush=True)
        import os
        os._exit(0)
application = QApplication(sys.argv[:1])
window, eye = QMainWindow(), Eye()
window.resize(1280, 820)
window.installEventFilter(eye)
window.show()
application.exec()
"""
LOAD = """
import sys, threading, time
import numpy as np
end = time.monotonic() + float(sys.argv[1])
def work():
    a = np.random.default_rng(1).standard_normal((256, 256)).astype(np.float32)
    while time.monotonic() < end:
        a @ a
threads = [threading.Thread(target=work) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def start(folder: Path) -> None:
    """Processes from their beginning to the window's first paint; beside those of another checkout where one is named."""

    def seconds(source: str, checkout: Path = ROOT) -> float:
        begun = time.time()
        done = subprocess.run(
            [sys.executable, "-c", source + UNTIL_PAINTED],
            cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return float(done.stdout) - begun

    others = [Path(argument).resolve() for argument in sys.argv[2:]]
    turns = [(seconds(OURS), seconds(BARE), *(seconds(OURS, other) for other in others)) for _ in range(10)][1:]
    ours, bare, *theirs = zip(*turns, strict=True)
    ratios = [our / their for our, their in zip(ours, bare, strict=True)]
    print(f"window {statistics.median(ours):.3f} s, bare {statistics.median(bare):.3f} s; {_spread(ratios)}")
    for other, times in zip(others, theirs, strict=True):
        print(
            f"{other}: {statistics.median(times):.3f} s, {statistics.median(times) / statistics.median(bare):.2f} × bare"
        )
        print(f"this ÷ that: {_spread([our / their for our, their in zip(ours, times, strict=True)])}")


def open_(folder: Path) -> None:
    """From asking for the photo to its first picture being painted."""
    from PIL import Image

    path = make_picture(folder / "24mp.jpg", 24)
    window, wait = _window()
    for _ in range(2):  # to warm up: the first decode of a process loads code
        with Image.open(path) as image:
            image.load()
    window.open_paths([path])
    wait(lambda: window.document.source == path)
    firsts, wholes, decodes = [], [], []
    for _ in range(9):
        begun = time.perf_counter()
        with Image.open(path) as image:
            image.load()
        decodes.append(time.perf_counter() - begun)
        window.document.close_document(window.document.current)  # or it would only be shown again
        begun, painted = time.perf_counter(), []

        def seen(*_: Any, begun: float = begun, painted: list[float] = painted) -> None:
            window.repaint()
            painted.append(time.perf_counter() - begun)

        first = window.opening.first_look.connect(seen)
        second = window.document.changed.connect(seen)
        window.open_paths([path])
        wait(lambda: window.document.source == path and not window.queue.is_busy)
        window.opening.first_look.disconnect(first)
        window.document.changed.disconnect(second)
        firsts.append(painted[0])
        wholes.append(painted[-1])
    for name, times in (("first picture", firsts), ("the whole", wholes)):
        ratios = [ours / bare for ours, bare in zip(times, decodes, strict=True)]
        print(f"{name} {statistics.median(times) * 1000:.0f} ms; ÷ decode {_spread(ratios)}")
    print(f"Pillow's decode alone {statistics.median(decodes) * 1000:.0f} ms")
    window.close_at_once()


def lateness(folder: Path) -> None:
    """How much later than 5 ms after the last one the timer's next tick comes."""
    window, wait = _window()
    entry = _open(window, wait, make_picture(folder / "12mp.jpg", 12))
    for _ in range(2):
        load = subprocess.Popen([sys.executable, "-c", LOAD, str(LOAD_SECONDS)])
        wait(lambda: False, LOAD_SECONDS * 0.1)
        late = _late(lambda ticking, load=load: wait(lambda: load.poll() is not None or not ticking()))
        load.wait()
        print(f"beside 2 threads of another process: {_lateness(late)}", flush=True)
        for parts in (False, True):
            window.canvas.fit()
            if parts:
                window.canvas.zoom_to(1.0)
            job = window.upscaling.start(entry)
            assert job is not None
            late = _late(lambda ticking, job=job: wait(lambda: job.is_over))
            window.document.undo_stack.undo()
            kind = "with the part in sight first" if parts else "of the whole"
            print(f"during an upscale {kind}: {_lateness(late)}", flush=True)
    window.close_at_once()


def cancel(folder: Path) -> None:
    """From pressing Cancel to the window being idle."""
    window, wait = _window()
    path = make_picture(folder / "24mp.jpg", 24)
    for name in ("fast-x2", "fast-x4"):
        entry = _open(window, wait, path, name)
        times = []
        random = np.random.default_rng(5)
        for number in range(14):
            job = window.upscaling.start(entry)
            assert job is not None
            wait(lambda: False, 0.05 + 0.25 * number * float(random.random()))
            begun = time.perf_counter()
            window.panel.progress.cancel_button.click()
            wait(lambda: not window.queue.is_busy)
            times.append(time.perf_counter() - begun)
        print(f"{name}: median {statistics.median(times):.3f} s, largest {max(times):.3f} s", flush=True)
    window.close_at_once()


def left(folder: Path) -> None:
    """What the progress shows when 25, 50 and 75 % of the time are over, against what it took from there to the end."""
    from PySide6.QtCore import QTimer

    from app.upscale.work import UpscaleOptions

    window, wait = _window()
    for megapixels, name, kind in LEFT:
        options = UpscaleOptions((3000, 2000), 0.5) if kind == "to 3000 × 2000, half as strong" else UpscaleOptions()
        entry = _open(window, wait, make_picture(folder / f"{megapixels}mp.jpg", megapixels), name)
        for _ in range(2):
            window.canvas.fit()
            if kind == "the part in sight first":
                window.canvas.zoom_to(1.0)
            job = window.upscaling.start(entry, options)
            assert job is not None
            reports: list[float] = []
            shown: list[tuple[float, float]] = []  # when, what
            job.progressed.connect(lambda *_, reports=reports: reports.append(time.perf_counter()))

            def look(shown: list = shown) -> None:
                if (said := window.panel.progress.seconds_left) is not None:
                    shown.append((time.perf_counter(), said))

            eye = QTimer()
            eye.timeout.connect(look)
            eye.start(50)
            wait(lambda job=job: job.is_over)
            eye.stop()
            begun, end = reports[0], time.perf_counter()

            def said_at(now: float, shown: list = shown) -> float | None:
                return next((said for when, said in reversed(shown) if when <= now), None)

            errors = _errors(said_at, begun, end)
            window.document.undo_stack.undo()
            print(f"{megapixels} MP, {name}, {kind}, {end - begun:.1f} s: {errors}", flush=True)
    window.close_at_once()


def pace(folder: Path) -> None:
    """As `left`, without the window: how right the time left is because of what progress counts, whatever else goes on."""
    from app.photos import photo as photos
    from app.upscale.work import OpenedModel, UpscaleOptions, upscale_photo
    from engines.libvips import libvips
    from engines.metadata.metadata import Metadata
    from engines.models.library import ModelEntry
    from engines.pictures.picture import Picture, load
    from engines.progress import Pace, Progress

    wide = bytes(libvips().Image.profile_load("p3"))
    speeds: dict[str, float] = {}
    for megapixels, name, kind, icc in (
        (1.5, "fast-x2", "the whole", None),
        (1.5, "fast-x2", "the whole", None),
        (1.5, "fast-x2", "with another profile", wide),
        (1.5, "fast-x2", "the part in sight first", None),
        (1.5, "fast-x2", "to a size, half as strong", None),
        (1.0, "fast-x4", "the whole", None),
        (1.0, "fast-x4", "to a size, half as strong, with another profile", wide),
    ):
        pixels = load(make_picture(folder / "photo.jpg", megapixels)).pixels
        source = photos.of(Picture(pixels, Metadata(icc)), progress=Progress())
        width, height = source.picture.width, source.picture.height
        sized = UpscaleOptions((width * 3 // 2, height * 3 // 2), 0.5)
        first = (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
        reports: list[tuple[float, int, int]] = []

        def note(done: int, total: int, text: str, reports: list = reports) -> None:
            reports.append((time.thread_time(), done, total))

        known = speeds.get(name)
        expected = None if known is None else 1 / (known * int(name[-1]) ** 2)
        opened = OpenedModel()
        upscale_photo(
            source,
            ModelEntry(ROOT / "assets" / "models" / f"{name}.onnx", name, None, None, ships=True),
            opened,
            lambda device: None,
            options=sized if "size" in kind else UpscaleOptions(),
            mask=None,
            first=first if "part" in kind else None,
            speed=known,
            threads=1,
            on_part=lambda part: None,
            progress=Progress(note),
        )
        end = time.thread_time()
        opened.close()
        if kind == "the whole":  # by this clock: what is measured in the window is by another
            speeds[name] = width * height / (end - reports[0][0])

        def said_at(now: float, reports: list = reports, expected: float | None = expected) -> float | None:
            clock = [reports[0][0]]
            pace = Pace(clock=lambda: clock[0], expected=expected)
            for clock[0], done, total in reports:
                if clock[0] > now:
                    break
                last = done, total
                pace.seconds_left(*last)
            clock[0] = now
            return pace.seconds_left(*last)

        print(f"{megapixels} MP, {name}, {kind}: {_errors(said_at, reports[0][0], end)}", flush=True)


def _errors(said_at: Callable[[float], float | None], begun: float, end: float) -> str:
    """How far what was said to be left was from what it took, when 25, 50 and 75 % of the time were over."""
    errors: list[str] = []
    for share in (0.25, 0.5, 0.75):
        now = begun + share * (end - begun)
        said = said_at(now)
        errors.append(f"{share:.0%} " + ("nothing yet" if said is None else f"{said / (end - now) - 1:+.0%}"))
    return ", ".join(errors)


def _window() -> tuple[Any, Callable[..., None]]:
    """The real window, and what waits in its event loop until something is so, or for some seconds."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from app.__main__ import SWITCH_INTERVAL
    from app.main_window import MainWindow

    sys.setswitchinterval(SWITCH_INTERVAL)
    application = QApplication.instance() or QApplication([])
    window = MainWindow()
    window.resize(1440, 900)

    def wait(until: Callable[[], bool], seconds: float = 900.0) -> None:
        loop, poll = QEventLoop(), QTimer()
        end = time.monotonic() + seconds
        poll.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end else None)
        poll.start(2)
        loop.exec()

    ready: list[bool] = []
    window.samples_shown.connect(lambda: ready.append(True))
    window.show()
    wait(lambda: bool(ready))
    window.application = application  # for as long as the window
    return window, wait


def _open(window: Any, wait: Callable[..., None], path: Path, model: str = "fast-x2") -> Any:
    window.open_paths([path])
    wait(lambda: window.document.source == path and not window.queue.is_busy)
    window.panel.choose(model)
    entry = window.panel.entry
    wait(lambda: window.panel.speeds.of(entry) is not None, 30)
    return entry


def _late(run: Callable[[Callable[[], bool]], None]) -> list[float]:
    """How late each tick of the timer was, in seconds, while `run` ran."""
    from PySide6.QtCore import Qt, QTimer

    late: list[float] = []
    timer, last = QTimer(), [time.perf_counter()]
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def tick() -> None:
        now = time.perf_counter()
        late.append(max(0.0, now - last[0] - INTERVAL))
        last[0] = now

    timer.timeout.connect(tick)
    timer.start(round(INTERVAL * 1000))
    run(timer.isActive)
    timer.stop()
    return late


def _lateness(late: list[float]) -> str:
    ms = np.array(late) * 1000
    return f"99th percentile {np.percentile(ms, 99):.1f} ms, largest {ms.max():.0f} ms, of {len(ms)}"


def _spread(ratios: list[float]) -> str:
    return f"ratio: median {statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}"


FIGURES = {"start": start, "open": open_, "lateness": lateness, "cancel": cancel, "left": left, "pace": pace}

if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["DUSKROOM_HOME"] = home
        FIGURES[sys.argv[1]](Path(home))
