"""Where a trainer's commands arrive: on standard input, and in the run's mailbox once it is detached."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from trainers.runs import run_folder
from trainers.runs.events import Command, Detach, Stop, from_line

MAILBOX_EVERY = 0.2  # seconds between two looks into the mailbox
GRACE = 4.0  # seconds that a run has to end by itself once the program that started it is gone


class Inbox:
    """Commands in the order in which they came, from any thread.

    `listen` starts a daemon thread that reads standard input line by line, so that its end is seen during a long step. The
    end means Stop, unless the run was detached: then the thread reads the run's mailbox instead. A run that has not ended
    `GRACE` seconds after the end of its input is ended by `abandon`.
    """

    def __init__(self, run_dir: Path, *, detached: bool = False, abandon: Callable[[], None] | None = None) -> None:
        self._run_dir = run_dir
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._detached = threading.Event()
        if detached:
            self._detached.set()
        self._abandon = abandon

    @property
    def detached(self) -> bool:
        """Whether the run goes on when the program that started it ends."""
        return self._detached.is_set()

    def put(self, command: Command) -> None:
        """Add `command`, as if it had arrived."""
        if isinstance(command, Detach):
            self._detached.set()
        self._commands.put(command)

    def take(self, seconds: float = 0.0) -> Command | None:
        """The next command, waiting for one up to `seconds`; None where none has come."""
        try:
            return self._commands.get(timeout=seconds) if seconds > 0 else self._commands.get_nowait()
        except queue.Empty:
            return None

    def close(self) -> None:
        """The run has ended: the mailbox is not read any more, and nothing is abandoned."""
        self._closed.set()

    def listen(self, descriptor: int) -> None:
        """Read commands from the file `descriptor` until it ends, then from the mailbox if the run is detached."""
        mailbox = run_folder.mailbox_end(self._run_dir)
        thread = threading.Thread(target=self._listen, args=(descriptor, mailbox), name="inbox", daemon=True)
        thread.start()

    def _listen(self, descriptor: int, mailbox: int) -> None:
        rest = b""
        # os.read, since a thread that sits in a buffered read at the end of the program keeps its lock for ever.
        while not (self.detached and rest == b"" and _is_null(descriptor)):
            try:
                content = os.read(descriptor, 1 << 16)
            except OSError:
                content = b""
            if not content:
                break
            *lines, rest = (rest + content).split(b"\n")
            for line in lines:
                if (command := from_line(line)) is not None:
                    self.put(command)  # type: ignore[arg-type]  (an event sent by mistake is ignored by the driver)
        if not self.detached:
            self.put(Stop())
            if not self._closed.wait(GRACE) and self._abandon is not None:
                self._abandon()
            return
        while not self._closed.wait(MAILBOX_EVERY):
            lines, mailbox = run_folder.read_commands(self._run_dir, mailbox)
            for line in lines:
                self.put(line.message)  # type: ignore[arg-type]


def _is_null(descriptor: int) -> bool:
    """Whether `descriptor` is the null device, which ends at once and would say nothing."""
    try:
        return os.fstat(descriptor).st_rdev == os.stat(os.devnull).st_rdev
    except OSError:
        return True
