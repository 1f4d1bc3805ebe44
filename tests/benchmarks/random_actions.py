"""Random actions in the real window: what fails, what warns, and whether memory or objects grow.

`python -m tests.benchmarks.random_actions --count 20000` triggers actions, presses keys, clicks, drags, moves the controls of
panels and dialogs, opens, drops and pastes small photos, upscales with a tiny model, undoes and saves, all drawn from a seed,
and prints exceptions, Qt's warnings, and what has grown over the last half. It writes only into a temporary folder of its own.
Exit status 1 where a bound is not kept.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import json
import logging
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.hands import Hands

BOUND_BYTES = 50 << 20  # that memory may grow over the last half
HARMLESS = tuple(
    f"This plugin does not support {what}" for what in ("propagateSizeHints", "raise", "grabbing the keyboard")
)  # said by the offscreen platform, which has neither frames nor a keyboard

IDLE_SECONDS = 60.0


@dataclass
class Outcome:
    """What happened. `memory` and `objects` are measured at rest, half way and at the end."""

    done: Counter[str] = field(default_factory=Counter)
    exceptions: list[str] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)
    objects: list[Counter[str]] = field(default_factory=list)

    @property
    def grown_bytes(self) -> int:
        """Growth of the resident memory over the last half."""
        return self.memory[-1] - self.memory[0] if len(self.memory) > 1 else 0

    @property
    def grown_objects(self) -> dict[str, int]:
        """Growth of the QObjects over the last half, by class."""
        if len(self.objects) < 2:
            return {}
        first, last = self.objects[0], self.objects[-1]
        return {name: last[name] - first[name] for name in last | first if last[name] != first[name]}


class _Log(logging.Handler):
    """Takes what the window records of errors that nobody expected."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(logging.ERROR)
        self._outcome = outcome

    def emit(self, record: logging.LogRecord) -> None:
        self._outcome.exceptions.append(record.getMessage())


