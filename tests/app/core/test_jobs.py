"""Jobs: off the GUI thread and home again, in two lanes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from app.core.jobs import JobQueue
from engines.progress import Progress


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    queue = JobQueue()
    yield queue
    queue.close()


def until_cancelled(*, progress: Progress) -> None:
    done = 0
    while True:
        done += 1
        progress(done, 10_000_000_000, "")
        time.sleep(0.001)


def test_a_job_runs_elsewhere_and_its_signals_come_home(qtbot: QtBot, queue: JobQueue) -> None:
    seen: list[tuple[str, object]] = []
    gui = QThread.currentThread()

    def work(number: int, *, progress: Progress) -> int:
        seen.append(("worked elsewhere", threading.current_thread() is not threading.main_thread()))
        progress(5_000_000_000, 5_000_000_000, "all")
        progress.notice("a notice")
        return number * 2

    job = queue.submit(work, 21)
    job.progressed.connect(lambda *values: seen.append(("progressed", values)))
    job.noticed.connect(lambda text: seen.append(("noticed", text)))
    job.finished.connect(lambda result: seen.append(("finished", result)))
    job.finished.connect(lambda _: seen.append(("on the GUI thread", QThread.currentThread() is gui)))
    with qtbot.waitSignal(job.ended):
        pass
    assert seen == [
        ("worked elsewhere", True),
        ("progressed", (5_000_000_000, 5_000_000_000, "all")),
        ("noticed", "a notice"),
        ("finished", 42),
        ("on the GUI thread", True),
    ]


def test_an_exception_is_the_jobs_and_the_lane_goes_on(qtbot: QtBot, queue: JobQueue) -> None:
    def fail(*, progress: Progress) -> None:
        raise ZeroDivisionError("on purpose")

    with qtbot.waitSignal(queue.submit(fail).failed) as failed:
        pass
    assert isinstance(failed.args[0], ZeroDivisionError)
    with qtbot.waitSignal(queue.submit(lambda *, progress: "well").finished) as finished:
        pass
    assert finished.args == ["well"]


def test_cancelling_ends_the_job_that_runs_and_the_one_that_waits(qtbot: QtBot, queue: JobQueue) -> None:
    running, waiting = queue.submit(until_cancelled), queue.submit(until_cancelled)
    with qtbot.waitSignal(running.progressed):
        pass
    with qtbot.waitSignals([running.cancelled, waiting.cancelled]):
        queue.cancel()
    assert running.is_over and waiting.is_over
    qtbot.waitUntil(lambda: not queue.is_busy)


def test_a_result_that_comes_after_cancel_is_not_delivered(qtbot: QtBot, queue: JobQueue) -> None:
    finished: list[object] = []
    job = queue.submit(lambda *, progress: "late")
    job.finished.connect(finished.append)
    with qtbot.waitSignal(job.cancelled):
        while not queue._lanes["work"]._thread:
            time.sleep(0.001)
        time.sleep(0.05)  # it has run; its outcome waits for the event loop
        job.cancel()
    assert finished == []


def test_in_the_lane_work_jobs_run_in_order(qtbot: QtBot, queue: JobQueue) -> None:
    order: list[int] = []
    jobs = [queue.submit(lambda number, *, progress: order.append(number), number) for number in range(5)]
    with qtbot.waitSignal(jobs[-1].ended):
        pass
    assert order == [0, 1, 2, 3, 4]


def test_in_the_lane_preview_the_latest_wins(qtbot: QtBot, queue: JobQueue) -> None:
    first = queue.submit(until_cancelled, lane="preview")
    second = queue.submit(lambda *, progress: 2, lane="preview")
    third = queue.submit(lambda *, progress: 3, lane="preview")
    with qtbot.waitSignals([first.cancelled, second.cancelled, third.finished]):
        pass
    assert not queue.is_busy


def test_the_lanes_do_not_wait_for_each_other(qtbot: QtBot, queue: JobQueue) -> None:
    work = queue.submit(until_cancelled)
    with qtbot.waitSignal(queue.submit(lambda *, progress: None, lane="preview").finished):
        pass
    assert not work.is_over and queue.is_busy


def test_progress_is_throttled_but_never_loses_the_end(qtbot: QtBot, queue: JobQueue) -> None:
    def chatter(*, progress: Progress) -> None:
        for done in range(1, 5001):
            progress(done, 5000, "")

    reports: list[int] = []
    job = queue.submit(chatter)
    job.progressed.connect(lambda done, total, text: reports.append(done))
    with qtbot.waitSignal(job.ended):
        pass
    assert reports[-1] == 5000
    assert len(reports) < 1000


def test_closing_while_a_job_runs_leaves_no_thread_and_says_nothing(qtbot: QtBot) -> None:
    queue = JobQueue()
    heard: list[object] = []
    job = queue.submit(until_cancelled)
    job.ended.connect(lambda: heard.append("ended"))
    with qtbot.waitSignal(job.progressed):
        pass
    queue.close()
    qtbot.wait(20)
    assert heard == []
    assert not any(thread.name.startswith("duskroom-") for thread in threading.enumerate())


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there True is immortal")
def test_emitting_a_signal_costs_no_reference(qtbot: QtBot, queue: JobQueue) -> None:
    """PySide6 6.12.0 gives True away with each `emit`; a few hundred later Python ends with a fatal error."""
    before = sys.getrefcount(True)
    for _ in range(200):
        queue.busy_changed.emit(False)
    assert sys.getrefcount(True) > before - 100


def test_what_gives_way_cancels_nothing_and_leaves_the_lane_to_what_comes_after(qtbot: QtBot, queue: JobQueue) -> None:
    first = queue.submit(lambda *, progress: time.sleep(0.02), lane="preview")
    polite = queue.submit(until_cancelled, lane="preview", gives_way=True)
    with qtbot.waitSignal(first.finished):
        pass
    with qtbot.waitSignal(polite.progressed):
        pass
    assert not queue.is_busy
    with qtbot.waitSignals([polite.cancelled, queue.submit(lambda *, progress: 1, lane="preview").finished]):
        pass


def test_a_preview_does_not_wait_for_a_step_that_cannot_be_stopped(qtbot: QtBot, queue: JobQueue) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def deaf(*, progress: Progress) -> None:  # as when a model is opened
        begun.set()
        go_on.wait(20)

    polite = queue.submit(deaf, lane="preview", gives_way=True)
    qtbot.waitUntil(begun.is_set)
    with qtbot.waitSignal(queue.submit(lambda *, progress: 1, lane="preview").finished):
        pass
    assert not polite.is_over and polite.is_cancelling
    with qtbot.waitSignal(polite.cancelled):
        go_on.set()


def test_what_gives_way_begins_once_no_preview_is_left(qtbot: QtBot, queue: JobQueue) -> None:
    go_on = threading.Event()
    order: list[str] = []
    preview = queue.submit(lambda *, progress: (go_on.wait(20), order.append("preview")), lane="preview")
    polite = queue.submit(lambda *, progress: order.append("polite"), lane="preview", gives_way=True)
    qtbot.wait(20)
    assert order == []
    with qtbot.waitSignals([preview.finished, polite.finished]):
        go_on.set()
    assert order == ["preview", "polite"]


def test_closing_ends_what_waits_beside_a_preview(qtbot: QtBot) -> None:
    queue = JobQueue()
    queue.submit(until_cancelled, lane="preview")
    queue.submit(until_cancelled, lane="preview", gives_way=True)
    qtbot.wait(20)
    queue.close()
    assert not any(thread.name.startswith("duskroom-") for thread in threading.enumerate())
