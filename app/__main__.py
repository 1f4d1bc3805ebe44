"""Where Duskroom starts: the name of a command starts the command line, anything else the window."""

from __future__ import annotations

import os
import sys

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
    return run_window(arguments[1:] if first == "--" else arguments)


def _has_display() -> bool:
    """Whether Qt would find somewhere to draw; where it does not, it ends the program with no more than a core dump."""
    others = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY")
    return sys.platform != "linux" or any(os.environ.get(name) for name in others)


def run_window(arguments: list[str]) -> int:
    """Show the window with the photos named in `arguments`, until it is closed. Gives the exit status."""
    import signal
    from pathlib import Path

    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from app.core.errors import UnexpectedErrors
    from app.main_window import MainWindow

    sys.setswitchinterval(SWITCH_INTERVAL)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("duskroom")
    application.setApplicationDisplayName("")  # the title names it already
    application.setDesktopFileName("duskroom")
    unexpected = UnexpectedErrors()
    unexpected.install()
    window = MainWindow(unexpected)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close_at_once())
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


if __name__ == "__main__":
    sys.exit(main())
