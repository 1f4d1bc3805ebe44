"""The mask and its history: what walks all pixels is done by another thread, in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.jobs import JobQueue
from app.mask import history
from app.mask.masks import Masks
from app.mask.packed import PackedMask
from engines.edit import mask_shapes

SIZE = (60, 90)


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    queue = JobQueue()
    yield queue
    queue.close()


@pytest.fixture
def masks(queue: JobQueue) -> Masks:
    masks = Masks(queue, queue)
    masks.fit(*SIZE)
    return masks


def settle(qtbot: QtBot, masks: Masks) -> None:
    qtbot.waitUntil(lambda: not masks.is_busy and not masks.packing.is_busy)


def stroke(masks: Masks, y: float, erase: bool = False) -> None:
    masks.begin()
    masks.draw((10, y), (80, y), 6, 0.5, erase=erase)
    masks.end()


def test_every_change_is_what_the_engine_makes_and_can_be_undone(qtbot: QtBot, masks: Masks) -> None:
    seen = [None]
    for change in (
        lambda: masks.gradient("linear", (10, 10), (70, 40)),
        lambda: stroke(masks, 30),
        lambda: masks.feather(4),
        lambda: masks.invert(),
        lambda: stroke(masks, 50, erase=True),
        lambda: masks.gradient("radial", (40, 30), (60, 50)),
        lambda: masks.set(None),
        lambda: masks.invert(),
    ):
        change()
        settle(qtbot, masks)
        seen.append(masks.mask)
    linear = mask_shapes.linear_gradient(*SIZE, (10, 10), (70, 40))
    assert np.array_equal(seen[1], linear)
    mask_shapes.paint(linear, (10, 30), (80, 30), 6, 0.5)
    assert np.array_equal(seen[2], linear)
    assert np.array_equal(seen[3], mask_shapes.feather(linear, 4))
    assert np.array_equal(seen[4], 255 - seen[3])
    assert np.array_equal(seen[6], mask_shapes.radial_gradient(*SIZE, (40, 30), 800**0.5))
    assert seen[7] is None and not seen[8].any()
    for expected in seen[-2::-1]:
        masks.undo()
        settle(qtbot, masks)
        assert np.array_equal(masks.mask, expected) if expected is not None else masks.mask is None
    assert not masks.can_undo
    for expected in seen[1:]:
        masks.redo()
        settle(qtbot, masks)
        assert np.array_equal(masks.mask, expected) if expected is not None else masks.mask is None
    assert not masks.can_redo


def test_nothing_that_is_asked_for_meanwhile_is_lost(qtbot: QtBot, masks: Masks, queue: JobQueue) -> None:
    go_on = threading.Event()
    queue.submit(lambda *, progress: go_on.wait(10))
    masks.gradient("linear", (0, 0), (90, 0))
    masks.invert()
    masks.undo()
    masks.set(None)
    masks.undo()
    stroke(masks, 30)  # but a stroke cannot wait
    assert masks.is_busy and masks.mask is None and not masks.is_drawing
    go_on.set()
    settle(qtbot, masks)
    assert np.array_equal(masks.mask, mask_shapes.linear_gradient(*SIZE, (0, 0), (90, 0)))
    assert masks.can_redo


def test_another_photo_gives_up_what_was_asked_for(qtbot: QtBot, masks: Masks, queue: JobQueue) -> None:
    masks.gradient("linear", (0, 0), (90, 0))
    masks.invert()
    masks.fit(20, 30)
    assert not masks.is_busy
    qtbot.waitUntil(lambda: not queue.is_busy)
    assert masks.mask is None and masks.size == (20, 30) and not masks.can_undo


def test_a_mask_that_was_given_away_never_changes(qtbot: QtBot, masks: Masks) -> None:
    own = np.zeros(SIZE, np.uint8)
    masks.set(own)
    own[:] = 7
    given = masks.mask
    stroke(masks, 30)
    masks.undo()
    settle(qtbot, masks)
    stroke(masks, 10)
    assert not given.any() and not given.flags.writeable


def test_a_packed_mask_comes_a_little_later_and_is_never_lost(qtbot: QtBot, masks: Masks, queue: JobQueue) -> None:
    masks.gradient("linear", (0, 0), (90, 0))
    settle(qtbot, masks)
    expected, packed = masks.mask, masks.packed()
    qtbot.waitUntil(lambda: not packed.is_whole)
    masks.fit(20, 30)
    masks.fit(*SIZE, packed)
    assert masks.mask is None and masks.is_busy and masks.packed() is packed  # whoever goes on at once takes it along
    settle(qtbot, masks)
    assert np.array_equal(masks.mask, expected) and masks.packed() is packed
    masks.fit(*SIZE, packed)
    queue.cancel()
    settle(qtbot, masks)
    assert np.array_equal(masks.mask, expected)
    masks.set(None)
    assert masks.packed() is None


def test_a_packed_mask_does_not_wait_for_long_work_and_nobody_unpacks_it_where_hands_wait(
    qtbot: QtBot, queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    packing = JobQueue()
    masks = Masks(queue, packing)
    expected = mask_shapes.linear_gradient(*SIZE, (0, 0), (90, 0))
    packed = PackedMask(expected, packing)
    qtbot.waitUntil(lambda: not packed.is_whole)
    unpacked, threads = PackedMask.unpacked, set[threading.Thread]()

    def watched(packed: PackedMask) -> np.ndarray:
        threads.add(threading.current_thread())
        return unpacked(packed)

    monkeypatch.setattr(PackedMask, "unpacked", watched)
    go_on = threading.Event()
    queue.submit(lambda *, progress: go_on.wait(10))
    masks.fit(*SIZE, packed)
    assert masks.mask is None and masks.is_fetching and masks.packed() is packed
    qtbot.waitUntil(lambda: not masks.is_busy)
    assert np.array_equal(masks.mask, expected) and not masks.is_fetching and queue.is_busy
    assert threads and threading.main_thread() not in threads
    go_on.set()
    qtbot.waitUntil(lambda: not queue.is_busy)
    packing.close()


def test_what_cannot_be_made_is_told_and_the_mask_stays(
    qtbot: QtBot, masks: Masks, monkeypatch: pytest.MonkeyPatch
) -> None:
    stroke(masks, 30)
    before = masks.mask

    def full(mask: np.ndarray) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(mask_shapes, "invert", full)
    with qtbot.waitSignal(masks.failed) as told:
        masks.invert()
    settle(qtbot, masks)
    assert isinstance(told.args[0], MemoryError)
    assert np.array_equal(masks.mask, before)


def test_the_history_forgets_its_oldest_steps(qtbot: QtBot, masks: Masks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT_BYTES", 100)
    for y in range(5, 55, 5):
        stroke(masks, y)
        settle(qtbot, masks)
    count = 0
    while masks.can_undo:
        masks.undo()
        settle(qtbot, masks)
        count += 1
    assert 1 <= count < 10


def test_a_packed_mask_is_whole_until_it_is_compressed(qtbot: QtBot, queue: JobQueue) -> None:
    mask = mask_shapes.linear_gradient(*SIZE, (0, 0), (90, 0))
    packed = PackedMask(mask[5:20, 10:50], queue)
    assert np.shares_memory(packed.unpacked(), mask) and packed.size == 0
    qtbot.waitUntil(lambda: not queue.is_busy)
    assert not np.shares_memory(packed.unpacked(), mask) and packed.size > 0
    assert np.array_equal(packed.unpacked(), mask[5:20, 10:50])
