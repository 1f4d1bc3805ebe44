"""Jobs: one function off the GUI thread each, in two lanes; what they report comes home as signals on the GUI thread.

The lane `work` runs its jobs in order. In the lane `preview` the latest wins: a new job cancels those before it. But one that
gives way cancels none and waits its turn, beside the lane: some of its steps, such as opening a model, can be stopped only
once they are over, and what a person watches must not wait for that.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from PySide6.QtCore import QObject, Qt, Signal

from engines.errors import Cancelled
from engines.progress import Progress

Lane = Literal["preview", "work"]

REPORT_INTERVAL = 0.05  # seconds between two progress signals: 20 a second are as many as an eye can use
NICENESS: dict[Lane, int] = {"preview": 3, "work": 7}
"""Of each lane, which the threads that ONNX Runtime makes on it inherit: the window stays alive with all cores busy, and what
a person watches at this moment goes before what they wait for."""
BESIDE = 10  # the niceness of what gives way
JOIN_SECONDS = 20.0


class Job(QObject):
    """One call of `function(*arguments, progress=..., **options)` off the GUI thread.

    Exactly one of `finished`, `failed` and `cancelled` is emitted, then `ended`, and then the object is deleted. All signals
    are emitted on the GUI thread.
    """

    progressed = Signal(object, object, str)  # done, total (Python integers: pixels outgrow 32 bits), text
    noticed = Signal(str)
    finished = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    ended = Signal()

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        super().__init__()
        self._call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]] | None = (function, arguments, options)
        self._post: Callable[[str, tuple[Any, ...]], None] = lambda kind, values: None
        self._next_report = 0.0
        self._progress = Progress(self._report, self._notice)
        self.is_over = False

    def cancel(self) -> None:
        """Ask the job to stop. `cancelled` follows once it has, even if the function finished in the meantime."""
        self._progress.cancel()

    @property
    def is_cancelling(self) -> bool:
        """Whether `cancel` was called."""
        return self._progress.cancelled

    def _report(self, done: int, total: int, text: str) -> None:
        now = time.monotonic()
        if now >= self._next_report or done >= total:
            self._next_report = now + REPORT_INTERVAL
            self._post("progressed", (done, total, text))

    def _notice(self, sentence: str) -> None:
        self._post("noticed", (sentence,))

    def _run(self) -> None:
        """On the lane's thread: make the call and post its outcome home."""
        assert self._call is not None
        function, arguments, options = self._call
        self._call = None
        try:
            self._progress.check()
            result = function(*arguments, progress=self._progress, **options)
            self._progress.check()
        except Cancelled:
            self._post("cancelled", ())
        except BaseException as error:  # whatever it is, it belongs to the job and must not end the lane
            self._post("failed", (error,))
        else:
            self._post("finished", (result,))


class _LaneThread:
    """One thread that takes jobs in order; it is started by the first job and ended by `close`.

    With `latest_wins` a job cancels those before it. One that is `beside` another lane begins a job only while that is idle.
    """

    def __init__(
        self, name: str, niceness: int, *, latest_wins: bool = False, beside: _LaneThread | None = None
    ) -> None:
        self._name = name
        self._latest_wins = latest_wins
        self._beside = beside
        self._niceness = niceness
        self._condition = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def put(self, job: Job) -> None:
        with self._condition:
            if self._closed:
                job.cancel()
                return
            if self._latest_wins:
                self._cancel_all()
            self._waiting.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name=f"duskroom-{self._name}", daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def cancel(self) -> None:
        with self._condition:
            self._cancel_all()

    def wait_until_idle(self) -> None:
        with self._condition:
            while (self._waiting or self._running is not None) and not self._closed:
                self._condition.wait()

    def _cancel_all(self) -> None:
        for job in (*self._waiting, *([self._running] if self._running else [])):
            job.cancel()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._cancel_all()
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)

    def _loop(self) -> None:
        if self._niceness and sys.platform == "linux":  # elsewhere niceness belongs to the whole process
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
        while True:
            with self._condition:
                self._running = None
                self._condition.notify_all()
                while not self._waiting and not self._closed:
                    self._condition.wait()
                if not self._waiting:
                    return
                self._running = job = self._waiting.popleft()
            if self._beside is not None:
                self._beside.wait_until_idle()
            job._run()
            del job  # its result must not be held here until the next job comes


class JobQueue(QObject):
    """Both lanes. Make it on the GUI thread, `submit` on the GUI thread, `close` it before the application ends.

    `niceness` of each lane: 0 for what must not wait for its turn among busy programs.
    """

    busy_changed = Signal(bool)  # whether the lane `work` has anything to do

    _arrived = Signal(object, str, object)

    def __init__(self, parent: QObject | None = None, *, niceness: Mapping[Lane, int] = NICENESS) -> None:
        super().__init__(parent)
        self._lanes: dict[Lane, _LaneThread] = {
            "preview": _LaneThread("preview", niceness["preview"], latest_wins=True),
            "work": _LaneThread("work", niceness["work"]),
        }
        self._beside = _LaneThread("beside", BESIDE, beside=self._lanes["preview"])
        self._jobs: dict[Job, Lane] = {}
        self._closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        lane: Lane = "work",
        gives_way: bool = False,
        **options: Any,
    ) -> Job:
        """Run `function(*arguments, progress=..., **options)` in a lane. Connect to the job at once: nothing arrives before
        the event loop runs again. With `gives_way` it waits for what came before it in the lane `preview`, and is cancelled
        by whatever comes after it, which does not wait for it.
        """
        job = Job(function, arguments, options)
        job._post = lambda kind, values: self._arrived.emit(job, kind, values)
        was_busy = self.is_busy
        self._jobs[job] = lane
        if self.is_busy and not was_busy:
            self.busy_changed.emit(True)
        if gives_way:
            self._beside.put(job)
            return job
        if lane == "preview":
            self._beside.cancel()
        self._lanes[lane].put(job)
        return job

    @property
    def is_busy(self) -> bool:
        """Whether the lane `work` has anything to do."""
        return "work" in self._jobs.values()

    def cancel(self, lane: Lane = "work") -> None:
        """Cancel everything in a lane."""
        self._lanes[lane].cancel()
        if lane == "preview":
            self._beside.cancel()

    def close(self) -> None:
        """Cancel everything and wait until all threads are gone. No signal is emitted for what was cancelled."""
        self._closed = True
        self._beside.cancel()
        for lane in (*self._lanes.values(), self._beside):
            lane.close()
        self._jobs.clear()

    def _deliver(self, job: Job, kind: str, values: tuple[Any, ...]) -> None:
        if self._closed:
            return
        if kind in ("progressed", "noticed"):
            getattr(job, kind).emit(*values)
            return
        if kind == "finished" and job.is_cancelling:  # cancelled between its last check and its arrival here
            kind, values = "cancelled", ()
        job.is_over = True
        del self._jobs[job]
        getattr(job, kind).emit(*values)
        job.ended.emit()
        job.deleteLater()  # with its connections, which would keep what they hold, pictures among it, for ever
        if not self.is_busy:
            self.busy_changed.emit(False)
