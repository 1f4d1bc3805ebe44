"""What a command says and how it is stopped: a bar on a terminal, JSON lines where asked, signals that cancel."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
import unicodedata
from collections.abc import Callable
from types import FrameType
from typing import Any

from engines.errors import Cancelled, DuskroomError
from engines.progress import Pace, Progress

BAR_EVERY = 0.1  # seconds between two drawings of the bar
LINES_EVERY = 0.25  # seconds between two progress events in JSON


class Failure(DuskroomError):
    """The command did part of its work; what failed has been said already."""


class Console:
    """Where a command reports to: progress to standard error, results to standard output.

    With `as_json` everything is one JSON object a line on standard output: {"event": "progress" | "notice" | …}. Where
    there is no terminal for a bar, and `lines_every` says how many seconds lie between, progress is a line now and then.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.progress = Progress(self._report, self.notice)
        self.lines_every: float | None = None
        self._bar = not as_json and sys.stderr.isatty()
        self._began = time.monotonic()
        self._drawn = 0.0
        self._width = 0
        self._paces = {0: Pace()}  # of works by their totals; 0 is the first one, until its total is known
        self._lock = threading.Lock()

    def say(self, text: str, event: str, /, **values: Any) -> None:
        """A result: `text` for a person, or `event` with `values` as JSON."""
        with self._lock:
            self._clear()
            if self.as_json:
                print(json.dumps({"event": event, **values}, ensure_ascii=False, default=str), flush=True)
            else:
                print(printable(text), flush=True)

    def notice(self, sentence: str) -> None:
        """Something that changes what the person gets."""
        with self._lock:
            self._clear()
            if self.as_json:
                print(json.dumps({"event": "notice", "text": sentence}, ensure_ascii=False), flush=True)
            else:
                print(printable(sentence), file=sys.stderr, flush=True)

    def fail(self, sentence: str) -> None:
        """Why the command failed."""
        with self._lock:
            self._clear()
            if self.as_json:
                print(json.dumps({"event": "failed", "text": sentence}, ensure_ascii=False), flush=True)
            print(printable(sentence), file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the bar away."""
        with self._lock:
            self._clear()

    def goes_on_from(self, done: int, total: int) -> None:
        """A work of so many units in all begins now, with so many done before: the time left is that of the rest."""
        self._paces[total] = Pace(start=done)

    def _report(self, done: int, total: int, text: str) -> None:
        if total not in self._paces:  # steps of training and what is measured between them are no one pace
            self._paces[total] = self._paces.pop(0, None) or Pace(start=done)
        left = self._paces[total].seconds_left(done, total)
        now = time.monotonic()
        finished = done >= total
        if self.as_json:
            if finished or now - self._drawn >= LINES_EVERY:
                self._drawn = now
                line = {"event": "progress", "done": done, "total": total, "text": text, "seconds_left": left}
                with self._lock:
                    print(json.dumps(line, ensure_ascii=False), flush=True)
        elif self._bar and (finished or now - self._drawn >= BAR_EVERY):
            self._drawn = now
            with self._lock:
                self._draw(done, total, text, left)
        elif self.lines_every and not self._bar and now - (self._drawn or self._began) >= self.lines_every:
            self._drawn = now
            remaining = "" if left is None else f", {_in_words(left)} left"
            with self._lock:
                print(printable(text + remaining), file=sys.stderr, flush=True)

    def _draw(self, done: int, total: int, text: str, left: float | None) -> None:
        share = done / total if total else 1.0
        filled = int(24 * share)
        remaining = "" if left is None or done >= total else f"  {_in_words(left)} left"
        bar = f"{'━' * filled}{'╌' * (24 - filled)} {share:4.0%}  "
        # A line as long as the terminal is wide would begin the next one, and no return would lead back.
        columns = _columns() - 1
        room = columns - len(bar) - len(remaining)
        shown = text if len(text) <= room else f"{text[: max(0, room - 1)]}…" if room > 0 else ""
        line = f"{bar}{shown}{remaining}"[:columns]
        print(f"\r{line:<{self._width}}", end="", file=sys.stderr, flush=True)
        self._width = len(line)

    def _clear(self) -> None:
        if self._width:
            print(f"\r{'':<{self._width}}\r", end="", file=sys.stderr, flush=True)
            self._width = 0


def _columns() -> int:
    """How many letters wide the terminal is that the bar is drawn on."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns


def printable(text: str) -> str:
    """`text` without what a terminal would obey: a model's name and labels may come from anywhere. Lines stay apart."""
    obeyed = ("Cc", "Cf", "Cs")  # control, format such as the direction of writing, and halves of characters
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter) in obeyed and letter != "\n" else letter
        for letter in text
    )


def _in_words(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{max(whole, 1)} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def run(work: Callable[[Console], None], as_json: bool) -> int:
    """Do `work` and return the exit status; SIGINT and SIGTERM cancel it at once.

    The work has a thread of its own: Python only sees a signal between two steps of the main thread, and a network's run
    can be one long step. A signal is only noted where it is seen: what cancels takes locks, and a second signal within it
    would wait for the first for ever.
    """
    console = Console(as_json)
    failure: list[BaseException] = []

    def body() -> None:
        try:
            work(console)
        except BaseException as error:  # handed to the main thread, which knows what to say
            failure.append(error)

    stopped_by: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        stopped_by.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    thread = threading.Thread(target=body, name="command")
    try:
        thread.start()
        obeyed = 0
        while thread.is_alive():
            thread.join(0.05)
            while obeyed < len(stopped_by):
                obeyed += 1
                console.progress.cancel()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    console.end()
    return _status(console, failure[0] if failure else None, stopped_by)


def _status(console: Console, error: BaseException | None, stopped_by: list[int]) -> int:
    match error:
        case None:
            return 0
        case Cancelled():
            console.fail(str(error) or "Stopped.")
            return 128 + (stopped_by[0] if stopped_by else signal.SIGINT)
        case BrokenPipeError():
            return 1
        case DuskroomError():
            console.fail(str(error))
            return 1
        case MemoryError():
            console.fail("There is not enough memory for this; close other programs and try again.")
            return 1
        case _:
            import logging

            from app.core.paths import log_file

            try:
                log_file().parent.mkdir(parents=True, exist_ok=True)
                logging.basicConfig(filename=log_file(), force=True)
                logging.error("A command failed.", exc_info=error)
                logging.shutdown()
                where = f" The details are in “{log_file()}”."
            except OSError:
                where = ""
            console.fail(f"Something unexpected went wrong: {type(error).__name__}: {error}.{where}")
            return 1
