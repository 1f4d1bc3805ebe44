"""Progress: reports go forward and the wish to stop comes back through one object."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from engines.errors import Cancelled

_FIRST_COUNTS = 0.5  # until what came after the first advance is half as much, that is part of the pace


class _Stopping:
    """The wish to stop, shared by a progress and those within it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # a signal handler may cancel while its own thread holds it
        self.cancelled = False
        self.is_settled = False
        self.stops: list[Callable[[], None]] = []


class Progress:
    """What a piece of work is handed to say how far it is, and to learn that it should stop.

    `progress(done, total, text)` reports in whatever unit the work counts (pixels, mostly) and raises `Cancelled` once
    `cancel` was called. `cancel` may be called from any thread. A progress made `within` another reports on its own,
    and stops with it.
    """

    def __init__(
        self,
        report: Callable[[int, int, str], None] | None = None,
        notice: Callable[[str], None] | None = None,
        *,
        within: Progress | None = None,
    ) -> None:
        self._report = report
        self._notice = notice
        self._stopping = within._stopping if within else _Stopping()

    def __call__(self, done: int, total: int, text: str) -> None:
        self.check()
        if self._report is not None:
            self._report(done, total, text)

    def notice(self, sentence: str) -> None:
        """Tell the person something that changes what they get, such as a fall back to the CPU."""
        if self._notice is not None:
            self._notice(sentence)

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._stopping.cancelled

    def check(self) -> None:
        """Raise `Cancelled` if `cancel` was called."""
        if self._stopping.cancelled:
            raise Cancelled

    def settle(self) -> None:
        """Raise `Cancelled` if `cancel` was called; from now on it does nothing, for what follows cannot be taken back."""
        with self._stopping.lock:
            self.check()
            self._stopping.is_settled = True

    def cancel(self) -> None:
        """Ask the work to stop: at its next report, or at once where it is inside `interruptible`."""
        with self._stopping.lock:
            if self._stopping.is_settled:
                return
            self._stopping.cancelled = True
            stops = list(self._stopping.stops)
        for stop in stops:
            stop()

    @contextmanager
    def interruptible(self, stop: Callable[[], None]) -> Generator[None]:
        """While the block runs, `cancel` calls `stop`, which must be safe from another thread."""
        with self._stopping.lock:
            if self._stopping.cancelled:
                raise Cancelled
            self._stopping.stops.append(stop)
        try:
            yield
        finally:
            with self._stopping.lock:
                self._stopping.stops.remove(stop)


def stretch(whole: Progress, before: int, size: int, total: int, text: str = "") -> Progress:
    """The progress of a work that is `size` of the `total` of `whole` and comes after `before` of it.

    In whatever unit it counts, its own end is the end of its stretch. `text` goes before what it says.
    """

    def report(done: int, of: int, said: str) -> None:
        whole(before + size * done // max(of, 1), total, text + said)

    return Progress(report, whole.notice, within=whole)


class Pace:
    """Time left, from the speed of late: the clock is monotonic, so a changed wall clock does not disturb it.

    "Of late" is the last `window` seconds, or the latter half of a work that has been going on for longer than twice that. The
    first advance counts only while there is little else: it takes memory that the later ones find ready. Before it, a unit
    takes the `expected` seconds, if that is known. What was done before this work began, `start`, is no part of the pace.
    """

    def __init__(
        self,
        window: float = 20.0,
        clock: Callable[[], float] = time.monotonic,
        *,
        expected: float | None = None,
        start: int = 0,
    ) -> None:
        self._clock = clock
        self._window = window
        self._expected = expected
        self._begun = clock()
        self._marks: list[tuple[float, int]] = [(self._begun, start)]

    def seconds_left(self, done: int, total: int) -> float | None:
        """Seconds until `done` reaches `total` at the pace of late; None before any advance, where nothing else is known or
        it has taken longer than was expected of all.
        """
        now = self._clock()
        if done < self._marks[-1][1]:
            self._marks, self._begun = [(now, done)], now
        if done > self._marks[-1][1]:
            self._marks.append((now, done))
        oldest = now - max(self._window, (now - self._begun) / 2)
        while len(self._marks) > 2 and self._marks[1][0] < oldest:
            del self._marks[0]
        first_time, first_done = self._marks[0]
        last_time, last_done = self._marks[-1]
        if first_time == self._begun and len(self._marks) > 2:
            second_time, second_done = self._marks[1]
            if last_done - second_done >= _FIRST_COUNTS * (second_done - first_done):
                first_time, first_done = second_time, second_done
        if last_done == first_done or last_time <= first_time:
            left = (total - done) * self._expected - (now - self._begun) if self._expected is not None else 0.0
            return left if left > 0 else None
        per_unit = (last_time - first_time) / (last_done - first_done)
        return max(0.0, (total - last_done) * per_unit - (now - last_time))
