"""A job's progress as it is shown: percent, a time left that counts down, and nothing of it once the job stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.core.jobs import JobQueue
from app.widgets.job_progress import JobProgress
from engines.errors import Cancelled
from engines.progress import Progress


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    queue = JobQueue()
    yield queue
    queue.close()


def test_the_time_left_counts_down_between_reports(qtbot: QtBot, queue: JobQueue) -> None:
    go_on = threading.Event()

    def work(*, progress: Progress) -> None:
        progress(0, 1000, "tile 1 of 2")
        go_on.wait(0.2)
        progress(10, 1000, "tile 2 of 2")  # at this pace there are 20 s to go
        while not go_on.wait(0.01):
            if progress.cancelled:
                raise Cancelled

    shown = JobProgress(wide=True)
    qtbot.addWidget(shown)
    job = queue.submit(work)
    shown.follow(job, "Opening…")
    assert shown.label.text() == "Opening…"
    qtbot.waitUntil(lambda: shown.seconds_left is not None)
    first = shown.seconds_left
    assert first is not None and "1 %" in shown.label.text() and "left" in shown.label.text()
    qtbot.waitUntil(lambda: shown.seconds_left is not None and shown.seconds_left < first - 0.3, timeout=10_000)
    with qtbot.waitSignal(shown.ended):
        shown.cancel()
        assert shown.label.text() == "Stopping…"
    assert not shown._clock.isActive()


def test_what_is_expected_is_said_until_something_is_seen(qtbot: QtBot, queue: JobQueue) -> None:
    go_on = threading.Event()

    def work(*, progress: Progress) -> None:
        progress(0, 100_000, "tile 1 of 2")
        go_on.wait(20)

    shown = JobProgress(wide=True)
    qtbot.addWidget(shown)
    job = queue.submit(work)
    shown.follow(job, "Opening…", expected=0.06)  # which makes 100 minutes
    assert shown.label.text() == "Opening…" and shown.seconds_left is None
    qtbot.waitUntil(lambda: shown.label.text() == "0 % · 1 h 40 min left")
    assert (shown.bar.minimum(), shown.bar.maximum()) == (0, 0)  # how fast it is, is not known yet
    with qtbot.waitSignal(shown.ended):
        go_on.set()


def test_durations_are_said_as_people_say_them(qtbot: QtBot) -> None:
    shown = JobProgress(wide=False)
    qtbot.addWidget(shown)
    said = {seconds: shown.duration(seconds) for seconds in (0.2, 12, 59.8, 61, 3599, 7800)}
    assert said == {0.2: "1 s", 12: "12 s", 59.8: "1 min", 61: "1 min", 3599: "1 h 0 min", 7800: "2 h 10 min"}
