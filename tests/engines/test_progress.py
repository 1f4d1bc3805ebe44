"""Progress: reports forward, cancel backward, and an honest time left."""

from __future__ import annotations

import threading

import pytest

from engines.errors import Cancelled
from engines.progress import Pace, Progress, stretch


def test_reports_arrive_until_cancelled() -> None:
    seen: list[tuple[int, int, str]] = []
    progress = Progress(lambda *report: seen.append(report))
    progress(1, 2, "tile 1 of 2")
    progress.cancel()
    with pytest.raises(Cancelled):
        progress(2, 2, "tile 2 of 2")
    assert seen == [(1, 2, "tile 1 of 2")]


def test_cancel_from_another_thread_calls_what_is_under_way() -> None:
    progress = Progress()
    stopped = threading.Event()
    with progress.interruptible(stopped.set):
        thread = threading.Thread(target=progress.cancel)
        thread.start()
        thread.join()
        assert stopped.is_set()
    with pytest.raises(Cancelled), progress.interruptible(lambda: None):
        pass


def test_what_is_over_is_not_called() -> None:
    progress = Progress()
    called: list[int] = []
    with progress.interruptible(lambda: called.append(1)):
        pass
    progress.cancel()
    assert not called


def test_progress_within_another_stops_with_it_and_reports_alone() -> None:
    outer_seen: list[int] = []
    inner_seen: list[int] = []
    outer = Progress(lambda done, *_: outer_seen.append(done))
    inner = Progress(lambda done, *_: inner_seen.append(done), within=outer)
    inner(1, 2, "")
    outer.cancel()
    assert inner.cancelled and (outer_seen, inner_seen) == ([], [1])
    with pytest.raises(Cancelled):
        inner.check()


def test_a_stretch_tells_its_own_end_as_a_part_of_the_whole() -> None:
    seen: list[tuple[int, int, str]] = []
    said: list[str] = []
    whole = Progress(lambda *report: seen.append(report), said.append)
    inner = stretch(whole, 40, 50, 100, "pass 2 of 2, ")
    for done in (0, 3, 10):
        inner(done, 10, f"tile {done}")
    inner.notice("The CPU does the work.")
    assert seen == [
        (40, 100, "pass 2 of 2, tile 0"),
        (55, 100, "pass 2 of 2, tile 3"),
        (90, 100, "pass 2 of 2, tile 10"),
    ]
    assert said == ["The CPU does the work."]
    whole.cancel()
    with pytest.raises(Cancelled):
        inner.check()


def test_notices_arrive() -> None:
    said: list[str] = []
    Progress(notice=said.append).notice("The CPU does the work.")
    Progress().notice("nobody listens")
    assert said == ["The CPU does the work."]


def test_time_left_at_a_steady_pace() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    assert pace.seconds_left(0, 100) is None
    for second in range(1, 51):
        now = float(second)
        left = pace.seconds_left(second, 100)
        assert left == pytest.approx(100 - second)


def test_time_left_follows_a_change_of_pace() -> None:
    now = 0.0
    pace = Pace(window=10, clock=lambda: now)
    for second in range(1, 31):
        now = float(second)
        pace.seconds_left(second * 2, 1000)
    for second in range(31, 61):
        now = float(second)
        left = pace.seconds_left(60 + (second - 30), 1000)
    assert left == pytest.approx(1000 - 90, rel=0.05)


def test_time_left_counts_down_between_reports() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    now = 10.0
    assert pace.seconds_left(50, 100) == pytest.approx(10)
    now = 14.0
    assert pace.seconds_left(50, 100) == pytest.approx(6)


def test_a_slow_first_advance_soon_counts_no_more() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    for done, at, expected in ((1, 5.0, 45), (2, 6.0, 8), (3, 7.0, 7)):
        now = at
        assert pace.seconds_left(done, 10) == pytest.approx(expected)


def test_a_long_work_is_judged_by_its_latter_half() -> None:
    now = 0.0
    pace = Pace(window=10, clock=lambda: now)
    done = 0
    for second in range(1, 1001):
        now = float(second)
        done += 5 if second // 25 % 2 else 15  # a pace that swings within the minute
        left = pace.seconds_left(done, 20_000)
    assert left == pytest.approx(1000, rel=0.05)


def test_a_little_after_a_large_first_advance_says_less_than_that() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now)
    for done, at, expected in ((20, 2.0, 8), (21, 2.0001, 7.524), (22, 2.5, 8.863), (40, 4.0, 6), (41, 4.1, 5.9)):
        now = at
        assert pace.seconds_left(done, 100) == pytest.approx(expected, rel=0.01)


def test_until_something_is_seen_what_was_expected_holds() -> None:
    now = 0.0
    pace = Pace(clock=lambda: now, expected=0.5)
    assert pace.seconds_left(0, 40) == pytest.approx(20)
    now = 15.0
    assert pace.seconds_left(0, 40) == pytest.approx(5)
    now = 20.5
    assert pace.seconds_left(0, 40) is None  # it was wrong, and nobody knows
    now = 30.0
    assert pace.seconds_left(20, 40) == pytest.approx(30)


def test_what_is_settled_is_not_cancelled_and_what_is_cancelled_not_settled() -> None:
    settled, cancelled = Progress(), Progress()
    settled.settle()
    Progress(within=settled).cancel()
    settled.check()
    assert not settled.cancelled
    cancelled.cancel()
    with pytest.raises(Cancelled):
        cancelled.settle()
