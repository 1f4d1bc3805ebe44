"""Where Duskroom starts: the name of a command starts the command line, anything else the window."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

COMMANDS = (
    "upscale", "translate", "batch", "train", "export", "survey", "models", "doctor", "sample", "interpolate",
    "project",
)  # fmt: skip

SWITCH_INTERVAL = 0.002  # seconds a busy thread keeps Python's lock: less than a frame, so that the window stays alive


def main(arguments: list[str] | None = None) -> int:
    """Start Duskroom with the command line's arguments. Gives the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    first = arguments[0] if arguments else ""
    if first in COMMANDS or (first.startswith("-") and first != "--"):
        from app.cli.main import main as run_command

        return run_command(arguments)
    if not _has_display():
        print(
            "There is no display to show the window on; “duskroom --help” says what can be done without one.",
            file=sys.stderr,
        )
        return 1
    try:
        return run_window(arguments[1:] if first == "--" else arguments)
    except ImportError:  # Qt itself, where a library of the system is missing that it is linked to
        from app.core import display

        libraries = display.lacking(os.environ)
        if not libraries:
            raise
        print(display.what_is_needed(libraries), file=sys.stderr)
        return 1


def _has_display() -> bool:
    """Whether Qt would find somewhere to draw; where it does not, it ends the program with no more than a core dump."""
    others = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY")
    return sys.platform != "linux" or any(os.environ.get(name) for name in others)


def run_window(arguments: list[str]) -> int:
    """Show the window with the photos named in `arguments`, until it is closed. Gives the exit status."""
    import signal
    from pathlib import Path

    from PySide6.QtCore import QTimer

    from app.core.errors import UnexpectedErrors
    from app.main_window import MainWindow

    sys.setswitchinterval(SWITCH_INTERVAL)
    application = _open_application()
    application.setApplicationName("duskroom")
    application.setApplicationDisplayName("")  # the title names it already
    application.setDesktopFileName("duskroom")
    unexpected = UnexpectedErrors()
    unexpected.install()
    window = MainWindow(unexpected)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not within what the signal interrupts, which may be the closing that an earlier one asked for.
        signal.signal(number, lambda *_: QTimer.singleShot(0, window, window.close_at_once))
    pulse = QTimer()  # Python sees a signal only when it runs; Qt's loop would not let it
    pulse.timeout.connect(lambda: None)
    pulse.start(200)
    window.show()
    paths = [Path(argument) for argument in arguments]
    if paths:
        QTimer.singleShot(0, window, lambda: window.open_paths(paths))
    status = application.exec()
    pulse.stop()
    unexpected.remove()
    return status


def _open_application() -> QApplication:
    """Qt's application. Where Qt finds no way to a display, the program ends with a sentence in place of Qt's core dump.

    Qt tells it in a message that it calls fatal, after which it aborts, so the program has to end within that message.
    """
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qFormatLogMessage, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    complaints: list[tuple[str, str]] = []

    def told(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind != QtMsgType.QtFatalMsg:
            complaints.append((text, qFormatLogMessage(kind, context, text)))
            return
        from app.core.display import why_no_window

        print(why_no_window(os.environ, [text for text, _ in complaints]), file=sys.stderr, flush=True)
        os._exit(1)

    former = qInstallMessageHandler(told)
    application = QApplication(sys.argv[:1])
    qInstallMessageHandler(former)
    for _, line in complaints:
        print(line, file=sys.stderr)
    return application


if __name__ == "__main__":
    sys.exit(main())
