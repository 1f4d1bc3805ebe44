"""Errors: an exception becomes one sentence for a person; what nobody expected goes to the log, and the app stays open."""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QObject, Signal, qVersion

from app.core import paths, sentences
from engines.errors import DuskroomError

translate = QCoreApplication.translate
_log = logging.getLogger("duskroom")

LOG_BYTES = 1_000_000


def sentence(error: BaseException) -> str:
    """What a person is told of `error`: what happened and what they can do."""
    if isinstance(error, DuskroomError):
        return sentences.told(str(error))
    if isinstance(error, MemoryError):
        return translate(
            "errors", "There is not enough memory for this. Close other programs or choose a smaller scale."
        )
    if isinstance(error, OSError) and error.filename and error.strerror:
        return translate("errors", "{name}: {reason}. Check that it exists and that you may use it.").format(
            name=error.filename, reason=error.strerror
        )
    return translate(
        "errors", "Something unexpected went wrong. Your photo is still open; the details are in {log}."
    ).format(log=paths.log_file())


def is_expected(error: BaseException) -> bool:
    """Whether `error` is a person's or the machine's mistake, told in its own sentence, and not a fault of Duskroom."""
    return isinstance(error, DuskroomError | MemoryError) or (isinstance(error, OSError) and bool(error.filename))


def details(error: BaseException) -> str:
    """What "Copy details" copies: the versions and the traceback."""
    trace = "".join(traceback.format_exception(error))
    return (
        f"Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}\n"
        f"{type(error).__name__}: {error}\n\n{trace}"
    )


def record(error: BaseException) -> None:
    """Write `error` to the log."""
    _log.error("%s", details(error))


def open_log() -> logging.Handler | None:
    """Send the log to its file; None where that cannot be written, and then it goes to standard error."""
    from logging.handlers import RotatingFileHandler  # brings sockets along, which a window need not wait for

    file = paths.log_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _log.addHandler(handler)
    return handler


def close_log(handler: logging.Handler) -> None:
    """Let go of the file that `open_log` opened."""
    _log.removeHandler(handler)
    handler.close()


class UnexpectedErrors(QObject):
    """Catches what nobody caught, on any thread: to the log, and by signal to the window.

    `install` puts it in the way of uncaught exceptions, `remove` takes it out again.
    """

    happened = Signal(str, str)  # a sentence, the details

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log_handler: logging.Handler | None = None

    def install(self) -> None:
        """From now on uncaught exceptions come here."""
        self._log_handler = open_log()
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread

    def remove(self) -> None:
        """Put Python's own hooks back and close the log."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        if self._log_handler is not None:
            close_log(self._log_handler)
            self._log_handler = None

    def report(self, error: BaseException) -> None:
        """Log `error` and tell the window."""
        record(error)
        self.happened.emit(sentence(error), details(error))

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QCoreApplication.quit()
            return
        self.report(error.with_traceback(trace))

    def _uncaught_in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self.report(arguments.exc_value)
