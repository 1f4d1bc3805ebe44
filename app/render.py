"""Renders the real window, without a display, to a picture: `python -m app.render OUT.png [PHOTO] [--upscale MODEL]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

PATIENCE_MS = 600_000  # an upscale on a slow machine
DIALOGS = {
    "save": "save_as",
    "preferences": "preferences",
    "shortcuts": "shortcuts",
    "help": "help",
}
"""A dialog's name here, and the action that opens it."""


def main(arguments: list[str] | None = None) -> int:
    """Render as the arguments say. Gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app.render", description=__doc__)
    parser.add_argument("out", metavar="OUT.png", type=Path)
    parser.add_argument("photo", metavar="PHOTO", type=Path, nargs="?", help="without one, the first page")
    parser.add_argument("--size", default="1440x900", help="of the window, WxH")
    parser.add_argument(
        "--upscale", metavar="MODEL", help="a model's name or file; the result is shown beside the photo"
    )
    parser.add_argument("--theme", choices=("light", "dark"), default="dark")
    parser.add_argument("--zoom", type=float, metavar="PERCENT", help="instead of the whole photo")
    parser.add_argument("--during", action="store_true", help="while it upscales, at a third of the way")
    parser.add_argument("--dialog", choices=tuple(DIALOGS), help="with this dialog open, rendered alone")
    parser.add_argument("--language", choices=("en", "de"), default="en")
    options = parser.parse_args(arguments)
    try:
        width, height = (int(part) for part in options.size.lower().split("x"))
    except ValueError:
        parser.error(f"--size is WxH, such as 1440x900, not {options.size!r}")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="duskroom-render-") as home:
        models = os.environ.get("DUSKROOM_HOME")
        os.environ["DUSKROOM_HOME"] = home  # a picture must not depend on settings, nor change them
        try:
            return _render(options, width, height)
        finally:
            os.environ.pop("DUSKROOM_HOME")
            if models is not None:
                os.environ["DUSKROOM_HOME"] = models


def _render(options: argparse.Namespace, width: int, height: int) -> int:
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication, QDialog

    from app import settings
    from app.main_window import MainWindow
    from engines.errors import ModelError
    from engines.library import ModelLibrary

    application = QApplication.instance() or QApplication(sys.argv[:1])
    settings.keep(settings.Settings(language=options.language, theme=options.theme))
    window = MainWindow()
    window.choose_theme(options.theme)
    window.resize(width, height)
    window.show()

    def wait(signal, patience: int = PATIENCE_MS) -> None:
        loop = QEventLoop()
        signal.connect(loop.quit)
        QTimer.singleShot(patience, loop, loop.quit)
        loop.exec()

    def settle() -> None:
        loop = QEventLoop()
        QTimer.singleShot(200, loop, loop.quit)
        loop.exec()

    settle()
    if options.photo is not None:
        path = window.opening.pick([options.photo])
        if path is not None:
            wait(window.opening.open(path).ended)
    if options.upscale is not None and window.document.photo is not None:
        from app import paths

        try:
            entry = ModelLibrary(paths.model_folders()).find(options.upscale, task="super-resolution")
        except ModelError as error:
            window.close_at_once()
            print(error, file=sys.stderr)
            return 1
        window.panel.show_models([entry], entry.name)
        job = window.upscaling.start(entry)
        if job is not None and options.during:
            loop = QEventLoop()
            job.progressed.connect(lambda done, total, _: loop.quit() if done * 3 > total else None)
            job.ended.connect(loop.quit)
            loop.exec()
        elif job is not None:
            wait(job.ended)
    if options.zoom is not None:
        window.canvas.zoom_to(options.zoom / 100)
    shown = window
    if options.dialog is not None:
        window.actions_by_id[DIALOGS[options.dialog]].trigger()
        for _ in range(5):  # what it works out off the GUI thread is to be seen too
            settle()
        shown = next((dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()), window)
    settle()
    done = shown.grab().save(str(options.out))
    window.close_at_once()
    application.processEvents()
    if not done:
        print(
            f"{options.out} cannot be written; name a folder that is there, and a suffix such as .png.", file=sys.stderr
        )
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
