"""The mask of the photo that is shown, one byte a pixel; what walks all of it is done by another thread."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.core.jobs import Job, JobQueue
from app.mask.history import MaskHistory, Patch, restored
from app.mask.packed import PackedMask
from engines.edit import mask_shapes
from engines.edit.mask_shapes import paint, union
from engines.pixels import Box, Mask, Place
from engines.progress import Progress


class Masks(QObject):
    """`changed` brings the box that is to be drawn anew, None for all of it.

    A mask never changes but while a stroke is drawn, so whoever has one may keep it and give it to other threads. What walks
    all pixels is a job of `queue`: strokes and changes that come meanwhile are refused and wait their turn, respectively.
    `packing` compresses the history, copies the mask for the next stroke to draw into, and unpacks one beside longer work.
    """

    changed = Signal(object)
    failed = Signal(object)  # what making another mask raised; the mask stays as it is

    def __init__(self, queue: JobQueue, packing: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue, self.packing = queue, packing
        self._mask: Mask | None = None
        self._size = (0, 0)  # height and width of the photo
        self._history = MaskHistory(packing)
        self._stroke: Box | None = None
        self._base: Mask | None = None  # the mask before the stroke
        self._is_drawing = False
        self._spare: tuple[Mask, Mask] | None = None  # a mask and its copy
        self._source: tuple[Mask | None, PackedMask] | None = None  # a mask, None until it comes, and from what it came
        self._job: Job | None = None  # what makes another mask
        self._is_busy = False
        self.is_fetching = False  # whether the mask of this photo is still to come, and not by `queue`
        self._waiting: deque[Callable[[], object]] = deque()

    @property
    def mask(self) -> Mask | None:
        """uint8 (H, W) of the photo, 255 = apply, read-only; None: everything applies."""
        if self._mask is None:
            return None
        view = self._mask.view()
        view.flags.writeable = False
        return view

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the photo."""
        return self._size

    @property
    def is_drawing(self) -> bool:
        """Whether a stroke is begun and not ended."""
        return self._is_drawing

    @property
    def is_busy(self) -> bool:
        """Whether another mask is being made."""
        return self._is_busy

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._history.done)

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""
        return bool(self._history.undone)

    def packed(self) -> PackedMask | None:
        """The mask to be kept for later, for `fit`; None: there is none."""
        if self._source is not None and self._source[0] is self._mask:
            return self._source[1]
        return None if self._mask is None else PackedMask(self._mask, self.packing)

    def fit(self, height: int, width: int, mask: Mask | PackedMask | None = None) -> None:
        """The photo is another or has another size: take `mask`, or none, and forget what was drawn.

        A packed one comes a little later, and until then the queue is busy or `is_fetching` says so.
        """
        self._waiting.clear()
        if self._job is not None:
            job, self._job, self._is_busy, self.is_fetching = self._job, None, False, False
            job.cancel()
        self._history.clear()
        self._base, self._stroke, self._is_drawing = None, None, False
        self._size, self._mask, self._source = (height, width), None, None
        if isinstance(mask, PackedMask):
            self._source = None, mask
            if mask.is_whole:
                self._arrive(mask, mask.unpacked())
            else:
                self._fetch(mask)
        else:
            self._mask = _kept(mask)
            self._prepare()
        self.changed.emit(None)

    def _fetch(self, packed: PackedMask) -> None:
        self.is_fetching = self._queue.is_busy  # behind work of minutes it would come too late
        queue = self.packing if self.is_fetching else self._queue
        job = self._submit(partial(_unpacked, packed), lambda mask: self._arrive(packed, mask), queue)
        job.cancelled.connect(lambda: self._fetch(packed) if job is self._job else None)
        job.failed.connect(lambda _: self._arrive(packed, None) if job is self._job else None)

    def _arrive(self, packed: PackedMask, mask: Mask | None) -> None:
        self.is_fetching = False
        self._mask, self._source = mask, (mask, packed)
        self._prepare()
        self.changed.emit(None)

    # Strokes

    def begin(self) -> None:
        """A stroke begins."""
        if self._is_drawing or self.is_busy or 0 in self._size:
            return
        self._base, self._stroke, self._is_drawing = self._mask, None, True
        if self._base is None:
            self._mask = np.zeros(self._size, np.uint8)
        elif self._spare is not None and self._spare[0] is self._base:
            self._mask = self._spare[1]
        else:  # so soon after the last change
            self._mask = self._base.copy()
        self._spare = None

    def draw(
        self, start: Place, end: Place, radius: float, hardness: float, *, erase: bool, going_on: bool = False
    ) -> Box | None:
        """Go on with the stroke, `going_on` from where the same brush drew last; gives the box that was changed."""
        if self._mask is None or not self._is_drawing:
            return None
        box = paint(self._mask, start, end, radius, hardness, erase=erase, going_on=going_on)
        self._stroke = union(self._stroke, box)
        if box is not None:
            self.changed.emit(box)
        return box

    def end(self) -> None:
        """The stroke is done, and one change."""
        if not self._is_drawing:
            return
        base, box = self._base, self._stroke
        self._base, self._stroke, self._is_drawing = None, None, False
        if box is None:
            self._mask = base
            self._prepare()
        else:
            assert self._mask is not None
            self._mask.flags.writeable = False
            if base is None:
                box = self._whole
            self._keep(base, box)
        self.changed.emit(box)

    # Changes of all of it

    def set(self, mask: Mask | None) -> None:
        """Another mask, as one change; None: none."""
        if mask is not None and (mask.shape != self._size or mask.dtype != np.uint8):
            raise ValueError(f"a mask for {self._size} is not {mask.shape} {mask.dtype}")
        mask = _kept(mask)
        self._in_turn(lambda: self._replace(mask))

    def feather(self, radius: float) -> None:
        """Soften it, as one change."""
        self._change(lambda mask: None if mask is None else mask_shapes.feather(mask, radius))

    def invert(self) -> None:
        """Apply where it was left alone, as one change."""
        size = self._size
        self._change(lambda mask: np.zeros(size, np.uint8) if mask is None else mask_shapes.invert(mask))

    def gradient(self, kind: Literal["linear", "radial"], start: Place, end: Place) -> None:
        """A gradient from `start`, where it applies fully, to `end` in the place of the mask, as one change."""
        height, width = self._size
        if kind == "linear":
            self._change(lambda _: mask_shapes.linear_gradient(height, width, start, end))
        else:
            self._change(lambda _: mask_shapes.radial_gradient(height, width, start, math.dist(start, end)))

    def undo(self) -> None:
        """Take the last change back."""
        done, undone = self._history.done, self._history.undone
        self._in_turn(lambda: self._restore(done, undone, lambda patch: patch.before))

    def redo(self) -> None:
        """Do it again."""
        done, undone = self._history.done, self._history.undone
        self._in_turn(lambda: self._restore(undone, done, lambda patch: patch.after))

    # Inside

    @property
    def _whole(self) -> Box:
        return 0, 0, self._size[1], self._size[0]

    def _prepare(self) -> None:
        """Have a copy of the mask made: a large one takes longer than a hand should wait."""
        self._spare, mask = None, self._mask
        if mask is not None:
            job = self.packing.submit(_copied, mask, lane="preview")
            job.finished.connect(lambda copy: setattr(self, "_spare", (mask, copy)) if mask is self._mask else None)

    def _in_turn(self, change: Callable[[], object]) -> None:
        """Make a change once those before it are made."""
        if self._is_drawing or 0 in self._size:
            return
        if self.is_busy:
            self._waiting.append(change)
        else:
            change()

    def _change(self, make: Callable[[Mask | None], Mask | None]) -> None:
        self._in_turn(lambda: self._submit(partial(_made, make, self._mask), self._replace))

    def _submit(
        self, work: Callable[..., Mask | None], then: Callable[[Mask | None], None], queue: JobQueue | None = None
    ) -> Job:
        self._is_busy = True  # before the queue says that it is
        job = self._job = (queue or self._queue).submit(work)
        job.finished.connect(lambda mask: then(mask) if job is self._job else None)
        job.failed.connect(self.failed)
        job.ended.connect(lambda: self._next(job))
        return job

    def _next(self, job: Job) -> None:
        if job is not self._job:
            return
        self._job, self._is_busy = None, False
        while self._waiting and not self.is_busy:
            self._waiting.popleft()()

    def _replace(self, mask: Mask | None) -> None:
        before, self._mask = self._mask, mask
        self._keep(before, self._whole)
        self.changed.emit(None)

    def _restore(self, taken: list[Patch], given: list[Patch], side: Callable[[Patch], PackedMask | None]) -> None:
        if not taken:
            return
        patch = taken[-1]

        def then(mask: Mask | None) -> None:
            given.append(taken.pop())
            self._mask = mask
            self._prepare()
            self.changed.emit(None)

        if (packed := side(patch)) is None:
            then(None)
        else:
            self._submit(partial(restored, self._mask, self._size, patch.box, packed), then)

    def _keep(self, before: Mask | None, box: Box) -> None:
        """Remember the change from `before` to the mask inside `box`."""
        self._prepare()
        self._history.keep(before, self._mask, box)


def _kept(mask: Mask | None) -> Mask | None:
    """`mask` as it may be shared: itself where nobody can change it any more, else a copy."""
    if mask is None or not mask.flags.writeable:
        return mask
    mask = mask.copy()
    mask.flags.writeable = False
    return mask


def _copied(mask: Mask, *, progress: Progress) -> Mask:
    progress.check()
    return mask.copy()


def _made(make: Callable[[Mask | None], Mask | None], mask: Mask | None, *, progress: Progress) -> Mask | None:
    progress.check()
    made = make(mask)
    if made is not None:
        made.flags.writeable = False
    return made


def _unpacked(packed: PackedMask, *, progress: Progress) -> Mask:
    progress.check()
    return packed.unpacked()
