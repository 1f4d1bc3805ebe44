"""An editor that edits by itself until it is killed, and says on standard output what it did and when.

    python tests/e2e/kill_target.py PHOTO [--save TARGET] [--pause SECONDS] [--side PIXELS]

Each line is a JSON object: `edit` with the number that all pixels of the new state hold and the time it was made.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.__main__ import SWITCH_INTERVAL
from app.main_window import MainWindow
from app.photos import photo as photos
from app.photos.photo import Photo
from app.saving.choice import SaveChoice
from engines.pictures.picture import Picture
from engines.progress import Progress


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("photo", type=Path)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--pause", type=float, default=0.3)
    parser.add_argument("--side", type=int, default=64)
    options = parser.parse_args()
    sys.setswitchinterval(SWITCH_INTERVAL)
    application = QApplication([])
    window = MainWindow()
    window.show()
    timer = QTimer()
    number = 0

    def make(value: int, *, progress: Progress) -> Photo:
        pixels = np.full((options.side, options.side, 3), value, np.uint16)
        pixels.flags.writeable = False
        return photos.of(Picture(pixels), progress=progress)

    def edit() -> None:
        if not window.queue.is_busy:
            window.queue.submit(make, number + 1).finished.connect(edited)

    def edited(photo: Photo) -> None:
        nonlocal number
        number += 1
        window.document.replace(f"Edit {number}", photo)
        say(edit=number, time=time.time())
        if options.save is not None:
            window.saving.write(SaveChoice(options.save, "tiff", None, replaces=True))
        if number % 3 == 0:  # now and then something is taken back and done again
            window.document.undo_stack.undo()
            window.document.undo_stack.redo()

    def begin() -> None:
        if window.document.photo is not None:
            window.document.opened.disconnect(begin)
            timer.timeout.connect(edit)
            timer.start(round(options.pause * 1000))
            say(opened=True, time=time.time())

    window.document.opened.connect(begin)
    QTimer.singleShot(0, window, lambda: window.open_paths([options.photo]))
    application.exec()


if __name__ == "__main__":
    main()
