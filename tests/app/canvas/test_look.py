"""The look: shown on what is in sight, the latest wins, and nothing of it is computed on the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from app.canvas import look as looks
from app.canvas.compare import CompareView
from app.canvas.look import Area, render
from app.core import qimage
from app.core.jobs import JobQueue
from app.photos import pyramid
from app.photos.pyramid import Level, Pyramid
from engines.errors import Cancelled
from engines.progress import Progress

Pixels = NDArray[np.uint8]


def pyramid_of(pixels: Pixels) -> Pyramid:
    return pyramid.build(pixels, None, progress=Progress())


def drawn(view: CompareView) -> Pixels:
    return qimage.to_pixels(view.grab().toImage())[..., :3]


def inverted(pixels: Pixels, area: Area) -> Pixels:
    made = pixels.copy()
    made[..., :3] = 255 - made[..., :3]
    return made


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    queue = JobQueue()
    yield queue
    queue.close()


@pytest.fixture
def view(qtbot: QtBot, queue: JobQueue) -> CompareView:
    view = CompareView()
    qtbot.addWidget(view)
    view.use_queue(queue)
    view.resize(400, 300)
    view.show()
    return view


@pytest.fixture
def noise() -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (600, 800, 3), np.uint8)


def settle(qtbot: QtBot, view: CompareView) -> None:
    """Wait until the latest look is shown, sharp."""
    view.repaint()
    assert view._layer is not None
    qtbot.waitUntil(lambda: view._layer.is_current and view._layer._job is None, timeout=10_000)
    view.repaint()


def test_a_look_is_shown_and_taken_off_again(qtbot: QtBot, view: CompareView, noise: Pixels) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(1.0)
    plain = drawn(view)
    view.set_look(inverted)
    settle(qtbot, view)
    np.testing.assert_array_equal(drawn(view), 255 - plain)
    view.set_look(None)
    np.testing.assert_array_equal(drawn(view), plain)


def test_it_never_runs_on_the_gui_thread_and_only_on_what_is_in_sight(
    qtbot: QtBot, view: CompareView, noise: Pixels
) -> None:
    threads, boxes = set(), []

    def watched(pixels: Pixels, area: Area) -> Pixels:
        threads.add(threading.current_thread())
        boxes.append(area.box)
        assert pixels.shape[:2] == (area.box[3] - area.box[1], area.box[2] - area.box[0])
        return inverted(pixels, area)

    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(4.0)
    view.set_look(watched)
    settle(qtbot, view)
    assert threads and threading.main_thread() not in threads
    left, top, right, bottom = view.visible_box() or (0, 0, 0, 0)
    assert all(
        box[0] >= left - 20 and box[1] >= top - 20 and box[2] <= right + 20 and box[3] <= bottom + 20 for box in boxes
    )


def test_panning_computes_only_what_is_new(qtbot: QtBot, view: CompareView, noise: Pixels) -> None:
    seen = np.zeros((600, 800), int)

    def counted(pixels: Pixels, area: Area) -> Pixels:
        left, top, right, bottom = area.box
        seen[top:bottom, left:right] += 1
        return inverted(pixels, area)

    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(1.0)
    view.set_look(counted)
    settle(qtbot, view)
    for _ in range(6):
        view.pan(QPointF(-30, 20))
        settle(qtbot, view)
    assert seen.max() == 1
    left, top, right, bottom = view.visible_box() or (0, 0, 0, 0)
    np.testing.assert_array_equal(drawn(view), 255 - noise[top:bottom, left:right])


def test_while_a_slider_moves_what_is_begun_is_shown_and_then_the_latest(
    qtbot: QtBot, view: CompareView, noise: Pixels
) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(1.0)
    begun, go_on = threading.Event(), threading.Event()
    used: list[int] = []

    def brightness(level: int):
        def look(pixels: Pixels, area: Area) -> Pixels:
            if level not in used:
                used.append(level)
            begun.set()
            go_on.wait(10)
            return np.full_like(pixels, level)

        return look

    view.repaint()
    view.set_look(brightness(0))
    view.repaint()
    qtbot.waitUntil(begun.is_set)
    for level in range(1, 60):
        view.set_look(brightness(level))
        view.repaint()
    go_on.set()
    assert view._layer is not None
    with qtbot.waitSignal(view._layer.rendered):
        pass
    assert (drawn(view) == 0).all()  # that which was begun
    settle(qtbot, view)
    assert (drawn(view) == 59).all() and used == [0, 59]


def test_a_look_that_gives_way_to_another_preview_is_rendered_after_it(
    qtbot: QtBot, view: CompareView, queue: JobQueue, noise: Pixels
) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.set_look(inverted)
    view.repaint()
    for _ in range(3):
        queue.submit(lambda *, progress: progress.check(), lane="preview")
        qtbot.wait(5)
    settle(qtbot, view)


def test_a_smaller_level_is_given_straight_colours(qtbot: QtBot, view: CompareView) -> None:
    pixels = np.zeros((1200, 1600, 4), np.uint8)
    pixels[:] = (200, 100, 50, 128)
    given: list[tuple[int, ...]] = []

    def watched(pixels: Pixels, area: Area) -> Pixels:
        assert area.level >= 1 and area.step == 2**area.level and (area.width, area.height) != (1600, 1200)
        given.append(tuple(map(int, pixels[0, 0])))
        return pixels

    view.show_pyramids(pyramid_of(pixels))
    plain = drawn(view).astype(int)
    view.set_look(watched)
    settle(qtbot, view)
    assert abs(np.array(given) - (200, 100, 50, 128)).max() <= 2
    assert abs(drawn(view) - plain).max() <= 3  # over the pattern, once


def test_a_large_view_has_a_draft_first(qtbot: QtBot, view: CompareView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "DRAFT_PIXELS", 1000)
    levels: list[int] = []

    def watched(pixels: Pixels, area: Area) -> Pixels:
        if area.level not in levels:
            levels.append(area.level)
        return inverted(pixels, area)

    view.show_pyramids(pyramid_of(np.full((600, 800, 3), 40, np.uint8)))
    view.zoom_to(1.0)
    view.set_look(watched)
    settle(qtbot, view)
    assert levels == [1, 0] and (drawn(view) == 215).all()


@pytest.mark.parametrize("made", [np.zeros((1, 1, 3), np.uint8), None])
def test_a_look_that_fails_is_told_once_and_left_off(
    qtbot: QtBot, view: CompareView, noise: Pixels, made: Pixels | None
) -> None:
    def broken(pixels: Pixels, area: Area) -> Pixels:
        if made is None:
            raise ZeroDivisionError
        return made

    view.show_pyramids(pyramid_of(noise))
    plain = drawn(view)
    view.set_look(broken)
    with qtbot.waitSignal(view.look_failed, timeout=10_000) as told:
        view.repaint()
    assert isinstance(told.args[0], ZeroDivisionError if made is None else ValueError)
    assert view.look is None and view.earlier is None
    np.testing.assert_array_equal(drawn(view), plain)


def test_before_is_the_picture_without_the_look(qtbot: QtBot, view: CompareView, noise: Pixels) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.zoom_to(1.0)
    plain = drawn(view)
    view.set_look(inverted)
    settle(qtbot, view)
    view.show_before(True)
    assert view.arrangement == "before"
    np.testing.assert_array_equal(drawn(view)[60:], plain[60:])
    view.show_before(False)
    np.testing.assert_array_equal(drawn(view), 255 - plain)


def test_another_picture_is_never_shown_through_what_was_rendered_of_the_last(
    qtbot: QtBot, view: CompareView, noise: Pixels
) -> None:
    view.show_pyramids(pyramid_of(noise))
    view.set_look(inverted)
    settle(qtbot, view)
    view.show_pyramids(pyramid_of(np.full((600, 800, 3), 200, np.uint8)), keep_view=True)
    middle = drawn(view)[100:200, 150:250]
    assert set(np.unique(middle)) <= {55, 200}
    settle(qtbot, view)
    assert (drawn(view)[100:200, 150:250] == 55).all()


def test_a_view_without_a_queue_says_so(qtbot: QtBot) -> None:
    view = CompareView()
    qtbot.addWidget(view)
    with pytest.raises(RuntimeError, match="use_queue"):
        view.set_look(inverted)


def test_rendering_can_be_cancelled(noise: Pixels) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        render(inverted, Level(noise, False), Area((0, 0, 800, 600), 0, 800, 600), 1, None, progress=progress)


boxes = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 30), st.integers(1, 30)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@given(boxes, boxes)
def test_what_is_known_is_not_computed_again_and_all_else_is(first: looks.Box, second: looks.Box) -> None:
    pixels = np.arange(60 * 60 * 3, dtype=np.uint32).reshape(60, 60, 3).astype(np.uint8)
    times = np.zeros((60, 60), int)

    def counted(given_pixels: Pixels, area: Area) -> Pixels:
        left, top, right, bottom = area.box
        times[top:bottom, left:right] += 1
        return 255 - given_pixels

    level = Level(pixels, False)
    known = render(counted, level, Area(first, 0, 60, 60), 1, None, progress=Progress())
    made = render(counted, level, Area(second, 0, 60, 60), 1, known, progress=Progress())
    left, top, right, bottom = second
    drawn = qimage.to_pixels(qimage.quick_region(made.pixels, 0, 0, right - left, bottom - top, alpha=False))
    np.testing.assert_array_equal(drawn[..., :3], 255 - pixels[top:bottom, left:right])
    assert times.max() == 1 and (times[top:bottom, left:right] == 1).all()