def drive(window, photos: Sequence[Path], folder: Path, *, count: int, seed: int) -> Outcome:
    """Do `count` random things to `window`, which is on screen."""
    from PySide6.QtCore import QEventLoop, QTimer, qInstallMessageHandler

    outcome = Outcome()
    hands = Hands(window, photos, folder, seed, outcome.done)
    log = _Log(outcome)
    logging.getLogger("duskroom").addHandler(log)

    def warned(kind, context, text: str) -> None:
        if not any(words in text for words in HARMLESS):
            outcome.warnings[text] += 1

    def uncaught(kind, error, trace) -> None:
        outcome.exceptions.append("".join(traceback.format_exception(kind, error, trace)))

    window.actions_by_id["quit"].setEnabled(False)  # its keys may be given to anything
    hook, sys.excepthook = sys.excepthook, uncaught
    former = qInstallMessageHandler(warned)
    left, loop = [count], QEventLoop()

    def step() -> None:
        if left[0] <= 0:
            loop.quit()
            return
        left[0] -= 1
        # Before and not after: what is done may ask a question, and wait for the next step to answer it.
        QTimer.singleShot(0 if left[0] % 20 else 5, window, step)
        try:
            hands.act()
        except Exception as error:
            uncaught(type(error), error, error.__traceback__)

    try:
        for steps in (count - count // 2, count // 2):
            left[0] = steps
            QTimer.singleShot(0, window, step)
            loop.exec()
            rest(window, photos[0])
            outcome.memory.append(resident())
            outcome.objects.append(objects())
    finally:
        sys.excepthook = hook
        logging.getLogger("duskroom").removeHandler(log)
        qInstallMessageHandler(former)
    return outcome


def rest(window, photo: Path) -> None:
    """Bring the window to the same state each time: nothing open, nothing running, one photo, no history."""
    from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication, QDialog, QWhatsThis

    from app.core.jobs import JobQueue
    from app.window import shell, shortcuts

    def wait(milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop, loop.quit)
        loop.exec()

    QWhatsThis.leaveWhatsThisMode()
    for _ in range(8):
        for widget in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
            if widget is not None:
                widget.close()
        for dialog in window.findChildren(QDialog):
            dialog.close()
        wait(20)
    deadline = time.monotonic() + IDLE_SECONDS
    window.queue.cancel("work")
    while window.queue.is_busy and time.monotonic() < deadline:
        wait(20)
    for document in window.document.documents:
        window.document.close_document(document)
    for name in ("full_screen", "canvas_only", "side_by_side", "show_before"):
        window.actions_by_id[name].setChecked(False)
    for name, value in (("language", "en"), ("theme", "dark"), ("history_megabytes", 0)):
        setattr(window.settings, name, value)
        shell.apply(window, name)
    window.settings.shortcuts.clear()
    shortcuts.apply(window.actions_by_id, window.settings.shortcuts)
    QApplication.clipboard().clear()
    for aside in photo.parent.glob("aside-*"):
        aside.replace(aside.with_name(aside.name.removeprefix("aside-")))
    window.actions_by_id["clear_recent"].trigger()
    window.actions_by_id["show_upscale"].trigger()
    window.resize(1100, 800)
    window.open_paths([photo])
    wait(100)
    queues = window.findChildren(JobQueue)
    while any(queue._jobs for queue in queues) and time.monotonic() < deadline:  # previews and writing too
        wait(20)
    window.messages.clear()
    wait(50)
    for _ in range(3):
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        wait(10)


def resident() -> int:
    """Bytes of memory that the process holds, without what is free and only kept for the next time, where that can be had."""
    import psutil

    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc's
    return int(psutil.Process().memory_info().rss)


def objects() -> Counter[str]:
    """The QObjects that live now, by class: those of Python, and all that windows and the application own."""
    from PySide6.QtCore import QObject
    from PySide6.QtWidgets import QApplication
    from shiboken6 import getCppPointer, isValid

    found: dict[int, str] = {}
    for item in [item for item in gc.get_objects() if issubclass(type(item), QObject)]:
        if isValid(item):
            found[getCppPointer(item)[0]] = item.metaObject().className()
    application = QApplication.instance()
    roots = [application, *QApplication.topLevelWidgets()] if isinstance(application, QApplication) else []
    for root in roots:
        for item in (root, *root.findChildren(QObject)):
            found.setdefault(getCppPointer(item)[0], item.metaObject().className())
    return Counter(found.values())


def make_photos(folder: Path) -> list[Path]:
    """Small photos of several kinds: grey, alpha, 16 bits, tall, and one that is damaged."""
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, shape in (
        ("a.jpg", (48, 64, 3)),
        ("b.png", (40, 30, 4)),
        ("c.webp", (90, 20, 3)),
        ("d.tif", (16, 16, 3)),
    ):
        Image.fromarray(draw.integers(0, 255, shape, np.uint8)).save(folder / name)
        made.append(folder / name)
    deep = draw.integers(0, 65535, (24, 32), np.uint16)
    Image.fromarray(deep).save(folder / "e.png")
    (folder / "damaged.jpg").write_bytes(made[0].read_bytes()[:300])
    return [*made, folder / "e.png", folder / "damaged.jpg"]


def main(arguments: list[str] | None = None) -> int:
    """Run as the arguments say, and print the figures. Gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.random_actions", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="duskroom-random-") as home:
        # Nothing may be read from or written to the person's own folders, whatever the hands come upon.
        os.environ.update(DUSKROOM_HOME=home, HOME=home, USERPROFILE=home)
        here = Path.cwd()
        os.chdir(home)
        try:
            return _run(Path(home), options)
        finally:
            os.chdir(here)


def _run(home: Path, options: argparse.Namespace) -> int:
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    from app.core import paths
    from app.main_window import MainWindow
    from tests.models import tiny_superres

    tiny_superres(paths.models_folder() / "tiny-x2.onnx", 2)
    photos = make_photos(home / "photos")
    saved = home / "saved"
    saved.mkdir()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    window = MainWindow()
    window.settings.save_folder = str(saved)
    window.settings.model = "tiny-x2"
    loop = QEventLoop()
    window.samples_shown.connect(loop.quit)
    QTimer.singleShot(20_000, loop, loop.quit)
    window.show()
    loop.exec()
    started = time.monotonic()
    outcome = drive(window, photos, saved, count=options.count, seed=options.seed)
    seconds = time.monotonic() - started
    window.close_at_once()
    application.processEvents()
    figures = {
        "actions": options.count,
        "seed": options.seed,
        "seconds": round(seconds, 1),
        "exceptions": len(outcome.exceptions),
        "warnings": sum(outcome.warnings.values()),
        "grown_megabytes": round(outcome.grown_bytes / 2**20, 1),
        "grown_objects": outcome.grown_objects,
        "done": dict(outcome.done.most_common()),
    }
    print(json.dumps(figures, indent=2))
    for text in (*dict.fromkeys(outcome.exceptions), *outcome.warnings):
        print(text, file=sys.stderr)
    kept = not outcome.exceptions and not outcome.warnings and outcome.grown_bytes <= BOUND_BYTES
    return 0 if kept and sum(outcome.grown_objects.values()) <= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
