"""Renders the real window, without a display, to a picture: `python -m app.render OUT.png [PHOTO ...] [--do ACTION ...]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.core.messages import Kind

PATIENCE_MS = 600_000  # an upscale on a slow machine
PAUSE_MS = 200  # after a step, for what it sets off
MOST_PAUSES = 300  # while the window still works something out
NOTICES: tuple[tuple[str, Kind], ...] = (
    ("The photo was saved.", "information"),
    ("The profile in the photo cannot be used; it is shown as sRGB.", "warning"),
    ("“holiday.jpg” ends too early; open another copy of it.", "error"),
)


def main(arguments: list[str] | None = None) -> int:
    """Render as the arguments say. Gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m app.render", description=__doc__)
    parser.add_argument("out", metavar="OUT.png", type=Path)
    parser.add_argument("photos", metavar="PHOTO", type=Path, nargs="*", help="without one, the first page")
    parser.add_argument("--size", default="1440x900", help="of the window, WxH")
    parser.add_argument(
        "--upscale", metavar="MODEL", help="a model's name or file; the result is shown beside the photo"
    )
    parser.add_argument("--theme", choices=("light", "dark"), default="dark")
    parser.add_argument("--zoom", type=float, metavar="PERCENT", help="instead of the whole photo")
    parser.add_argument("--during", action="store_true", help="while it upscales, at a third of the way")
    parser.add_argument(
        "--do",
        metavar="ACTION",
        action="append",
        default=[],
        help="an id of app/window/actions.py, done in order; a dialog that it opens is rendered alone",
    )
    parser.add_argument("--tell", action="store_true", help="with a notice of each kind")
    parser.add_argument("--left", action="store_true", help="as if the last start had not ended in order")
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

    from app.core import settings
    from app.main_window import MainWindow
    from app.upscale.contact_sheet import ContactSheet
    from app.window import actions
    from engines.errors import ModelError
    from engines.models.library import ModelLibrary

    for name in options.do:
        if name not in {entry.id for entry in actions.ACTIONS}:
            print(f"There is no action “{name}”; app/window/actions.py lists them.", file=sys.stderr)
            return 1
    application = QApplication.instance() or QApplication(sys.argv[:1])
    settings.keep(settings.Settings(language=options.language, theme=options.theme))

    def wait(signal, patience: int = PATIENCE_MS) -> None:
        loop = QEventLoop()
        signal.connect(loop.quit)
        QTimer.singleShot(patience, loop, loop.quit)
        loop.exec()

    def settle() -> None:
        for _ in range(MOST_PAUSES):
            loop = QEventLoop()
            QTimer.singleShot(PAUSE_MS, loop, loop.quit)
            loop.exec()
            works = window.queue.is_busy or window.job_progress.isVisible()
            works = works or any(sheet.is_working for sheet in window.findChildren(ContactSheet))
            if upscales or not works:
                return

    def open_window() -> MainWindow:
        window = MainWindow()
        window.choose_theme(options.theme)
        window.resize(width, height)
        window.show()
        return window

    upscales = False
    window = open_window()
    settle()
    if options.photos:
        window.open_paths(options.photos)
        settle()
    if options.left:
        window.actions_by_id["rotate_right"].trigger()
        settle()
        window.close_at_once()
        window = open_window()
        settle()
    if options.upscale is not None and window.document.photo is not None:
        from app.core import paths

        try:
            entry = ModelLibrary(paths.model_folders()).find(options.upscale, task="super-resolution")
        except ModelError as error:
            window.close_at_once()
            print(error, file=sys.stderr)
            return 1
        if all(each.name != entry.name for each in window.panel.entries):
            window.panel.show_models([*window.panel.entries, entry], entry.name)
        window.panel.choose(entry.name)
        job = window.upscaling.start(entry)
        if job is not None and options.during:
            upscales = True
            loop = QEventLoop()
            job.progressed.connect(lambda done, total, _: loop.quit() if done * 3 > total else None)
            job.ended.connect(loop.quit)
            loop.exec()
        elif job is not None:
            wait(job.ended)
    if options.zoom is not None:
        window.canvas.zoom_to(options.zoom / 100)
    for name in options.do:
        window.actions_by_id[name].trigger()
        settle()
    for sentence, kind in NOTICES if options.tell else ():
        window.messages.tell(sentence, kind)
    for _ in range(5):  # what is worked out beside the work is to be seen too
        settle()
    shown = next((dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()), window)
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
